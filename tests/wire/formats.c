/* Sends the same traces whatever the format: every kind of tag, links, events, errors, several chunks, ids of 64 and 128 bits, an origin,
 * all sorts of priorities. Times are fixed; names are there once, so that spans can be told apart by them.
 *
 * The tracer is configured by the environment alone. */
#include "check.h"

#define START INT64_C(1700000000000000000)
#define TAG_COUNT 12

static ddtrace_tag text_tag(const char *key, const char *value)
{
    ddtrace_tag tag = { { key, DDTRACE_NTS }, DDTRACE_TAG_STRING, 0, { { value, DDTRACE_NTS } } };
    return tag;
}

static ddtrace_tag int_tag(const char *key, int32_t kind, int64_t value)
{
    ddtrace_tag tag = { { key, DDTRACE_NTS }, kind, 0, { { NULL, 0 } } };
    tag.value.i64 = value;
    return tag;
}

static ddtrace_tag float_tag(const char *key, double value)
{
    ddtrace_tag tag = { { key, DDTRACE_NTS }, DDTRACE_TAG_F64, 0, { { NULL, 0 } } };
    tag.value.f64 = value;
    return tag;
}

static ddtrace_tag list_tag(const char *key, int32_t kind, const ddtrace_tag *items, size_t len)
{
    ddtrace_tag tag = { { key, DDTRACE_NTS }, kind, 0, { { NULL, 0 } } };
    tag.value.list.ptr = items;
    tag.value.list.len = len;
    return tag;
}

/* Spans start and end at times of their own, the same at every run. */
static ddtrace_span_options named(const char *name)
{
    static int64_t started;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name.ptr = name;
    options.name.len = DDTRACE_NTS;
    options.start_ns = START + 1000000 * started++;
    return options;
}

static ddtrace_span *start(ddtrace_tracer *tracer, const ddtrace_span_options *options)
{
    ddtrace_span *span = NULL;
    CHECK_OK(ddtrace_span_start(tracer, options, &span, NULL));
    return span;
}

static ddtrace_span *child(ddtrace_tracer *tracer, const char *name, const ddtrace_span *parent)
{
    ddtrace_span_options options = named(name);
    options.parent_span = parent;
    return start(tracer, &options);
}

static void end(ddtrace_span *span, int64_t after_ns)
{
    static int64_t ended;
    ddtrace_span_end_options options = DDTRACE_SPAN_END_OPTIONS_INIT;
    options.end_ns = START + 1000000000 + 1000 * ended++ + after_ns;
    CHECK_OK(ddtrace_span_end(span, &options));
}

static void all_kinds_of_tags(ddtrace_tracer *tracer)
{
    const ddtrace_tag items[3] = { text_tag("", "a"), int_tag("", DDTRACE_TAG_I64, 2), int_tag("", DDTRACE_TAG_BOOL, 1) };
    const ddtrace_tag members[2] = { text_tag("name", "n"), float_tag("share", 0.25) };
    const ddtrace_tag tags[TAG_COUNT] = {
        text_tag("http.method", "GET"),
        text_tag("text.empty", ""),
        text_tag("text.utf8", "gr\xc3\xbcn \xe2\x82\xac"),
        text_tag("component", "server-lib"),
        int_tag("int.large", DDTRACE_TAG_I64, INT64_C(9007199254740991)),
        int_tag("int.negative", DDTRACE_TAG_I64, -3),
        float_tag("float", -12.5),
        float_tag("float.whole", 4.0),
        int_tag("bool.yes", DDTRACE_TAG_BOOL, 1),
        int_tag("bool.no", DDTRACE_TAG_BOOL, 0),
        list_tag("list", DDTRACE_TAG_ARRAY, items, 3),
        list_tag("map", DDTRACE_TAG_MAP, members, 2),
    };
    static const uint8_t document[] = { 0x81, 0xa1, 'k', 0x93, 0x01, 0xa1, 'v', 0xc3 };
    ddtrace_span_options options = named("request");
    options.resource.ptr = "GET /cart";
    options.resource.len = DDTRACE_NTS;
    options.type.ptr = "web";
    options.type.len = DDTRACE_NTS;
    options.kind = DDTRACE_SPAN_KIND_SERVER;
    options.tags = tags;
    options.tags_len = TAG_COUNT;
    ddtrace_span *request = start(tracer, &options);
    CHECK_OK(ddtrace_span_set_meta_struct(request, TEXT("document"), document, sizeof document));

    ddtrace_span *query = child(tracer, "query", request);
    CHECK_OK(ddtrace_span_set_service(query, TEXT("cart-db")));
    CHECK_OK(ddtrace_span_set_type(query, TEXT("sql")));
    CHECK_OK(ddtrace_span_set_kind(query, DDTRACE_SPAN_KIND_CLIENT));
    CHECK_OK(ddtrace_span_set_tag(query, TEXT("env"), TEXT("elsewhere")));
    CHECK_OK(ddtrace_span_set_exception(query, TEXT("TimeoutError"), TEXT("no answer"), TEXT("query.c:1")));
    ddtrace_span *plain = child(tracer, "plain", query);
    end(plain, 0);
    end(query, 10);
    ddtrace_span *publish = child(tracer, "publish", request);
    CHECK_OK(ddtrace_span_set_kind(publish, DDTRACE_SPAN_KIND_PRODUCER));
    end(publish, 20);
    end(request, INT64_C(10000000000));
}

