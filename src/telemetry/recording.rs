//! What bindings, products and the library itself record.

use super::input::Refusal;
use super::inventory::{Endpoint, Integration};
use super::logs::{LogEntry, LogLevel};
use super::metrics::MetricKey;
use super::series::{MetricKind, Series};
use super::shared::Telemetry;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The name of an error's type in front of its message, if there is one: messages may have something of the user's.
fn error_type(error: &str) -> &str {
    let name = error.split_once(':').map_or(error, |(name, _)| name).trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
    if is_name { name } else { "unknown" }
}

/// A name as the value of a tag.
fn tag_value(name: &str) -> String {
    name.replace([',', ':'], "_")
}

/// A metric whose series was looked up beforehand.
pub struct Metric {
    key: MetricKey,
    telemetry: Arc<Telemetry>,
    series: Arc<Series>,
}

impl Metric {
    /// The series.
    pub fn key(&self) -> &MetricKey {
        &self.key
    }

    /// Records a value. `None`: the session that it was looked up in has ended, or is that of a parent process.
    pub fn record(&self, value: f64) -> Option<Result<(), Refusal>> {
        self.telemetry.accepts().then(|| self.telemetry.metrics.note(self.series.record(value)))
    }
}

impl Telemetry {
    /// Notes a library that the program uses.
    pub fn add_dependency(&self, name: &str, version: &str) -> Result<(), Refusal> {
        if !self.options.dependencies || !self.accepts() {
            return Ok(());
        }
        self.pending.lock().inventory.add_dependency(name, version)
    }

    /// Notes an integration and how it is. One that does not work is counted, too.
    pub fn add_integration(&self, integration: Integration) -> Result<(), Refusal> {
        if !self.accepts() {
            return Ok(());
        }
        let news = self.pending.lock().inventory.add_integration(integration)?;
        if let Some((name, error)) = news.as_ref().and_then(|news| Some((&news.name, news.error.as_deref()?))) {
            let tags = [format!("integration_name:{}", tag_value(name)), format!("error_type:{}", error_type(error))];
            let key = MetricKey::new("tracers", "integration_errors", MetricKind::Count, tags.iter().map(String::as_str), true);
            let _ = key.and_then(|key| self.record(&key, 1.0));
        }
        Ok(())
    }

    /// Notes the state of a product. A change is told at once.
    pub fn set_product(&self, name: &str, enabled: bool, version: &str, code: i32, error: &str) -> Result<(), Refusal> {
        if !self.accepts() {
            return Ok(());
        }
        let changed = self.pending.lock().inventory.set_product(name, enabled, version, code, error)?;
        if changed {
            self.awake();
        }
        Ok(())
    }

    /// Notes that a product is on or off now; what else is known of it stays.
    pub fn switch_product(&self, name: &str, enabled: bool) {
        if self.accepts() && self.pending.lock().inventory.switch_product(name, enabled) {
            self.awake();
        }
    }

    /// Notes an HTTP endpoint that the program offers.
    pub fn add_endpoint(&self, endpoint: Endpoint) -> Result<(), Refusal> {
        if !self.accepts() {
            return Ok(());
        }
        self.pending.lock().inventory.add_endpoint(endpoint)
    }

    /// Records a value of a metric.
    pub fn record(&self, key: &MetricKey, value: f64) -> Result<(), Refusal> {
        if !self.options.metrics || !self.accepts() {
            return Ok(());
        }
        self.metrics.record(key, value)
    }

    /// Looks a series up, for metrics that are recorded often. `None`: there are no metrics.
    pub fn metric(self: &Arc<Self>, key: MetricKey) -> Result<Option<Metric>, Refusal> {
        if !self.options.metrics || !self.accepts() {
            return Ok(None);
        }
        let series = self.metrics.series(&key)?;
        Ok(Some(Metric { key, telemetry: Arc::clone(self), series }))
    }

    /// Notes an error of the library or of a binding. Messages below warnings are for debugging alone; the report of a crash is sent at once.
    pub fn log(&self, entry: LogEntry) {
        let is_wanted = matches!(entry.level, LogLevel::Error | LogLevel::Warn) || self.options.debug;
        if !self.options.logs || !is_wanted || !self.accepts() {
            return;
        }
        let is_crash = entry.is_crash;
        self.pending.lock().logs.add(entry);
        if is_crash {
            self.has_crash.store(true, Ordering::Release);
            self.awake();
        }
    }

    /// Notes an error of the library itself, from wherever it happens: what is being told at this moment is not waited for, the message is
    /// counted as dropped then.
    pub fn log_own(&self, entry: LogEntry) {
        if !self.options.logs || !self.accepts() {
            return;
        }
        match self.pending.try_lock() {
            Some(mut pending) => pending.logs.add(entry),
            None => self.counts.messages_dropped.add_shared(1),
        }
    }
}
