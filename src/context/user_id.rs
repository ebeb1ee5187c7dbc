//! The id of the user on whose behalf a trace runs, as it travels: base64 in a propagated tag.

use super::TraceTags;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const TAG: &str = "_dd.p.usr.id";

impl TraceTags {
    /// Sets the user's id; empty removes it. False if there is no room.
    pub fn set_user_id(&mut self, id: &str) -> bool {
        if id.is_empty() {
            self.remove(TAG);
            return true;
        }
        self.set(TAG, &STANDARD.encode(id))
    }

    /// The user's id, if there is one that can be read.
    pub fn user_id(&self) -> Option<String> {
        String::from_utf8(STANDARD.decode(self.get(TAG)?).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_travels_as_base64() {
        let mut tags = TraceTags::new();
        assert_eq!(tags.user_id(), None);
        assert!(tags.set_user_id("usr-\u{fc}"));
        assert_eq!(tags.get(TAG), Some("dXNyLcO8"));
        assert_eq!(tags.user_id().as_deref(), Some("usr-\u{fc}"));
        assert!(tags.set(TAG, "not base64!"));
        assert_eq!(tags.user_id(), None);
        assert!(tags.set_user_id(""));
        assert_eq!(tags.get(TAG), None);
    }
}
