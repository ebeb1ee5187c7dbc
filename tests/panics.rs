//! Panics of guarded code do not reach the hook of the process; all others do. A test of its own process, because the hook is one per process.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ddtrace::ffi::guard::{contained_panics, guard};

static SEEN_BY_THE_HOST: AtomicUsize = AtomicUsize::new(0);

#[test]
fn only_guarded_panics_are_kept_from_the_hook_of_the_process() {
    panic::set_hook(Box::new(|_| {
        SEEN_BY_THE_HOST.fetch_add(1, Ordering::SeqCst);
    }));

    assert_eq!(guard(-1, || panic!("contained")), -1);
    assert_eq!(guard(-1, || panic!("contained, a second time")), -1);
    assert_eq!((contained_panics(), SEEN_BY_THE_HOST.load(Ordering::SeqCst)), (2, 0));

    assert!(panic::catch_unwind(|| panic!("the host's own")).is_err());
    assert!(thread::spawn(|| panic!("the host's own, elsewhere")).join().is_err());
    assert_eq!((contained_panics(), SEEN_BY_THE_HOST.load(Ordering::SeqCst)), (2, 2));
}
