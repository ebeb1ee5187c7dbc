//! Traces that the agent does not want, by tags and resource of their root. They leave neither as traces nor in stats.
//!
//! Patterns are those of RE2, in which the agent is configured. Its classes (`\d`, `\w`, `\s`) know ASCII alone, as those of `regex-lite` do;
//! what that does not know (classes of Unicode) makes a pattern that is ignored, with a warning.

use crate::log::log_warn;
use crate::record::msgpack::{decode_number, split_str};
use crate::record::{Field, Number, RecordRef};
use crate::transport::{AgentInfo, TagFilters};
use crate::wire::{AddedTags, ChunkFacts};
use regex_lite::{Regex, RegexBuilder};
use std::borrow::Cow;
use std::collections::HashSet;

/// The memory that one pattern may take, in bytes.
const MOST_PATTERN_BYTES: usize = 256 * 1024;
/// More filters of one sort are not looked at.
const MOST_FILTERS: usize = 1000;
const MOST_ENV_BYTES: usize = 200;

/// All filters of an agent.
#[derive(Default)]
pub struct TraceFilters {
    ignore_resources: Vec<Regex>,
    reject: Vec<TagFilter>,
    reject_patterns: Vec<TagFilter>,
    require: Vec<TagFilter>,
    require_patterns: Vec<TagFilter>,
    added: AddedTags,
}

struct TagFilter {
    key: String,
    expected: Expected,
}

enum Expected {
    Anything,
    Text(String),
    Match(Regex),
}

impl TraceFilters {
    /// The filters that the agent tells of.
    pub fn of_info(info: &AgentInfo) -> Self {
        let TagFilters { require, reject } = &info.filter_tags;
        let patterns = &info.filter_tags_regex;
        TraceFilters {
            ignore_resources: info.ignore_resources.iter().take(MOST_FILTERS).filter_map(|text| pattern(text)).collect(),
            reject: filters(reject, exact),
            reject_patterns: filters(&patterns.reject, matching),
            require: filters(require, exact),
            require_patterns: filters(&patterns.require, matching),
            added: AddedTags::default(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        let of_tags = [&self.reject, &self.reject_patterns, &self.require, &self.require_patterns];
        self.ignore_resources.is_empty() && of_tags.iter().all(|filters| filters.is_empty())
    }

    /// Whether the agent does not want this chunk. `records` stand in start order.
    pub fn reject(&mut self, facts: &ChunkFacts<'_>, records: &[RecordRef<'_>]) -> bool {
        let Some(place) = root_of(records) else { return false };
        let Some(record) = records.get(place) else { return false };
        if self.ignore_resources.iter().any(|pattern| pattern.is_match(resource_of(record))) {
            return true;
        }
        let mut root = Root { facts, record, is_chunk_root: place == 0, added: &mut self.added };
        let mut matches = |filter: &TagFilter| root.matches(filter);
        self.reject.iter().any(&mut matches)
            || self.reject_patterns.iter().any(&mut matches)
            || !self.require.iter().all(&mut matches)
            || !self.require_patterns.iter().all(&mut matches)
    }
}

fn filters(texts: &[String], expect: fn(&str) -> Option<Expected>) -> Vec<TagFilter> {
    let read = |text: &String| {
        let (key, value) = text.split_once(':').unwrap_or((text, ""));
        let (key, value) = (key.trim(), value.trim());
        let expected = if value.is_empty() { Expected::Anything } else { expect(value)? };
        (!key.is_empty()).then(|| TagFilter { key: key.to_owned(), expected })
    };
    texts.iter().take(MOST_FILTERS).filter_map(read).collect()
}

fn exact(value: &str) -> Option<Expected> {
    Some(Expected::Text(value.to_owned()))
}

fn matching(value: &str) -> Option<Expected> {
    pattern(value).map(Expected::Match)
}

fn pattern(text: &str) -> Option<Regex> {
    let built = RegexBuilder::new(text).size_limit(MOST_PATTERN_BYTES).build();
    built.map_err(|error| log_warn!("a trace filter of the agent is ignored: the pattern {text:?} cannot be used: {error}")).ok()
}

/// The last span without a parent; else the first one whose parent is not in the chunk.
fn root_of(records: &[RecordRef<'_>]) -> Option<usize> {
    records.iter().rposition(|record| record.head.parent_id == 0).or_else(|| {
        let ids: HashSet<u64> = records.iter().map(|record| record.head.span_id).collect();
        records.iter().position(|record| !ids.contains(&record.head.parent_id))
    })
}

fn resource_of<'a>(record: &RecordRef<'a>) -> &'a str {
    let resource = record.field(Field::Resource);
    let text = if resource.is_empty() { record.field(Field::Name) } else { resource };
    std::str::from_utf8(text).unwrap_or_default()
}

