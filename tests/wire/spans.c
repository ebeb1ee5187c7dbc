/* Sends what the tests look for: a request with a query below it, a remote parent, links, events, and every kind of tag.
 *
 * The tracer is configured by the environment alone. */
#include "check.h"

static ddtrace_span *start(ddtrace_tracer *tracer, const char *name, const ddtrace_span *parent, const ddtrace_tag *tags, size_t tags_len)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    options.name.ptr = name;
    options.name.len = DDTRACE_NTS;
    options.parent_span = parent;
    options.tags = tags;
    options.tags_len = tags_len;
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    return span;
}

/* A server span and a failed query below it. */
static void request_with_query(ddtrace_tracer *tracer)
{
    ddtrace_tag tags[3] = {
        { DDTRACE_STR("http.method"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("GET") } },
        { DDTRACE_STR("cart.items"), DDTRACE_TAG_I64, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR("cart.total"), DDTRACE_TAG_F64, 0, { DDTRACE_STR_NONE } },
    };
    tags[1].value.i64 = 3;
    tags[2].value.f64 = 12.5;
    ddtrace_span *request = start(tracer, "http.request", NULL, tags, 3);
    CHECK_OK(ddtrace_span_set_resource(request, TEXT("GET /cart")));
    CHECK_OK(ddtrace_span_set_type(request, TEXT("web")));
    CHECK_OK(ddtrace_span_set_kind(request, DDTRACE_SPAN_KIND_SERVER));
    CHECK_OK(ddtrace_span_set_tag_bool(request, TEXT("cart.empty"), 0));
    CHECK_OK(ddtrace_span_set_tag(request, TEXT("text.utf8"), TEXT("gr\xc3\xbcn \xe2\x82\xac")));

    ddtrace_span *query = start(tracer, "db.query", request, NULL, 0);
    CHECK_OK(ddtrace_span_set_service(query, TEXT("cart-db")));
    CHECK_OK(ddtrace_span_set_kind(query, DDTRACE_SPAN_KIND_CLIENT));
    CHECK_OK(ddtrace_span_set_exception(query, TEXT("TimeoutError"), TEXT("no answer"), TEXT("query.c:1")));
    CHECK_OK(ddtrace_span_end(query, NULL));
    CHECK_OK(ddtrace_span_end(request, NULL));
}

/* Goes on with a trace that another service began, with 128 bits of trace id. */
static void remote_parent(ddtrace_tracer *tracer)
{
    ddtrace_span_ids ids = { UINT64_C(0x1122334455667788), UINT64_C(0x99aabbccddeeff00), 42, 0 };
    int32_t priority = 2;
    ddtrace_context *parent = NULL;
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    CHECK_OK(ddtrace_context_new(&ids, &priority, TEXT("synthetics"), &parent));
    options.name.ptr = "remote.child";
    options.name.len = DDTRACE_NTS;
    options.parent_context = parent;
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    ddtrace_context_free(parent);
    CHECK_OK(ddtrace_span_end(span, NULL));
}

static void links_and_events(ddtrace_tracer *tracer)
{
    ddtrace_tag attribute = { DDTRACE_STR("reason"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("batch") } };
    ddtrace_link link = DDTRACE_LINK_INIT;
    ddtrace_span *span = start(tracer, "links.events", NULL, NULL, 0);
    link.trace_id_high = 1;
    link.trace_id_low = 2;
    link.span_id = 3;
    link.has_flags = 1;
    link.flags = 1;
    link.attributes = &attribute;
    link.attributes_len = 1;
    CHECK_OK(ddtrace_span_add_link(span, &link));
    CHECK_OK(ddtrace_span_add_event(span, TEXT("cache.miss"), INT64_C(1700000000000000000), &attribute, 1));
    CHECK_OK(ddtrace_span_end(span, NULL));
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    for (int round = 0; round < rounds; round++) {
        request_with_query(tracer);
        remote_parent(tracer);
        links_and_events(tracer);
    }
    CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    CHECK_INT(counters.spans_sent, 4 * rounds);
    CHECK_INT(counters.spans_dropped, 0);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
