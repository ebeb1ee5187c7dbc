//! Fails in a file of its own.

/// Where this file is.
pub const SOURCES: &str = file!();

pub fn fails() -> i32 {
    panic!("contained")
}

/// The place of such a panic is here, not in the standard library.
pub fn fails_on_an_index(values: &[i32]) -> i32 {
    values[values.len()]
}
