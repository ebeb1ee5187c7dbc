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
    /// What remote configuration asks for.
    pub remote: RemoteSampling,
    /// `DD_APM_TRACING_ENABLED`: off, one trace a minute is kept, and what other products ask for.
    pub apm_tracing: bool,
}

/// Sampling that remote configuration asks for, over the local settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteSampling {
    /// Rules in the place of the local ones; none: the local ones apply.
    pub rules: Vec<RuleSpec>,
    /// The global rate; `None`: the local one applies.
    pub sample_rate: Option<f64>,
}

impl SamplingSettings {
    /// The rules in force, in the order in which they apply: remote ones instead of local ones. A remote rate is meant for all that no other
    /// rule matches, so it comes in the place of a last local rule that matches everything.
    pub fn rules_in_force(&self) -> Vec<&RuleSpec> {
        let mut rules: Vec<&RuleSpec> =
            if self.remote.rules.is_empty() { &self.rules } else { &self.remote.rules }.iter().collect();
        rules.sort_by_key(|rule| rule.provenance);
        let is_superseded = self.remote.rules.is_empty() && self.remote.sample_rate.is_some();
        while is_superseded && rules.last().is_some_and(|rule| rule.matches_everything()) {
            rules.pop();
        }
        rules
    }

    /// The rate in force for traces that no rule matches.
    pub fn sample_rate_in_force(&self) -> Option<f64> {
        self.remote.sample_rate.or(self.sample_rate)
    }
}

impl RuleSpec {
    fn matches_everything(&self) -> bool {
        let asks_for = |pattern: &Option<String>| pattern.as_ref().is_some_and(|pattern| pattern.chars().any(|char| char != '*'));
        self.tags.is_empty() && ![&self.service, &self.name, &self.resource].into_iter().any(asks_for)
    }
}

impl Default for SamplingSettings {
    fn default() -> Self {
        SamplingSettings {
            rules: Vec::new(),
            sample_rate: None,
            rate_limit: 100.0,
            rate_limit_is_set: false,
            span_rules: Vec::new(),
            remote: RemoteSampling::default(),
            apm_tracing: true,
        }
    }
}
