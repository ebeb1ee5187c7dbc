//! The text of the propagated tag `_dd.p.ksr` ("Knuth sampling rate"): plain decimals, at most six of them.

/// Writes `rate` into `buf`: rounded half up to six decimals, without trailing zeros, without exponent.
///
/// `None` for a rate that is not a number or not within 0 to 1: the tag is left out then.
pub fn format_rate(rate: f64, buf: &mut [u8; 16]) -> Option<&str> {
    if !(0.0..=1.0).contains(&rate) {
        return None;
    }
    let millionths = (rate * 1e6 + 0.5).floor() as u32;
    let text: &[u8] = match millionths {
        0 => b"0",
        1_000_000.. => b"1",
        _ => write_decimals(millionths, buf),
    };
    std::str::from_utf8(text).ok()
}

/// Writes `0.` and the decimals of a number of millionths between 0 and 1 million, both excluded.
fn write_decimals(mut millionths: u32, buf: &mut [u8; 16]) -> &[u8] {
    let mut decimals = 6;
    while millionths % 10 == 0 {
        millionths /= 10;
        decimals -= 1;
    }
    let (text, _) = buf.split_at_mut(2 + decimals);
    for (place, sign) in text.iter_mut().zip(*b"0.") {
        *place = sign;
    }
    for place in text.iter_mut().skip(2).rev() {
        *place = b'0' + (millionths % 10) as u8;
        millionths /= 10;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::format_rate;

    fn text(rate: f64) -> Option<String> {
        format_rate(rate, &mut [0; 16]).map(str::to_owned)
    }

    #[test]
    fn rates_are_plain_decimals() {
        let expected = [
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (0.25, "0.25"),
            (0.1, "0.1"),
            (0.01, "0.01"),
            (0.001, "0.001"),
            (0.000_001, "0.000001"),
            (0.000_000_51, "0.000001"),
            (0.000_000_1, "0"),
            (0.100_000_1, "0.1"),
            (0.765_432_1, "0.765432"),
            (0.123_456_789, "0.123457"),
            (0.000_010, "0.00001"),
            (0.999_999, "0.999999"),
            (0.999_999_9, "1"),
            (1.0 / 3.0, "0.333333"),
        ];
        for (rate, want) in expected {
            assert_eq!(text(rate).as_deref(), Some(want), "rate {rate}");
        }
    }

    #[test]
    fn every_millionth_survives_the_round_trip() {
        for millionths in (0..=1_000_000).step_by(7).chain([999_990, 100_000, 1, 10]) {
            let rate = f64::from(millionths) / 1e6;
            let shown = text(rate).unwrap();
            assert_eq!(shown.parse::<f64>().unwrap(), rate, "{shown}");
            assert!(!shown.contains('e') && (!shown.contains('.') || !shown.ends_with('0')), "{shown}");
        }
    }

    #[test]
    fn other_values_have_no_text() {
        for rate in [f64::NAN, f64::INFINITY, -0.1, 1.000_001, -f64::INFINITY] {
            assert_eq!(text(rate), None, "rate {rate}");
        }
    }
}
