//! Ids as headers write them: decimal and hexadecimal, read strictly and written without allocation.

/// Reads a decimal number of at most 64 bits: digits only, leading zeros allowed.
#[inline]
pub(super) fn parse_decimal(text: &[u8]) -> Option<u64> {
    let (Some((head, tail)), Some(first)) = (text.split_last_chunk::<16>(), text.first_chunk::<8>()) else {
        return parse_short_decimal(text);
    };
    if head.len() > 8 {
        return parse_long_decimal(head, tail);
    }
    // The head's digits move up in their word, and zeros follow from below.
    let head = digits_of(*first).checked_shl(64 - 8 * head.len() as u32).unwrap_or(0);
    let (middle, low) = (digits_of(first8(tail)), digits_of(last8(tail)));
    if above_nine(head) | above_nine(middle) | above_nine(low) != 0 {
        return None;
    }
    let low = decimal8(middle) * 100_000_000 + decimal8(low);
    decimal8(head).checked_mul(10_000_000_000_000_000)?.checked_add(low)
}

/// Reads a decimal number with an optional minus sign.
#[inline]
pub(super) fn parse_decimal_i32(text: &[u8]) -> Option<i32> {
    // Nearly all priorities are one digit.
    match text {
        [digit @ b'0'..=b'9'] => Some(i32::from(digit - b'0')),
        _ => parse_any_decimal_i32(text),
    }
}

fn parse_any_decimal_i32(text: &[u8]) -> Option<i32> {
    let (is_negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, text),
    };
    let magnitude = i64::try_from(parse_decimal(digits)?).ok()?;
    i32::try_from(if is_negative { -magnitude } else { magnitude }).ok()
}

/// Reads 1 to 16 hexadecimal digits of either case.
pub(super) fn parse_hex(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    text.iter().try_fold(0, |value, &byte| Some(value << 4 | u64::from(hex_value(byte)?)))
}

/// Reads 1 to 32 hexadecimal digits of either case.
pub(super) fn parse_hex128(text: &[u8]) -> Option<u128> {
    match text.split_last_chunk::<16>() {
        Some(([], low)) => parse_hex(low).map(u128::from),
        Some((high, low)) => Some(u128::from(parse_hex(high)?) << 64 | u128::from(parse_hex(low)?)),
        None => parse_hex(text).map(u128::from),
    }
}

/// Reads 16 hexadecimal digits, lower case only.
#[inline(always)]
pub(super) fn parse_lower_hex(text: &[u8; 16]) -> Option<u64> {
    // Without a branch, so that it becomes one comparison of all bytes.
    let is_hex = text.iter().fold(true, |all, byte| all & matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| hex8(first8(text)) << 32 | hex8(last8(text)))
}

/// Reads two hexadecimal digits, lower case only.
pub(super) fn parse_lower_hex_byte(text: &[u8; 2]) -> Option<u8> {
    let [high, low] = text.map(|byte| if byte.is_ascii_uppercase() { None } else { hex_value(byte) });
    Some(high? << 4 | low?)
}

/// Writes a number as 16 lowercase hexadecimal digits.
#[inline(always)]
pub(super) fn hex16(value: u64) -> [u8; 16] {
    let digits = u128::from(hex_text(spread_nibbles(value >> 32))) << 64 | u128::from(hex_text(spread_nibbles(value)));
    digits.to_be_bytes()
}

/// Writes a number as 32 lowercase hexadecimal digits.
#[inline(always)]
pub(super) fn hex32(value: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    let (high, low) = digits.split_at_mut(16);
    high.copy_from_slice(&hex16((value >> 64) as u64));
    low.copy_from_slice(&hex16(value as u64));
    digits
}

/// A number written in decimal.
pub(super) struct Decimal {
    digits: [u8; 24],
    start: usize,
}

