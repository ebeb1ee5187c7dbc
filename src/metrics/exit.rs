//! The flush at normal exit: what a short program measured gets out, even if it forgets to give its clients back.

use super::client::Life;
use crate::lock::Mutex;
use crate::service::fork;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// All clients together end within this time.
const MOST: Duration = Duration::from_secs(2);

static CLIENTS: Mutex<Vec<Weak<Life>>> = Mutex::new(Vec::new());
/// The fork generation of the process that asked for the flush.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Remembers a client that is in use for the first time in this process.
pub fn flush_at_exit(client: &Arc<Life>) {
    if let Some(mut clients) = CLIENTS.lock_soon() {
        clients.retain(|client| client.strong_count() > 0);
        clients.push(Arc::downgrade(client));
    }
    let generation = fork::generation();
    if GENERATION.swap(generation, Ordering::AcqRel) != generation {
        // SAFETY: the handler is a plain function that lives as long as the library, which is never unloaded.
        unsafe { libc::atexit(at_exit) };
    }
}

extern "C" fn at_exit() {
    if GENERATION.swap(0, Ordering::AcqRel) != fork::generation() {
        return;
    }
    let flush = || {
        let Some(mut clients) = CLIENTS.lock_soon() else { return };
        let clients = std::mem::take(&mut *clients);
        let deadline = Instant::now() + MOST;
        for client in clients.iter().filter_map(Weak::upgrade).filter(|client| client.generation == fork::generation()) {
            client.stop(deadline);
        }
    };
    if let Err(panic) = std::panic::catch_unwind(flush) {
        std::mem::forget(panic);
    }
}
