//! What shared tags became in a payload, by their identity: they become the same with every span.

/// The bytes that such tags were encoded to, and what else an encoder wants to know of them.
#[derive(Default)]
pub(super) struct Remembered<T> {
    places: [Place<T>; PLACES],
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Place<T> {
    /// The identity of the tags; 0 while the place is free.
    owner: u64,
    start: usize,
    end: usize,
    more: T,
}

/// More than the tags of one configuration, whose identities follow one another. Those of another one may find no place.
const PLACES: usize = 16;

impl<T: Copy + Default> Remembered<T> {
    pub(super) fn clear(&mut self) {
        self.places = Default::default();
        self.bytes.clear();
    }

    #[inline]
    pub(super) fn get(&self, identity: u64) -> Option<(&[u8], &T)> {
        let place = &self.places[identity as usize % PLACES];
        if place.owner == identity { Some((self.bytes.get(place.start..place.end)?, &place.more)) } else { None }
    }

    pub(super) fn put(&mut self, identity: u64, bytes: &[u8], more: T) {
        let place = &mut self.places[identity as usize % PLACES];
        if place.owner == 0 {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            *place = Place { owner: identity, start, end: self.bytes.len(), more };
        }
    }
}