impl Decimal {
    /// Writes `value`.
    #[inline(always)]
    pub(super) fn new(value: u64) -> Self {
        const STEP: u64 = 100_000_000;
        let (above, low) = (value / STEP, value % STEP);
        let parts = [decimal_text(above / STEP), decimal_text(above % STEP), decimal_text(low)];
        let mut digits = [0; 24];
        for (place, part) in digits.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&(part | ZEROS).to_le_bytes());
        }
        let leading_zeros = |part: u64| part.trailing_zeros() as usize / 8;
        let start = match parts {
            [0, 0, low] => 16 + leading_zeros(low).min(7),
            [0, middle, _] => 8 + leading_zeros(middle),
            [high, ..] => leading_zeros(high),
        };
        Decimal { digits, start }
    }

    /// The digits.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.start..).unwrap_or_default()
    }
}

/// Eight bytes of the character `0`.
const ZEROS: u64 = 0x3030_3030_3030_3030;
/// One in each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;

/// One of 32 bits as eight bytes of four bits each.
#[inline(always)]
fn spread_nibbles(value: u64) -> u64 {
    let value = value & 0xffff_ffff;
    let value = (value << 16 | value) & 0x0000_ffff_0000_ffff;
    let value = (value << 8 | value) & 0x00ff_00ff_00ff_00ff;
    (value << 4 | value) & (0x0f * ONES)
}

/// The lowercase digits of eight bytes below 16.
#[inline(always)]
fn hex_text(nibbles: u64) -> u64 {
    let letters = (nibbles + 6 * ONES) >> 4 & ONES;
    nibbles + ZEROS + letters * u64::from(b'a' - b'0' - 10)
}

