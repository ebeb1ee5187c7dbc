//! The tracers that libddtrace is measured beside, behind the command line that `benches/c` has too:
//!
//! ```text
//! peers SUBJECT hot WORKLOAD ITERATIONS [THREADS]   one of W1, W2s, W2b, W3, W4
//! peers SUBJECT load SPANS_PER_SECOND SECONDS       W5; 0 spans per second is flat out
//! peers SUBJECT start                               W7
//! peers SUBJECT exit                                W8
//! ```
//!
//! Each prints one line of JSON and knows nothing of rounds, ratios and goals.

mod commands;
mod measure;
mod subjects;
mod tags;

use subjects::{Datadog, Fastrace, OpenTelemetry};

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (subject, command) = arguments.split_first().ok_or("expected: peers SUBJECT COMMAND …")?;
    match subject.as_str() {
        "datadog-opentelemetry" => commands::run::<Datadog>(command),
        "fastrace" => commands::run::<Fastrace<false>>(command),
        "fastrace-owned" => commands::run::<Fastrace<true>>(command),
        "opentelemetry_sdk" => commands::run::<OpenTelemetry>(command),
        other => Err(format!(
            "unknown subject {other:?}, expected datadog-opentelemetry, fastrace, fastrace-owned or opentelemetry_sdk"
        )),
    }
}
