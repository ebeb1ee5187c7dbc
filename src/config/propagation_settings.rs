//! Settings of context propagation: which header styles are read and written, and their limits.
//!
//! The style names are those of `DD_TRACE_PROPAGATION_STYLE`: `datadog`, `tracecontext` (W3C Trace Context), `b3multi`,
//! `b3` (one header) and `baggage` (W3C Baggage).

use super::grammar;
use super::remarks::Remarks;

/// One way of writing trace context into headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropagationStyle {
    /// The `x-datadog-*` headers.
    Datadog,
    /// W3C `traceparent` and `tracestate`.
    TraceContext,
    /// The `x-b3-*` headers.
    B3Multi,
    /// The single `b3` header.
    B3,
    /// W3C `baggage`.
    Baggage,
}

impl PropagationStyle {
    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            PropagationStyle::Datadog => "datadog",
            PropagationStyle::TraceContext => "tracecontext",
            PropagationStyle::B3Multi => "b3multi",
            PropagationStyle::B3 => "b3",
            PropagationStyle::Baggage => "baggage",
        }
    }
}

/// What becomes of an extracted context (`DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExtractBehavior {
    /// The local trace continues the remote one.
    #[default]
    Continue,
    /// A new trace starts, with a link to the remote one; baggage is kept.
    Restart,
    /// Incoming headers are not read.
    Ignore,
}

/// Settings of context propagation. `Default` gives the values that apply when nothing is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropagationSettings {
    /// Styles that are read, in order; empty: extraction is off.
    pub extract: Vec<PropagationStyle>,
    /// Styles that are written; empty: injection is off.
    pub inject: Vec<PropagationStyle>,
    /// Read only the first style.
    pub extract_first: bool,
    /// What becomes of an extracted context.
    pub behavior: ExtractBehavior,
    /// Longest `x-datadog-tags` header, 0 to 512 bytes; 0 switches that header off.
    pub tags_max_length: usize,
    /// Most baggage items that are written.
    pub baggage_max_items: usize,
    /// Longest `baggage` header that is written, in bytes.
    pub baggage_max_bytes: usize,
    /// Baggage keys that become tags `baggage.<key>` of the local root; an item `*` stands for all keys.
    pub baggage_tag_keys: Vec<String>,
    /// Whether legacy `ot-baggage-<key>` headers are used.
    pub http_baggage: bool,
    /// Whose contexts are believed.
    pub org_guard: OrgGuardSettings,
    /// `DD_APM_TRACING_ENABLED`: off, only traces that another product asked for are propagated.
    pub apm_tracing: bool,
}

/// Settings of the organization guard (`DD_TRACE_ORG_GUARD_*`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgGuardSettings {
    /// Whether the organization's marker is sent, and contexts with another one are not believed.
    pub enabled: bool,
    /// Whether contexts without a marker are not believed either.
    pub strict: bool,
    /// Markers of other organizations that are believed.
    pub trusted: Vec<String>,
}

impl Default for PropagationSettings {
    fn default() -> Self {
        let styles = [PropagationStyle::Datadog, PropagationStyle::TraceContext, PropagationStyle::Baggage];
        PropagationSettings {
            extract: styles.to_vec(),
            inject: styles.to_vec(),
            extract_first: false,
            behavior: ExtractBehavior::Continue,
            tags_max_length: 512,
            baggage_max_items: 64,
            baggage_max_bytes: 8192,
            baggage_tag_keys: ["user.id", "session.id", "account.id"].map(String::from).to_vec(),
            http_baggage: false,
            org_guard: OrgGuardSettings::default(),
            apm_tracing: true,
        }
    }
}

impl PropagationStyle {
    /// Reads names between commas. `none` is dropped, equal names collapse, unknown ones are left out with a remark each. A list
    /// of only `none` is the empty list; `None` if nothing that is known is left.
    pub(super) fn parse_list(raw: &str) -> Option<(Vec<Self>, Vec<String>)> {
        let mut styles = Vec::new();
        let mut remarks = Remarks::default();
        let mut has_none = false;
        for item in raw.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match PropagationStyle::from_name(&item.to_ascii_lowercase()) {
                Some(style) if styles.contains(&style) => {}
                Some(style) => styles.push(style),
                None if item.eq_ignore_ascii_case("none") => has_none = true,
                None => remarks.add(|| format!("unknown style {} is left out", grammar::quoted(item))),
            }
        }
        if styles.is_empty() && !has_none { None } else { Some((styles, remarks.into_vec())) }
    }

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "datadog" => Some(PropagationStyle::Datadog),
            "tracecontext" => Some(PropagationStyle::TraceContext),
            "b3multi" => Some(PropagationStyle::B3Multi),
            "b3" | "b3 single header" | "b3single" => Some(PropagationStyle::B3),
            "baggage" => Some(PropagationStyle::Baggage),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(raw: &str) -> Option<String> {
        PropagationStyle::parse_list(raw).map(|(styles, _)| styles.iter().map(|style| style.name()).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn styles_are_trimmed_lowered_and_there_once() {
        assert_eq!(names(" Datadog , TRACECONTEXT,baggage,datadog ").unwrap(), "datadog,tracecontext,baggage");
        assert_eq!(names("b3,tracecontext").unwrap(), "b3,tracecontext");
        assert_eq!(names("B3 single header,b3single,b3,b3multi").unwrap(), "b3,b3multi");
    }

    #[test]
    fn none_alone_is_no_style_and_beside_others_ignored() {
        assert_eq!(names("none").unwrap(), "");
        assert_eq!(names("None,none").unwrap(), "");
        assert_eq!(names("none,b3").unwrap(), "b3");
    }

    #[test]
    fn unknown_styles_are_left_out_and_alone_are_no_value() {
        let (styles, notes) = PropagationStyle::parse_list("jaeger,b3").unwrap();
        assert_eq!(styles, [PropagationStyle::B3]);
        assert_eq!(notes, ["unknown style \"jaeger\" is left out"]);
        for raw in ["jaeger", "", ",", "datadog tracecontext"] {
            assert_eq!(names(raw), None, "{raw}");
        }
    }
}
