//! The status of an RPC, by number or by name.

/// Names by number.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];
/// In front of names, as Python writes them.
const PREFIX: &[u8] = b"StatusCode.";

/// The number that a tag's text means: digits, or a name in any case, with or without underscores.
pub(super) fn grpc_status_of_text(text: &[u8]) -> Option<u32> {
    if text.iter().all(u8::is_ascii_digit) {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let name = match text.split_at_checked(PREFIX.len()) {
        Some((prefix, name)) if prefix.eq_ignore_ascii_case(PREFIX) => name,
        _ => text,
    };
    let is_same = |known: &str| letters(name).eq(letters(known.as_bytes()));
    if is_same("CANCELED") {
        return Some(1);
    }
    NAMES.iter().position(|known| is_same(known)).map(|number| number as u32)
}

/// The number in a numeric tag.
pub(super) fn grpc_status_of_number(number: f64) -> Option<u32> {
    (number >= 0.0 && number <= f64::from(u32::MAX)).then_some(number as u32)
}

/// The name of a status.
pub fn grpc_status_name(status: u32) -> Option<&'static str> {
    NAMES.get(status as usize).copied()
}

fn letters(name: &[u8]) -> impl Iterator<Item = u8> {
    name.iter().filter(|byte| **byte != b'_').map(u8::to_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_in_every_form() {
        let forms = [
            ("0", Some(0)),
            ("5", Some(5)),
            ("300", Some(300)),
            ("4294967296", None),
            ("-1", None),
            ("OK", Some(0)),
            ("ok", Some(0)),
            ("StatusCode.NOT_FOUND", Some(5)),
            ("statuscode.notfound", Some(5)),
            ("NotFound", Some(5)),
            ("Canceled", Some(1)),
            ("CANCELLED", Some(1)),
            ("DeadlineExceeded", Some(4)),
            ("UNAUTHENTICATED", Some(16)),
            ("gr\u{fc}n", None),
            ("StatusCode.", None),
            ("nonsense", None),
        ];
        for (text, number) in forms {
            assert_eq!(grpc_status_of_text(text.as_bytes()), number, "{text}");
        }
        assert_eq!(grpc_status_of_number(2.0), Some(2));
        for bad in [-1.0, f64::NAN, 1e30] {
            assert_eq!(grpc_status_of_number(bad), None);
        }
    }
}
