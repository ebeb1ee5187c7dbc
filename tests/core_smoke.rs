//! Spans through the C ABI into the in-memory exporter, from Rust.

use ddtrace::config::ConfigBuilder;
use ddtrace::export::SharedExporter;
use ddtrace::ffi::handles::{ddtrace_span, ddtrace_tracer};
use ddtrace::ffi::span::*;
use ddtrace::ffi::span_tags::*;
use ddtrace::ffi::types::*;
use ddtrace::tracer::*;
use std::sync::Arc;

fn tracer(settings: &[(&str, &str)]) -> (*mut ddtrace_tracer, Arc<SharedExporter>) {
    let mut builder = ConfigBuilder::new();
    builder.set("DD_SERVICE", "tests").unwrap();
    for (name, value) in settings {
        builder.set(name, value).unwrap();
    }
    let exporter = Arc::new(SharedExporter::memory(0));
    let parts = TracerParts { config: Arc::new(builder.resolve()), exporter: Some(Arc::clone(&exporter)), transport: None };
    (new_tracer(parts).unwrap().cast(), exporter)
}

fn start(tracer: *mut ddtrace_tracer, name: &'static str, parent: *const ddtrace_span) -> *mut ddtrace_span {
    // SAFETY: zero is valid for all fields.
    let mut options: ddtrace_span_options = unsafe { std::mem::zeroed() };
    options.struct_size = size_of::<ddtrace_span_options>();
    options.name = ddtrace_str::new(name);
    options.parent_span = parent;
    let mut span = std::ptr::null_mut();
    // SAFETY: valid pointers.
    assert_eq!(unsafe { ddtrace_span_start(tracer, &options, &mut span, std::ptr::null_mut()) }, 0);
    span
}

#[test]
fn a_trace_arrives_in_start_order() {
    let (tracer, exporter) = tracer(&[("DD_ENV", "test"), ("DD_VERSION", "1.2")]);
    // SAFETY: live handles.
    unsafe {
        let root = start(tracer, "root", std::ptr::null());
        let child = start(tracer, "child", root);
        let grandchild = start(tracer, "grandchild", child);
        assert_eq!(ddtrace_span_set_tag(child, c"k".as_ptr(), DDTRACE_NTS, c"v".as_ptr(), DDTRACE_NTS), 0);
        assert_eq!(ddtrace_span_set_tag_f64(child, c"n".as_ptr(), DDTRACE_NTS, 1.5), 0);
        assert_eq!(ddtrace_span_end(grandchild, std::ptr::null()), 0);
        assert_eq!(ddtrace_span_end(child, std::ptr::null()), 0);
        assert_eq!(ddtrace_span_end(root, std::ptr::null()), 0);
        assert_eq!(ddtrace_span_end(root, std::ptr::null()), 2);
        let spans = exporter.drained_memory().unwrap().spans(None);
        let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["root", "child", "grandchild"]);
        println!("{spans:#?}");
        assert_eq!(spans[1].parent_id, spans[0].span_id);
        release(tracer.cast()).unwrap();
    }
}
