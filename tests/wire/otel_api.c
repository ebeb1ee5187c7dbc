/* Spans as a facade of the OpenTelemetry API makes them, and calls with a peer. The tracer is configured by the environment alone. */
#include "check.h"

static ddtrace_span *start(ddtrace_tracer *tracer, const char *name, int32_t kind, uint32_t flags, const ddtrace_span *parent)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    options.name.ptr = name;
    options.name.len = DDTRACE_NTS;
    options.kind = kind;
    options.flags = flags;
    options.parent_span = parent;
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    return span;
}

int main(void)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    ddtrace_span *server = start(tracer, "GET /cart", DDTRACE_SPAN_KIND_SERVER, DDTRACE_SPAN_FLAG_OTEL, NULL);
    CHECK_OK(ddtrace_span_set_tag(server, TEXT("http.request.method"), TEXT("GET")));
    CHECK_OK(ddtrace_span_set_tag_i64(server, TEXT("http.response.status_code"), 200));
    CHECK_OK(ddtrace_span_set_tag(server, TEXT("analytics.event"), TEXT("true")));
    CHECK_OK(ddtrace_span_record_exception(server, TEXT("E"), TEXT("handled"), TEXT("a:1"), NULL, 0));

    ddtrace_span *query = start(tracer, "SELECT", DDTRACE_SPAN_KIND_CLIENT, DDTRACE_SPAN_FLAG_OTEL, server);
    CHECK_OK(ddtrace_span_set_tag(query, TEXT("db.system"), TEXT("Redis")));
    CHECK_OK(ddtrace_span_set_tag(query, TEXT("service.name"), TEXT("cache")));
    CHECK_OK(ddtrace_span_set_tag(query, TEXT("db.name"), TEXT("carts")));
    CHECK_OK(ddtrace_span_set_tag(query, TEXT("out.host"), TEXT("10.0.0.1")));
    CHECK_OK(ddtrace_span_set_status(query, DDTRACE_SPAN_STATUS_ERROR, TEXT("no answer")));
    CHECK_OK(ddtrace_span_end(query, NULL));
    CHECK_OK(ddtrace_span_end(server, NULL));

    ddtrace_span *failed = start(tracer, "failed.request", DDTRACE_SPAN_KIND_SERVER, 0, NULL);
    CHECK_OK(ddtrace_span_set_tag_i64(failed, TEXT("http.status_code"), 503));
    CHECK_OK(ddtrace_span_set_tag(failed, TEXT("peer.service"), TEXT("given")));
    CHECK_OK(ddtrace_span_end(failed, NULL));
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    return 0;
}
