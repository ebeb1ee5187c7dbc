#include "tracing.h"

#include <stdio.h>
#include <string.h>

#define FLUSH_TIMEOUT_MS 5000

static ddtrace_str str(const char *text) {
    return (ddtrace_str){text, text ? strlen(text) : 0};
}

/* Life of the tracer */

void tracing_start(struct tracing *tracing, const char *service) {
    ddtrace_config *config = NULL;
    ddtrace_error *error = NULL;
    tracing->tracer = NULL;
    tracing->propagator = NULL;
    ddtrace_config_new(&config);
    /* A setting in code goes before the environment; all others come from there. */
    ddtrace_status status = ddtrace_config_set(config, "DD_SERVICE", DDTRACE_NTS, service, DDTRACE_NTS, &error);
    if (status == DDTRACE_OK)
        status = ddtrace_tracer_new(config, &tracing->tracer, &error);
    if (status == DDTRACE_OK)
        status = ddtrace_propagator_new(config, &tracing->propagator, &error);
    if (status != DDTRACE_OK) {
        ddtrace_str message = ddtrace_error_message(error);
        fprintf(stderr, "%s: no tracing: %.*s\n", service, (int)message.len, message.ptr ? message.ptr : "");
    }
    ddtrace_error_free(error);
    ddtrace_config_free(config);
}

size_t tracing_stop(struct tracing *tracing, const char *service) {
    ddtrace_counters counters;
    memset(&counters, 0, sizeof counters);
    counters.struct_size = sizeof counters;
    ddtrace_tracer_shutdown(tracing->tracer, FLUSH_TIMEOUT_MS);
    if (ddtrace_tracer_counters(tracing->tracer, &counters) == DDTRACE_OK)
        fprintf(stderr, "%s: %llu spans finished, %llu sent, %llu dropped\n", service,
                (unsigned long long)counters.spans_finished, (unsigned long long)counters.spans_sent,
                (unsigned long long)counters.spans_dropped);
    ddtrace_propagator_free(tracing->propagator);
    ddtrace_tracer_free(tracing->tracer);
    size_t forgotten = ddtrace_live_handles(DDTRACE_HANDLE_ANY);
    if (forgotten > 0)
        fprintf(stderr, "%s: %zu handles were not freed\n", service, forgotten);
    return forgotten;
}

/* Spans. Where one cannot be started it stays NULL, and every call on NULL does nothing. */

ddtrace_span *tracing_child(const struct tracing *tracing, const ddtrace_span *parent, const char *name,
                            const char *type, const char *resource, int32_t kind) {
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name = str(name);
    options.type = str(type);
    options.resource = str(resource);
    options.kind = kind;
    options.parent_span = parent;
    ddtrace_span_start(tracing->tracer, &options, &span, NULL);
    return span;
}

static ddtrace_context *context_of_caller(const struct tracing *tracing, const struct http_message *request) {
    ddtrace_context *context = NULL;
    ddtrace_str pairs[2 * HTTP_MAX_HEADERS]; /* name, value, name, value … */
    for (size_t i = 0; i < request->headers_len; i++) {
        pairs[2 * i] = str(request->headers[i].name);
        pairs[2 * i + 1] = str(request->headers[i].value);
    }
    ddtrace_propagator_extract(tracing->propagator, pairs, request->headers_len, &context);
    return context;
}

ddtrace_span *tracing_serve(const struct tracing *tracing, const struct http_message *request, const char *route,
                            uint16_t port) {
    char resource[128], url[2048];
    snprintf(resource, sizeof resource, "%s %s", request->start[0], route);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s%s%s", (unsigned)port, request->start[1],
             *request->query ? "?" : "", request->query);
    const char *agent = http_header(request, "User-Agent");
    const ddtrace_tag tags[] = {
        {.key = DDTRACE_STR("http.method"), .kind = DDTRACE_TAG_STRING, .value.string = str(request->start[0])},
        {.key = DDTRACE_STR("http.url"), .kind = DDTRACE_TAG_STRING, .value.string = str(url)},
        {.key = DDTRACE_STR("http.route"), .kind = DDTRACE_TAG_STRING, .value.string = str(route)},
        {.key = DDTRACE_STR("http.useragent"), .kind = DDTRACE_TAG_STRING, .value.string = str(agent ? agent : "-")},
    };
    ddtrace_context *caller = context_of_caller(tracing, request);
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name = DDTRACE_TEXT("http.request");
    options.type = DDTRACE_TEXT("web");
    options.resource = str(resource);
    options.kind = DDTRACE_SPAN_KIND_SERVER;
    options.flags = DDTRACE_SPAN_FLAG_MEASURED;
    options.parent_context = caller; /* NULL or empty: a new trace begins here */
    options.tags = tags;
    options.tags_len = sizeof tags / sizeof *tags;
    ddtrace_span_start(tracing->tracer, &options, &span, NULL);
    ddtrace_context_free(caller); /* the span keeps what it needs */
    return span;
}

static void append_header(void *request, ddtrace_str name, ddtrace_str value) {
    http_text_append(request, name.ptr, name.len);
    http_text_append(request, ": ", 2);
    http_text_append(request, value.ptr, value.len);
    http_text_append(request, "\r\n", 2);
}

int tracing_call(const struct tracing *tracing, const ddtrace_span *parent, uint16_t port, const char *method,
                 const char *route, const char *target, struct http_message *response) {
    char resource[128], url[2048];
    struct http_text request;
    snprintf(resource, sizeof resource, "%s %s", method, route);
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)port, target);
    ddtrace_span *span =
        tracing_child(tracing, parent, "http.client.request", "http", resource, DDTRACE_SPAN_KIND_CLIENT);
    tracing_tag(span, "http.method", method);
    tracing_tag(span, "http.url", url);
    tracing_tag(span, "out.host", "127.0.0.1");
    ddtrace_span_set_tag_i64(span, "network.destination.port", DDTRACE_NTS, port);

    http_text_clear(&request);
    http_text_print(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: shop\r\nConnection: close\r\n",
                    method, target, (unsigned)port);
    ddtrace_propagator_inject_span_with(tracing->propagator, span, append_header, &request);
    http_text_append(&request, "\r\n", 2);
    int status = http_call(port, &request, response);
    if (status < 0) {
        const char *message = "no answer from the service behind";
        ddtrace_span_set_exception(span, "ConnectionError", DDTRACE_NTS, message, DDTRACE_NTS, NULL, 0);
    }
    tracing_end_http(span, status, 400);
    return status;
}

void tracing_end_http(ddtrace_span *span, int status, int failed_from) {
    char code[16];
    ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;
    if (status > 0) {
        snprintf(code, sizeof code, "%d", status);
        tracing_tag(span, "http.status_code", code);
    }
    end.error = status >= failed_from;
    ddtrace_span_end(span, &end);
}

void tracing_tag(ddtrace_span *span, const char *key, const char *value) {
    ddtrace_span_set_tag(span, key, DDTRACE_NTS, value, DDTRACE_NTS);
}
