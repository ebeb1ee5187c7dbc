//! What the spans of every subject carry. `benches/c/tags.h` has the same.

pub const ROOT_NAME: &str = "http.request";
pub const CHILD_NAME: &str = "db.query";
pub const CHILDREN: usize = 9;

pub const STRING_TAGS: [(&str, &str); 5] = [
    ("component", "bench-server"),
    ("http.method", "GET"),
    ("http.route", "/api/v1/items/:id"),
    ("http.url", "https://shop.example/api/v1/items/42?page=3"),
    ("user.tier", "gold"),
];
pub const NUMERIC_TAG: (&str, f64) = ("items.count", 17.0);

/// The six headers that W4 reads.
pub const HEADERS: [(&str, &str); 6] = [
    ("x-datadog-trace-id", "5208516931917323556"),
    ("x-datadog-parent-id", "2459565876494606882"),
    ("x-datadog-sampling-priority", "1"),
    ("x-datadog-tags", "_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000"),
    ("traceparent", "00-640cfd8d0000000048485e8dbd8a1d24-2222222222222222-01"),
    ("tracestate", "dd=s:1;p:2222222222222222;t.dm:-1,vendor=opaque"),
];
