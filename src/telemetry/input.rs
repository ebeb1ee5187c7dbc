//! What is given from outside: checked, cleaned and cut.

/// Why something was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no name, or one that cannot be used.
    Name,
    /// There is no such namespace.
    Namespace,
    /// It is no number, or below zero where that is nothing.
    Value,
    /// The metric is known as one of another kind.
    Kind,
    /// There is no room.
    Full,
}

/// Namespaces of metrics.
const NAMESPACES: [&str; 15] = [
    "tracers",
    "profilers",
    "rum",
    "appsec",
    "ide_plugins",
    "live_debugger",
    "iast",
    "general",
    "telemetry",
    "apm",
    "sidecar",
    "civisibility",
    "mlobs",
    "ddtraceapi",
    "ai_guard",
];
const LONGEST_TAG: usize = 200;
const MOST_TAGS: usize = 64;
const LONGEST_NAME: usize = 256;

pub(super) fn namespace(given: &str) -> Result<&'static str, Refusal> {
    NAMESPACES.into_iter().find(|known| *known == given).ok_or(Refusal::Namespace)
}

/// The name of a metric, in lower case.
pub(super) fn metric_name(given: &str) -> Result<String, Refusal> {
    let name = given.trim().to_ascii_lowercase();
    let is_sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    if name.is_empty() || name.len() > LONGEST_NAME || !is_sound { Err(Refusal::Name) } else { Ok(name) }
}

/// Tags in lower case and in order, each one once.
pub(super) fn tags<'a>(given: impl Iterator<Item = &'a str>) -> Vec<String> {
    let cleaned = given.map(|tag| cut_characters(tag.trim(), LONGEST_TAG).to_lowercase()).filter(|tag| !tag.is_empty());
    let mut tags: Vec<String> = cleaned.take(MOST_TAGS).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// A name of something: trimmed, not empty, and cut.
pub(super) fn name(given: &str) -> Result<String, Refusal> {
    let name = cut(given.trim(), LONGEST_NAME);
    if name.is_empty() { Err(Refusal::Name) } else { Ok(name.to_owned()) }
}

/// Text that may be empty, which is nothing then.
pub(super) fn optional(given: &str) -> Option<String> {
    Some(cut(given, LONGEST_NAME)).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// As much of a text as has `most` bytes.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn cut_characters(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_cleaned() {
        let given = ["B:X", "", "a", " a:1 ", "b:x", "é"];
        assert_eq!(tags(given.into_iter()), ["a", "a:1", "b:x", "é"]);
        let long = "é".repeat(300);
        assert_eq!(tags([long.as_str()].into_iter())[0].chars().count(), LONGEST_TAG);
    }

    #[test]
    fn names_and_namespaces() {
        assert_eq!(metric_name(" Spans_Created.x "), Ok("spans_created.x".to_owned()));
        for bad in ["", " ", "a b", "é", "a:b"] {
            assert_eq!(metric_name(bad), Err(Refusal::Name), "{bad}");
        }
        assert_eq!(namespace("tracers"), Ok("tracers"));
        assert_eq!(namespace("tracer"), Err(Refusal::Namespace));
        assert_eq!(name("  "), Err(Refusal::Name));
        assert_eq!(name(&"é".repeat(1000)).unwrap().len(), LONGEST_NAME);
    }
}
