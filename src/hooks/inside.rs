//! Whether the calling thread is inside of a hook.

use std::cell::Cell;

thread_local! {
    static INSIDE: Cell<u8> = const { Cell::new(0) };
}

/// What a thread may be inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A processor.
    Processor = 1,
    /// A filter.
    Filter = 2,
}

/// The calling thread is inside of hooks of one role until this is dropped.
pub struct Inside(Role);

impl Inside {
    /// `None`: it is already, or the thread is ending.
    pub fn enter(role: Role) -> Option<Self> {
        let bit = role as u8;
        let enter = |inside: &Cell<u8>| {
            let before = inside.get();
            inside.set(before | bit);
            before & bit == 0
        };
        // Not made before it is known to be new: its end is the end of being inside.
        INSIDE.try_with(enter).is_ok_and(|is_new| is_new).then(|| Inside(role))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.set(inside.get() & !(self.0 as u8)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_entered_once() {
        let outer = Inside::enter(Role::Processor).unwrap();
        assert!(Inside::enter(Role::Processor).is_none());
        assert!(Inside::enter(Role::Processor).is_none(), "still inside");
        let other = Inside::enter(Role::Filter);
        assert!(other.is_some() && Inside::enter(Role::Processor).is_none());
        drop((outer, other));
        assert!(Inside::enter(Role::Processor).is_some() && Inside::enter(Role::Filter).is_some());
    }
}
