//! Settings of sampling: the rules of `DD_TRACE_SAMPLING_RULES` and `DD_SPAN_SAMPLING_RULES`, the global rate, the limit.

/// Who wrote a trace sampling rule. The order is the order in which rules apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provenance {
    /// A remote rule written by the user.
    Customer,
    /// A remote rule computed by the backend.
    Dynamic,
    /// A local rule.
    #[default]
    Default,
}

/// One trace sampling rule. Absent patterns match everything; an empty pattern in the JSON counts as absent.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSpec {
    /// The rate, within 0 to 1.
    pub sample_rate: f64,
    /// Glob on the service of the local root.
    pub service: Option<String>,
    /// Glob on its operation name.
    pub name: Option<String>,
    /// Glob on its resource.
    pub resource: Option<String>,
    /// Tag keys and the globs on their values, all of which must match.
    pub tags: Vec<(String, String)>,
    /// Who wrote the rule.
    pub provenance: Provenance,
}

/// One rule of single-span sampling. It has a pattern on service or name at least.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanRuleSpec {
    /// Glob on the span's service.
    pub service: Option<String>,
    /// Glob on its operation name.
    pub name: Option<String>,
    /// Glob on its resource.
    pub resource: Option<String>,
    /// Tag keys and the globs on their values, all of which must match.
    pub tags: Vec<(String, String)>,
    /// The rate, within 0 to 1.
    pub sample_rate: f64,
    /// Most spans that the rule keeps in a second; `None`: no limit.
    pub max_per_second: Option<f64>,
}

/// Settings of sampling.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingSettings {
    /// Trace sampling rules, in the order given.
    pub rules: Vec<RuleSpec>,
    /// The global rate; `None`: the agent's rates apply.
    pub sample_rate: Option<f64>,
    /// Traces per second that rules and the global rate may keep; 0: none, negative: no limit.
    pub rate_limit: f64,
    /// Whether the limit was set rather than left at its default.
    pub rate_limit_is_set: bool,
    /// Single-span sampling rules, in the order given.
    pub span_rules: Vec<SpanRuleSpec>,
}

impl Default for SamplingSettings {
    fn default() -> Self {
        SamplingSettings {
            rules: Vec::new(),
            sample_rate: None,
            rate_limit: 100.0,
            rate_limit_is_set: false,
            span_rules: Vec::new(),
        }
    }
}
