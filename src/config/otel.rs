//! OpenTelemetry environment variables that stand for settings of ours.
//!
//! | Variable | Setting |
//! |---|---|
//! | `OTEL_SERVICE_NAME` | `DD_SERVICE` |
//! | `OTEL_LOG_LEVEL` | `DD_TRACE_LOG_LEVEL`; `debug` also `DD_TRACE_DEBUG` |
//! | `OTEL_PROPAGATORS` | `DD_TRACE_PROPAGATION_STYLE` |
//! | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `DD_TRACE_SAMPLE_RATE`, `DD_TRACE_SAMPLE_IGNORE_PARENT` |
//! | `OTEL_TRACES_EXPORTER` | `DD_TRACE_ENABLED`; `otlp` also `LIBDDTRACE_EXPORTER` |
//! | `OTEL_METRICS_EXPORTER` | `DD_RUNTIME_METRICS_ENABLED`, off if `none` |
//! | `OTEL_RESOURCE_ATTRIBUTES` | `DD_TAGS` |
//! | `OTEL_SDK_DISABLED` | `DD_TRACE_OTEL_ENABLED`, reversed |
//!
//! Values are trimmed and lower-cased, but for names and attributes. The Datadog variable wins where both are set, with a
//! warning. What cannot be translated is ignored, with a warning. Empty counts as unset.

use super::evaluation::Origin;
use super::exporter_choice::ExporterChoice;
use super::grammar::{self, quoted};
use super::kind::LOG_LEVELS;
use super::otel_names;
use super::otel_resource;
use super::process::{Environment, Variable};
use super::propagation_settings::PropagationStyle;
use super::resolution::{Candidate, Resolution};
use super::value::Value;
use std::borrow::Cow;

/// What is wrong with an OpenTelemetry variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OtelProblem {
    /// The Datadog variable is set too, and wins.
    Hidden,
    /// The value cannot be translated.
    Invalid,
    /// The variable says nothing to this library.
    Unsupported,
}

/// A finding about an OpenTelemetry variable, for telemetry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OtelFinding {
    /// What is wrong.
    pub problem: OtelProblem,
    /// The OpenTelemetry variable.
    pub otel: Cow<'static, str>,
    /// The Datadog variable that it stands for; `None`: there is none.
    pub datadog: Option<&'static str>,
}

/// A variable, and how its value becomes that of a setting.
struct Mapping {
    otel: &'static str,
    setting: &'static str,
    /// The name of the setting in findings.
    reported: &'static str,
    expected: &'static str,
    translate: fn(&str, &mut Vec<String>) -> Option<Value>,
}

const MAPPINGS: &[Mapping] = &[
    Mapping {
        otel: "OTEL_SERVICE_NAME",
        setting: "DD_SERVICE",
        reported: "DD_SERVICE",
        expected: "text",
        translate: |raw, _| Some(Value::Text(raw.trim().to_owned())),
    },
    Mapping {
        otel: "OTEL_LOG_LEVEL",
        setting: "DD_TRACE_LOG_LEVEL",
        reported: "DD_LOG_LEVEL",
        expected: "error, warn, info, debug or trace",
        translate: |raw, _| log_level(raw).map(Value::Choice),
    },
    Mapping {
        otel: "OTEL_PROPAGATORS",
        setting: "DD_TRACE_PROPAGATION_STYLE",
        reported: "DD_TRACE_PROPAGATION_STYLE",
        expected: "tracecontext, datadog, b3, b3multi, baggage or none, separated by commas",
        translate: propagators,
    },
    Mapping {
        otel: "OTEL_RESOURCE_ATTRIBUTES",
        setting: "DD_TAGS",
        reported: "DD_TAGS",
        expected: "key=value pairs separated by commas",
        translate: |raw, notes| otel_resource::tags(raw, notes).map(Value::Tags),
    },
    Mapping {
        otel: "OTEL_SDK_DISABLED",
        setting: "DD_TRACE_OTEL_ENABLED",
        reported: "DD_TRACE_OTEL_ENABLED",
        expected: "true or false",
        translate: |raw, _| sdk_enabled(raw).map(Value::Bool),
    },
];

/// Adds what OpenTelemetry variables say.
pub(super) fn translate(environment: &Environment, resolution: &mut Resolution) {
    for mapping in MAPPINGS {
        let Some(raw) = variable(environment, mapping.otel, resolution) else { continue };
        let mut notes = Vec::new();
        let value = (mapping.translate)(&raw, &mut notes);
        mapping.settle(resolution, raw, value, notes);
    }
    debug_level(environment, resolution);
    exporter(environment, resolution);
    metrics_exporter(environment, resolution);
    sampler(environment, resolution);
    logs_exporter(environment, resolution);
    for name in otel_names::unsupported(environment) {
        resolution.find(OtelFinding { problem: OtelProblem::Unsupported, otel: name.into(), datadog: None });
    }
}

