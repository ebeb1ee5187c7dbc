//! What a sampling rule asks of a span.
//!
//! Every pattern of a rule must match; a pattern that is absent or empty asks nothing. Service, name and resource that
//! were never set count as empty. A tag that is not there matches no pattern, not even `*`.
//!
//! A numeric tag is matched by its decimal text where it is an integer (`200` for 200.0). Any other number has no text
//! that all languages agree on: it is matched only by patterns that accept any text, such as `*`.

use std::fmt::{self, Write};

use super::glob::Glob;
use crate::record::SpanView;

/// The patterns of one rule.
#[derive(Clone, Debug)]
pub(super) struct SpanPattern {
    service: Option<Glob>,
    name: Option<Glob>,
    resource: Option<Glob>,
    tags: Box<[(Box<str>, Glob)]>,
}

impl SpanPattern {
    pub(super) fn new(service: Option<&str>, name: Option<&str>, resource: Option<&str>, tags: &[(String, String)]) -> Self {
        SpanPattern {
            service: compile(service),
            name: compile(name),
            resource: compile(resource),
            tags: tags.iter().filter_map(|(key, value)| Some((key.as_str().into(), compile(Some(value))?))).collect(),
        }
    }

    /// Whether all patterns match.
    pub(super) fn matches<S: SpanView + ?Sized>(&self, span: &S) -> bool {
        accepts(&self.service, span.service())
            && accepts(&self.name, span.name())
            && accepts(&self.resource, span.resource())
            && self.tags.iter().all(|(key, value)| tag_matches(span, key, value))
    }
}

fn compile(pattern: Option<&str>) -> Option<Glob> {
    pattern.filter(|pattern| !pattern.is_empty()).map(Glob::new)
}

fn accepts(pattern: &Option<Glob>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.matches(text))
}

fn tag_matches<S: SpanView + ?Sized>(span: &S, key: &str, pattern: &Glob) -> bool {
    if let Some(text) = span.text(key) {
        return pattern.matches(text);
    }
    span.number(key).is_some_and(|number| number_matches(number, pattern))
}

fn number_matches(number: f64, pattern: &Glob) -> bool {
    // Infinite values and what is not a number have no fraction that equals 0.
    if number.fract() != 0.0 {
        return pattern.is_any_text();
    }
    let mut digits = Digits::default();
    // Adding 0 turns -0 into 0.
    write!(digits, "{}", number + 0.0).is_ok() && pattern.matches(digits.text())
}

/// Room for the digits of the largest double (309) and a sign.
struct Digits {
    buf: [u8; 310],
    len: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Digits { buf: [0; 310], len: 0 }
    }
}

impl Digits {
    fn text(&self) -> &str {
        self.buf.get(..self.len).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let place = self.buf.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_span::TestSpan;
    use super::*;

    fn tag_pattern(pattern: &str) -> SpanPattern {
        SpanPattern::new(None, None, None, &[("tag".into(), pattern.into())])
    }

    fn number(value: f64, pattern: &str) -> bool {
        tag_pattern(pattern).matches(&TestSpan::new("s", "n").metric("tag", value))
    }

    #[test]
    fn every_pattern_must_match() {
        let span = TestSpan::new("web", "request").resource("/random").tag("tag", "value").tag("other", "x");
        let tags = [("tag".to_owned(), "vAlUe".to_owned()), ("other".to_owned(), "?".to_owned())];
        let matches = |s, n, r, t: &[(String, String)]| SpanPattern::new(s, n, r, t).matches(&span);
        assert!(matches(Some("w*"), Some("REQ*"), Some("/rAnDom"), &tags));
        assert!(!matches(Some("x*"), Some("req*"), Some("/random"), &tags));
        assert!(!matches(Some("w*"), Some("x*"), Some("/random"), &tags));
        assert!(!matches(Some("w*"), Some("req*"), Some("/other"), &tags));
        let wrong = [tags[0].clone(), ("other".to_owned(), "y".to_owned())];
        assert!(!matches(Some("w*"), Some("req*"), Some("/random"), &wrong));
    }

    #[test]
    fn absent_and_empty_patterns_ask_nothing() {
        let span = TestSpan::new("web", "request");
        assert!(SpanPattern::new(None, None, None, &[]).matches(&span));
        let empty = [("tag".to_owned(), String::new())];
        assert!(SpanPattern::new(Some(""), Some(""), Some(""), &empty).matches(&span));
    }

    #[test]
    fn a_star_matches_an_unset_service_but_no_missing_tag() {
        let span = TestSpan::new("", "");
        assert!(SpanPattern::new(Some("*"), Some("*"), Some("*"), &[]).matches(&span));
        assert!(!SpanPattern::new(Some("?*"), None, None, &[]).matches(&span));
        assert!(!tag_pattern("*").matches(&span));
        assert!(tag_pattern("*").matches(&TestSpan::new("", "").tag("tag", "")));
    }

    #[test]
    fn keys_are_compared_exactly() {
        assert!(!tag_pattern("*").matches(&TestSpan::new("s", "n").tag("Tag", "v")));
    }

    #[test]
    fn stars_match_every_number() {
        for value in [-100.0, -0.5, 0.0, 5.0, 1000.0, f64::NAN, f64::INFINITY, 1e300, 20.1] {
            for pattern in ["*", "**", "***", "?*"] {
                assert!(number(value, pattern), "{pattern} on {value}");
            }
        }
    }

    #[test]
    fn integers_are_matched_by_their_decimal_text() {
        for pattern in ["20", "2*", "2?", "*", "??"] {
            assert!(number(20.0, pattern), "{pattern}");
        }
        for pattern in ["20.0", "3*", "2", "???", "???*"] {
            assert!(!number(20.0, pattern), "{pattern}");
        }
        assert!(number(200.0, "20*") && number(200.0, "200"));
        assert!(number(-100.0, "-100") && number(-100.0, "-1*") && !number(-100.0, "100"));
        assert!(number(0.0, "0") && number(-0.0, "0") && !number(-0.0, "-*"));
        assert!(number(1e21, "1000000000000000000000"));
        assert!(number(f64::MIN, "-1797*") && number(f64::MAX, "1797*"));
    }

    #[test]
    fn other_numbers_have_no_text() {
        for pattern in ["20", "2*", "2?", "20.1", "????", "*1", ""] {
            assert_eq!(number(20.1, pattern), pattern.is_empty(), "{pattern:?}");
        }
        assert!(!number(23.5, "23.*") && !number(f64::NAN, "NaN") && !number(f64::INFINITY, "inf"));
    }

    #[test]
    fn a_string_tag_is_matched_as_it_is() {
        let span = TestSpan::new("s", "n").tag("http.status_code", "200");
        let rule = |pattern: &str| SpanPattern::new(None, None, None, &[("http.status_code".into(), pattern.into())]);
        assert!(rule("200").matches(&span) && rule("2??").matches(&span));
        assert!(!rule("404").matches(&span));
    }
}
