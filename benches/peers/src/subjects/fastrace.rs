//! fastrace with a reporter that drops what it gets. Its properties are strings alone, and it knows one header (`traceparent`).
//!
//! Children are local spans, its quickest way. `OWNED` copies every name, key and value, as a tracer that is called from another language
//! must; without it they are static, which costs nothing.

use std::borrow::Cow;
use std::hint::black_box;

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use fastrace::prelude::Span;

use super::Peer;
use crate::tags::{CHILD_NAME, CHILDREN, HEADERS, ROOT_NAME, STRING_TAGS};

const NUMERIC_TAG: (&str, &str) = ("items.count", "17");

pub struct Fastrace<const OWNED: bool>;

impl<const OWNED: bool> Peer for Fastrace<OWNED> {
    fn start() -> Self {
        fastrace::set_reporter(DropAll, Config::default());
        Self
    }

    fn root(&self) {
        drop(Span::root(text::<OWNED>(ROOT_NAME), SpanContext::random()));
    }

    fn trace_tag_by_tag(&self) {
        let root = Span::root(text::<OWNED>(ROOT_NAME), SpanContext::random());
        for tag in tags::<OWNED>() {
            root.add_property(|| tag);
        }
        let _active = root.set_local_parent();
        for _ in 0..CHILDREN {
            let _child = LocalSpan::enter_with_local_parent(text::<OWNED>(CHILD_NAME));
            for tag in tags::<OWNED>() {
                LocalSpan::add_property(|| tag);
            }
        }
    }

    fn trace_tags_at_start(&self) {
        let root = Span::root(text::<OWNED>(ROOT_NAME), SpanContext::random()).with_properties(tags::<OWNED>);
        let _active = root.set_local_parent();
        for _ in 0..CHILDREN {
            let _child = LocalSpan::enter_with_local_parent(text::<OWNED>(CHILD_NAME)).with_properties(tags::<OWNED>);
        }
    }

    fn inject(&self, iterations: u64) {
        let context = SpanContext::random();
        for _ in 0..iterations {
            black_box(black_box(&context).encode_w3c_traceparent());
        }
    }

    fn extract(&self, iterations: u64) {
        let traceparent = HEADERS[4].1;
        for _ in 0..iterations {
            black_box(SpanContext::decode_w3c_traceparent(black_box(traceparent)));
        }
    }

    fn shutdown(&self) {
        fastrace::flush();
    }
}

struct DropAll;

impl Reporter for DropAll {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        drop(spans);
    }
}

fn tags<const OWNED: bool>() -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, str>)> {
    STRING_TAGS.into_iter().chain([NUMERIC_TAG]).map(|(key, value)| (text::<OWNED>(key), text::<OWNED>(value)))
}

fn text<const OWNED: bool>(text: &'static str) -> Cow<'static, str> {
    if OWNED { Cow::Owned(text.to_owned()) } else { Cow::Borrowed(text) }
}
