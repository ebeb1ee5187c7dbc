//! Clients as their users see them: what goes in, which payloads come out.

mod aggregated;
mod datagrams;
mod processes;
mod ways;

use super::*;
use crate::config::DogstatsdAddress;
use crate::lock::Mutex;
use std::sync::Arc;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

/// A client without a thread that sends to the discard port.
fn options() -> ClientOptions {
    ClientOptions {
        address: DogstatsdAddress::udp("127.0.0.1", 9),
        is_disabled: false,
        namespace: String::new(),
        tags: Vec::new(),
        origin: OriginFields::default(),
        cardinality: None,
        aggregation: Aggregation::Off,
        max_payload: 0,
        max_queue: 0,
        report_every: None,
        language: "cpp".to_owned(),
        is_host_driven: true,
        flush_at_exit: false,
        shutdown_timeout: SOON,
    }
}

/// A client whose payloads are kept.
struct Kept {
    client: Client,
    payloads: Arc<Mutex<Vec<String>>>,
}

impl Kept {
    fn new(options: ClientOptions) -> Self {
        let payloads: Arc<Mutex<Vec<String>>> = Arc::default();
        let client = Client::new(options);
        let kept = Arc::clone(&payloads);
        client.set_sink(Some(Arc::new(move |payload| kept.lock().push(String::from_utf8(payload.to_vec()).unwrap()))));
        Kept { client, payloads }
    }

    /// The payloads by now.
    fn payloads(&self) -> Vec<String> {
        assert!(self.client.flush(SOON));
        std::mem::take(&mut self.payloads.lock())
    }

    /// The messages by now, in the order of the alphabet.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.payloads().iter().flat_map(|payload| payload.split('\n').map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.sort();
        lines
    }
}

fn no_tags(_: &mut dyn FnMut(&str)) {}

fn metric(kind: MetricKind, name: &str, value: f64) -> Metric<'_> {
    Metric { kind, name, value: MetricValue::Number(value), tags: &no_tags, rate: 1.0, timestamp: None, cardinality: None }
}

fn member<'a>(name: &'a str, value: &'a str) -> Metric<'a> {
    Metric { value: MetricValue::Text(value), ..metric(MetricKind::Set, name, 0.0) }
}

fn event<'a>(title: &'a str, text: &'a str) -> Event<'a> {
    Event {
        title,
        text,
        timestamp: None,
        hostname: "",
        aggregation_key: "",
        priority: EventPriority::Normal,
        source_type: "",
        alert: EventAlert::Info,
        tags: &no_tags,
    }
}

fn check(name: &str) -> ServiceCheck<'_> {
    ServiceCheck { name, status: CheckStatus::Ok, timestamp: None, hostname: "", message: "", tags: &no_tags }
}
