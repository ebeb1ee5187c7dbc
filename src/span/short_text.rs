//! A text that is put together, usually without the heap.

/// Longer ones are put together on the heap.
const SHORT: usize = 128;

/// One text.
pub(super) enum ShortText {
    /// Up to so many bytes.
    Short([u8; SHORT], usize),
    /// More.
    Long(Vec<u8>),
}

impl ShortText {
    /// A copy.
    pub(super) fn of(text: &[u8]) -> Self {
        Self::join(&[text])
    }

    /// The pieces, one after the other.
    pub(super) fn join(pieces: &[&[u8]]) -> Self {
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        if len > SHORT {
            return ShortText::Long(pieces.concat());
        }
        let mut text = [0; SHORT];
        text.iter_mut().zip(pieces.iter().copied().flatten()).for_each(|(place, byte)| *place = *byte);
        ShortText::Short(text, len)
    }

    /// The same in lower case.
    pub(super) fn into_lowercase(mut self) -> Self {
        match &mut self {
            ShortText::Short(text, _) if text.is_ascii() => text.make_ascii_lowercase(),
            _ => return ShortText::Long(String::from_utf8_lossy(self.as_bytes()).to_lowercase().into_bytes()),
        }
        self
    }

    /// The text.
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            ShortText::Short(text, len) => text.get(..*len).unwrap_or_default(),
            ShortText::Long(text) => text,
        }
    }
}
