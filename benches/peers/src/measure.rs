//! Clocks, memory and threads of this process, and the allocation counter when `alloc_count.so` is preloaded.

use std::ffi::CStr;

/// What has been spent up to one moment.
#[derive(Clone, Copy)]
pub struct Reading {
    pub thread_ns: u64,
    pub process_ns: u64,
    pub wall_ns: u64,
    /// Allocations of the calling thread; `None` without the counter.
    pub allocations: Option<u64>,
}

pub fn read() -> Reading {
    Reading {
        wall_ns: clock(libc::CLOCK_MONOTONIC),
        process_ns: clock(libc::CLOCK_PROCESS_CPUTIME_ID),
        thread_ns: clock(libc::CLOCK_THREAD_CPUTIME_ID),
        allocations: allocations(),
    }
}

pub fn clock(id: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result, and the ids used here always exist.
    unsafe { libc::clock_gettime(id, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A line of /proc/self/status, such as `VmHWM` (peak resident KiB), `VmRSS` or `Threads`.
pub fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

fn allocations() -> Option<u64> {
    const NAME: &CStr = c"bench_thread_allocations";
    // SAFETY: a symbol of this name comes from alloc_count.c alone, which declares it as `uint64_t (void)`.
    unsafe {
        let symbol = libc::dlsym(libc::RTLD_DEFAULT, NAME.as_ptr());
        if symbol.is_null() {
            return None;
        }
        Some(std::mem::transmute::<*mut libc::c_void, extern "C" fn() -> u64>(symbol)())
    }
}
