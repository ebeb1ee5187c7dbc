//! What only the records of spans tell: which integrations made them, how large chunks are. Counted in the background, once per chunk, and only
//! where somebody wants to know.

use super::chunk::ChunkHead;
use crate::lock::Mutex;
use crate::record::{RecordRef, flag, start_numbers};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// No more integrations are told apart; spans of others are counted together.
const MOST_INTEGRATIONS: usize = 64;
const OTHERS: &str = "other";
const LONGEST_NAME: usize = 64;
/// More values are not kept until somebody takes them.
const MOST_VALUES: usize = 1000;

/// Counts of one pipeline.
#[derive(Default)]
pub struct Census {
    is_wanted: AtomicBool,
    counted: Mutex<Tally>,
}

/// What was counted. The lists have what came since somebody took it, all else is since the beginning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Spans by what made them: the tag `component`, or else the API that they were made with.
    pub spans: Vec<(String, u64)>,
    /// Segments whose trace began here.
    pub segments_new: u64,
    /// Segments of a trace that began elsewhere.
    pub segments_continued: u64,
    /// Chunks that left while spans of theirs were open.
    pub partial_flushes: u64,
    /// Spans of each chunk.
    pub chunk_sizes: Vec<f64>,
    /// Spans of each chunk that left early.
    pub spans_closed: Vec<f64>,
    /// Spans that were open when it left.
    pub spans_remaining: Vec<f64>,
    /// Bytes of a chunk as it was sent, on the average of each payload.
    pub encoded_bytes: Vec<f64>,
    /// Milliseconds that it took to write one, likewise.
    pub encoding_ms: Vec<f64>,
}

impl Census {
    /// Counts from now on.
    pub fn want(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    /// What to count in, if that is wanted.
    pub(super) fn begin(&self) -> Option<Tally> {
        self.is_wanted.load(Ordering::Relaxed).then(Tally::default)
    }

    /// Adds what was counted.
    pub(super) fn add(&self, tally: Tally) {
        let mut counted = self.counted.lock();
        for (name, count) in &tally.spans {
            counted.count_spans(name, *count);
        }
        counted.segments_new += tally.segments_new;
        counted.segments_continued += tally.segments_continued;
        counted.partial_flushes += tally.partial_flushes;
        keep(&mut counted.chunk_sizes, &tally.chunk_sizes);
        keep(&mut counted.spans_closed, &tally.spans_closed);
        keep(&mut counted.spans_remaining, &tally.spans_remaining);
    }

    /// A payload was written.
    pub(super) fn encoded(&self, chunks: usize, bytes: usize, took: Duration) {
        if chunks == 0 || !self.is_wanted.load(Ordering::Relaxed) {
            return;
        }
        let mut counted = self.counted.lock();
        keep(&mut counted.encoded_bytes, &[bytes as f64 / chunks as f64]);
        keep(&mut counted.encoding_ms, &[took.as_secs_f64() * 1000.0 / chunks as f64]);
    }

    /// What was counted; takes the lists.
    pub fn take(&self) -> Tally {
        let mut counted = self.counted.lock();
        let taken = counted.clone();
        let Tally { chunk_sizes, spans_closed, spans_remaining, encoded_bytes, encoding_ms, .. } = &mut *counted;
        [chunk_sizes, spans_closed, spans_remaining, encoded_bytes, encoding_ms].into_iter().for_each(Vec::clear);
        taken
    }
}

impl Tally {
    /// Counts a chunk.
    pub(super) fn chunk(&mut self, head: &ChunkHead, records: &[u8]) {
        let spans = f64::from(head.span_count);
        keep(&mut self.chunk_sizes, &[spans]);
        if head.partial_spans > 0 {
            self.partial_flushes += 1;
            keep(&mut self.spans_closed, &[spans]);
            keep(&mut self.spans_remaining, &[f64::from(head.open_spans)]);
        }
        start_numbers(records).filter_map(|(_, at)| RecordRef::at(records, at)).for_each(|record| self.span(&record));
    }

