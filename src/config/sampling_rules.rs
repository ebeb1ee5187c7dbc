//! Sampling rules in JSON: `DD_TRACE_SAMPLING_RULES`, `DD_SPAN_SAMPLING_RULES`, and those of remote configuration.
//!
//! The document must be an array; anything else is refused as a whole. A bad element is left out alone, with a remark.
//! Unknown keys are ignored. `null` and the empty text count as absent. Rates outside 0 to 1 make an element bad.

use super::grammar;
use super::kind::Parsed;
use super::remarks::Remarks;
use super::sampling_settings::{Provenance, RuleSpec, SpanRuleSpec};
use super::value::Value;
use serde_json::{Map, Value as Json};

type Object = Map<String, Json>;

/// Rules of trace sampling; `sample_rate` is required.
pub(super) fn parse_trace_rules(raw: &str) -> Result<Parsed, String> {
    let (rules, notes) = elements(raw, trace_rule)?;
    Ok(Parsed { value: Value::Rules(rules, raw.trim().to_owned()), notes })
}

/// Rules of trace sampling as remote configuration writes them: tags are a list of `{"key", "value_glob"}`; `sample_rate`, `provenance` and at
/// least one pattern are required. With remarks on those that are left out.
pub fn parse_remote_rules(raw: &str) -> Result<(Vec<RuleSpec>, Vec<String>), String> {
    elements(raw, remote_rule)
}

/// Rules of single-span sampling; `service` or `name` is required.
pub(super) fn parse_span_rules(raw: &str) -> Result<Parsed, String> {
    let (rules, notes) = elements(raw, span_rule)?;
    Ok(Parsed { value: Value::SpanRules(rules, raw.trim().to_owned()), notes })
}

fn elements<T>(raw: &str, read: fn(&Object) -> Result<T, String>) -> Result<(Vec<T>, Vec<String>), String> {
    let document: Json = serde_json::from_str(raw).map_err(|error| format!("a JSON array of rules ({error})"))?;
    let Json::Array(elements) = document else { return Err("a JSON array of rules".to_owned()) };
    let mut rules = Vec::with_capacity(elements.len());
    let mut remarks = Remarks::default();
    for (index, element) in elements.iter().enumerate() {
        let rule = element.as_object().ok_or_else(|| "it is not an object".to_owned()).and_then(read);
        match rule {
            Ok(rule) => rules.push(rule),
            Err(reason) => remarks.add(|| format!("rule {} is left out: {reason}", index + 1)),
        }
    }
    Ok((rules, remarks.into_vec()))
}

fn trace_rule(object: &Object) -> Result<RuleSpec, String> {
    Ok(RuleSpec {
        sample_rate: rate(object)?.ok_or("it has no sample_rate")?,
        service: pattern(object, "service")?,
        name: pattern(object, "name")?,
        resource: pattern(object, "resource")?,
        tags: tags(object)?,
        provenance: provenance(object)?,
    })
}

fn remote_rule(object: &Object) -> Result<RuleSpec, String> {
    if matches!(object.get("provenance"), None | Some(Json::Null)) {
        return Err("it has no provenance".to_owned());
    }
    let names_pattern = |key: &&str| object.get(*key).is_some_and(|pattern| !pattern.is_null());
    if !["service", "name", "resource", "tags"].iter().any(names_pattern) {
        return Err("it has neither service nor name, resource or tags".to_owned());
    }
    Ok(RuleSpec {
        sample_rate: rate(object)?.ok_or("it has no sample_rate")?,
        service: pattern(object, "service")?,
        name: pattern(object, "name")?,
        resource: pattern(object, "resource")?,
        tags: remote_tags(object)?,
        provenance: provenance(object)?,
    })
}

fn remote_tags(object: &Object) -> Result<Vec<(String, String)>, String> {
    let tags = match object.get("tags") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(tags)) => tags,
        Some(_) => return Err("tags is not a list".to_owned()),
    };
    let text = |tag: &Json, key: &str| tag.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let pair = |tag| Some((text(tag, "key")?, text(tag, "value_glob")?));
    tags.iter().map(pair).collect::<Option<_>>().ok_or_else(|| "a tag has no key or no value_glob".to_owned())
}

