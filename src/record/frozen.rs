//! A finished span as bytes: length, head, runs back to back, padded to eight.

use super::copy::{SHORT, copy_short, make_room};
use super::{Extra, Field, Head, Number, RunsRef};

const HEAD_SIZE: usize = size_of::<Head>();
/// Length of the record and padding, so that the head is aligned when the record is.
const PREFIX: usize = 8;

/// Bytes that the record of a span takes.
#[inline]
pub fn record_len(head: &Head) -> usize {
    (PREFIX + HEAD_SIZE + head.runs_len() + 7) & !7
}

/// Appends the record of a span, which takes `record_len(head)` bytes. The record takes over `head.extra`.
#[inline]
pub fn append_record(to: &mut Vec<u8>, head: &Head, runs: RunsRef<'_>) {
    let body_len = runs.fields.len() + runs.texts.len() + runs.numbers.len();
    let len = (PREFIX + HEAD_SIZE + body_len + 7) & !7;
    make_room(to, len);
    // SAFETY: there is room for `len` bytes, and all of them are written: the padding, which is within the last eight, first. `Head` is plain
    // data without padding that anybody reads. The runs are of another buffer.
    unsafe {
        let start = to.as_mut_ptr().add(to.len());
        start.add(len - 8).cast::<u64>().write_unaligned(0);
        start.cast::<u64>().write_unaligned(len as u64);
        start.add(PREFIX).cast::<Head>().write_unaligned(*head);
        let mut at = start.add(PREFIX + HEAD_SIZE);
        for run in [runs.fields, runs.texts, runs.numbers] {
            copy_run(at, run);
            at = at.add(run.len());
        }
        to.set_len(to.len() + len);
    }
}

/// # Safety
/// As of [`copy_short`], for any length.
#[inline(always)]
unsafe fn copy_run(to: *mut u8, run: &[u8]) {
    // SAFETY: by the contract.
    unsafe {
        if run.len() <= SHORT {
            copy_short(to, run);
        } else {
            std::ptr::copy_nonoverlapping(run.as_ptr(), to, run.len());
        }
    }
}

/// A record to read.
#[derive(Clone, Copy)]
pub struct RecordRef<'a> {
    /// Its head.
    pub head: &'a Head,
    /// Its runs.
    pub runs: RunsRef<'a>,
}

impl<'a> RecordRef<'a> {
    /// Splits the first record off `bytes`.
    #[inline]
    pub fn split(bytes: &'a [u8]) -> Option<(RecordRef<'a>, &'a [u8])> {
        let len = u32::from_le_bytes(*bytes.first_chunk::<4>()?) as usize;
        let (record, rest) = bytes.split_at_checked(len)?;
        let (front, body) = record.split_at_checked(PREFIX + HEAD_SIZE)?;
        let head = front.as_ptr().wrapping_add(PREFIX).cast::<Head>();
        if !head.is_aligned() {
            // Cannot be: allocators align to more than this, and chunks and records begin at multiples of eight.
            return None;
        }
        // SAFETY: records are written by `append_record` alone, so these bytes are a `Head`, and just seen to be aligned.
        let head = unsafe { &*head };
        Some((RecordRef { head, runs: RunsRef::of_record(head, body)? }, rest))
    }

    /// The record that stands at an offset, as [`start_numbers`] tells them.
    #[inline]
    pub fn at(bytes: &'a [u8], offset: usize) -> Option<RecordRef<'a>> {
        Some(RecordRef::split(bytes.get(offset..)?)?.0)
    }

    /// Links, events and structured tags.
    pub fn extra(&self) -> Option<&'a Extra> {
        // SAFETY: the record owns what its head points to, and whoever lends the bytes of the record keeps it alive with them.
        unsafe { self.head.extra.as_ref() }
    }

    /// A field's text.
    #[inline]
    pub fn field(&self, field: Field) -> &'a [u8] {
        self.runs.field(self.head, field)
    }

    /// A string tag.
    pub fn text(&self, key: &[u8]) -> Option<&'a [u8]> {
        self.runs.text(self.head, key)
    }

    /// A numeric tag.
    pub fn number(&self, key: &[u8]) -> Option<Number> {
        self.runs.number(self.head, key)
    }
}

/// The start number and the offset of each record in `bytes`; nothing else of them is looked at.
#[inline]
pub fn start_numbers(bytes: &[u8]) -> impl Iterator<Item = (u32, usize)> + use<'_> {
    const NUMBER_AT: usize = PREFIX + std::mem::offset_of!(Head, start_number);
    let mut at = 0;
    std::iter::from_fn(move || {
        let record = bytes.get(at..)?;
        let number = u32::from_ne_bytes(*record.get(NUMBER_AT..)?.first_chunk::<4>()?);
        let len = u32::from_le_bytes(*record.first_chunk::<4>()?) as usize;
        let offset = at;
        at += len;
        (len > 0).then_some((number, offset))
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Aligned as the allocator would.
    fn records(start_numbers: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in start_numbers {
            let texts = vec![0xa0; 2 * *number as usize];
            let head = Head { start_number: *number, text_len: texts.len() as u32, text_count: *number, ..Head::EMPTY };
            append_record(&mut bytes, &head, RunsRef { fields: &[], texts: &texts, numbers: &[] });
        }
        bytes
    }

    #[test]
    fn records_are_found_by_their_offsets() {
        let bytes = records(&[7, 0, 3]);
        let seen: Vec<(u32, u32)> =
            start_numbers(&bytes).map(|(number, at)| (number, RecordRef::at(&bytes, at).unwrap().head.text_count)).collect();
        assert_eq!(seen, [(7, 7), (0, 0), (3, 3)]);
        assert_eq!(start_numbers(&[]).count(), 0);
    }

    #[test]
    fn bytes_that_are_no_record_are_refused() {
        let bytes = records(&[5]);
        assert!(RecordRef::split(&bytes).is_some());
        assert!(RecordRef::split(&bytes[..bytes.len() - 1]).is_none(), "cut short");
        let moved = [&[0; 4], bytes.as_slice()].concat();
        assert!(RecordRef::split(&moved[4..]).is_none(), "not aligned");
        assert!(RecordRef::split(&[0; 256]).is_none(), "no length");
    }
}
