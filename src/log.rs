//! The library's own messages: to stderr, to a file, or to the callback of the host.
//!
//! * Levels are error, warn, info, debug, trace; the default is warn, and everything can be switched off.
//! * A line on stderr reads `[dd.trace] LEVEL module: text`. Control characters are escaped, so that a message is one line and
//!   cannot drive a terminal; text beyond [`MAX_TEXT_BYTES`] is cut.
//! * While a flare is being prepared, messages are collected as well (`collector`), whatever is shown.
//! * The macros limit each place in the source to one line per window (`DD_TRACE_LOGGING_RATE`, default 60 s, 0: no limit).
//!   The first line after a suppression ends in ` [N skipped]`. At debug level nothing is suppressed.
//! * A callback replaces stderr and file. It is called without any lock of the library held, so it may call back into the library.
//!
//! Messages never contain API keys, header values or payloads at levels above debug: that is up to the callers.
//!
//! Nothing here waits for a lock, so a child forked while another thread was logging cannot hang here: the level and the
//! windows are atomics, and the lock around the callback is only ever tried.

mod call_site;
mod collector;
mod date;
mod file;
mod observer;
mod stderr;

pub use call_site::CallSite;
pub use collector::{Collected, begin_collecting, end_collecting};
pub use date::date_text;
pub use file::{LogFile, set_file};
pub use observer::{emitted, set_observer};

use crate::lock::RwLock;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

/// The longest text of a message, in bytes; what is beyond is replaced by an ellipsis.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// How urgent a message is. The numbers are those of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something does not work.
    Error = 1,
    /// Something was ignored or replaced.
    Warn = 2,
    /// Worth knowing.
    Info = 3,
    /// For whoever looks for a fault.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

impl Level {
    /// The name as it stands in a log line.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Error => "ERROR",
            Level::Warn => "WARN",
            Level::Info => "INFO",
            Level::Debug => "DEBUG",
            Level::Trace => "TRACE",
        }
    }
}

/// What the host gives to receive messages: the level, and the text without the `[dd.trace] LEVEL` prefix.
pub type Callback = Arc<dyn Fn(Level, &str) + Send + Sync>;

static MAX_LEVEL: AtomicI32 = AtomicI32::new(Level::Warn as i32);
static WINDOW_MS: AtomicU64 = AtomicU64::new(60_000);
/// Whether messages go to stderr, besides a file.
static STDERR: AtomicBool = AtomicBool::new(true);
static CALLBACK: RwLock<Option<Callback>> = RwLock::new(None);

/// Sets the least urgent level that is let through; `None` switches all messages off.
pub fn set_max_level(level: Option<Level>) {
    MAX_LEVEL.store(level.map_or(0, |level| level as i32), Ordering::Relaxed);
}

/// Sets the window in which each call site of the macros may write one line. Zero: no limit.
pub fn set_rate_limit(window: Duration) {
    let millis = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    WINDOW_MS.store(millis, Ordering::Relaxed);
}

/// Sets whether messages go to stderr where there is no callback.
pub fn set_stderr(is_on: bool) {
    STDERR.store(is_on, Ordering::Relaxed);
}

/// Sends messages to the callback from now on, or to stderr again with `None`. A message being delivered may still reach the
/// former callback. `false`: the lock is held by a thread that did not survive a fork, and nothing was changed.
pub fn set_callback(callback: Option<Callback>) -> bool {
    let Some(mut current) = CALLBACK.write_soon() else { return false };
    let former = std::mem::replace(&mut *current, callback);
    // The former one may run the host's code when it goes: not under the lock.
    drop(current);
    drop(former);
    true
}

/// Whether messages of this level are let through, be it that they are only collected.
pub fn enabled(level: Level) -> bool {
    is_shown(level) || collector::wants(level)
}

fn is_shown(level: Level) -> bool {
    level as i32 <= MAX_LEVEL.load(Ordering::Relaxed)
}

/// Writes a line to stderr whatever level and callback are set, for what is not a message but output that users look for. What cannot be
/// written is lost.
pub fn write_to_stderr(line: &str) {
    stderr::write_line(line);
}

/// Emits one message that no rate limit applies to, for what is said once anyway, such as the warnings of a configuration.
pub fn emit(level: Level, message: fmt::Arguments<'_>) {
    emit_observed(level, None, message);
}

/// The same, and whoever observes messages gets to know `template`, which has nothing of the user's.
pub fn emit_known(level: Level, template: &'static str, message: fmt::Arguments<'_>) {
    emit_observed(level, Some(template), message);
}

