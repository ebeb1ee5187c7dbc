//! The organization guard: contexts of other organizations keep their trace and their baggage, and lose what is Datadog's of the rest.
//!
//! The agent tells the marker of its organization. It travels as the propagated tag `_dd.p.opm`; what comes in with another marker, or, where
//! the guard is strict, with none, was decided by somebody else. Until the own marker is known, everything passes.

use crate::config::OrgGuardSettings;
use crate::context::Extracted;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The tag that the marker travels in.
pub(super) const MARKER: &str = "_dd.p.opm";
/// The tag without its `_dd.p.`.
pub(super) const MARKER_NAME: &str = "opm";

const MAX_LENGTH: usize = 64;
const WORDS: usize = MAX_LENGTH / 8;
/// How often a process may learn another marker.
const MOST_MARKERS: usize = 32;

/// The marker of this process's organization. Readers wait for nobody: a place is written once, and named when it is whole.
#[derive(Debug)]
pub(super) struct LocalMarker {
    places: [Place; MOST_MARKERS],
    used: AtomicUsize,
    /// 1 + the place of the current one; 0: none is known.
    current: AtomicUsize,
}

#[derive(Debug)]
struct Place {
    len: AtomicUsize,
    words: [AtomicU64; WORDS],
}

/// A marker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marker {
    bytes: [u8; MAX_LENGTH],
    len: usize,
}

/// The one that the agent told.
static LOCAL: LocalMarker = LocalMarker::new();

/// Sets the marker of this process's organization, as the agent tells it (`org_prop_marker`); `None`: it does not. `false` for a text that
/// is no marker (1 to 64 letters, digits, `-` and `_`), or if this changes all the time: nothing has changed then.
pub fn set_organization_marker(marker: Option<&str>) -> bool {
    LOCAL.set(marker)
}

/// The guard of a propagator.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    is_strict: bool,
    trusted: Vec<String>,
    local: &'static LocalMarker,
}

impl Guard {
    /// A guard, if the settings ask for one.
    pub(super) fn new(settings: &OrgGuardSettings) -> Option<Self> {
        settings.enabled.then(|| Guard { is_strict: settings.strict, trusted: settings.trusted.clone(), local: &LOCAL })
    }

    /// With a marker of its own instead of the process's.
    #[cfg(test)]
    pub(super) fn with_marker(mut self, local: &'static LocalMarker) -> Self {
        self.local = local;
        self
    }

    /// The marker to send.
    #[cold]
    pub(super) fn marker(&self) -> Option<Marker> {
        self.local.get()
    }

    /// Takes from a context what another organization said.
    pub(super) fn check(&self, into: &mut Extracted) {
        let Some(local) = self.local.get() else { return };
        let is_accepted = match into.tags.get(MARKER) {
            Some(marker) => marker.as_bytes() == local.as_bytes() || self.trusted.iter().any(|trusted| trusted == marker),
            None => !self.is_strict,
        };
        if !is_accepted {
            into.priority = None;
            into.tags.forget_organization();
        }
    }
}

impl Place {
    const fn new() -> Self {
        Place { len: AtomicUsize::new(0), words: [const { AtomicU64::new(0) }; WORDS] }
    }
}

impl Marker {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl LocalMarker {
    pub(super) const fn new() -> Self {
        LocalMarker { places: [const { Place::new() }; MOST_MARKERS], used: AtomicUsize::new(0), current: AtomicUsize::new(0) }
    }

    pub(super) fn set(&self, marker: Option<&str>) -> bool {
        let Some(marker) = marker else {
            self.current.store(0, Ordering::Release);
            return true;
        };
        let is_marker = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if marker.is_empty() || marker.len() > MAX_LENGTH || !marker.bytes().all(is_marker) {
            return false;
        }
        let known = (0..MOST_MARKERS).find(|index| self.read(*index).is_some_and(|known| known.as_bytes() == marker.as_bytes()));
        let Some(index) = known.or_else(|| self.add(marker.as_bytes())) else { return false };
        self.current.store(index + 1, Ordering::Release);
        true
    }

    pub(super) fn get(&self) -> Option<Marker> {
        self.read(self.current.load(Ordering::Acquire).checked_sub(1)?)
    }

    fn add(&self, marker: &[u8]) -> Option<usize> {
        let taken =
            self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < MOST_MARKERS).then_some(used + 1));
        let index = taken.ok()?;
        let place = self.places.get(index)?;
        for (word, piece) in place.words.iter().zip(marker.chunks(8)) {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            word.store(u64::from_le_bytes(bytes), Ordering::Relaxed);
        }
        place.len.store(marker.len(), Ordering::Release);
        Some(index)
    }

    fn read(&self, index: usize) -> Option<Marker> {
        let place = self.places.get(index)?;
        let len = place.len.load(Ordering::Acquire);
        let mut bytes = [0; MAX_LENGTH];
        for (piece, word) in bytes.chunks_exact_mut(8).zip(&place.words) {
            piece.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        (len > 0).then_some(Marker { bytes, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(local: &LocalMarker) -> Option<String> {
        local.get().map(|marker| String::from_utf8_lossy(marker.as_bytes()).into_owned())
    }

    #[test]
    fn the_marker_set_last_is_the_one_in_force() {
        let local = LocalMarker::new();
        assert_eq!(get(&local), None);
        for marker in ["Zm9vYmFyMTIz", "a", &"x".repeat(MAX_LENGTH), "b-_c", "Zm9v"] {
            assert!(local.set(Some(marker)));
            assert_eq!(get(&local).as_deref(), Some(marker));
        }
        assert!(local.set(None));
        assert_eq!(get(&local), None);
    }

    #[test]
    fn what_no_header_can_carry_is_no_marker() {
        let local = LocalMarker::new();
        assert!(local.set(Some("good")));
        for marker in ["", "a,b", "a b", "a=b", "ä", &"x".repeat(MAX_LENGTH + 1), "a;b"] {
            assert!(!local.set(Some(marker)), "{marker}");
        }
        assert_eq!(get(&local).as_deref(), Some("good"));
    }

    #[test]
    fn markers_come_and_go_without_end_but_not_new_ones() {
        let local = LocalMarker::new();
        for round in 0..10_000 {
            assert!(local.set(Some(["one", "two"][round % 2])));
        }
        let accepted = (0..100).filter(|number| local.set(Some(&format!("m{number}")))).count();
        assert_eq!(accepted, MOST_MARKERS - 2);
        assert_eq!(get(&local), Some(format!("m{}", accepted - 1)));
    }
}
