//! The patterns of sampling rules.
//!
//! `*` stands for any run of characters, also none; `?` for exactly one character; everything else for itself. There
//! are no character classes and no escapes. Case is ignored, and the pattern must cover the entire text.
//!
//! Matching never allocates. It takes at most as many steps as pattern length times text length, whatever the pattern:
//! only the last `*` is ever tried again.

use std::str::Chars;

/// A pattern of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pattern: Box<str>,
    scope: Scope,
}

/// What a pattern asks of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Nothing: only `*`.
    Everything,
    /// Nothing but a least length: `*` and `?` only, with a `*` among them.
    AnyText,
    /// Its characters.
    Text,
}

impl Glob {
    /// The pattern in the form in which it matches quickest. Every text is a pattern; adjacent `*` become one.
    pub fn new(pattern: &str) -> Self {
        let mut compact = String::with_capacity(pattern.len());
        for c in pattern.chars() {
            if c != '*' || !compact.ends_with('*') {
                compact.push(c);
            }
        }
        let scope = match compact.as_str() {
            "*" => Scope::Everything,
            p if p.contains('*') && p.chars().all(|c| matches!(c, '*' | '?')) => Scope::AnyText,
            _ => Scope::Text,
        };
        Glob { pattern: compact.into_boxed_str(), scope }
    }

    /// Whether the pattern covers the entire text.
    pub fn matches(&self, text: &str) -> bool {
        self.scope == Scope::Everything || glob_matches(&self.pattern, text)
    }

    /// Whether the pattern consists of wildcards alone and leaves the length open, such as `*` and `?*`.
    pub(super) fn is_any_text(&self) -> bool {
        self.scope != Scope::Text
    }
}

/// Whether the pattern covers the entire text. For a pattern that is used often, see [`Glob`].
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.chars();
    let mut text = text.chars();
    // What follows the last `*`, and where in the text it was tried.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let at = text.clone();
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                if pattern.as_str().is_empty() {
                    return true;
                }
                text = at.clone();
                retry = Some((pattern.clone(), at));
            }
            (None, None) => return true,
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if same_letter(wanted, found) => {}
            // The text ends too early: a later try has even less of it.
            (Some(_), None) => return false,
            _ => {
                let Some((after_star, tried_at)) = &mut retry else {
                    return false;
                };
                // The `*` takes one more character.
                if tried_at.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = tried_at.clone();
            }
        }
    }
}

/// Equality without regard to case, character by character.
fn same_letter(a: char, b: char) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(&b);
    }
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(pattern: &str, text: &str) -> bool {
        let compiled = Glob::new(pattern).matches(text);
        assert_eq!(compiled, glob_matches(pattern, text), "{pattern:?} on {text:?}");
        compiled
    }

    #[test]
    fn patterns_that_cover_the_text_match() {
        for pattern in ["foo", "fo*", "f??", "?o*", "???", "*", "**", "Foo", "F??", "?O*", "*o", "*foo*", "f*o", "f*?"] {
            assert!(both(pattern, "foo"), "{pattern}");
        }
        for (pattern, text) in [
            ("webse*", "webserver"),
            ("web.re?uest", "web.request"),
            ("wEb.rEquEst", "web.request"),
            ("wEbSerVer", "webserver"),
            ("/rAnDom", "/random"),
            ("*a*b*c", "xxaxxbxxbc"),
            ("a*ab", "aaaab"),
            ("*.*.*", "a.b.c.d"),
        ] {
            assert!(both(pattern, text), "{pattern} on {text}");
        }
    }

    #[test]
    fn patterns_that_cover_a_part_do_not_match() {
        for pattern in ["fo", "oo", "f?", "????", "?", "", "foo?", "*fo", "b*", "f*x", "*x*"] {
            assert!(!both(pattern, "foo"), "{pattern}");
        }
        assert!(!both("a*b*c", "abcab"));
    }

    #[test]
    fn stars_match_the_empty_text() {
        assert!(both("*", "") && both("***", "") && both("", ""));
        assert!(!both("?", "") && !both("?*", "") && !both("a", "") && !both("*a", ""));
    }

    #[test]
    fn everything_but_the_wildcards_is_literal() {
        for pattern in ["[abc]", "[a-c]", r"^(foo|bar)[]\$", r"\*", "a+", "{a,b}"] {
            assert!(both(pattern, pattern), "{pattern}");
        }
        assert!(!both("[abc]", "a") && !both("[a-c]", "b") && !both(r"^(foo|bar)[]\$", "foo"));
        assert!(both(r"\*", r"\anything") && !both(r"\*", "*"));
        assert!(!both("a.c", "abc"));
    }

    #[test]
    fn a_question_mark_is_one_character_not_one_byte() {
        assert!(both("?", "é") && both("caf?", "café") && both("??", "日本"));
        assert!(!both("??", "é"));
    }

    #[test]
    fn case_is_ignored_beyond_ascii() {
        assert!(both("CAFÉ", "café") && both("straße", "STRAßE") && both("ПРИВЕТ*", "привет, мир"));
        // The Kelvin sign is an upper case letter of the ASCII k.
        assert!(both("\u{212A}", "k"));
    }

    #[test]
    fn many_stars_do_not_explode() {
        // With exponential backtracking this would not end in a lifetime.
        let pattern = "*a".repeat(64) + "b";
        let text = "a".repeat(4096);
        assert!(!both(&pattern, &text));
        assert!(both(&pattern, &(text + "b")));
    }

    #[test]
    fn only_wildcards_of_open_length_are_any_text() {
        for pattern in ["*", "**", "***", "?*", "*?", "*??*"] {
            assert!(Glob::new(pattern).is_any_text(), "{pattern}");
        }
        for pattern in ["", "?", "??", "2*", "*.5"] {
            assert!(!Glob::new(pattern).is_any_text(), "{pattern}");
        }
    }
}