/// The variables that are looked at here.
pub(super) fn translated() -> impl Iterator<Item = &'static str> {
    let others = [EXPORTER.otel, METRICS_EXPORTER.otel, LOGS_EXPORTER, SAMPLER.otel, SAMPLER_ARG.otel];
    MAPPINGS.iter().map(|mapping| mapping.otel).chain(others)
}

const LOGS_EXPORTER: &str = "OTEL_LOGS_EXPORTER";

fn logs_exporter(environment: &Environment, resolution: &mut Resolution) {
    let Some(raw) = variable(environment, LOGS_EXPORTER, resolution) else { return };
    if !matches!(raw.trim().to_ascii_lowercase().as_str(), "none" | "otlp") {
        resolution.warn(format!("environment variable {LOGS_EXPORTER}: {} is ignored: expected none or otlp", quoted(&raw)));
        resolution.find(OtelFinding { problem: OtelProblem::Invalid, otel: LOGS_EXPORTER.into(), datadog: None });
    }
}

impl Mapping {
    fn settle(&self, resolution: &mut Resolution, raw: String, value: Option<Value>, notes: Vec<String>) {
        if resolution.has_valid(self.setting, Origin::EnvVar) {
            self.hidden(resolution);
        } else if value.is_none() {
            self.invalid(resolution, &raw);
        } else {
            notes.into_iter().for_each(|note| resolution.warn(format!("environment variable {}: {note}", self.otel)));
        }
        let value = value.ok_or_else(|| self.expected.to_owned());
        resolution.insert(self.setting, Candidate::new(Origin::OtelEnvVar, Some(raw), value));
    }

    fn hidden(&self, resolution: &mut Resolution) {
        resolution.warn(format!("environment variable {} is ignored: {} is set too", self.otel, self.setting));
        resolution.find(OtelFinding { problem: OtelProblem::Hidden, otel: self.otel.into(), datadog: Some(self.reported) });
    }

    fn invalid(&self, resolution: &mut Resolution, raw: &str) {
        resolution.warn(format!("environment variable {}: {} is ignored: expected {}", self.otel, quoted(raw), self.expected));
        resolution.find(OtelFinding { problem: OtelProblem::Invalid, otel: self.otel.into(), datadog: Some(self.reported) });
    }
}

fn variable(environment: &Environment, name: &str, resolution: &mut Resolution) -> Option<String> {
    if let Variable::Unusable(reason) = environment.read(name) {
        resolution.warn(format!("environment variable {name} {reason} and is ignored"));
    }
    environment.get_non_empty(name)
}

fn log_level(raw: &str) -> Option<&'static str> {
    let level = grammar::choice(raw, LOG_LEVELS)?;
    // "off" and "warning" are spellings of ours alone.
    (level != "off" && level.eq_ignore_ascii_case(raw.trim())).then_some(level)
}

/// `OTEL_LOG_LEVEL=debug` switches debug mode on where `DD_TRACE_DEBUG` is not set.
fn debug_level(environment: &Environment, resolution: &mut Resolution) {
    let Some(raw) = environment.get_non_empty("OTEL_LOG_LEVEL") else { return };
    if log_level(&raw) == Some("debug") && !resolution.has_valid("DD_TRACE_LOG_LEVEL", Origin::EnvVar) {
        let candidate = Candidate::new(Origin::OtelEnvVar, Some(raw), Ok(Value::Bool(true)));
        resolution.insert("DD_TRACE_DEBUG", candidate);
    }
}

fn propagators(raw: &str, notes: &mut Vec<String>) -> Option<Value> {
    let (styles, remarks) = PropagationStyle::parse_list(raw)?;
    notes.extend(remarks);
    Some(Value::Styles(styles))
}

fn sdk_enabled(raw: &str) -> Option<bool> {
    match raw.trim().to_ascii_lowercase().as_str() {
        "true" => Some(false),
        "false" => Some(true),
        _ => None,
    }
}

const EXPORTER: Mapping = Mapping {
    otel: "OTEL_TRACES_EXPORTER",
    setting: "DD_TRACE_ENABLED",
    reported: "DD_TRACE_ENABLED",
    expected: "none or otlp",
    translate: |_, _| None,
};

