//! A chunk for the tests of the exporters: two services, an error, an event, a link, a parent elsewhere.

use crate::record::{AttributeValue, ChunkData, Number, SpanData, SpanEvent, SpanLink};

pub(super) const TRACE_ID: u128 = 0x68f0_c1b2_0000_0000_1a2b_3c4d_5e6f_7081;
const START: i64 = 1_760_000_000_000_000_000;
const MS: i64 = 1_000_000;

/// A span of [`TRACE_ID`] with times in milliseconds.
pub(super) fn span(ids: (u64, u64), name: &str, service: &str, ms: (i64, i64)) -> SpanData {
    SpanData {
        trace_id: TRACE_ID,
        span_id: ids.0,
        parent_id: ids.1,
        name: name.to_owned(),
        service: service.to_owned(),
        resource: name.to_owned(),
        start_ns: START + ms.0 * MS,
        duration_ns: ms.1 * MS,
        ..SpanData::default()
    }
}

pub(super) fn with_tags(mut span: SpanData, resource: &str, tags: &[(&str, &str)]) -> SpanData {
    span.resource = resource.to_owned();
    span.meta.extend(tags.iter().map(|(key, value)| (key.to_string(), value.to_string())));
    span
}

/// One request from `front` to `back`.
pub(super) fn shop() -> ChunkData {
    let server =
        [("span.kind", "server"), ("http.method", "GET"), ("http.url", "http://127.0.0.1/cart"), ("http.status_code", "500")];
    let mut root = with_tags(span((1, 0xabc), "http.request", "front", (0, 312)), "GET /cart", &server);
    root.error = true;
    let render = span((2, 1), "cart.render", "front", (2, 3));
    let client = [("span.kind", "client"), ("http.method", "GET"), ("http.status_code", "404")];
    let client = with_tags(span((3, 1), "http.request", "front", (6, 305)), "GET /stock", &client);
    let cache = with_tags(span((4, 3), "cache.get", "back", (8, 0)), "get", &[("db.system", "redis")]);
    let mut query = with_tags(
        span((5, 3), "db.query", "back", (9, 300)),
        "SELECT count FROM stock WHERE id = ?",
        &[("db.system", "sqlite"), ("error.type", "TableLocked"), ("error.message", "stock\nis locked")],
    );
    query.error = true;
    query.metrics.push(("rows".to_owned(), Number::Int(9_007_199_254_740_993)));
    query.metrics.push(("load".to_owned(), Number::Float(1.0)));
    query.meta_struct.push(("plan".to_owned(), vec![0x81, 0xa1, 0x61, 0x01]));
    query.links.push(link());
    query.events.push(event());
    ChunkData { spans: vec![root, render, client, cache, query], priority: Some(1) }
}

fn link() -> SpanLink {
    SpanLink {
        trace_id: 7,
        span_id: 8,
        tracestate: "dd=s:1".to_owned(),
        flags: Some(1),
        attributes: vec![("why".to_owned(), "retry".to_owned())],
    }
}

fn event() -> SpanEvent {
    let list = AttributeValue::Array(vec![AttributeValue::Int(1), AttributeValue::Int(2)]);
    SpanEvent {
        name: "lock".to_owned(),
        time_unix_nano: 1_760_000_000_100_000_000,
        attributes: vec![
            ("held by".to_owned(), AttributeValue::String("job".to_owned())),
            ("tries".to_owned(), list),
            ("share".to_owned(), AttributeValue::Double(0.0)),
            ("fair".to_owned(), AttributeValue::Bool(false)),
        ],
    }
}
