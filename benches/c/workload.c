#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static ddtrace_span *begin(ddtrace_tracer *tracer, const ddtrace_span_options *options) {
    ddtrace_span *span = NULL;
    workload_check("ddtrace_span_start", ddtrace_span_start(tracer, options, &span, NULL));
    return span;
}

static void finish(ddtrace_span *span) { workload_check("ddtrace_span_end", ddtrace_span_end(span, NULL)); }

static ddtrace_span_options root_options(void) {
    ddtrace_span_options options = {
        .struct_size = sizeof options, .name = ROOT_NAME, .service = SERVICE, .resource = ROOT_RESOURCE,
    };
    return options;
}

static ddtrace_span_options child_options(const ddtrace_span *parent) {
    ddtrace_span_options options = {
        .struct_size = sizeof options, .name = CHILD_NAME, .resource = CHILD_RESOURCE, .parent_span = parent,
    };
    return options;
}

static void set_tags(ddtrace_span *span) {
    for (int i = 0; i < TAG_COUNT; i++) {
        const ddtrace_tag *tag = &TAGS[i];
        if (tag->kind == DDTRACE_TAG_F64)
            workload_check("ddtrace_span_set_tag_f64", ddtrace_span_set_tag_f64(span, tag->key.ptr, tag->key.len, tag->value.f64));
        else
            workload_check("ddtrace_span_set_tag",
                           ddtrace_span_set_tag(span, tag->key.ptr, tag->key.len, tag->value.string.ptr, tag->value.string.len));
    }
}

void workload_root(ddtrace_tracer *tracer) {
    ddtrace_span_options options = root_options();
    finish(begin(tracer, &options));
}

void workload_trace_tag_by_tag(ddtrace_tracer *tracer) {
    ddtrace_span_options options = root_options();
    ddtrace_span *root = begin(tracer, &options);
    set_tags(root);
    for (int i = 1; i < SPANS_PER_TRACE; i++) {
        options = child_options(root);
        ddtrace_span *child = begin(tracer, &options);
        set_tags(child);
        finish(child);
    }
    finish(root);
}

void workload_trace_tags_at_start(ddtrace_tracer *tracer) {
    ddtrace_span_options options = root_options();
    options.tags = TAGS;
    options.tags_len = TAG_COUNT;
    ddtrace_span *root = begin(tracer, &options);
    for (int i = 1; i < SPANS_PER_TRACE; i++) {
        options = child_options(root);
        options.tags = TAGS;
        options.tags_len = TAG_COUNT;
        finish(begin(tracer, &options));
    }
    finish(root);
}

/* The names in an injected buffer (name\0value\0 …); W3 is about six of them, and says so if there are not. */
static void expect_headers(const char *buffer, size_t length) {
    int texts = 0;
    for (size_t i = 0; i < length; i++) texts += buffer[i] == '\0';
    if (texts != 2 * HEADER_COUNT) fprintf(stderr, "W3 injects %d headers, expected %d\n", texts / 2, HEADER_COUNT);
}

void workload_inject(ddtrace_tracer *tracer, uint64_t iterations) {
    ddtrace_propagator *propagator = NULL;
    workload_check("ddtrace_propagator_new", ddtrace_propagator_new(NULL, &propagator, NULL));
    ddtrace_span_options options = root_options();
    ddtrace_span *span = begin(tracer, &options);
    char buffer[1024];
    size_t needed = 0;
    for (uint64_t i = 0; i < iterations; i++)
        workload_check("ddtrace_propagator_inject_span",
                       ddtrace_propagator_inject_span(propagator, span, buffer, sizeof buffer, &needed));
    if (iterations > 0) expect_headers(buffer, needed);
    finish(span);
    ddtrace_propagator_free(propagator);
}

void workload_extract(uint64_t iterations) {
    ddtrace_propagator *propagator = NULL;
    workload_check("ddtrace_propagator_new", ddtrace_propagator_new(NULL, &propagator, NULL));
    for (uint64_t i = 0; i < iterations; i++) {
        ddtrace_context *context = NULL;
        workload_check("ddtrace_propagator_extract", ddtrace_propagator_extract(propagator, HEADERS, HEADER_COUNT, &context));
        ddtrace_context_free(context);
    }
    ddtrace_propagator_free(propagator);
}

ddtrace_tracer *workload_tracer(const ddtrace_config *config_or_null) {
    ddtrace_tracer *tracer = NULL;
    ddtrace_error *error = NULL;
    ddtrace_status status = ddtrace_tracer_new(config_or_null, &tracer, &error);
    if (error != NULL) {
        ddtrace_str message = ddtrace_error_message(error);
        fprintf(stderr, "%.*s\n", (int)message.len, message.ptr);
    }
    workload_check("ddtrace_tracer_new", status);
    return tracer;
}

void workload_check(const char *call, ddtrace_status status) {
    if (status == DDTRACE_OK) return;
    fprintf(stderr, "%s: status %" PRId32 ", %s\n", call, status, ddtrace_status_text(status));
    exit(1);
}
