//! A DDSketch as protobuf, as trace statistics carry it: mapping, contiguous bins, count of zeros.

/// Relative accuracy 1/129.
const GAMMA: f64 = 1.015625;
/// ln γ: `v` is in bin ⌊ln v / ln γ + offset⌋.
pub const SKETCH_LN_GAMMA: f64 = 0.015504186535965254;
/// Offset of the numbers of bins, so that they are above 0 from 1e-9 on.
pub const SKETCH_OFFSET: f64 = 1338.5;

/// Appends a sketch whose bins begin with number `first`.
pub fn append_sketch(to: &mut Vec<u8>, first: i32, counts: &[u32], zeros: u64) {
    to.extend_from_slice(&[0x0a, 18, 0x09]);
    to.extend_from_slice(&GAMMA.to_le_bytes());
    to.push(0x11);
    to.extend_from_slice(&SKETCH_OFFSET.to_le_bytes());
    to.push(0x12);
    if counts.is_empty() {
        to.push(0);
    } else {
        let first = zigzag(first);
        let bytes = counts.len() * 8;
        varint(to, (1 + varint_len(bytes as u64) + bytes + 1 + varint_len(first)) as u64);
        to.push(0x12);
        varint(to, bytes as u64);
        counts.iter().for_each(|count| to.extend_from_slice(&f64::from(*count).to_le_bytes()));
        to.push(0x18);
        varint(to, first);
    }
    to.extend_from_slice(&[0x1a, 0]);
    if zeros > 0 {
        to.push(0x21);
        to.extend_from_slice(&(zeros as f64).to_le_bytes());
    }
}

fn zigzag(number: i32) -> u64 {
    u64::from(((number << 1) ^ (number >> 31)) as u32)
}

fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::tests::bytes_of;

    fn encoded(first: i32, counts: &[u32], zeros: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        append_sketch(&mut bytes, first, counts, zeros);
        bytes
    }

    #[test]
    fn the_logarithm_is_that_of_the_growth() {
        assert_eq!(SKETCH_LN_GAMMA, GAMMA.ln());
    }

    #[test]
    fn vectors() {
        let one = "0a1209000000000040f03f110000000000ea9440120d1208000000000000f03f18ea221a00";
        assert_eq!(encoded(2229, &[1], 0), bytes_of(one));
        let empty = "0a1209000000000040f03f110000000000ea944012001a00";
        assert_eq!(encoded(0, &[], 0), bytes_of(empty));
    }

    #[test]
    fn lengths_of_more_than_one_byte_and_zeros() {
        let bytes = encoded(-3, &[2; 300], 7);
        assert_eq!(bytes[20..28], [0x12, 0xe5, 0x12, 0x12, 0xe0, 0x12, 0, 0]);
        assert_eq!(bytes[20 + 3 + 3 + 2_400..][..4], [0x18, 5, 0x1a, 0]);
        assert_eq!(bytes[bytes.len() - 9..], [&[0x21][..], &7f64.to_le_bytes()].concat());
        for number in [0u64, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut bytes = Vec::new();
            varint(&mut bytes, number);
            assert_eq!(bytes.len(), varint_len(number), "{number}");
        }
    }
}
