//! Counts that others keep: read when a window ends, so that counting costs nothing but itself.

use super::metrics::{MetricKey, Metrics};
use super::series::MetricKind;
use std::borrow::Cow;
use std::collections::HashMap;

/// What a source tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// How often something has happened since the beginning.
    Total {
        /// The metric, of the namespace `tracers` unless a slash says otherwise: `general/logs_created`.
        name: &'static str,
        /// Tags with commas between them, or nothing.
        tag: Cow<'static, str>,
        /// How often.
        total: u64,
    },
    /// Values of a distribution, which the source gives away.
    Values {
        /// The metric, as above.
        name: &'static str,
        /// A tag, or nothing.
        tag: Cow<'static, str>,
        /// The values.
        values: Vec<f64>,
    },
}

/// A source of readings.
pub type Source = Box<dyn Fn(&mut Vec<Reading>) + Send>;

/// A source, and what it told before.
pub(super) struct Observed {
    pub(super) id: u64,
    source: Source,
    before: HashMap<(&'static str, Cow<'static, str>), u64>,
}

impl Observed {
    /// `from_now`: what was counted so far was told already, or is not ours to tell.
    pub(super) fn new(id: u64, source: Source, from_now: bool) -> Self {
        let mut observed = Observed { id, source, before: HashMap::new() };
        if from_now {
            observed.read_into(&Metrics::default());
        }
        observed
    }

    /// Adds what happened since the last call.
    pub(super) fn read_into(&mut self, metrics: &Metrics) {
        let mut readings = Vec::new();
        (self.source)(&mut readings);
        for reading in readings {
            match reading {
                Reading::Total { name, tag, total } => {
                    let before = self.before.entry((name, tag.clone())).or_default();
                    let since = total.saturating_sub(*before);
                    *before = total;
                    if since > 0 {
                        let _ = metrics.record(&key(name, &tag, MetricKind::Count), since as f64);
                    }
                }
                Reading::Values { name, tag, values } => {
                    let key = key(name, &tag, MetricKind::Distribution);
                    for value in values {
                        let _ = metrics.record(&key, value);
                    }
                }
            }
        }
    }
}

fn key(name: &'static str, tag: &str, kind: MetricKind) -> MetricKey {
    let (namespace, name) = name.split_once('/').unwrap_or(("tracers", name));
    MetricKey::own(namespace, name, kind, tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn count(metrics: &Metrics, name: &'static str) -> Option<f64> {
        metrics.series(&key(name, "a:b", MetricKind::Count)).unwrap().take_value(1.0)
    }

    #[test]
    fn what_happened_in_between_is_told() {
        let total = Arc::new(AtomicU64::new(5));
        let counted = Arc::clone(&total);
        let source = move |readings: &mut Vec<Reading>| {
            let total = counted.load(Ordering::Relaxed);
            readings.push(Reading::Total { name: "general/logs_created", tag: "a:b".into(), total });
        };
        let metrics = Metrics::default();
        let mut first = Observed::new(1, Box::new(source.clone()), false);
        let mut later = Observed::new(2, Box::new(source), true);
        first.read_into(&metrics);
        assert_eq!(count(&metrics, "general/logs_created"), Some(5.0));
        later.read_into(&metrics);
        assert_eq!(count(&metrics, "general/logs_created"), None);
        total.store(7, Ordering::Relaxed);
        later.read_into(&metrics);
        assert_eq!(count(&metrics, "general/logs_created"), Some(2.0));
    }
}
