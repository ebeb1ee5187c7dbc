use super::*;

const MILLISECOND_NS: i64 = 1_000_000;
/// Some time of the year 2024.
const START: i64 = 1_720_000_000 * SECOND_NS;

fn allowed(limiter: &RateLimiter, requests: usize, now_ns: i64) -> usize {
    (0..requests).filter(|_| limiter.allow(now_ns)).count()
}

#[test]
fn a_burst_gets_the_limit_and_half_a_second_half_of_it() {
    let limiter = RateLimiter::new(100.0);
    assert_eq!(allowed(&limiter, 150, START), 100);
    assert_eq!(allowed(&limiter, 150, START + 500 * MILLISECOND_NS), 50);
    assert_eq!(allowed(&limiter, 150, START + 510 * MILLISECOND_NS), 1);
}

#[test]
fn an_idle_bucket_never_holds_more_than_the_limit() {
    let limiter = RateLimiter::new(10.0);
    assert_eq!(allowed(&limiter, 1, START), 1);
    assert_eq!(allowed(&limiter, 100, START + 3600 * SECOND_NS), 10);
}

#[test]
fn a_token_comes_exactly_after_its_share_of_the_second() {
    let limiter = RateLimiter::new(3.0);
    assert_eq!(allowed(&limiter, 5, START), 3);
    assert!(!limiter.allow(START + 333_333_333));
    assert!(limiter.allow(START + 333_333_334));
    assert!(!limiter.allow(START + 666_666_666));
    assert!(limiter.allow(START + 666_666_667));
    assert!(!limiter.allow(START + 999_999_999));
    assert!(limiter.allow(START + SECOND_NS));
}

#[test]
fn a_million_small_steps_lose_nothing() {
    let limiter = RateLimiter::new(0.1);
    assert!(limiter.allow(START));
    // 1 ms steps over 1000 s: one more every 10 s.
    let kept = (1..=1_000_000).filter(|step| limiter.allow(START + step * MILLISECOND_NS)).count();
    assert_eq!(kept, 100);
}

#[test]
fn zero_lets_nothing_through() {
    for limit in [0.0, -0.0] {
        let limiter = RateLimiter::new(limit);
        assert_eq!(limiter.effective_rate(), 1.0);
        assert_eq!(allowed(&limiter, 10, START), 0);
        assert_eq!(allowed(&limiter, 10, START + 10 * SECOND_NS), 0);
        assert_eq!(limiter.effective_rate(), 0.0);
    }
}

#[test]
fn a_negative_limit_is_none() {
    for limit in [-1.0, -0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let limiter = RateLimiter::new(limit);
        assert_eq!(allowed(&limiter, 1000, START), 1000, "{limit}");
        assert_eq!(limiter.request(START), Permit { allowed: true, effective_rate: 1.0 });
    }
}

#[test]
fn fractional_limits_hold_their_next_integer() {
    let limiter = RateLimiter::new(0.5);
    assert_eq!(allowed(&limiter, 3, START), 1);
    assert_eq!(allowed(&limiter, 3, START + SECOND_NS), 0);
    assert_eq!(allowed(&limiter, 3, START + 2 * SECOND_NS), 1);
    let limiter = RateLimiter::new(1.5);
    assert_eq!(allowed(&limiter, 3, START), 2);
    assert_eq!(allowed(&limiter, 3, START + SECOND_NS), 1);
    assert_eq!(allowed(&limiter, 3, START + 2 * SECOND_NS), 2);
}

#[test]
fn one_a_minute() {
    let limiter = RateLimiter::with_window(1.0, 60 * SECOND_NS);
    assert_eq!(allowed(&limiter, 10, START), 1);
    assert_eq!(allowed(&limiter, 10, START + 59 * SECOND_NS), 0);
    assert_eq!(allowed(&limiter, 10, START + 60 * SECOND_NS), 1);
}

#[test]
fn the_second_of_two_at_limit_one_is_denied_and_lowers_the_rate() {
    let limiter = RateLimiter::new(1.0);
    assert_eq!(limiter.request(START), Permit { allowed: true, effective_rate: 1.0 });
    assert_eq!(limiter.request(START), Permit { allowed: false, effective_rate: 0.5 });
}

#[test]
fn the_effective_rate_is_the_mean_of_two_windows() {
    let limiter = RateLimiter::new(1.0);
    assert_eq!(limiter.effective_rate(), 1.0);
    allowed(&limiter, 4, START);
    assert_eq!(limiter.effective_rate(), 0.25);
    // Still the same window.
    limiter.allow(START + 999_999_999);
    assert_eq!(limiter.effective_rate(), 0.2);
    // The next one: all of one request, and a fifth before.
    assert_eq!(limiter.request(START + SECOND_NS), Permit { allowed: true, effective_rate: 0.6 });
    allowed(&limiter, 1, START + SECOND_NS);
    assert_eq!(limiter.effective_rate(), 0.35);
    // Idle seconds make no windows.
    assert_eq!(limiter.request(START + 9 * SECOND_NS).effective_rate, 0.75);
}

#[test]
fn time_that_goes_back_a_little_gives_nothing() {
    let limiter = RateLimiter::new(10.0);
    assert_eq!(allowed(&limiter, 20, START), 10);
    assert_eq!(allowed(&limiter, 20, START - 30 * SECOND_NS), 0);
    assert_eq!(allowed(&limiter, 20, START), 0);
    assert_eq!(allowed(&limiter, 20, START - SECOND_NS), 0);
    assert_eq!(allowed(&limiter, 20, START + 100 * MILLISECOND_NS), 1);
}

#[test]
fn a_clock_set_back_does_not_stop_the_refill() {
    let limiter = RateLimiter::new(10.0);
    assert_eq!(allowed(&limiter, 20, START), 10);
    let earlier = START - 3600 * SECOND_NS;
    assert_eq!(allowed(&limiter, 20, earlier), 0);
    assert_eq!(allowed(&limiter, 20, earlier + 500 * MILLISECOND_NS), 5);
}

#[test]
fn extreme_times_limits_and_windows_do_not_overflow() {
    for limit in [0.0, 1e-300, 1e-9, 0.1, 100.0, 1e9] {
        for window in [i64::MIN, 0, 1, SECOND_NS, i64::MAX] {
            let limiter = RateLimiter::with_window(limit, window);
            for now in [0, i64::MAX, i64::MIN, -1, i64::MAX, i64::MAX, i64::MIN, 5] {
                limiter.allow(now);
                let rate = limiter.effective_rate();
                assert!((0.0..=1.0).contains(&rate), "limit {limit} window {window}: {rate}");
            }
        }
    }
}

#[test]
fn threads_together_get_no_more_than_the_limit() {
    let limiter = RateLimiter::new(1000.0);
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| allowed(&limiter, 500, START))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 1000);
}

#[test]
fn a_forked_child_starts_full_even_if_the_bucket_was_in_use() {
    let limiter = RateLimiter::new(5.0);
    assert_eq!(allowed(&limiter, 9, START), 5);
    limiter.reset_after_fork();
    assert_eq!(limiter.effective_rate(), 1.0);
    assert_eq!(allowed(&limiter, 9, START), 5);
    std::thread::scope(|scope| {
        scope.spawn(|| std::mem::forget(limiter.bucket.write()));
    });
    limiter.reset_after_fork();
    assert_eq!(allowed(&limiter, 9, START), 5);
}
