//! How often contexts were read from headers and written to them, by style. Propagators belong to no tracer, so the numbers are the process's.
//!
//! Each thread counts in a block of its own. Blocks are in one list that only grows: who ends gives its block to a later thread, numbers
//! and all. A forked child counts anew, in new blocks: those of its parent are of a former fork generation.

use crate::config::PropagationStyle;
use crate::export::Counter;
use crate::propagation::{ExtractReport, InjectReport, STYLES, StyleSet};
use crate::service::{fork, thread_pointer};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Numbers of one kind. What one header carries is one set of styles, so that counting it is one addition.
#[derive(Default)]
struct BySet([Counter; StyleSet::DIFFERENT]);

impl BySet {
    #[inline]
    fn count(&self, styles: StyleSet) {
        if let Some(counter) = self.0.get(styles.index()) {
            counter.add(1);
        }
    }

    fn add_to(&self, to: &mut ByStyle) {
        for (index, counter) in self.0.iter().enumerate() {
            let (set, count) = (StyleSet::at(index), counter.get());
            STYLES.into_iter().filter(|style| set.contains(*style)).for_each(|style| to.add(style, count));
        }
    }
}

/// What one thread counted.
#[derive(Default)]
#[repr(align(64))]
struct Block {
    /// The fork generation that the numbers are of, and whether a thread counts here (the lowest bit).
    owner: AtomicU64,
    injected: BySet,
    extracted: BySet,
    malformed: BySet,
    items_exceeded: Counter,
    bytes_exceeded: Counter,
    next: AtomicPtr<Block>,
}

/// The first block. Blocks are never freed.
static BLOCKS: AtomicPtr<Block> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    static MINE: Mine = const { Mine(Cell::new(None)) };
}

thread_pointer! {
    mod known, static ddtrace_header_counts: super::Block
}

