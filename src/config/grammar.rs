//! The grammar of plain values: booleans, numbers, lists, tag maps.
//!
//! Text around values is trimmed. Numbers must be the whole text and finite. All functions answer `None` where the text is
//! not a value of the type; none of them ever guesses.

use std::collections::HashMap;

/// `true`, `1`, `false`, `0` in any case.
pub(super) fn boolean(raw: &str) -> Option<bool> {
    let text = raw.trim();
    if text == "1" || text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    if text == "0" || text.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    None
}

/// A whole number.
pub(super) fn integer(raw: &str) -> Option<i64> {
    raw.trim().parse().ok()
}

/// A finite number.
pub(super) fn number(raw: &str) -> Option<f64> {
    raw.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

/// A number from 0 to 1; not clamped.
pub(super) fn rate(raw: &str) -> Option<f64> {
    // Adding 0 makes -0 a plain 0.
    number(raw).filter(|value| (0.0..=1.0).contains(value)).map(|value| value + 0.0)
}

/// The canonical word for a spelling, in any case.
pub(super) fn choice(raw: &str, spellings: &[(&'static str, &'static str)]) -> Option<&'static str> {
    let text = raw.trim();
    spellings.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(text)).map(|(_, word)| *word)
}

/// Items separated by commas, trimmed, without empty ones.
pub(super) fn list(raw: &str) -> Vec<String> {
    raw.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// `key:value` pairs: separated by commas if there is one, otherwise by spaces. A pair is split at its first colon; without
/// one the value is empty. Pairs without a key are dropped. Of equal keys the last value counts, at the place of the first.
pub(super) fn tag_map(raw: &str) -> Vec<(String, String)> {
    let separator = if raw.contains(',') { ',' } else { ' ' };
    let pairs = raw.split(separator).map(str::trim).filter(|token| !token.is_empty()).map(|token| {
        let (key, value) = token.split_once(':').unwrap_or((token, ""));
        (key.trim().to_owned(), value.trim().to_owned())
    });
    unique(pairs.filter(|(key, _)| !key.is_empty()))
}

/// Keeps one pair per key: the last value, at the place of the first.
pub(super) fn unique(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, value) in pairs {
        match places.get(&key).and_then(|place| kept.get_mut(*place)) {
            Some(pair) => pair.1 = value,
            None => {
                places.insert(key.clone(), kept.len());
                kept.push((key, value));
            }
        }
    }
    kept
}

/// HTTP headers. Pairs that are no header are left out; the remarks name no values.
pub(super) fn headers(pairs: impl IntoIterator<Item = (String, String)>) -> (Vec<(String, String)>, Vec<String>) {
    let (good, bad): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, value)| is_header_name(name) && header_value(value).is_some());
    let notes =
        if bad.is_empty() { Vec::new() } else { vec![format!("{} of the pairs are no HTTP headers, and left out", bad.len())] };
    (good, notes)
}

/// Text that can be the value of an HTTP header.
pub(super) fn header_value(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.chars().any(char::is_control))
}

/// A token of RFC 9110.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A value from outside as it may appear in a message: quoted, controls escaped, cut after 200 characters.
pub(super) fn quoted(raw: &str) -> String {
    const LONGEST: usize = 200;
    let mut shown: String = raw.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if raw.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn booleans_are_four_words_in_any_case() {
        for (raw, value) in
            [("true", true), ("TRUE", true), (" True ", true), ("1", true), ("false", false), ("False", false), ("0", false)]
        {
            assert_eq!(boolean(raw), Some(value), "{raw}");
        }
        for raw in ["", "yes", "no", "on", "t", "2", "truee", "00"] {
            assert_eq!(boolean(raw), None, "{raw}");
        }
    }

    #[test]
    fn numbers_are_the_whole_text_and_finite() {
        assert_eq!(integer(" 42 "), Some(42));
        assert_eq!(integer("-1"), Some(-1));
        for raw in ["10s", "1.0", "", "0x10", "99999999999999999999", "1 2"] {
            assert_eq!(integer(raw), None, "{raw}");
        }
        assert_eq!(number("1e-06"), Some(0.000001));
        assert_eq!(number(" -0.5"), Some(-0.5));
        for raw in ["NaN", "inf", "-inf", "Infinity", "1e999", "10s", "abc", ""] {
            assert_eq!(number(raw), None, "{raw}");
        }
    }

    #[test]
    fn rates_are_within_0_and_1_and_never_clamped() {
        for (raw, value) in [("0", 0.0), ("1", 1.0), ("1.0", 1.0), ("0.55", 0.55), ("1e-06", 0.000001), ("-0", 0.0)] {
            assert_eq!(rate(raw).map(f64::to_bits), Some(f64::to_bits(value)), "{raw}");
        }
        for raw in ["1.5", "-1", "NaN", "abc", "1.0000001", "inf"] {
            assert_eq!(rate(raw), None, "{raw}");
        }
    }

    #[test]
    fn lists_are_trimmed_and_keep_their_order() {
        assert_eq!(list(" b, a ,,c "), ["b", "a", "c"]);
        assert!(list(" , ").is_empty());
    }

    #[test]
    fn tag_maps() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("key1:value1,key2:value2", &[("key1", "value1"), ("key2", "value2")]),
            ("key1:value1 key2:value2", &[("key1", "value1"), ("key2", "value2")]),
            ("env:test aKey:aVal bKey:bVal cKey:", &[("env", "test"), ("aKey", "aVal"), ("bKey", "bVal"), ("cKey", "")]),
            ("env:test,aKey:aVal bKey:bVal cKey:", &[("env", "test"), ("aKey", "aVal bKey:bVal cKey:")]),
            (
                "env:test     bKey :bVal dKey: dVal cKey:",
                &[("env", "test"), ("bKey", ""), ("dKey", ""), ("dVal", ""), ("cKey", "")],
            ),
            ("env :test, aKey : aVal bKey:bVal cKey:", &[("env", "test"), ("aKey", "aVal bKey:bVal cKey:")]),
            ("env:keyWithA:Semicolon bKey:bVal cKey", &[("env", "keyWithA:Semicolon"), ("bKey", "bVal"), ("cKey", "")]),
            ("env:keyWith:  , ,   Lots:Of:Semicolons ", &[("env", "keyWith:"), ("Lots", "Of:Semicolons")]),
            ("a:b,c,d", &[("a", "b"), ("c", ""), ("d", "")]),
            ("a,1", &[("a", ""), ("1", "")]),
            ("a:b:c:d", &[("a", "b:c:d")]),
            ("a:1,b:2,a:3", &[("a", "3"), ("b", "2")]),
            (" , ,, ", &[]),
            ("   ", &[]),
            (":x,:", &[]),
        ];
        for (raw, expected) in cases {
            assert_eq!(tag_map(raw), pairs(expected), "{raw}");
        }
    }

    #[test]
    fn pairs_that_are_no_headers_are_left_out_unnamed() {
        let (good, notes) = headers(tag_map("X-Datadog-Test-Session-Token:abc,bad name:secret,x:a\u{7}b"));
        assert_eq!(good, pairs(&[("X-Datadog-Test-Session-Token", "abc")]));
        assert_eq!(notes, ["2 of the pairs are no HTTP headers, and left out"]);
    }

    #[test]
    fn quoted_values_cannot_break_a_line_or_fill_it() {
        assert_eq!(quoted("a\nb\"\u{1b}"), r#""a\nb\"\u{1b}""#);
        assert_eq!(quoted(&"x".repeat(300)).chars().count(), 203);
    }
}
