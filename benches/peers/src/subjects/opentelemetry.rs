//! The OpenTelemetry SDK. Without an endpoint in `OTEL_EXPORTER_OTLP_ENDPOINT` it has no span processor, so nothing is exported;
//! with one it has the batch processor and OTLP over HTTP. Keys and values are static strings, which it need not copy.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use ::opentelemetry::propagation::TextMapPropagator;
use ::opentelemetry::trace::{Span, SpanBuilder, SpanRef, TraceContextExt, Tracer, TracerProvider};
use ::opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::Peer;
use crate::tags::{CHILD_NAME, CHILDREN, HEADERS, NUMERIC_TAG, ROOT_NAME, STRING_TAGS};

pub struct OpenTelemetry {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Peer for OpenTelemetry {
    fn start() -> Self {
        let mut builder = SdkTracerProvider::builder();
        if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
            let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build().expect("the endpoint is a URL");
            builder = builder.with_batch_exporter(exporter);
        }
        let provider = builder.build();
        let tracer = provider.tracer("bench");
        Self { provider, tracer }
    }

    fn root(&self) {
        root(&self.tracer);
    }

    fn trace_tag_by_tag(&self) {
        trace_tag_by_tag(&self.tracer);
    }

    fn trace_tags_at_start(&self) {
        trace_tags_at_start(&self.tracer);
    }

    fn inject(&self, iterations: u64) {
        inject(&self.tracer, &TraceContextPropagator::new(), iterations);
    }

    fn extract(&self, iterations: u64) {
        extract(&TraceContextPropagator::new(), iterations);
    }

    fn shutdown(&self) {
        let _ = self.provider.shutdown_with_timeout(Duration::from_secs(1));
    }
}

pub fn root(tracer: &SdkTracer) {
    tracer.start_with_context(ROOT_NAME, &Context::new()).end();
}

pub fn trace_tag_by_tag(tracer: &SdkTracer) {
    let root = tracer.start_with_context(ROOT_NAME, &Context::new());
    let context = Context::new().with_span(root);
    tags().for_each(|tag| context.span().set_attribute(tag));
    for _ in 0..CHILDREN {
        let mut child = tracer.start_with_context(CHILD_NAME, &context);
        tags().for_each(|tag| child.set_attribute(tag));
        child.end();
    }
    SpanRef::end(&context.span());
}

pub fn trace_tags_at_start(tracer: &SdkTracer) {
    let root = tracer.build_with_context(with_tags(ROOT_NAME), &Context::new());
    let context = Context::new().with_span(root);
    for _ in 0..CHILDREN {
        tracer.build_with_context(with_tags(CHILD_NAME), &context).end();
    }
    SpanRef::end(&context.span());
}

pub fn inject(tracer: &SdkTracer, propagator: &(impl TextMapPropagator + ?Sized), iterations: u64) {
    let context = Context::new().with_span(tracer.start_with_context(ROOT_NAME, &Context::new()));
    let mut carrier = HashMap::<String, String>::new();
    for _ in 0..iterations {
        propagator.inject_context(&context, &mut carrier);
        black_box(&carrier);
    }
}

pub fn extract(propagator: &(impl TextMapPropagator + ?Sized), iterations: u64) {
    let carrier: HashMap<String, String> = HEADERS.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let nothing = Context::new();
    for _ in 0..iterations {
        black_box(propagator.extract_with_context(&nothing, black_box(&carrier)));
    }
}

fn with_tags(name: &'static str) -> SpanBuilder {
    SpanBuilder::from_name(name).with_attributes(tags())
}

fn tags() -> impl Iterator<Item = KeyValue> {
    STRING_TAGS.into_iter().map(|(key, value)| KeyValue::new(key, value)).chain([KeyValue::new(NUMERIC_TAG.0, NUMERIC_TAG.1)])
}
