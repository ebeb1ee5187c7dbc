//! `DD_TRACE_HEADER_TAGS`: which HTTP headers become tags of spans, and of which name.

use super::remarks::Remarks;
use std::borrow::Cow;
use std::collections::HashMap;

/// Headers that become tags. Names of headers are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderTags {
    /// `*`: every header has a tag.
    all: bool,
    /// By the header's name in lower case; `None`: the tag is named by the header.
    tags: HashMap<String, Option<String>>,
}

impl HeaderTags {
    /// Reads `Header` or `Header:tag` items, separated by commas. Those that begin or end with a colon are left out, with a remark.
    pub fn parse(raw: &str) -> (Self, Vec<String>) {
        let mut tags = HeaderTags::default();
        let mut remarks = Remarks::default();
        for item in raw.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if item == "*" {
                tags.all = true;
                continue;
            }
            let (header, tag) = match item.split_once(':') {
                None => (item, None),
                Some((header, tag)) => (header.trim(), Some(tag.trim())),
            };
            if header.is_empty() || item.ends_with(':') {
                remarks.add(|| format!("{} is ignored: expected HEADER or HEADER:TAG", super::grammar::quoted(item)));
                continue;
            }
            tags.add(header, tag);
        }
        (tags, remarks.into_vec())
    }

    /// Adds a header; without a tag of its own it gets the usual one.
    pub fn add(&mut self, header: &str, tag: Option<&str>) {
        self.tags.insert(header.trim().to_ascii_lowercase(), tag.map(str::to_owned));
    }

    /// Whether no header has a tag.
    pub fn is_empty(&self) -> bool {
        !self.all && self.tags.is_empty()
    }

    /// The tag of a header; `None`: it has none.
    pub fn tag_of(&self, header: &str, is_response: bool) -> Option<Cow<'_, str>> {
        let header = header.trim().to_ascii_lowercase();
        let usual = || {
            let side = if is_response { "http.response.headers." } else { "http.request.headers." };
            let name = header.chars().map(|character| if is_kept(character) { character } else { '_' });
            Cow::Owned(side.chars().chain(name).collect())
        };
        match self.tags.get(&header) {
            Some(Some(tag)) => Some(Cow::Borrowed(tag.as_str())),
            Some(None) => Some(usual()),
            None => (self.all && !header.is_empty()).then(usual),
        }
    }
}

fn is_kept(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || "_-:/".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(settings: &str, header: &str) -> Option<String> {
        HeaderTags::parse(settings).0.tag_of(header, false).map(Cow::into_owned)
    }

    #[test]
    fn headers_have_their_usual_tag_or_one_of_their_own() {
        let settings = "header1,header2:mapped-header, header3 ,header4: t a g ,:header7,header8:";
        for (header, expected) in [
            ("header1", Some("http.request.headers.header1")),
            ("HEADER1", Some("http.request.headers.header1")),
            ("header2", Some("mapped-header")),
            ("header3", Some("http.request.headers.header3")),
            ("header4", Some("t a g")),
            ("header7", None),
            ("header8", None),
            ("other", None),
            ("", None),
        ] {
            assert_eq!(tag(settings, header).as_deref(), expected, "{header}");
        }
        assert_eq!(HeaderTags::parse(settings).1.len(), 2);
    }

    #[test]
    fn names_are_normalized() {
        assert_eq!(tag("Content-Type", "content-type").unwrap(), "http.request.headers.content-type");
        assert_eq!(tag("X.Y z", "x.y Z").unwrap(), "http.request.headers.x_y_z");
        assert_eq!(tag("h:Tag.Of:Mine", "H").unwrap(), "Tag.Of:Mine");
    }

    #[test]
    fn responses_have_tags_of_their_own() {
        let (tags, _) = HeaderTags::parse("a,b:both");
        assert_eq!(tags.tag_of("A", true).unwrap(), "http.response.headers.a");
        assert_eq!(tags.tag_of("b", true), tags.tag_of("b", false));
    }

    #[test]
    fn a_star_is_every_header() {
        assert_eq!(tag("*,b:mine", "Any").unwrap(), "http.request.headers.any");
        assert_eq!(tag("*,b:mine", "b").unwrap(), "mine");
        assert!(HeaderTags::parse(" , ,").0.is_empty() && !HeaderTags::parse("*").0.is_empty());
    }
}
