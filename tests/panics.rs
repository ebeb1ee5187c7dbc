//! Panics in the library's sources do not reach the hook of the process; all others do, contained or not. A test of its own process,
//! because the hook is one per process. The file `panics/library.rs` plays the library's source.

#[path = "panics/library.rs"]
mod library;

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ddtrace::ffi::guard::{contained_panics, guard, install_hook, keep_from_hook};

static SEEN_BY_THE_HOST: AtomicUsize = AtomicUsize::new(0);

#[test]
fn only_panics_of_the_library_are_kept_from_the_hook_of_the_process() {
    panic::set_hook(Box::new(|_| {
        SEEN_BY_THE_HOST.fetch_add(1, Ordering::SeqCst);
    }));
    keep_from_hook(library::SOURCES);
    install_hook();
    install_hook();

    assert_eq!(guard(-1, library::fails), -1);
    assert_eq!(guard(-1, || library::fails_on_an_index(&[])), -1);
    assert_eq!((contained_panics(), SEEN_BY_THE_HOST.load(Ordering::SeqCst)), (2, 0));

    assert!(panic::catch_unwind(|| panic!("the host's own")).is_err());
    assert!(thread::spawn(|| panic!("the host's own, elsewhere")).join().is_err());
    assert_eq!((contained_panics(), SEEN_BY_THE_HOST.load(Ordering::SeqCst)), (2, 2));

    assert_eq!(guard(-1, || panic!("a callback of the host's")), -1);
    assert_eq!((contained_panics(), SEEN_BY_THE_HOST.load(Ordering::SeqCst)), (3, 3));
}