fn span_rule(object: &Object) -> Result<SpanRuleSpec, String> {
    let rule = SpanRuleSpec {
        service: pattern(object, "service")?,
        name: pattern(object, "name")?,
        resource: pattern(object, "resource")?,
        tags: tags(object)?,
        sample_rate: rate(object)?.unwrap_or(1.0),
        max_per_second: max_per_second(object)?,
    };
    match rule.service.is_none() && rule.name.is_none() {
        true => Err("it has neither service nor name".to_owned()),
        false => Ok(rule),
    }
}

fn rate(object: &Object) -> Result<Option<f64>, String> {
    let rate = number(object, "sample_rate")?;
    match rate {
        Some(rate) if !(0.0..=1.0).contains(&rate) => Err("sample_rate is not within 0 to 1".to_owned()),
        other => Ok(other),
    }
}

fn max_per_second(object: &Object) -> Result<Option<f64>, String> {
    let limit = number(object, "max_per_second")?;
    match limit {
        Some(limit) if limit < 0.0 => Err("max_per_second is negative".to_owned()),
        other => Ok(other),
    }
}

/// A finite number, or text that is one.
fn number(object: &Object, key: &str) -> Result<Option<f64>, String> {
    let number = match object.get(key) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Number(number)) => number.as_f64().filter(|number| number.is_finite()),
        Some(Json::String(text)) => grammar::number(text),
        Some(_) => None,
    };
    number.map(Some).ok_or_else(|| format!("{key} is not a number"))
}

fn pattern(object: &Object, key: &str) -> Result<Option<String>, String> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("{key} is not a text")),
    }
}

/// Patterns on tags; numbers are taken as the text that tags of that number have.
fn tags(object: &Object) -> Result<Vec<(String, String)>, String> {
    let tags = match object.get("tags") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Object(tags)) => tags,
        Some(_) => return Err("tags is not an object".to_owned()),
    };
    let mut patterns = Vec::with_capacity(tags.len());
    for (key, value) in tags {
        match value {
            Json::String(text) if text.is_empty() => {}
            Json::String(text) => patterns.push((key.clone(), text.clone())),
            Json::Number(number) => patterns.push((key.clone(), number.to_string())),
            _ => return Err(format!("tag {} is not a text", grammar::quoted(key))),
        }
    }
    Ok(patterns)
}

