//! `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs that become tags.

use super::grammar;

/// Most tags that are taken over.
const MOST_TAGS: usize = 10;

/// Attributes with a name of their own among our tags.
const RENAMED: &[(&str, &str)] = &[
    ("service.name", "service"),
    ("deployment.environment", "env"),
    ("deployment.environment.name", "env"),
    ("service.version", "version"),
];

/// Service, environment and version first, then the others in their order. One bad pair makes the whole value bad.
pub(super) fn tags(raw: &str, notes: &mut Vec<String>) -> Option<Vec<(String, String)>> {
    let mut renamed = Vec::new();
    let mut others = Vec::new();
    for pair in raw.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        let (key, value) = (key.trim(), value.trim().to_owned());
        if key.is_empty() {
            return None;
        }
        match RENAMED.iter().find(|(attribute, _)| *attribute == key) {
            Some((_, tag)) => renamed.push(((*tag).to_owned(), value)),
            None => others.push((key.to_owned(), value)),
        }
    }
    let mut tags = grammar::unique(renamed.into_iter().chain(others));
    if tags.len() > MOST_TAGS {
        notes.push(format!("only {MOST_TAGS} of {} tags are used", tags.len()));
        tags.truncate(MOST_TAGS);
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Option<String> {
        let tags = tags(raw, &mut Vec::new())?;
        Some(tags.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn known_attributes_are_renamed_and_come_first() {
        let raw = "foo=bar, service.version=1 ,deployment.environment=dev,service.name=shop,x=a=b";
        assert_eq!(text(raw).unwrap(), "version:1,env:dev,service:shop,foo:bar,x:a=b");
        assert_eq!(text("deployment.environment.name=prod").unwrap(), "env:prod");
    }

    #[test]
    fn a_bad_pair_makes_everything_bad() {
        for raw in ["foo", "a=b,foo", "=x", "a=b, =x"] {
            assert_eq!(text(raw), None, "{raw}");
        }
    }

    #[test]
    fn only_ten_tags_are_used() {
        let raw = (0..12).map(|n| format!("k{n}=v{n}")).collect::<Vec<_>>().join(",") + ",service.name=s";
        let mut notes = Vec::new();
        let tags = tags(&raw, &mut notes).unwrap();
        assert_eq!(tags.len(), 10);
        assert_eq!((tags[0].0.as_str(), tags[9].0.as_str()), ("service", "k8"));
        assert_eq!(notes, ["only 10 of 13 tags are used"]);
    }
}
