//! The pointer that a host gives along with a callback, and the function that frees it.

use std::ffi::c_void;

/// Frees the host's `user_data`, or nothing if the host has nothing to free.
pub(crate) type FreeUserData = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Host data that belongs to a registered callback. Dropping it calls the host's function, once.
///
/// Make it as soon as the arguments are read, so that the data is freed when the registration fails as well: then the host has one rule,
/// "after this call the library frees it".
#[derive(Debug)]
pub struct UserData {
    pointer: *mut c_void,
    free: FreeUserData,
}

// SAFETY: the header tells hosts that callbacks and `free_user_data` may be called from any thread; here the pointer is only carried.
unsafe impl Send for UserData {}
// SAFETY: as above; a shared reference only hands the pointer out.
unsafe impl Sync for UserData {}

impl UserData {
    /// Takes charge of the host's pointer.
    pub fn new(pointer: *mut c_void, free: FreeUserData) -> Self {
        UserData { pointer, free }
    }

    /// What the callback gets as its first argument.
    pub fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the host registered the two together; this runs once.
            unsafe { free(self.pointer) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn count(user_data: *mut c_void) {
        // SAFETY: the test passes a u32 that outlives the call.
        unsafe { *user_data.cast::<u32>() += 1 };
    }

    #[test]
    fn host_function_is_called_once() {
        let mut freed = 0_u32;
        drop(UserData::new((&raw mut freed).cast(), Some(count)));
        assert_eq!(freed, 1);
    }

    #[test]
    fn nothing_to_free_is_fine() {
        let data = UserData::new(std::ptr::null_mut(), None);
        assert!(data.pointer().is_null());
    }
}
