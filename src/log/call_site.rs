//! The rate limit of one place in the source that logs.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// One place that logs: the key {level, file, line} of the rate limit, as a static of that place. So the limit needs no table,
/// no lock and no memory that grows.
pub struct CallSite {
    module: &'static str,
    /// The text before anything is put into it.
    template: &'static str,
    /// Milliseconds since the Unix epoch at which the current window began; 0: nothing was logged yet.
    window_start: AtomicU64,
    skipped: AtomicU32,
}

impl CallSite {
    /// A place in the module with this path, that logs this text.
    pub const fn new(module: &'static str, template: &'static str) -> CallSite {
        CallSite { module, template, window_start: AtomicU64::new(0), skipped: AtomicU32::new(0) }
    }

    /// The path of the module within the crate, such as `transport::agent`.
    pub fn module(&self) -> &'static str {
        match self.module.split_once("::") {
            Some((_crate, path)) => path,
            None => self.module,
        }
    }

    /// The text before anything is put into it: it has nothing of the user's.
    pub fn template(&self) -> &'static str {
        self.template
    }

    /// `Some` with the number of messages skipped before this one, or `None` when this one is to be skipped.
    pub(super) fn admit(&self, window_ms: u64) -> Option<u32> {
        // Wall time, because the monotonic clock of std has no fixed origin that an atomic could hold.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64);
        self.admit_at(now, window_ms)
    }

    fn admit_at(&self, now_ms: u64, window_ms: u64) -> Option<u32> {
        let start = self.window_start.load(Ordering::Relaxed);
        // A clock set back ends the window: better a line too many than silence until the old time comes again.
        let within = start != 0 && now_ms >= start && now_ms - start < window_ms;
        let exchange = |from, to| self.window_start.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        if within || (window_ms != 0 && exchange(start, now_ms.max(1)).is_err()) {
            let _ = self.skipped.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1));
            return None;
        }
        Some(self.skipped.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_per_window_then_the_count_of_the_skipped() {
        let site = CallSite::new("ddtrace::transport", "text");
        assert_eq!(site.admit_at(1_000, 60_000), Some(0));
        assert_eq!(site.admit_at(1_001, 60_000), None);
        assert_eq!(site.admit_at(60_999, 60_000), None);
        assert_eq!(site.admit_at(61_000, 60_000), Some(2));
        assert_eq!(site.admit_at(61_001, 60_000), None);
    }

    #[test]
    fn no_window_means_no_limit() {
        let site = CallSite::new("ddtrace::transport", "text");
        assert_eq!(site.admit_at(5, 0), Some(0));
        assert_eq!(site.admit_at(5, 0), Some(0));
    }

    #[test]
    fn a_clock_set_back_does_not_silence_the_site() {
        let site = CallSite::new("ddtrace::transport", "text");
        assert_eq!(site.admit_at(1_000_000, 60_000), Some(0));
        assert_eq!(site.admit_at(10, 60_000), Some(0));
    }

    #[test]
    fn the_crate_name_is_left_out() {
        assert_eq!(CallSite::new("ddtrace::transport::agent", "text").module(), "transport::agent");
        assert_eq!(CallSite::new("ddtrace", "text").module(), "ddtrace");
    }
}