/// The root of a chunk, with the tags that the agent would see.
struct Root<'a, 'b> {
    facts: &'a ChunkFacts<'b>,
    record: &'a RecordRef<'b>,
    is_chunk_root: bool,
    added: &'a mut AddedTags,
}

impl Root<'_, '_> {
    fn matches(&mut self, filter: &TagFilter) -> bool {
        let Some(value) = self.tag(&filter.key).and_then(|value| normalized(&filter.key, value)) else { return false };
        match &filter.expected {
            Expected::Anything => true,
            Expected::Text(text) => *text == value,
            Expected::Match(pattern) => pattern.is_match(&value),
        }
    }

    /// A tag's value; a number in decimal.
    fn tag(&mut self, key: &str) -> Option<String> {
        let own = self.record.text(key.as_bytes()).map(text_of);
        own.or_else(|| self.record.number(key.as_bytes()).map(decimal)).or_else(|| self.added_tag(key.as_bytes()))
    }

    fn added_tag(&mut self, key: &[u8]) -> Option<String> {
        let mut found = None;
        self.added.texts(self.facts, self.record, self.is_chunk_root, &mut |tag: &[u8]| {
            let value = value_of(tag, key).and_then(|value| split_str(value)).map(|(value, _)| text_of(value));
            found = found.take().or(value);
        });
        if found.is_none() {
            self.added.numbers(self.facts, self.record, self.is_chunk_root, &mut |tag: &[u8]| {
                found = found.take().or(value_of(tag, key).and_then(decode_number).map(decimal));
            });
        }
        found
    }
}

/// What follows the key of an encoded tag, if it is this key.
fn value_of<'a>(tag: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    split_str(tag).filter(|(own, _)| *own == key).map(|(_, value)| value)
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn decimal(number: Number) -> String {
    match number {
        Number::Int(value) => value.to_string(),
        Number::Float(value) => value.to_string(),
    }
}

/// A value as the agent has it after it brought it into its form. `None`: it takes the tag away.
fn normalized(key: &str, value: String) -> Option<String> {
    match key {
        "env" => Some(normalized_env(&value)),
        "http.status_code" => value.parse::<u32>().is_ok_and(|status| (100..600).contains(&status)).then_some(value),
        _ => Some(value),
    }
}

/// Lower case; what may not stand in a tag is an underscore, of which none stands at an end or beside another.
fn normalized_env(value: &str) -> String {
    let mut made = String::with_capacity(value.len());
    for character in value.chars().flat_map(char::to_lowercase) {
        let is_allowed = character.is_alphanumeric() || matches!(character, ':' | '.' | '/' | '-');
        let character: Cow<'_, char> = Cow::Owned(if is_allowed { character } else { '_' });
        if made.len() + character.len_utf8() > MOST_ENV_BYTES {
            break;
        }
        if *character != '_' || !(made.is_empty() || made.ends_with('_')) {
            made.push(*character);
        }
    }
    made.truncate(made.trim_end_matches('_').len());
    made
}

#[cfg(test)]
#[path = "trace_filters_tests.rs"]
mod tests;
