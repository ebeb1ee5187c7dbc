//! The little MessagePack that records are made of: strings, float64, int64. (Format: the MessagePack specification.)

use super::copy::{HIGH_BITS, append_text, copy_short, copy_text};
use super::is_plain;

/// Bytes that a string of `len` bytes takes with its prefix.
#[inline]
pub const fn str_size(len: usize) -> usize {
    if len < 32 {
        1 + len
    } else if len < 0x100 {
        2 + len
    } else if len < 0x1_0000 {
        3 + len
    } else {
        5 + len
    }
}

/// Every number in a record takes this: a marker and eight bytes.
pub const NUMBER_SIZE: usize = 9;
const FLOAT64: u8 = 0xcb;
/// The marker of an integer; every other number is a float64.
pub const INT64: u8 = 0xd3;

/// Writes a string; returns how much of `to` it took, or `None` if it does not fit.
#[inline(always)]
pub fn write_str(to: &mut [u8], text: &[u8]) -> Option<usize> {
    let len = text.len();
    if len < 32 {
        let to = to.get_mut(..1 + len)?;
        to[0] = 0xa0 | len as u8;
        copy_text(&mut to[1..], text);
        return Some(1 + len);
    }
    write_long_str(to, text)
}

/// Writes a text that a record may hold as it is. `None`: the text may want cleaning, and what was written is rubbish.
///
/// # Safety
/// `to` is writable for `str_size(text.len())` bytes, and does not overlap with `text`.
#[inline(always)]
pub unsafe fn put_plain_str(to: *mut u8, text: &[u8]) -> Option<usize> {
    let len = text.len();
    if len < 32 {
        // SAFETY: by the contract.
        let seen = unsafe {
            to.write(0xa0 | len as u8);
            copy_short(to.add(1), text)
        };
        return (seen & HIGH_BITS == 0).then_some(1 + len);
    }
    if !is_plain(text) {
        return None;
    }
    // SAFETY: by the contract.
    write_long_str(unsafe { std::slice::from_raw_parts_mut(to, str_size(len)) }, text)
}

#[inline(never)]
fn write_long_str(to: &mut [u8], text: &[u8]) -> Option<usize> {
    let len = text.len();
    let size = str_size(len);
    let to = to.get_mut(..size)?;
    let prefix = size - len;
    match prefix {
        2 => to[..2].copy_from_slice(&[0xd9, len as u8]),
        3 => {
            to[0] = 0xda;
            to[1..3].copy_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            to[0] = 0xdb;
            to[1..5].copy_from_slice(&(len as u32).to_be_bytes());
        }
    }
    to[prefix..].copy_from_slice(text);
    Some(size)
}

/// Appends a string.
#[inline]
pub fn append_str(to: &mut Vec<u8>, text: &[u8]) {
    let len = text.len();
    match str_size(len) - len {
        1 => to.push(0xa0 | len as u8),
        2 => to.extend_from_slice(&[0xd9, len as u8]),
        3 => {
            to.push(0xda);
            to.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            to.push(0xdb);
            to.extend_from_slice(&(len as u32).to_be_bytes());
        }
    }
    append_text(to, text);
}

/// Reads a string at the beginning of `from`: prefix length and text length.
#[inline]
pub fn read_str_prefix(from: &[u8]) -> Option<(usize, usize)> {
    let first = *from.first()?;
    if first & 0xe0 == 0xa0 {
        return Some((1, (first & 0x1f) as usize));
    }
    match first {
        0xd9 => Some((2, *from.get(1)? as usize)),
        0xda => Some((3, u16::from_be_bytes(from.get(1..3)?.try_into().ok()?) as usize)),
        0xdb => Some((5, u32::from_be_bytes(from.get(1..5)?.try_into().ok()?) as usize)),
        _ => None,
    }
}

/// Splits a string off the front: its text and the rest.
#[inline]
pub fn split_str(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (prefix, len) = read_str_prefix(from)?;
    let text = from.get(prefix..prefix + len)?;
    Some((text, from.get(prefix + len..)?))
}

/// Splits a string off the front in the form in which it stands there: with its prefix, and the rest.
#[inline(always)]
pub fn split_encoded_str(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (prefix, len) = read_str_prefix(from)?;
    from.split_at_checked(prefix + len)
}

/// A number of a record.
#[inline]
pub fn encode_f64(value: f64) -> [u8; NUMBER_SIZE] {
    let mut bytes = [FLOAT64; NUMBER_SIZE];
    bytes[1..].copy_from_slice(&value.to_be_bytes());
    bytes
}

/// An integer of a record.
#[inline]
pub fn encode_i64(value: i64) -> [u8; NUMBER_SIZE] {
    let mut bytes = [INT64; NUMBER_SIZE];
    bytes[1..].copy_from_slice(&value.to_be_bytes());
    bytes
}

/// Whether this, at the place of a value, is a number and not a string.
#[inline]
pub fn is_number(encoded: &[u8; NUMBER_SIZE]) -> bool {
    matches!(encoded[0], FLOAT64 | INT64)
}

/// Reads a number of a record.
#[inline]
pub fn decode_number(from: &[u8]) -> Option<super::Number> {
    let payload: [u8; 8] = from.get(1..NUMBER_SIZE)?.try_into().ok()?;
    match *from.first()? {
        FLOAT64 => Some(super::Number::Float(f64::from_be_bytes(payload))),
        INT64 => Some(super::Number::Int(i64::from_be_bytes(payload))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_every_prefix_round_trip() {
        for len in [0, 1, 31, 32, 255, 256, 65_535, 65_536, 70_000] {
            let text = vec![b'x'; len];
            let mut buffer = vec![0; len + 5];
            let size = write_str(&mut buffer, &text).unwrap();
            assert_eq!(size, str_size(len));
            let (read, rest) = split_str(&buffer[..size]).unwrap();
            assert_eq!(read, text);
            assert!(rest.is_empty());
            assert_eq!(write_str(&mut buffer[..size - 1], &text), None);
            let mut appended = vec![0xee];
            append_str(&mut appended, &text);
            assert_eq!(appended[1..], buffer[..size]);
            appended.push(0xdd);
            assert_eq!(split_encoded_str(&appended[1..]), Some((&buffer[..size], [0xdd].as_slice())));
        }
    }

    #[test]
    fn numbers_keep_their_type() {
        assert_eq!(decode_number(&encode_f64(0.5)), Some(super::super::Number::Float(0.5)));
        assert_eq!(decode_number(&encode_i64(-7)), Some(super::super::Number::Int(-7)));
        assert_eq!(decode_number(&[0xc0; 9]), None);
    }
}