fn emit_observed(level: Level, template: Option<&'static str>, message: fmt::Arguments<'_>) {
    if !enabled(level) {
        return;
    }
    let text = render(None, message, 0);
    if collector::wants(level) {
        collector::add(level, "", &text);
    }
    if is_shown(level) {
        observer::observe(level, template);
        deliver(level, text);
    }
}

/// Emits one message of a call site, within its rate. The macros end here.
pub fn emit_from(site: &CallSite, level: Level, message: fmt::Arguments<'_>) {
    if !enabled(level) {
        return;
    }
    let collects = collector::wants(level);
    if is_shown(level) {
        observer::observe(level, Some(site.template()));
    }
    let window_ms = if is_shown(Level::Debug) { 0 } else { WINDOW_MS.load(Ordering::Relaxed) };
    let skipped = if is_shown(level) { site.admit(window_ms) } else { None };
    if skipped.is_none() && !collects {
        return;
    }
    let text = render(Some(site.module()), message, skipped.unwrap_or(0));
    if collects {
        collector::add(level, site.module(), &text);
    }
    if skipped.is_some() {
        deliver(level, text);
    }
}

fn deliver(level: Level, text: String) {
    if let Some(callback) = current_callback() {
        return callback(level, &text);
    }
    let line = format!("[dd.trace] {} {text}\n", level.name());
    file::write_line(level, &line);
    if STDERR.load(Ordering::Relaxed) {
        stderr::write_line(&line);
    }
}

/// The callback, if there is one. While the lock cannot be had, messages go to stderr rather than nowhere.
fn current_callback() -> Option<Callback> {
    CALLBACK.read_soon()?.clone()
}

fn render(module: Option<&str>, message: fmt::Arguments<'_>, skipped: u32) -> String {
    let mut text = OneLine::default();
    // A `Display` that fails leaves what it has written so far, which is still worth having.
    let _ = match module {
        Some(module) => write!(text, "{module}: {message}"),
        None => text.write_fmt(message),
    };
    let mut text = text.finish();
    if skipped > 0 {
        let _ = write!(text, " [{skipped} skipped]");
    }
    text
}

/// Text that stays on one line and within its limit, whatever is written to it.
#[derive(Default)]
struct OneLine {
    text: String,
    cut: bool,
}

impl OneLine {
    fn finish(mut self) -> String {
        if self.cut {
            self.text.push('…');
        }
        self.text
    }
}

impl Write for OneLine {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        for character in part.chars() {
            if self.text.len() >= MAX_TEXT_BYTES {
                self.cut = true;
                break;
            }
            match character {
                '\t' => self.text.push('\t'),
                control if control.is_control() => self.text.extend(control.escape_default()),
                plain => self.text.push(plain),
            }
        }
        Ok(())
    }
}

/// Logs at error level, once per window and place.
#[allow(unused_macros, reason = "each level exists, used or not")]
macro_rules! log_error {
    ($($argument:tt)+) => { $crate::log::log_at!($crate::log::Level::Error, $($argument)+) };
}

/// Logs at warn level, once per window and place.
#[allow(unused_macros, reason = "each level exists, used or not")]
macro_rules! log_warn {
    ($($argument:tt)+) => { $crate::log::log_at!($crate::log::Level::Warn, $($argument)+) };
}

/// Logs at info level, once per window and place.
#[allow(unused_macros, reason = "each level exists, used or not")]
macro_rules! log_info {
    ($($argument:tt)+) => { $crate::log::log_at!($crate::log::Level::Info, $($argument)+) };
}

/// Logs at debug level.
#[allow(unused_macros, reason = "each level exists, used or not")]
macro_rules! log_debug {
    ($($argument:tt)+) => { $crate::log::log_at!($crate::log::Level::Debug, $($argument)+) };
}

/// Logs at the given level from a call site of its own. The arguments are not evaluated when the level is off.
macro_rules! log_at {
    ($level:expr, $template:literal $($argument:tt)*) => {{
        static SITE: $crate::log::CallSite = $crate::log::CallSite::new(::core::module_path!(), $template);
        let level: $crate::log::Level = $level;
        if $crate::log::enabled(level) {
            $crate::log::emit_from(&SITE, level, ::core::format_args!($template $($argument)*));
        }
    }};
}

#[allow(unused_imports, reason = "each level exists, used or not")]
pub(crate) use {log_at, log_debug, log_error, log_info, log_warn};

#[cfg(test)]
mod tests;
