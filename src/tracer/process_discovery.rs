//! Tells the agent of this process: a small file in memory, which the agent finds among the process's open files by its name.
//!
//! There is one per process, open as long as the process lives. A forked child closes what it inherited and makes its own.

use crate::config::Settings;

#[cfg(target_os = "linux")]
pub use linux::publish;

/// Elsewhere there are no such files.
#[cfg(not(target_os = "linux"))]
pub fn publish(_: &Settings) {}

#[cfg(target_os = "linux")]
mod linux {
    use super::Settings;
    use crate::log::log_debug;
    use crate::record::fill_random;
    use crate::service::fork;
    use crate::slot::LockWord;
    use crate::tracer::snapshot::{hostname, runtime_id};
    use crate::transport::Origin;
    use crate::wire::process_info;
    use std::ffi::CString;
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::fd::{FromRawFd, IntoRawFd};
    use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

    const NAME: &str = "datadog-tracer-info-";
    /// How many random characters the name ends with.
    const RANDOM: usize = 8;

    /// The file's descriptor, and the number by which it is known to be still that file: the host may have closed what it did not know.
    static DESCRIPTOR: AtomicI32 = AtomicI32::new(-1);
    static INODE: AtomicU64 = AtomicU64::new(0);
    /// What was written, to leave it alone where nothing changes.
    static WRITTEN: AtomicPtr<Vec<u8>> = AtomicPtr::new(std::ptr::null_mut());
    static LOCK: LockWord = LockWord::new();

    /// Writes what the settings say of the process; of several tracers the last one counts. Nothing depends on it: a failure is told at debug
    /// level.
    pub fn publish(settings: &Settings) {
        let content = content(settings);
        // One that a thread of the parent held guards nothing here: this process has its own descriptors.
        let guard = LOCK.lock(fork::generation());
        let written = WRITTEN.load(Ordering::Acquire);
        // SAFETY: it was made by `Box::into_raw` below, and is only changed under the lock.
        let is_same = unsafe { written.as_ref() } == Some(&content);
        let former = DESCRIPTOR.load(Ordering::Relaxed);
        if is_same && is_ours(former) {
            return;
        }
        if is_ours(former) {
            // SAFETY: it is the file that was made here, which nobody else has a handle of.
            unsafe { libc::close(former) };
        }
        DESCRIPTOR.store(-1, Ordering::Relaxed);
        match make(&content) {
            Ok((descriptor, inode)) => {
                DESCRIPTOR.store(descriptor, Ordering::Relaxed);
                INODE.store(inode, Ordering::Relaxed);
                WRITTEN.store(Box::into_raw(Box::new(content)), Ordering::Release);
                if !written.is_null() {
                    // SAFETY: as above, and nobody else reads it.
                    drop(unsafe { Box::from_raw(written) });
                }
            }
            Err(error) => log_debug!("the agent is not told of this process: {error}"),
        }
        drop(guard);
    }

    fn content(settings: &Settings) -> Vec<u8> {
        let (identity, runtime) = (&settings.identity, &settings.runtime);
        let host = hostname(identity).unwrap_or_else(|| "unknown".to_owned());
        process_info(&[
            ("tracer_language", &runtime.language),
            ("tracer_version", env!("CARGO_PKG_VERSION")),
            ("hostname", &host),
            ("runtime_id", &runtime_id()),
            ("service_name", &identity.service),
            ("service_env", identity.env.as_deref().unwrap_or_default()),
            ("service_version", identity.version.as_deref().unwrap_or_default()),
            ("process_tags", identity.process_tags.as_deref().unwrap_or_default()),
            ("container_id", &Origin::detect().container_id.unwrap_or_default()),
        ])
    }

    /// A sealed file with this content: its descriptor and its number.
    fn make(content: &[u8]) -> io::Result<(i32, u64)> {
        let name = CString::new(format!("{NAME}{}", random_text())).map_err(io::Error::other)?;
        // SAFETY: the name ends with a NUL; the descriptor is owned by the file from here on.
        let mut file = unsafe {
            let descriptor = libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from_raw_fd(above_standard(descriptor))
        };
        file.write_all(content)?;
        let descriptor = file.into_raw_fd();
        // SAFETY: the descriptor is of the file that was just made.
        let is_sealed =
            unsafe { libc::fcntl(descriptor, libc::F_ADD_SEALS, libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL) }
                == 0;
        if !is_sealed {
            log_debug!("the file that tells the agent of this process is not sealed: {}", io::Error::last_os_error());
        }
        Ok((descriptor, inode(descriptor).unwrap_or_default()))
    }

    /// Not one of the first three, which a program that has closed them expects to be given again.
    ///
    /// # Safety
    /// The descriptor is open and the caller's own.
    unsafe fn above_standard(descriptor: i32) -> i32 {
        const FIRST_FREE: i32 = libc::STDERR_FILENO + 1;
        if descriptor >= FIRST_FREE {
            return descriptor;
        }
        // SAFETY: the caller's promise; the original is closed where there is another one.
        unsafe {
            let other = libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, FIRST_FREE);
            if other < 0 {
                return descriptor;
            }
            libc::close(descriptor);
            other
        }
    }

    fn is_ours(descriptor: i32) -> bool {
        descriptor >= 0 && inode(descriptor) == Some(INODE.load(Ordering::Relaxed))
    }

    fn inode(descriptor: i32) -> Option<u64> {
        // SAFETY: the struct is numbers, for which zero is a value; the call fills it or fails.
        unsafe {
            let mut facts: libc::stat = std::mem::zeroed();
            (libc::fstat(descriptor, &mut facts) == 0).then_some(facts.st_ino)
        }
    }

    fn random_text() -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut random = [0; RANDOM];
        fill_random(&mut random);
        random
            .iter()
            .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
            .map(|letter| char::from(*letter))
            .collect()
    }
}