/// `none` switches tracing off; `otlp` leads elsewhere, unless traces are to go to the agent, or elsewhere again, by a name of ours.
fn exporter(environment: &Environment, resolution: &mut Resolution) {
    let Some(raw) = variable(environment, EXPORTER.otel, resolution) else { return };
    match raw.trim().to_ascii_lowercase().as_str() {
        "none" => EXPORTER.settle(resolution, raw, Some(Value::Bool(false)), Vec::new()),
        "otlp" => {
            let enabled = Candidate::new(Origin::OtelEnvVar, Some(raw.clone()), Ok(Value::Bool(true)));
            resolution.insert(EXPORTER.setting, enabled);
            let names = ["DD_TRACE_AGENT_PROTOCOL_VERSION", "LIBDDTRACE_EXPORTER"];
            match names.into_iter().find(|name| resolution.is_set(name)) {
                Some(setting) => Mapping { setting, reported: setting, ..EXPORTER }.hidden(resolution),
                None => {
                    let choice = Ok(Value::Exporter(ExporterChoice::Otlp));
                    resolution.insert("LIBDDTRACE_EXPORTER", Candidate::new(Origin::OtelEnvVar, Some(raw), choice));
                }
            }
        }
        _ => EXPORTER.settle(resolution, raw, None, Vec::new()),
    }
}

const METRICS_EXPORTER: Mapping = Mapping {
    otel: "OTEL_METRICS_EXPORTER",
    setting: "DD_RUNTIME_METRICS_ENABLED",
    reported: "DD_RUNTIME_METRICS_ENABLED",
    expected: "none or otlp",
    translate: |_, _| None,
};

/// `none` switches metrics of the runtime off; `otlp` says nothing about them.
fn metrics_exporter(environment: &Environment, resolution: &mut Resolution) {
    let Some(raw) = variable(environment, METRICS_EXPORTER.otel, resolution) else { return };
    match raw.trim().to_ascii_lowercase().as_str() {
        "none" => METRICS_EXPORTER.settle(resolution, raw, Some(Value::Bool(false)), Vec::new()),
        "otlp" => {}
        _ => METRICS_EXPORTER.settle(resolution, raw, None, Vec::new()),
    }
}

const SAMPLER: Mapping = Mapping {
    otel: "OTEL_TRACES_SAMPLER",
    setting: "DD_TRACE_SAMPLE_RATE",
    reported: "DD_TRACE_SAMPLE_RATE",
    expected: "parentbased_always_on, parentbased_always_off or parentbased_traceidratio",
    translate: |_, _| None,
};
const SAMPLER_ARG: Mapping = Mapping { otel: "OTEL_TRACES_SAMPLER_ARG", expected: "a number from 0 to 1", ..SAMPLER };

/// The sampler needs two variables and sets two settings.
fn sampler(environment: &Environment, resolution: &mut Resolution) {
    let argument = variable(environment, SAMPLER_ARG.otel, resolution);
    let Some(raw) = variable(environment, SAMPLER.otel, resolution) else {
        return;
    };
    let name = raw.trim().to_ascii_lowercase();
    let (short_name, is_parent_based) = name.strip_prefix("parentbased_").map_or((name.as_str(), false), |rest| (rest, true));
    let ratio = argument.as_deref().map(grammar::rate);
    let rate = match short_name {
        "always_on" => Some(1.0),
        "always_off" => Some(0.0),
        // A bad ratio counts as none.
        "traceidratio" => Some(ratio.flatten().unwrap_or(1.0)),
        _ => None,
    };
    argument_findings(resolution, argument.as_deref(), matches!(short_name, "always_on" | "always_off"));
    let mut notes = Vec::new();
    if rate.is_some() && !is_parent_based {
        notes.push(format!("parentbased_{short_name} is used: the decision of a parent always holds"));
        let candidate = Candidate::new(Origin::OtelEnvVar, Some(raw.clone()), Ok(Value::Bool(true)));
        resolution.insert("DD_TRACE_SAMPLE_IGNORE_PARENT", candidate);
    }
    SAMPLER.settle(resolution, raw, rate.map(Value::Rate), notes);
}

fn argument_findings(resolution: &mut Resolution, argument: Option<&str>, is_unused: bool) {
    let Some(raw) = argument else { return };
    if resolution.has_valid(SAMPLER_ARG.setting, Origin::EnvVar) {
        SAMPLER_ARG.hidden(resolution);
    } else if !is_unused && grammar::rate(raw).is_none() {
        SAMPLER_ARG.invalid(resolution, raw);
    }
}
