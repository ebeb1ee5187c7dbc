//! Pieces of one growing text, named by position: what [`super::TraceTags`] and [`super::Baggage`] are made of.

/// A piece of a text that its owner keeps. Empty means absent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TextRange {
    start: u32,
    len: u32,
}

impl TextRange {
    /// No text.
    pub(super) const NONE: Self = TextRange { start: 0, len: 0 };

    /// The piece of `len` bytes at `start`. The owner keeps its text far below 4 GiB.
    pub(super) fn new(start: usize, len: usize) -> Self {
        TextRange { start: start as u32, len: len as u32 }
    }

    /// Appends `piece` to `text` and names it.
    pub(super) fn push(text: &mut String, piece: &str) -> Self {
        let range = TextRange::new(text.len(), piece.len());
        text.push_str(piece);
        range
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    pub(super) fn len(self) -> usize {
        self.len as usize
    }

    pub(super) fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The text itself; empty if the range is not one of `text`.
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start()..self.end()).unwrap_or("")
    }

    /// The text's bytes; no test for borders of characters.
    pub(super) fn bytes_of(self, text: &str) -> &[u8] {
        text.as_bytes().get(self.start()..self.end()).unwrap_or_default()
    }

    /// Follows the text when `gone` is cut out of it.
    pub(super) fn close_gap(&mut self, gone: TextRange) {
        if self.start() >= gone.end() {
            self.start -= gone.len;
        }
    }
}

/// Empties `vec` for its next use; memory from an unusual use is returned.
pub(super) fn recycle<T>(vec: &mut Vec<T>, keep: usize) {
    vec.clear();
    if vec.capacity() > keep {
        *vec = Vec::new();
    }
}

/// Empties `text` for its next use; memory from an unusual use is returned.
pub(super) fn recycle_text(text: &mut String, keep: usize) {
    text.clear();
    if text.capacity() > keep {
        *text = String::new();
    }
}
