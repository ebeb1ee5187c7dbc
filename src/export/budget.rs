//! One budget in bytes for all records that wait.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may wait, and bytes that do.
pub struct Budget {
    booked: AtomicUsize,
    limit: AtomicUsize,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Budget { booked: AtomicUsize::new(0), limit: AtomicUsize::new(limit) }
    }

    /// Books bytes; `false` if the budget has not that many left.
    pub fn book(&self, bytes: usize) -> bool {
        let before = self.booked.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= self.limit() {
            return true;
        }
        self.unbook(bytes);
        false
    }

    /// Gives booked bytes back.
    pub fn unbook(&self, bytes: usize) {
        self.booked.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes booked now.
    pub fn booked(&self) -> usize {
        self.booked.load(Ordering::Relaxed)
    }

    /// The limit.
    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Sets another limit. What is booked stays, even if that is more.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }
}

/// What a thread has booked in advance, so that segments that come and go do not touch the shared number.
#[derive(Default)]
pub struct Reserve {
    bytes: usize,
}

const GRANULE: usize = 8 * 1024;
const KEPT: usize = 16 * 1024;

impl Reserve {
    /// Takes booked bytes; `false` if the budget is used up.
    #[inline]
    pub fn take(&mut self, budget: &Budget, bytes: usize) -> bool {
        if self.bytes < bytes {
            let missing = bytes - self.bytes;
            let booked = [missing.max(GRANULE), missing].into_iter().find(|more| budget.book(*more));
            let Some(booked) = booked else { return false };
            self.bytes += booked;
        }
        self.bytes -= bytes;
        true
    }

    /// Gives booked bytes back.
    #[inline]
    pub fn give(&mut self, budget: &Budget, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > KEPT {
            budget.unbook(self.bytes - GRANULE);
            self.bytes = GRANULE;
        }
    }

    /// Gives everything back to the budget.
    pub fn clear(&mut self, budget: &Budget) {
        budget.unbook(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_never_exceeded_and_all_comes_back() {
        let budget = Budget::new(20_000);
        let mut reserve = Reserve::default();
        assert!(reserve.take(&budget, 4_096));
        assert!(reserve.take(&budget, 4_096));
        assert!(reserve.take(&budget, 11_000));
        assert!(!reserve.take(&budget, 4_096));
        assert!(budget.booked() <= 20_000);
        reserve.give(&budget, 4_096 + 4_096 + 11_000);
        reserve.clear(&budget);
        assert_eq!(budget.booked(), 0);
    }

    #[test]
    fn a_refusal_books_nothing_however_much_was_asked_for() {
        for wanted in [1, GRANULE - 1, GRANULE, GRANULE + 1, 100 * GRANULE] {
            let budget = Budget::new(0);
            let mut reserve = Reserve::default();
            assert!(!reserve.take(&budget, wanted), "{wanted}");
            reserve.clear(&budget);
            assert_eq!(budget.booked(), 0, "{wanted}");
        }
    }
}