/* A child of a span elsewhere and a span below it. */
static void remote(ddtrace_tracer *tracer, const char *names[2], const ddtrace_span_ids *ids, int32_t priority, const char *origin)
{
    ddtrace_context *parent = NULL;
    CHECK_OK(ddtrace_context_new(ids, &priority, origin, DDTRACE_NTS, &parent));
    ddtrace_span_options options = named(names[0]);
    options.parent_context = parent;
    ddtrace_span *first = start(tracer, &options);
    ddtrace_context_free(parent);
    end(child(tracer, names[1], first), 5);
    end(first, 6);
}

static void remote_traces(ddtrace_tracer *tracer)
{
    const ddtrace_span_ids wide = { UINT64_C(0x1122334455667788), UINT64_C(0x99aabbccddeeff00), UINT64_C(0xfedcba9876543210), 0 };
    const ddtrace_span_ids narrow = { 0, 77, 42, 0 };
    const ddtrace_span_ids rejected = { 0, 78, 43, 0 };
    const char *wide_names[2] = { "wide.first", "wide.second" }, *narrow_names[2] = { "narrow.first", "narrow.second" };
    const char *rejected_names[2] = { "rejected.first", "rejected.second" };
    remote(tracer, wide_names, &wide, 2, "synthetics");
    remote(tracer, narrow_names, &narrow, 1, "");
    remote(tracer, rejected_names, &rejected, -1, "rum");
}

static void links_and_events(ddtrace_tracer *tracer)
{
    const ddtrace_tag texts[2] = { text_tag("", "a"), text_tag("", "") };
    const ddtrace_tag numbers[2] = { int_tag("", DDTRACE_TAG_I64, 1), int_tag("", DDTRACE_TAG_I64, -1) };
    const ddtrace_tag attributes[6] = {
        text_tag("text", "t"),
        int_tag("bool", DDTRACE_TAG_BOOL, 0),
        int_tag("int", DDTRACE_TAG_I64, -7),
        float_tag("float", 0.5),
        list_tag("texts", DDTRACE_TAG_ARRAY, texts, 2),
        list_tag("numbers", DDTRACE_TAG_ARRAY, numbers, 2),
    };
    const ddtrace_tag reason = text_tag("reason", "batch");
    ddtrace_span_options options = named("linked");
    ddtrace_span *span = start(tracer, &options);
    ddtrace_link link = DDTRACE_LINK_INIT;
    link.trace_id_low = 2;
    link.span_id = 3;
    CHECK_OK(ddtrace_span_add_link(span, &link));
    link.trace_id_high = 1;
    link.span_id = 4;
    link.has_flags = 1;
    link.flags = 1;
    link.tracestate.ptr = "vendor=opaque";
    link.tracestate.len = DDTRACE_NTS;
    link.attributes = &reason;
    link.attributes_len = 1;
    CHECK_OK(ddtrace_span_add_link(span, &link));
    CHECK_OK(ddtrace_span_add_event(span, TEXT("everything"), START + 1, attributes, 6));
    CHECK_OK(ddtrace_span_add_event(span, TEXT("bare"), START + 2, NULL, 0));
    end(span, 7);
}

int main(void)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    all_kinds_of_tags(tracer);
    remote_traces(tracer);
    links_and_events(tracer);
    CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
