//! The operating system and the machine.

use std::ffi::CStr;

/// What `uname` says.
pub(super) struct System {
    /// `Linux` and the like.
    pub(super) name: String,
    /// The release of the kernel.
    pub(super) release: String,
    /// Its version.
    pub(super) version: String,
    /// The kind of processor.
    pub(super) architecture: String,
}

impl System {
    pub(super) fn detect() -> Self {
        // SAFETY: the struct is arrays of characters, for which zero is a value; the call fills them with text that ends with a NUL.
        let facts = unsafe {
            let mut facts: libc::utsname = std::mem::zeroed();
            libc::uname(&mut facts);
            facts
        };
        System {
            name: text(&facts.sysname),
            release: text(&facts.release),
            version: text(&facts.version),
            architecture: text(&facts.machine),
        }
    }
}

fn text(field: &[libc::c_char]) -> String {
    let bytes: Vec<u8> = field.iter().map(|character| character.to_ne_bytes()[0]).collect();
    CStr::from_bytes_until_nul(&bytes).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}
