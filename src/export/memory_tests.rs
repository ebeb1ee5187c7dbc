use super::*;
use crate::export::sample_chunk::{shop, span};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn chunk(ids: std::ops::RangeInclusive<u64>) -> ChunkData {
    let spans = ids.map(|id| span((id, 0), "a", "s", (0, 1))).collect();
    ChunkData { spans, priority: Some(1) }
}

fn ids(exporter: &MemoryExporter) -> Vec<u64> {
    exporter.spans(None).iter().map(|span| span.span_id).collect()
}

#[test]
fn the_oldest_spans_go_when_it_is_full() {
    let exporter = MemoryExporter::new(3);
    exporter.export(&[chunk(1..=2)]).expect("accepts");
    assert_eq!(ids(&exporter), [1, 2]);
    exporter.export(&[chunk(3..=3), chunk(4..=5)]).expect("accepts");
    assert_eq!(ids(&exporter), [3, 4, 5]);
    exporter.export(&[chunk(6..=20)]).expect("accepts");
    assert_eq!(ids(&exporter), [18, 19, 20]);
    assert_eq!(exporter.count(), 3);
}

#[test]
fn zero_is_no_limit() {
    let exporter = MemoryExporter::new(0);
    exporter.export(&[chunk(1..=5_000)]).expect("accepts");
    assert_eq!(exporter.count(), 5_000);
    exporter.clear();
    assert_eq!(exporter.count(), 0);
}

#[test]
fn spans_are_found_by_all_bits_of_their_trace_id() {
    let exporter = MemoryExporter::new(0);
    let mut other = chunk(9..=9);
    other.spans[0].trace_id ^= 1 << 127;
    exporter.export(&[shop(), other.clone()]).expect("accepts");
    assert_eq!(exporter.spans(Some(crate::export::sample_chunk::TRACE_ID)), shop().spans);
    assert_eq!(exporter.spans(Some(other.spans[0].trace_id)), other.spans);
    assert_eq!(exporter.spans(Some(0)), []);
    assert_eq!(exporter.spans(None).len(), 6);
}

#[test]
fn json_is_an_array_of_the_wanted_spans() {
    let exporter = MemoryExporter::new(0);
    assert_eq!(exporter.json(None), "[]");
    exporter.export(&[shop(), chunk(9..=9)]).expect("accepts");
    assert_eq!(exporter.json(Some(1)), "[]");
    let value: serde_json::Value = serde_json::from_str(&exporter.json(None)).expect("JSON");
    assert_eq!(value.as_array().map(Vec::len), Some(6));
    assert_eq!(value[0]["sampled"], true, "the chunk's priority counts");
    assert_eq!(value[5]["span_id"], "0000000000000009");
}

#[test]
fn after_shutdown_export_fails_and_reading_goes_on() {
    let exporter = MemoryExporter::new(0);
    exporter.export(&[chunk(1..=1)]).expect("accepts");
    exporter.shutdown();
    exporter.shutdown();
    let error = exporter.export(&[chunk(2..=2)]).expect_err("is shut down");
    assert_eq!(error.to_string(), "memory exporter: spans arrived after its shutdown");
    assert_eq!(ids(&exporter), [1]);
}

#[test]
fn threads_export_and_read_at_once() {
    let exporter = MemoryExporter::new(100);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                assert!(exporter.count() <= 100);
                assert!(exporter.json(None).ends_with(']'));
            }
        });
        let writers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| (0..200).all(|_| exporter.export(&[chunk(1..=7)]).is_ok()))).collect();
        let accepted = writers.into_iter().all(|writer| writer.join().is_ok_and(|ok| ok));
        is_done.store(true, Ordering::Relaxed);
        assert!(accepted);
        reader.join().expect("the reader saw nothing odd");
    });
    assert_eq!(exporter.count(), 100);
}

#[test]
fn a_store_that_a_vanished_thread_holds_is_left_to_it() {
    let exporter = MemoryExporter::new(0);
    exporter.export(&[chunk(1..=1)]).expect("accepts");
    let _vanished = exporter.stores[0].lock();
    exporter.export(&[chunk(2..=2)]).expect("another store serves");
    assert_eq!(ids(&exporter), [2]);
}

#[test]
fn a_store_of_another_process_starts_empty() {
    let exporter = MemoryExporter::new(0);
    exporter.export(&[chunk(1..=1)]).expect("accepts");
    exporter.stores[0].lock().process ^= 1;
    assert_eq!(exporter.count(), 0);
    exporter.export(&[chunk(2..=2)]).expect("accepts");
    assert_eq!(ids(&exporter), [2]);
}
