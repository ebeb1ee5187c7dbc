/* What the spans of every subject carry. `benches/peers/src/tags.rs` has the same. */
#ifndef BENCH_TAGS_H
#define BENCH_TAGS_H

#include "ddtrace.h"

#define TEXT(literal) { (literal), sizeof(literal) - 1 }
#define SPANS_PER_TRACE 10
#define TAG_COUNT 6
#define HEADER_COUNT 6

static const ddtrace_str ROOT_NAME = TEXT("http.request");
static const ddtrace_str ROOT_RESOURCE = TEXT("GET /api/v1/items/:id");
static const ddtrace_str SERVICE = TEXT("bench");
static const ddtrace_str CHILD_NAME = TEXT("db.query");
static const ddtrace_str CHILD_RESOURCE = TEXT("SELECT items");

static const ddtrace_tag TAGS[TAG_COUNT] = {
    { TEXT("component"), DDTRACE_TAG_STRING, 0, { .string = TEXT("bench-server") } },
    { TEXT("http.method"), DDTRACE_TAG_STRING, 0, { .string = TEXT("GET") } },
    { TEXT("http.route"), DDTRACE_TAG_STRING, 0, { .string = TEXT("/api/v1/items/:id") } },
    { TEXT("http.url"), DDTRACE_TAG_STRING, 0, { .string = TEXT("https://shop.example/api/v1/items/42?page=3") } },
    { TEXT("user.tier"), DDTRACE_TAG_STRING, 0, { .string = TEXT("gold") } },
    { TEXT("items.count"), DDTRACE_TAG_F64, 0, { .f64 = 17.0 } },
};

/* The six headers that W4 reads: name, value, name, value … */
static const ddtrace_str HEADERS[2 * HEADER_COUNT] = {
    TEXT("x-datadog-trace-id"), TEXT("5208516931917323556"),
    TEXT("x-datadog-parent-id"), TEXT("2459565876494606882"),
    TEXT("x-datadog-sampling-priority"), TEXT("1"),
    TEXT("x-datadog-tags"), TEXT("_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000"),
    TEXT("traceparent"), TEXT("00-640cfd8d0000000048485e8dbd8a1d24-2222222222222222-01"),
    TEXT("tracestate"), TEXT("dd=s:1;p:2222222222222222;t.dm:-1,vendor=opaque"),
};

#endif
