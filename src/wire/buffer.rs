//! The buffers that payloads are built in: headers of maps and arrays, and how much memory stays for the next payload.

/// What a payload may leave in memory for the next one: a usual payload with some room. Only a large chunk needs more, and rarely.
const KEPT_BYTES: usize = 2 * 1024 * 1024;

/// Empties a buffer for the next payload.
pub(super) fn restart(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(KEPT_BYTES);
}

/// The header of a map of known size.
pub(super) fn map_header(out: &mut Vec<u8>, len: usize) {
    header(out, len, 0x80, 0xdf);
}

/// The header of an array.
#[inline]
pub(super) fn array_header(out: &mut Vec<u8>, len: usize) {
    header(out, len, 0x90, 0xdd);
}

#[inline]
fn header(out: &mut Vec<u8>, len: usize, short: u8, long: u8) {
    match u8::try_from(len) {
        Ok(len) if len < 16 => out.push(short | len),
        _ => {
            out.push(long);
            out.extend_from_slice(&(len as u32).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_payload_leaves_no_large_buffer() {
        let mut buffer = vec![0; 4 * KEPT_BYTES];
        restart(&mut buffer);
        assert!(buffer.is_empty() && buffer.capacity() < 2 * KEPT_BYTES);
        let mut buffer = vec![0; 1000];
        restart(&mut buffer);
        assert!(buffer.capacity() >= 1000);
    }

    #[test]
    fn headers_are_those_of_messagepack() {
        let written = |len, write: fn(&mut Vec<u8>, usize)| {
            let mut out = Vec::new();
            write(&mut out, len);
            rmpv::decode::read_value(&mut [out, vec![0xc0; 2 * len]].concat().as_slice()).unwrap()
        };
        for len in [0, 1, 15, 16, 255, 256, 70_000] {
            assert_eq!(written(len, array_header).as_array().map(Vec::len), Some(len));
            assert_eq!(written(len, map_header).as_map().map(Vec::len), Some(len));
        }
    }
}
