//! Tells profilers outside of this process who it is: a small mapping that they find by its name, `OTEL_CTX`.
//!
//! The mapping has a header of 32 bytes, which points to a message elsewhere in this process's memory. A reader may come at any time: the time
//! of publication is 0 while something changes, and is written last. A forked child does not inherit the mapping, and makes its own.

use super::snapshot::{hostname, runtime_id};
use crate::config::Settings;
use crate::service::fork;
use crate::slot::LockWord;
use crate::transport::Origin;
use crate::wire::process_context;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};

const SIGNATURE: [u8; 8] = *b"OTEL_CTX";
const VERSION: u32 = 2;
/// The layout of thread contexts, see `active`.
const THREAD_SCHEMA: &str = "tlsdesc_v1_dev";
const THREAD_KEYS: &[&str] = &["datadog.local_root_span_id"];

#[repr(C)]
struct Header {
    signature: [u8; 8],
    version: u32,
    payload_size: AtomicU32,
    published_at_ns: AtomicU64,
    payload: AtomicPtr<u8>,
}
const _: () = assert!(size_of::<Header>() == 32);

/// The mapping of the process with this fork generation.
static HEADER: AtomicPtr<Header> = AtomicPtr::new(std::ptr::null_mut());
/// What the header points to; a child has its own copy of what its parent published.
static PAYLOAD: AtomicPtr<Vec<u8>> = AtomicPtr::new(std::ptr::null_mut());
static GENERATION: AtomicU32 = AtomicU32::new(0);
static LOCK: LockWord = LockWord::new();

/// Publishes what the settings say of the process; of several tracers the last one counts. Nothing depends on it, so that failures are not told.
pub fn publish(settings: &Settings) {
    let payload = payload(settings);
    let generation = fork::generation();
    // One that a thread of the parent held guards nothing here: this process makes a mapping of its own.
    let guard = LOCK.lock(generation);
    let former = HEADER.load(Ordering::Acquire);
    let is_own = GENERATION.load(Ordering::Acquire) == generation && !former.is_null();
    let header = if is_own { Some(former) } else { new_mapping() };
    if let Some(header) = header {
        // SAFETY: the mapping is of this process, is never unmapped, and is written under the lock.
        unsafe { write(&*header, payload) };
        name(header);
        HEADER.store(header, Ordering::Release);
        GENERATION.store(generation, Ordering::Release);
    }
    drop(guard);
}

fn payload(settings: &Settings) -> Vec<u8> {
    let (identity, runtime) = (&settings.identity, &settings.runtime);
    let resource = [
        ("service.name", identity.service.as_str()),
        ("service.instance.id", &runtime_id()),
        ("service.version", identity.version.as_deref().unwrap_or_default()),
        ("deployment.environment.name", identity.env.as_deref().unwrap_or_default()),
        ("telemetry.sdk.language", &runtime.language),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ("telemetry.sdk.name", "libddtrace"),
        ("host.name", &hostname(identity).unwrap_or_default()),
        ("container.id", &Origin::detect().container_id.unwrap_or_default()),
    ];
    let extra = [
        ("datadog.process_tags", identity.process_tags.as_deref().unwrap_or_default()),
        ("threadlocal.schema_version", THREAD_SCHEMA),
    ];
    process_context(&resource, &extra, ("threadlocal.attribute_key_map", THREAD_KEYS))
}

/// # Safety
/// The caller is the only one who writes.
unsafe fn write(header: &Header, payload: Vec<u8>) {
    let before = header.published_at_ns.swap(0, Ordering::AcqRel);
    fence(Ordering::SeqCst);
    header.payload_size.store(payload.len() as u32, Ordering::Relaxed);
    header.payload.store(payload.as_ptr().cast_mut(), Ordering::Relaxed);
    let former = PAYLOAD.swap(Box::into_raw(Box::new(payload)), Ordering::AcqRel);
    fence(Ordering::SeqCst);
    header.published_at_ns.store(boot_time_ns().max(before + 1), Ordering::Release);
    if !former.is_null() {
        // SAFETY: it was made by `Box::into_raw` here, and no header of this process names it any more.
        drop(unsafe { Box::from_raw(former) });
    }
}

#[cfg(target_os = "linux")]
fn new_mapping() -> Option<*mut Header> {
    let size = size_of::<Header>();
    // SAFETY: a new mapping of the size of the header, page-aligned and zero; the descriptor is closed here.
    unsafe {
        let file = named_file(size);
        let anonymous = if file < 0 { libc::MAP_ANONYMOUS } else { 0 };
        let address =
            libc::mmap(std::ptr::null_mut(), size, libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | anonymous, file, 0);
        if file >= 0 {
            libc::close(file);
        }
        if address == libc::MAP_FAILED {
            return None;
        }
        libc::madvise(address, size, libc::MADV_DONTFORK);
        let header = address.cast::<Header>();
        (&raw mut (*header).signature).write(SIGNATURE);
        (&raw mut (*header).version).write(VERSION);
        Some(header)
    }
}

/// A file in memory, whose name the mapping has; negative where there are none.
///
/// # Safety
/// None: the descriptor is the caller's.
#[cfg(target_os = "linux")]
unsafe fn named_file(size: usize) -> libc::c_int {
    const NO_EXEC: libc::c_uint = 8;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: the name ends with a NUL.
    unsafe {
        let create = |flags| libc::memfd_create(c"OTEL_CTX".as_ptr(), flags);
        let file = match create(flags | NO_EXEC) {
            file if file >= 0 => file,
            // Older kernels do not know the last flag.
            _ => create(flags),
        };
        if file >= 0 && libc::ftruncate(file, size as libc::off_t) != 0 {
            libc::close(file);
            return -1;
        }
        file
    }
}

/// Names the mapping, for where there are no files in memory; told again with every publication, so that readers may watch for it.
#[cfg(target_os = "linux")]
fn name(header: *mut Header) {
    const SET_VMA: libc::c_int = 0x5356_4d41;
    const ANONYMOUS_NAME: libc::c_ulong = 0;
    // SAFETY: the mapping is ours, and the name ends with a NUL. Kernels that do not know this refuse it.
    unsafe { libc::prctl(SET_VMA, ANONYMOUS_NAME, header, size_of::<Header>(), c"OTEL_CTX".as_ptr()) };
}

#[cfg(target_os = "linux")]
fn boot_time_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a local.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(not(target_os = "linux"))]
fn new_mapping() -> Option<*mut Header> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name(_: *mut Header) {}

#[cfg(not(target_os = "linux"))]
fn boot_time_ns() -> u64 {
    0
}
