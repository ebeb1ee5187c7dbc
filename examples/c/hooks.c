/* A program that looks at its own traces: a processor that times requests, a filter that hides card numbers and drops health checks, and an
 * exporter that prints what is left. No agent is needed. */
#include <ddtrace.h>
#include <stdio.h>
#include <string.h>

struct times {
    int requests;
    int64_t longest_ns;
};

/* Called on the thread that finishes a span, which can still be changed. */
static void on_finish(void *user_data, ddtrace_span *span) {
    struct times *times = user_data;
    char name[64];
    ddtrace_span_get_name(span, name, sizeof name);
    if (strcmp(name, "http.request") != 0)
        return;
    int64_t duration = ddtrace_span_get_duration(span);
    times->requests++;
    if (duration > times->longest_ns)
        times->longest_ns = duration;
    ddtrace_span_set_tag_i64(span, "request.number", DDTRACE_NTS, times->requests);
}

/* Called on the same thread, with all finished spans of the trace, before it is decided whether the trace is kept. */
static ddtrace_status filter(void *user_data, ddtrace_chunk *chunk) {
    char text[64];
    (void)user_data;
    for (size_t i = 0; i < ddtrace_chunk_len(chunk); i++) {
        ddtrace_span *span;
        if (ddtrace_chunk_span_at(chunk, i, &span) != DDTRACE_OK)
            return DDTRACE_ERR_LIMIT; /* the trace stays as it was */
        ddtrace_span_get_resource(span, text, sizeof text);
        if (strcmp(text, "GET /health") == 0)
            return ddtrace_chunk_drop(chunk);
        if (ddtrace_span_get_tag(span, "card", DDTRACE_NTS, text, sizeof text) != DDTRACE_ABSENT)
            ddtrace_span_set_tag(span, "card", DDTRACE_NTS, "hidden", DDTRACE_NTS);
    }
    return DDTRACE_OK;
}

/* Called in the background, with every tag that an agent would have got. */
static ddtrace_status export_chunk(void *user_data, ddtrace_chunk *chunk) {
    (void)user_data;
    for (size_t i = 0; i < ddtrace_chunk_len(chunk); i++) {
        char name[64], resource[64], card[64];
        ddtrace_span *span;
        ddtrace_status status = ddtrace_chunk_span_at(chunk, i, &span);
        if (status != DDTRACE_OK)
            return status;
        ddtrace_span_get_name(span, name, sizeof name);
        ddtrace_span_get_resource(span, resource, sizeof resource);
        int has_card = ddtrace_span_get_tag(span, "card", DDTRACE_NTS, card, sizeof card) != DDTRACE_ABSENT;
        printf("%s%s %s%s%s\n", i == 0 ? "" : "  ", name, resource, has_card ? ", card " : "", has_card ? card : "");
    }
    return DDTRACE_OK;
}

static void request(ddtrace_provider *provider, ddtrace_tracer *tracer, const char *resource) {
    ddtrace_span *span, *query;
    uint64_t scope, query_scope;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name = DDTRACE_TEXT("http.request");
    options.resource.ptr = resource;
    options.resource.len = DDTRACE_NTS;
    if (ddtrace_provider_start_span(provider, tracer, &options, &span, &scope, NULL) != DDTRACE_OK)
        return;
    options.name = DDTRACE_TEXT("db.query");
    options.resource = DDTRACE_TEXT("SELECT");
    /* What is active is the parent. */
    if (ddtrace_provider_start_span(provider, tracer, &options, &query, &query_scope, NULL) == DDTRACE_OK) {
        ddtrace_span_set_tag(query, "card", DDTRACE_NTS, "4111 1111 1111 1111", DDTRACE_NTS);
        ddtrace_provider_end_span(provider, query_scope, query, NULL);
    }
    ddtrace_provider_end_span(provider, scope, span, NULL);
}

int main(void) {
    struct times times = { 0, 0 };
    ddtrace_processor_callbacks processing = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    ddtrace_exporter_callbacks exporting = DDTRACE_EXPORTER_CALLBACKS_INIT;
    ddtrace_config *config = NULL;
    ddtrace_processor *processor = NULL;
    ddtrace_filter *hide = NULL;
    ddtrace_exporter *exporter = NULL;
    ddtrace_provider *provider = NULL;
    ddtrace_tracer *tracer = NULL;
    processing.on_finish = on_finish;
    exporting.export_chunk = export_chunk;

    /* A handle that could not be made stays NULL, and the calls that get it do nothing. */
    ddtrace_config_new(&config);
    ddtrace_processor_new(&processing, &times, NULL, &processor);
    ddtrace_filter_new(filter, NULL, NULL, &hide);
    ddtrace_exporter_new_callbacks(&exporting, NULL, NULL, &exporter);
    ddtrace_config_add_processor(config, processor);
    ddtrace_config_add_filter(config, hide);
    ddtrace_config_set_exporter(config, exporter);
    ddtrace_provider_thread_local(&provider);
    ddtrace_status status = ddtrace_tracer_new(config, &tracer, NULL);

    request(provider, tracer, "GET /cart");
    request(provider, tracer, "GET /health");
    request(provider, tracer, "POST /checkout");
    ddtrace_tracer_shutdown(tracer, 2000);
    printf("%d requests\n", times.requests);

    ddtrace_tracer_free(tracer);
    ddtrace_provider_free(provider);
    ddtrace_exporter_free(exporter);
    ddtrace_filter_free(hide);
    ddtrace_processor_free(processor);
    ddtrace_config_free(config);
    return status == DDTRACE_OK ? 0 : 1;
}
