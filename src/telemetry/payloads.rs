//! What messages say, field by field.

use super::configuration::Entry;
use super::inventory::{Dependency, Endpoint, Integration, Product};
use super::logs::LogEntry;
use super::metrics::MetricKey;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Who installed the library, in the installer's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InstallSignature {
    /// Names the installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_id: Option<String>,
    /// How it was installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_type: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_time: Option<String>,
}

#[derive(Serialize)]
pub(super) struct AppStarted<'a> {
    pub(super) configuration: &'a [&'a Entry],
    pub(super) products: &'a BTreeMap<String, Product>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) install_signature: Option<&'a InstallSignature>,
    pub(super) error: NoError,
}

/// The library started: whoever could not start it does not get here.
#[derive(Default, Serialize)]
pub(super) struct NoError {
    code: u32,
    message: &'static str,
}

#[derive(Serialize)]
pub(super) struct ConfigurationChanged<'a> {
    pub(super) configuration: &'a [Entry],
}

#[derive(Serialize)]
pub(super) struct DependenciesLoaded<'a> {
    pub(super) dependencies: &'a [Dependency],
}

#[derive(Serialize)]
pub(super) struct IntegrationsChanged<'a> {
    pub(super) integrations: &'a [Integration],
}

#[derive(Serialize)]
pub(super) struct ProductsChanged<'a> {
    pub(super) products: &'a BTreeMap<String, Product>,
}

#[derive(Serialize)]
pub(super) struct EndpointsFound {
    pub(super) is_first: bool,
    pub(super) endpoints: Vec<Endpoint>,
}

#[derive(Serialize)]
pub(super) struct ExtendedHeartbeat<'a> {
    pub(super) configuration: &'a [&'a Entry],
    pub(super) dependencies: &'a [&'a Dependency],
    pub(super) integrations: &'a [Integration],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) install_signature: Option<&'a InstallSignature>,
}

#[derive(Serialize)]
pub(super) struct LogsPayload {
    pub(super) logs: Vec<LogEntry>,
}

#[derive(Serialize)]
pub(super) struct MetricsPayload {
    pub(super) namespace: &'static str,
    pub(super) series: Vec<MetricPoints>,
}

#[derive(Serialize)]
pub(super) struct MetricPoints {
    metric: String,
    points: [(i64, Number); 1],
    #[serde(rename = "type")]
    kind: &'static str,
    tags: Vec<String>,
    common: bool,
    interval: Number,
}

impl MetricPoints {
    pub(super) fn new(key: &MetricKey, now: i64, value: f64, window_seconds: f64) -> Self {
        MetricPoints {
            metric: key.name.clone(),
            points: [(now, Number(value))],
            kind: key.kind.name(),
            tags: key.tags.clone(),
            common: key.common,
            interval: Number(window_seconds),
        }
    }
}

#[derive(Serialize)]
pub(super) struct DistributionsPayload {
    pub(super) namespace: &'static str,
    pub(super) series: Vec<DistributionPoints>,
}

#[derive(Serialize)]
pub(super) struct DistributionPoints {
    metric: String,
    points: Vec<f64>,
    tags: Vec<String>,
    common: bool,
}

impl DistributionPoints {
    pub(super) fn new(key: &MetricKey, points: Vec<f64>) -> Self {
        DistributionPoints { metric: key.name.clone(), points, tags: key.tags.clone(), common: key.common }
    }
}

/// A number that is written without a fraction if it has none.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.0 {
            whole if whole.fract() == 0.0 && whole.abs() < EXACT => serializer.serialize_i64(whole as i64),
            other => serializer.serialize_f64(other),
        }
    }
}
