//! One pointer per thread, reached by a TLS descriptor.
//!
//! A thread-local of the standard library in a shared library costs a call of the loader that searches a table, and a check whether its
//! destructor is registered. A descriptor costs an indirect call of three instructions. Stable Rust has no such thread-locals: a section of
//! the right name makes one of a static, which Rust code must not touch.

/// Makes a module of a static's name and what it points to, with `get` and `set` for the calling thread's pointer, which begins as NULL.
/// Where there are no descriptors, `get` answers NULL for ever.
macro_rules! thread_pointer {
    ($(#[$attribute:meta])* mod $module:ident, static $name:ident: $target:ty) => {
        #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
        mod $module {
            use std::sync::atomic::{AtomicPtr, Ordering, compiler_fence};

            /// Touched by the assembly below alone.
            $(#[$attribute])*
            #[unsafe(link_section = concat!(".tbss.", stringify!($name)))]
            #[used]
            #[allow(non_upper_case_globals)]
            static $name: AtomicPtr<$target> = AtomicPtr::new(std::ptr::null_mut());

            /// Where the calling thread's pointer is.
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            fn place() -> *mut *const $target {
                let place: *mut *const $target;
                // SAFETY: the usual sequence: it calls a function of the loader, which returns the distance from the thread pointer.
                unsafe {
                    std::arch::asm!(
                        "leaq {pointer}@tlsdesc(%rip), %rax",
                        "call *{pointer}@tlscall(%rax)",
                        "addq %fs:0, %rax",
                        pointer = sym $name,
                        out("rax") place,
                        clobber_abi("C"),
                        options(att_syntax),
                    );
                }
                place
            }

            /// Where the calling thread's pointer is.
            #[cfg(target_arch = "aarch64")]
            #[inline(always)]
            fn place() -> *mut *const $target {
                let place: *mut *const $target;
                // SAFETY: as on the other machine.
                unsafe {
                    std::arch::asm!(
                        "adrp x0, :tlsdesc:{pointer}",
                        "ldr x1, [x0, :tlsdesc_lo12:{pointer}]",
                        "add x0, x0, :tlsdesc_lo12:{pointer}",
                        ".tlsdesccall {pointer}",
                        "blr x1",
                        "mrs x1, tpidr_el0",
                        "add x0, x0, x1",
                        pointer = sym $name,
                        out("x0") place,
                        clobber_abi("C"),
                    );
                }
                place
            }

            /// Sets the calling thread's pointer. Whoever stops the thread and looks from outside finds everything before it done.
            #[inline]
            pub(super) fn set(pointer: *const $target) {
                compiler_fence(Ordering::SeqCst);
                // SAFETY: the place is this thread's own, and lives as long as the thread.
                unsafe { place().write_volatile(pointer) };
                compiler_fence(Ordering::SeqCst);
            }

            /// The calling thread's pointer.
            #[inline(always)]
            #[allow(dead_code)]
            pub(super) fn get() -> *const $target {
                // SAFETY: as above.
                unsafe { place().read() }
            }
        }

        #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
        mod $module {
            pub(super) fn set(_: *const $target) {}

            #[allow(dead_code)]
            pub(super) fn get() -> *const $target {
                std::ptr::null()
            }
        }
    };
}

pub(crate) use thread_pointer;
