//! The library's own messages: to stderr, or to the callback of the host.

use std::fmt;

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

/// Emits one message.
pub fn emit(level: Level, message: fmt::Arguments<'_>) {
    if level <= Level::Warn {
        eprintln!("[dd.trace] {level:?}: {message}");
    }
}