    fn span(&mut self, record: &RecordRef<'_>) {
        let head = record.head;
        if head.has(flag::LOCAL_ROOT) {
            let segments = if head.parent_id == 0 { &mut self.segments_new } else { &mut self.segments_continued };
            *segments += 1;
        }
        match record.runs.text(head, b"component").filter(|component| !component.is_empty()) {
            Some(component) => self.count_component(component),
            None if head.has(flag::OTEL) => self.count_spans("otel", 1),
            None if head.has(flag::OPENTRACING) => self.count_spans("opentracing", 1),
            None => self.count_spans(Self::BY_HAND, 1),
        }
    }

    /// Most tags are names as they should be, and were there before.
    fn count_component(&mut self, component: &[u8]) {
        match self.spans.iter_mut().find(|(known, _)| known.as_bytes() == component) {
            Some((_, spans)) => *spans += 1,
            None => match name(component) {
                blank if blank.is_empty() => self.count_spans(Self::BY_HAND, 1),
                name => self.count_spans(&name, 1),
            },
        }
    }

    /// The name of spans that the program makes itself.
    pub const BY_HAND: &'static str = "datadog";

    fn count_spans(&mut self, name: &str, count: u64) {
        if let Some((_, spans)) = self.spans.iter_mut().find(|(known, _)| known == name) {
            *spans += count;
        } else if self.spans.len() < MOST_INTEGRATIONS || name == OTHERS {
            self.spans.push((name.to_owned(), count));
        } else {
            self.count_spans(OTHERS, count);
        }
    }

    /// All spans that were counted.
    pub fn all_spans(&self) -> u64 {
        self.spans.iter().map(|(_, count)| count).sum()
    }
}

/// The name of an integration as a tag may have it.
fn name(component: &[u8]) -> String {
    let text = String::from_utf8_lossy(component);
    let sound = |character: char| if character.is_alphanumeric() || "._-/".contains(character) { character } else { '_' };
    text.trim().chars().take(LONGEST_NAME).map(|character| sound(character.to_ascii_lowercase())).collect()
}

fn keep(values: &mut Vec<f64>, new: &[f64]) {
    let room = MOST_VALUES.saturating_sub(values.len());
    values.extend(new.iter().take(room));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_integrations_are_bounded_and_sound() {
        assert_eq!(name(b" Redis,py:1 "), "redis_py_1");
        assert_eq!(name(&[b'x'; 500]).len(), LONGEST_NAME);
        let mut tally = Tally::default();
        (0..MOST_INTEGRATIONS + 10).for_each(|number| tally.count_spans(&format!("i{number}"), 2));
        assert_eq!((tally.spans.len(), tally.all_spans()), (MOST_INTEGRATIONS + 1, 2 * (MOST_INTEGRATIONS as u64 + 10)));
        assert_eq!(tally.spans.last(), Some(&(OTHERS.to_owned(), 20)));
    }

    #[test]
    fn nothing_is_counted_unless_somebody_wants_it_and_lists_are_given_away() {
        let census = Census::default();
        census.encoded(1, 10, Duration::from_millis(1));
        assert!(census.begin().is_none());
        census.want();
        let mut tally = census.begin().unwrap();
        tally.chunk(&ChunkHead { span_count: 3, partial_spans: 3, open_spans: 2, ..ChunkHead::EMPTY }, &[]);
        census.add(tally);
        census.encoded(2, 10, Duration::from_millis(1));
        let taken = census.take();
        assert_eq!((taken.chunk_sizes, taken.spans_closed, taken.spans_remaining), (vec![3.0], vec![3.0], vec![2.0]));
        assert_eq!((taken.encoded_bytes, taken.encoding_ms), (vec![5.0], vec![0.5]));
        assert_eq!(census.take(), Tally { partial_flushes: 1, ..Tally::default() });
    }
}