/// The number that eight lowercase hexadecimal digits write: neighbours are joined to pairs, pairs to fours, fours to the number.
#[inline(always)]
fn hex8(digits: [u8; 8]) -> u64 {
    let text = u64::from_be_bytes(digits);
    let nibbles = (text & (0x0f * ONES)) + (text >> 6 & ONES) * 9;
    let pairs = (nibbles | (nibbles >> 4)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    (fours | (fours >> 16)) & 0xffff_ffff
}

/// The eight decimal digits of a number below 10^8, as one byte each, the first one lowest: the number is halved into fours,
/// those into pairs, those into digits, all parts at once.
#[inline(always)]
fn decimal_text(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
}

/// Reads digits one by one. Many leading zeros are no overflow.
fn parse_short_decimal(text: &[u8]) -> Option<u64> {
    let (mut value, mut is_valid) = (0u64, !text.is_empty());
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        is_valid &= digit <= 9 && value < u64::MAX / 100;
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    is_valid.then_some(value)
}

/// Reads more digits than a number of 64 bits has: the first ones must be zeros.
#[cold]
fn parse_long_decimal(head: &[u8], tail: &[u8; 16]) -> Option<u64> {
    parse_short_decimal(head)?.checked_mul(10_000_000_000_000_000)?.checked_add(parse_short_decimal(tail)?)
}

/// What eight characters are worth as decimal digits, the first one lowest.
#[inline(always)]
fn digits_of(text: [u8; 8]) -> u64 {
    u64::from_le_bytes(text) ^ ZEROS
}

/// Not zero if any of eight bytes is above 9.
#[inline(always)]
fn above_nine(digits: u64) -> u64 {
    (digits | digits.wrapping_add(6 * ONES)) & (0xf0 * ONES)
}

/// The number that eight decimal digits write: neighbours are joined to pairs, pairs to fours, fours to the number.
#[inline(always)]
fn decimal8(digits: u64) -> u64 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

#[inline(always)]
fn first8(text: &[u8; 16]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *text;
    [a, b, c, d, e, f, g, h]
}

#[inline(always)]
fn last8(text: &[u8; 16]) -> [u8; 8] {
    let [.., a, b, c, d, e, f, g, h] = *text;
    [a, b, c, d, e, f, g, h]
}

fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_up_to_64_bits() {
        for value in [0, 1, 9, 10, 99, 12_345_678, 9_999_999_999_999_999, 10_000_000_000_000_000, u64::MAX - 1, u64::MAX] {
            assert_eq!(parse_decimal(value.to_string().as_bytes()), Some(value));
            assert_eq!(Decimal::new(value).as_bytes(), value.to_string().as_bytes());
        }
        assert_eq!(parse_decimal(b"00000000000000000000000042"), Some(42));
        for bad in ["", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999", "1234567890123456:"] {
            assert_eq!(parse_decimal(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn every_byte_but_a_digit_is_refused_at_every_place() {
        for len in 1..=19 {
            for place in 0..len {
                for byte in 0..=255u8 {
                    let mut text = b"1844674407370955161"[..len].to_vec();
                    text[place] = byte;
                    assert_eq!(parse_decimal(&text).is_some(), byte.is_ascii_digit(), "{byte} at {place} of {len}");
                }
            }
        }
    }

    #[test]
    fn decimals_of_every_length_are_read_and_too_many_digits_refused() {
        let digits = "73950614820391756482039175";
        for len in 1..=digits.len() {
            for zeros in 0..20 {
                let text = format!("{}{}", "0".repeat(zeros), &digits[..len]);
                assert_eq!(parse_decimal(text.as_bytes()), text.parse().ok(), "{text}");
            }
        }
    }

    #[test]
    fn numbers_of_every_length_are_written() {
        let mut value = 1u64;
        for digit in 1..=20u64 {
            for number in [value, value - 1, value + 1, value.wrapping_mul(9), value.wrapping_mul(7) + digit] {
                assert_eq!(Decimal::new(number).as_bytes(), number.to_string().as_bytes());
                assert_eq!(hex16(number), *format!("{number:016x}").as_bytes());
                assert_eq!(parse_lower_hex(&hex16(number)), Some(number));
            }
            value = value.wrapping_mul(10);
        }
    }

    #[test]
    fn every_byte_but_a_lowercase_digit_is_refused_at_every_place() {
        for place in 0..16 {
            for byte in 0..=255u8 {
                let mut text = *b"0189abcdef456723";
                text[place] = byte;
                let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(parse_lower_hex(&text).is_some(), is_digit, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn priorities_are_any_32_bit_number() {
        assert_eq!(parse_decimal_i32(b"-2"), Some(-2));
        assert_eq!(parse_decimal_i32(b"-2147483648"), Some(i32::MIN));
        assert_eq!(parse_decimal_i32(b"2147483647"), Some(i32::MAX));
        for bad in ["", "-", "--1", "+1", "1.0", "2147483648", "keep"] {
            assert_eq!(parse_decimal_i32(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn hexadecimal_of_either_case_and_any_length() {
        assert_eq!(parse_hex(b"F"), Some(15));
        assert_eq!(parse_hex(b"00000000000000000"), None);
        assert_eq!(parse_hex128(b"640CFD8d00000000abcdefAB12345678"), Some(0x640c_fd8d_0000_0000_abcd_efab_1234_5678));
        assert_eq!(parse_hex128(b"1abcdefab12345678"), Some(0x1_abcd_efab_1234_5678));
        for bad in ["", "g", "0x1", "640cfd8d00000000abcdefab123456789", "640cfd8d0000000-abcdefab12345678"] {
            assert_eq!(parse_hex128(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn strict_hexadecimal_is_lower_case() {
        assert_eq!(parse_lower_hex(b"0123456789abcdef"), Some(0x0123_4567_89ab_cdef));
        assert_eq!(parse_lower_hex(b"0123456789abcdeF"), None);
        assert_eq!(parse_lower_hex_byte(b"cc"), Some(0xcc));
        assert!(parse_lower_hex_byte(b"0g").is_none() && parse_lower_hex_byte(b"0A").is_none());
        assert_eq!(&hex16(0x0123_4567_89ab_cdef), b"0123456789abcdef");
        assert_eq!(&hex16(10), b"000000000000000a");
        assert_eq!(&hex32(0xfedc << 64 | 1), b"000000000000fedc0000000000000001");
    }
}
