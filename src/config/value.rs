//! A parsed value of a setting.

use super::agent_url::AgentUrl;
use super::evaluation::ReportedValue;
use super::exporter_choice::ExporterChoice;
use super::header_tags::HeaderTags;
use super::propagation_settings::PropagationStyle;
use super::proxies::ProxyUrl;
use super::sampling_settings::{RuleSpec, SpanRuleSpec};
use super::status_ranges::StatusRanges;

/// A parsed value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Unset,
    Bool(bool),
    Int(i64),
    Number(f64),
    Rate(f64),
    Text(String),
    /// The URL and its text, as given.
    Url(AgentUrl, String),
    Proxy(ProxyUrl),
    List(Vec<String>),
    Tags(Vec<(String, String)>),
    Choice(&'static str),
    Statuses(StatusRanges),
    Styles(Vec<PropagationStyle>),
    /// Rules and the JSON that they were read from.
    Rules(Vec<RuleSpec>, String),
    /// Single-span rules and the JSON that they were read from.
    SpanRules(Vec<SpanRuleSpec>, String),
    Exporter(ExporterChoice),
    /// Header tags and the text that they were read from.
    HeaderTags(HeaderTags, String),
}

impl Value {
    /// The value as text; `None`: unset.
    pub(super) fn text(&self) -> Option<String> {
        let text = match self {
            Value::Unset => return None,
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::Rate(value) if value.fract() == 0.0 => format!("{value:.1}"),
            Value::Rate(value) => value.to_string(),
            Value::Text(text)
            | Value::Url(_, text)
            | Value::Rules(_, text)
            | Value::SpanRules(_, text)
            | Value::HeaderTags(_, text) => text.clone(),
            Value::Proxy(proxy) => proxy.to_string(),
            Value::List(items) => items.join(","),
            Value::Tags(pairs) => pairs.iter().map(|(key, value)| format!("{key}:{value}")).collect::<Vec<_>>().join(","),
            Value::Choice(word) => (*word).to_owned(),
            Value::Statuses(ranges) => ranges.to_string(),
            Value::Styles(styles) if styles.is_empty() => "none".to_owned(),
            Value::Styles(styles) => styles.iter().map(|style| style.name()).collect::<Vec<_>>().join(","),
            Value::Exporter(choice) => choice.to_string(),
        };
        Some(text)
    }

    /// The value as it is reported when the library itself made it.
    pub(super) fn reported(&self) -> ReportedValue {
        match self {
            Value::Bool(value) => ReportedValue::Bool(*value),
            Value::Int(value) => ReportedValue::Int(*value),
            // Whole numbers are shown without a fraction.
            Value::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => ReportedValue::Int(*value as i64),
            Value::Number(value) | Value::Rate(value) => ReportedValue::Float(*value),
            other => other.text().map_or(ReportedValue::Null, ReportedValue::Text),
        }
    }
}
