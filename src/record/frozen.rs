//! A finished span as bytes: length, head, runs back to back, padded to eight.

use super::{Extra, Field, Head, Number, RunsRef};

const HEAD_SIZE: usize = size_of::<Head>();
/// Length of the record and padding, so that the head is aligned when the record is.
const PREFIX: usize = 8;

/// Bytes that the record of a span takes.
#[inline]
pub fn record_len(head: &Head) -> usize {
    (PREFIX + HEAD_SIZE + head.runs_len() + 7) & !7
}

/// Writes the record of a span to `to`, whose length must be `record_len`. The record takes over `head.extra`.
#[inline]
pub fn write_record(to: &mut [u8], head: &Head, runs: RunsRef<'_>) {
    let len = to.len() as u32;
    to[..4].copy_from_slice(&len.to_le_bytes());
    // SAFETY: `Head` is plain data without padding that anybody reads, and `to` has room by the assertion of the slice.
    unsafe {
        let target = to[PREFIX..PREFIX + HEAD_SIZE].as_mut_ptr();
        target.cast::<Head>().write_unaligned(*head);
    }
    // Fields and string tags stand together in a live span, so this is two copies for two of the three.
    let mut at = PREFIX + HEAD_SIZE;
    for run in [runs.fields, runs.texts, runs.numbers] {
        to[at..at + run.len()].copy_from_slice(run);
        at += run.len();
    }
}

/// A record to read.
#[derive(Clone, Copy)]
pub struct RecordRef<'a> {
    /// A copy of its head.
    pub head: Head,
    /// Its runs.
    pub runs: RunsRef<'a>,
    bytes: &'a [u8],
}

impl<'a> RecordRef<'a> {
    /// Splits the first record off `bytes`.
    #[inline]
    pub fn split(bytes: &'a [u8]) -> Option<(RecordRef<'a>, &'a [u8])> {
        let len = u32::from_le_bytes(*bytes.first_chunk::<4>()?) as usize;
        let record = bytes.get(..len)?;
        let head_bytes = record.get(PREFIX..PREFIX + HEAD_SIZE)?;
        // SAFETY: records are written by `write_record` alone, so these bytes are a `Head`.
        let head = unsafe { head_bytes.as_ptr().cast::<Head>().read_unaligned() };
        let runs = RunsRef::of_record(&head, record.get(PREFIX + HEAD_SIZE..)?)?;
        Some((RecordRef { head, runs, bytes: record }, bytes.get(len..)?))
    }

    /// Links, events and structured tags.
    pub fn extra(&self) -> Option<&'a Extra> {
        // SAFETY: the record owns what its head points to, and whoever lends the bytes of the record keeps it alive with them.
        unsafe { self.head.extra.as_ref() }
    }

    /// A field's text.
    #[inline]
    pub fn field(&self, field: Field) -> &'a [u8] {
        self.runs.field(&self.head, field)
    }

    /// A string tag.
    pub fn text(&self, key: &[u8]) -> Option<&'a [u8]> {
        self.runs.text(&self.head, key)
    }

    /// A numeric tag.
    pub fn number(&self, key: &[u8]) -> Option<Number> {
        self.runs.number(&self.head, key)
    }

    /// The record's bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Changes the head of the record at the beginning of `bytes`.
pub fn update_head(bytes: &mut [u8], change: impl FnOnce(&mut Head)) {
    let Some(place) = bytes.get_mut(PREFIX..PREFIX + HEAD_SIZE) else { return };
    // SAFETY: as in `split`.
    unsafe {
        let place = place.as_mut_ptr().cast::<Head>();
        let mut head = place.read_unaligned();
        change(&mut head);
        place.write_unaligned(head);
    }
}

/// Frees what the records in `bytes` own.
pub fn drop_records(bytes: &mut [u8]) {
    let mut rest = bytes;
    while let Some(len) = rest.first_chunk::<4>().map(|len| u32::from_le_bytes(*len) as usize) {
        if len == 0 || len > rest.len() {
            return;
        }
        let (record, tail) = rest.split_at_mut(len);
        update_head(record, |head| {
            if !head.extra.is_null() {
                // SAFETY: a record owns its extra, made by `Box::into_raw`; the pointer is cleared with it.
                drop(unsafe { Box::from_raw(head.extra) });
                head.extra = std::ptr::null_mut();
            }
        });
        rest = tail;
    }
}