fn provenance(object: &Object) -> Result<Provenance, String> {
    match object.get("provenance") {
        None | Some(Json::Null) => Ok(Provenance::Default),
        Some(Json::String(word)) => match word.to_ascii_lowercase().as_str() {
            "" | "default" => Ok(Provenance::Default),
            "customer" => Ok(Provenance::Customer),
            "dynamic" => Ok(Provenance::Dynamic),
            _ => Err("provenance is not default, customer or dynamic".to_owned()),
        },
        Some(_) => Err("provenance is not a text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace_rules(raw: &str) -> (Vec<RuleSpec>, Vec<String>) {
        let parsed = parse_trace_rules(raw).unwrap();
        let Value::Rules(rules, _) = parsed.value else { panic!("no rules") };
        (rules, parsed.notes)
    }

    fn span_rules(raw: &str) -> (Vec<SpanRuleSpec>, Vec<String>) {
        let parsed = parse_span_rules(raw).unwrap();
        let Value::SpanRules(rules, _) = parsed.value else { panic!("no rules") };
        (rules, parsed.notes)
    }

    #[test]
    fn all_fields_of_a_trace_rule() {
        let (rules, notes) = trace_rules(
            r#"[{"sample_rate":0.5,"service":"a*","name":"n?","resource":"/r","tags":{"k":"v*","status":500},"provenance":"customer","other":1}]"#,
        );
        assert!(notes.is_empty());
        assert_eq!(
            rules,
            [RuleSpec {
                sample_rate: 0.5,
                service: Some("a*".to_owned()),
                name: Some("n?".to_owned()),
                resource: Some("/r".to_owned()),
                tags: vec![("k".to_owned(), "v*".to_owned()), ("status".to_owned(), "500".to_owned())],
                provenance: Provenance::Customer,
            }]
        );
    }

    #[test]
    fn rates_may_be_text_and_patterns_empty_or_null() {
        let (rules, notes) = trace_rules(r#"[{"sample_rate":"1e-06","service":"","name":null,"tags":{"k":""}}]"#);
        assert!(notes.is_empty());
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].sample_rate, 0.000001);
        assert_eq!((&rules[0].service, &rules[0].name, rules[0].tags.len()), (&None, &None, 0));
    }

    #[test]
    fn bad_elements_are_left_out_alone() {
        let (rules, notes) = trace_rules(
            r#"[{"service":"a"},{"sample_rate":1.5},{"sample_rate":-0.1},{"sample_rate":"x"},{"sample_rate":true},7,
               {"sample_rate":1,"service":5},{"sample_rate":1,"tags":[]},{"sample_rate":1,"tags":{"k":{}}},
               {"sample_rate":1,"provenance":"me"},{"sample_rate":0.25,"service":"kept"}]"#,
        );
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].service.as_deref(), Some("kept"));
        assert_eq!(notes.len(), 10);
        assert_eq!(notes[0], "rule 1 is left out: it has no sample_rate");
    }

    #[test]
    fn remote_rules_have_lists_of_tags() {
        let (rules, notes) = parse_remote_rules(
            r#"[{"service":"test_service","provenance":"Customer","sample_rate":0.8,
                 "tags":[{"key":"tag-a","value_glob":"tag-a-val*"}]},{"service":"*","provenance":"dynamic","sample_rate":0.4}]"#,
        )
        .unwrap();
        assert!(notes.is_empty());
        assert_eq!((rules[0].provenance, rules[1].provenance), (Provenance::Customer, Provenance::Dynamic));
        assert_eq!(rules[0].tags, [("tag-a".to_owned(), "tag-a-val*".to_owned())]);
    }

    #[test]
    fn remote_rules_that_lack_something_are_left_out_alone() {
        let (rules, notes) = parse_remote_rules(
            r#"[{"service":"a","provenance":"customer"},{"service":"a","sample_rate":1},{"provenance":"dynamic","sample_rate":1},
               {"tags":{"a":"b"},"provenance":"dynamic","sample_rate":1},{"tags":[{"key":"a"}],"provenance":"dynamic","sample_rate":1},
               {"service":"a","provenance":"me","sample_rate":1},{"resource":"kept","provenance":"dynamic","sample_rate":0.5}]"#,
        )
        .unwrap();
        assert_eq!((rules.len(), notes.len()), (1, 6), "{notes:?}");
        assert_eq!(rules[0].resource.as_deref(), Some("kept"));
        assert!(parse_remote_rules("{}").is_err());
    }

    #[test]
    fn a_document_that_is_no_array_is_refused() {
        for raw in ["", "{}", "not json", "[{\"sample_rate\":1}", "1", "null", "[1e999]"] {
            assert!(parse_trace_rules(raw).is_err(), "{raw}");
            assert!(parse_span_rules(raw).is_err(), "{raw}");
        }
        assert!(parse_trace_rules(&"[".repeat(100_000)).is_err());
        assert_eq!(trace_rules("[]").0, []);
    }

    #[test]
    fn span_rules_have_defaults_and_need_service_or_name() {
        let (rules, notes) = span_rules(
            r#"[{"service":"webse*"},{"name":"web.re?uest","sample_rate":0.5,"max_per_second":2.5},{"resource":"x"},{"service":""},
               {"service":"a","max_per_second":-1},{"service":"a","max_per_second":0}]"#,
        );
        assert_eq!(rules.len(), 3);
        assert_eq!((rules[0].sample_rate, rules[0].max_per_second), (1.0, None));
        assert_eq!((rules[1].sample_rate, rules[1].max_per_second), (0.5, Some(2.5)));
        assert_eq!(rules[2].max_per_second, Some(0.0));
        assert_eq!(notes.len(), 3);
    }
}