/// A thread's block, which is given back when the thread ends.
struct Mine(Cell<Option<&'static Block>>);

impl Drop for Mine {
    fn drop(&mut self) {
        // Before somebody else may have it.
        known::set(ptr::null());
        if let Some(block) = self.0.take() {
            block.give_back(fork::generation());
        }
    }
}

impl Block {
    /// A block that no thread of this process counts in.
    fn claim(generation: u32) -> &'static Block {
        all().find(|block| block.try_claim(generation)).unwrap_or_else(|| {
            let new: &'static Block = Box::leak(Box::new(Block { owner: AtomicU64::new(owned(generation)), ..Block::default() }));
            let add = |first| {
                new.next.store(first, Ordering::Relaxed);
                Some(ptr::from_ref(new).cast_mut())
            };
            // The closure never declines.
            let _ = BLOCKS.fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
            new
        })
    }

    fn try_claim(&self, generation: u32) -> bool {
        self.owner.compare_exchange(free(generation), owned(generation), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// In a forked child it is the parent's, and nobody's.
    fn give_back(&self, generation: u32) {
        let _ = self.owner.compare_exchange(owned(generation), free(generation), Ordering::Release, Ordering::Relaxed);
    }

    #[inline]
    fn is_owned(&self, generation: u32) -> bool {
        self.owner.load(Ordering::Relaxed) == owned(generation)
    }

    #[inline]
    fn add_extracted(&self, report: &ExtractReport) {
        self.extracted.count(report.extracted);
        if !report.malformed.is_empty() {
            self.malformed.count(report.malformed);
        }
        self.add_exceeded(report.baggage_items_exceeded, report.baggage_bytes_exceeded);
    }

    #[inline]
    fn add_injected(&self, report: &InjectReport) {
        self.injected.count(report.injected);
        self.add_exceeded(report.baggage_items_exceeded, report.baggage_bytes_exceeded);
    }

    #[inline]
    fn add_exceeded(&self, items: bool, bytes: bool) {
        if items {
            self.items_exceeded.add(1);
        }
        if bytes {
            self.bytes_exceeded.add(1);
        }
    }
}

fn owned(generation: u32) -> u64 {
    free(generation) | 1
}

fn free(generation: u32) -> u64 {
    u64::from(generation) << 1
}

fn generation_of(owner: u64) -> u32 {
    (owner >> 1) as u32
}

fn all() -> impl Iterator<Item = &'static Block> {
    let follow = |block: &AtomicPtr<Block>| {
        // SAFETY: what is stored here was leaked, and is never freed.
        unsafe { block.load(Ordering::Acquire).as_ref() }
    };
    std::iter::successors(follow(&BLOCKS), move |block: &&'static Block| follow(&block.next))
}

/// Counts what an extraction found.
#[inline]
pub fn count_extracted(report: &ExtractReport) {
    with_block(|block| block.add_extracted(report));
}

/// Counts what an injection wrote.
#[inline]
pub fn count_injected(report: &InjectReport) {
    with_block(|block| block.add_injected(report));
}

#[inline]
fn with_block(count: impl FnOnce(&Block)) {
    let generation = fork::generation();
    // SAFETY: NULL, or the calling thread's own block; blocks are never freed.
    match unsafe { known::get().as_ref() } {
        Some(block) if block.is_owned(generation) => count(block),
        _ => with_own_block(generation, count),
    }
}

#[cold]
fn with_own_block(generation: u32, count: impl FnOnce(&Block)) {
    let own = |mine: &Mine| {
        let block = mine.0.get().filter(|block| block.is_owned(generation)).unwrap_or_else(|| Block::claim(generation));
        mine.0.set(Some(block));
        known::set(block);
        block
    };
    match MINE.try_with(own) {
        Ok(block) => count(block),
        // The thread is ending, and would not give it back later.
        Err(_) => {
            let block = Block::claim(generation);
            count(block);
            block.give_back(generation);
        }
    }
}

/// A number for each style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByStyle([u64; STYLES.len()]);

impl ByStyle {
    /// The number of a style.
    pub fn of(&self, style: PropagationStyle) -> u64 {
        self.0.get(style as usize).copied().unwrap_or(0)
    }

    fn add(&mut self, style: PropagationStyle, count: u64) {
        if let Some(sum) = self.0.get_mut(style as usize) {
            *sum = sum.wrapping_add(count);
        }
    }
}

/// What all threads of this process counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeaderCounts {
    /// Contexts, or baggage, that were written (`context_header_style.injected`).
    pub injected: ByStyle,
    /// Contexts, or baggage, that were read (`context_header_style.extracted`).
    pub extracted: ByStyle,
    /// Headers that were there and broke the rules of their style (`context_header_style.malformed`).
    pub malformed: ByStyle,
    /// How often baggage was cut because it had too many items (`context_header.truncated`).
    pub baggage_items_exceeded: u64,
    /// How often baggage was cut because it had too many bytes.
    pub baggage_bytes_exceeded: u64,
}

/// Adds up what was counted so far.
pub fn header_counts() -> HeaderCounts {
    let mut counts = HeaderCounts::default();
    let generation = fork::generation();
    for block in all().filter(|block| generation_of(block.owner.load(Ordering::Acquire)) == generation) {
        block.injected.add_to(&mut counts.injected);
        block.extracted.add_to(&mut counts.extracted);
        block.malformed.add_to(&mut counts.malformed);
        counts.baggage_items_exceeded = counts.baggage_items_exceeded.wrapping_add(block.items_exceeded.get());
        counts.baggage_bytes_exceeded = counts.baggage_bytes_exceeded.wrapping_add(block.bytes_exceeded.get());
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use PropagationStyle::{B3, Baggage, Datadog, TraceContext};

    fn styles(styles: &[PropagationStyle]) -> StyleSet {
        styles.iter().copied().collect()
    }

    #[test]
    fn each_style_of_a_set_is_counted_and_no_other() {
        let block = Block::default();
        let found = ExtractReport {
            extracted: styles(&[Datadog, Baggage]),
            malformed: styles(&[B3]),
            baggage_bytes_exceeded: true,
            ..ExtractReport::default()
        };
        block.add_extracted(&found);
        block.add_extracted(&ExtractReport { malformed: StyleSet::default(), ..found });
        block.add_injected(&InjectReport {
            injected: styles(&[TraceContext]),
            baggage_items_exceeded: true,
            ..Default::default()
        });
        let sums = |of: &BySet| {
            let mut sums = ByStyle::default();
            of.add_to(&mut sums);
            STYLES.map(|style| sums.of(style))
        };
        assert_eq!(STYLES.map(|style| style as usize), [0, 1, 2, 3, 4]);
        assert_eq!(sums(&block.extracted), [2, 0, 0, 0, 2]);
        assert_eq!(sums(&block.malformed), [0, 0, 0, 1, 0]);
        assert_eq!(sums(&block.injected), [0, 1, 0, 0, 0]);
        assert_eq!((block.items_exceeded.get(), block.bytes_exceeded.get()), (1, 2));
    }

    #[test]
    fn threads_that_end_leave_their_numbers_and_their_block() {
        let report = InjectReport { injected: styles(&[B3]), ..InjectReport::default() };
        let before = header_counts().injected.of(B3);
        let blocks = all().count();
        for _ in 0..50 {
            std::thread::spawn(move || count_injected(&report)).join().unwrap();
        }
        assert!(header_counts().injected.of(B3) >= before + 50);
        // Other tests run beside this one.
        assert!(all().count() < blocks + 40, "blocks are used again");
    }

    #[test]
    fn a_block_is_of_one_thread_and_one_process() {
        let block = Block { owner: AtomicU64::new(owned(3)), ..Block::default() };
        assert!(!block.try_claim(3), "a thread counts there");
        assert!(!block.try_claim(4), "it is the parent's");
        block.give_back(4);
        assert!(block.is_owned(3), "what a child gives back was not its own");
        block.bytes_exceeded.add(1);
        block.give_back(3);
        assert!(!block.is_owned(3) && block.try_claim(3));
        assert_eq!(block.bytes_exceeded.get(), 1, "numbers stay");
    }
}
