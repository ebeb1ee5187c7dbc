//! The way of finished chunks from a thread's outbox to the sender: every chunk arrives once, and the locks never wait in a circle.
//!
//! As in the library: the owner appends under the outbox's lock word, and queues a full block with the word held. The sender holds the
//! list of outboxes while it takes their blocks under the words, then empties the queue. An ending thread queues its block and leaves
//! the list.

use ddtrace_loom::check;
use ddtrace_loom::lock_word::LockWord;
use loom::cell::UnsafeCell;
use loom::sync::{Arc, Mutex};
use loom::thread;

/// Chunks that fit into a block.
const ROOM: usize = 2;

type Block = Vec<u32>;

struct Outbox {
    word: LockWord,
    block: UnsafeCell<Option<Block>>,
}

// SAFETY: the block is only touched with the lock word held; loom fails the model otherwise.
unsafe impl Sync for Outbox {}
// SAFETY: as above.
unsafe impl Send for Outbox {}

struct Pipeline {
    outboxes: Mutex<Vec<Arc<Outbox>>>,
    queue: Mutex<Vec<Block>>,
}

impl Outbox {
    fn append(&self, pipeline: &Pipeline, chunk: u32) {
        let _guard = self.word.lock(1).unwrap();
        self.block.with_mut(|block| {
            // SAFETY: the lock is held.
            let block = unsafe { &mut *block };
            if block.as_ref().is_some_and(|block| block.len() == ROOM) {
                pipeline.queue.lock().unwrap().extend(block.take());
            }
            block.get_or_insert_default().push(chunk);
        });
    }

    fn take(&self) -> Option<Block> {
        let _guard = self.word.lock(1).unwrap();
        // SAFETY: the lock is held.
        self.block.with_mut(|block| unsafe { &mut *block }.take())
    }
}

impl Pipeline {
    fn with_outbox() -> (Arc<Self>, Arc<Outbox>) {
        let outbox = Arc::new(Outbox { word: LockWord::new(), block: UnsafeCell::new(None) });
        let outboxes = Mutex::new(vec![Arc::clone(&outbox)]);
        (Arc::new(Pipeline { outboxes, queue: Mutex::new(Vec::new()) }), outbox)
    }

    fn collect(&self) -> Vec<u32> {
        let outboxes = self.outboxes.lock().unwrap();
        let started: Vec<Block> = outboxes.iter().filter_map(|outbox| outbox.take()).collect();
        drop(outboxes);
        let full = std::mem::take(&mut *self.queue.lock().unwrap());
        full.into_iter().chain(started).flatten().collect()
    }

    fn retire(&self, outbox: &Arc<Outbox>) {
        if let Some(block) = outbox.take() {
            self.queue.lock().unwrap().push(block);
        }
        self.outboxes.lock().unwrap().retain(|live| !Arc::ptr_eq(live, outbox));
    }
}

fn assert_each_once(mut seen: Vec<u32>, chunks: u32) {
    seen.sort();
    assert_eq!(seen, (0..chunks).collect::<Vec<_>>());
}

#[test]
fn every_chunk_arrives_once() {
    check(3, || {
        let (pipeline, outbox) = Pipeline::with_outbox();
        let sender = Arc::clone(&pipeline);
        let sender = thread::spawn(move || [sender.collect(), sender.collect()].concat());
        (0..4).for_each(|chunk| outbox.append(&pipeline, chunk));
        let mut seen = sender.join().unwrap();
        seen.extend(pipeline.collect());
        assert_each_once(seen, 4);
    });
}

#[test]
fn an_ending_thread_leaves_nothing_behind() {
    check(3, || {
        let (pipeline, outbox) = Pipeline::with_outbox();
        let sender = Arc::clone(&pipeline);
        let sender = thread::spawn(move || sender.collect());
        (0..3).for_each(|chunk| outbox.append(&pipeline, chunk));
        pipeline.retire(&outbox);
        let mut seen = sender.join().unwrap();
        seen.extend(pipeline.collect());
        assert_each_once(seen, 3);
        assert!(pipeline.outboxes.lock().unwrap().is_empty());
    });
}

#[test]
fn what_was_finished_before_a_collection_is_in_it() {
    check(3, || {
        let (pipeline, outbox) = Pipeline::with_outbox();
        (0..3).for_each(|chunk| outbox.append(&pipeline, chunk));
        let sender = Arc::clone(&pipeline);
        let sender = thread::spawn(move || sender.collect());
        outbox.append(&pipeline, 3);
        let seen = sender.join().unwrap();
        assert!((0..3).all(|chunk| seen.contains(&chunk)), "{seen:?}");
    });
}
