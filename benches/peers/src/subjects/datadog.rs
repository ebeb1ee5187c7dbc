//! datadog-opentelemetry: the OpenTelemetry SDK with Datadog's span processor, sampler and propagator, sending to the agent that
//! `DD_TRACE_AGENT_URL` names. It cannot be had without its exporter, so its process time always holds the export.

use std::time::Duration;

use ::opentelemetry::propagation::TextMapPropagator;
use ::opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::{Peer, opentelemetry};

pub struct Datadog {
    provider: SdkTracerProvider,
    propagator: Box<dyn TextMapPropagator + Send + Sync>,
    tracer: SdkTracer,
}

impl Peer for Datadog {
    fn start() -> Self {
        let (provider, propagator) = datadog_opentelemetry::tracing().init_local();
        let tracer = provider.tracer("bench");
        Self { provider, propagator: Box::new(propagator), tracer }
    }

    fn root(&self) {
        opentelemetry::root(&self.tracer);
    }

    fn trace_tag_by_tag(&self) {
        opentelemetry::trace_tag_by_tag(&self.tracer);
    }

    fn trace_tags_at_start(&self) {
        opentelemetry::trace_tags_at_start(&self.tracer);
    }

    fn inject(&self, iterations: u64) {
        opentelemetry::inject(&self.tracer, self.propagator.as_ref(), iterations);
    }

    fn extract(&self, iterations: u64) {
        opentelemetry::extract(self.propagator.as_ref(), iterations);
    }

    fn shutdown(&self) {
        let _ = self.provider.shutdown_with_timeout(Duration::from_secs(1));
    }
}
