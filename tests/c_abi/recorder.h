/* A tracer that keeps its spans in memory, and what it kept, for the programs of this directory. */
#ifndef RECORDER_H
#define RECORDER_H

#include "check.h"

typedef struct recorder {
    ddtrace_tracer *tracer;
    ddtrace_exporter *memory;
} recorder;

/* Settings are pairs of key and value, NULL at the end; they may be NULL altogether. */
static inline recorder recorder_open(const char *const *settings)
{
    recorder made = { NULL, NULL };
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_exporter_memory_new(0, &made.memory));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("c-abi"), NULL));
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i += 2)
        CHECK_OK(ddtrace_config_set(config, settings[i], DDTRACE_NTS, settings[i + 1], DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set_exporter(config, made.memory));
    CHECK_OK(ddtrace_tracer_new(config, &made.tracer, NULL));
    ddtrace_config_free(config);
    return made;
}

static inline void recorder_close(recorder recorder)
{
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    ddtrace_tracer_free(recorder.tracer);
    ddtrace_exporter_free(recorder.memory);
}

/* All finished spans as JSON, to be freed. */
static inline char *recorder_json(recorder recorder)
{
    CHECK_OK(ddtrace_tracer_flush(recorder.tracer, 20000));
    size_t length = ddtrace_exporter_memory_json(recorder.memory, 0, 0, NULL, 0);
    char *json = malloc(length + 1);
    CHECK(json != NULL);
    CHECK_INT(ddtrace_exporter_memory_json(recorder.memory, 0, 0, json, length + 1), length);
    CHECK_INT(strlen(json), length);
    return json;
}

static inline size_t recorder_count(recorder recorder)
{
    CHECK_OK(ddtrace_tracer_flush(recorder.tracer, 20000));
    return ddtrace_exporter_memory_count(recorder.memory);
}

static inline ddtrace_span *span_below(ddtrace_tracer *tracer, const char *name, const ddtrace_span *parent)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    options.name.ptr = name;
    options.name.len = DDTRACE_NTS;
    options.parent_span = parent;
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    CHECK(span != NULL);
    return span;
}

static inline ddtrace_span *root_span(ddtrace_tracer *tracer, const char *name)
{
    return span_below(tracer, name, NULL);
}

static inline ddtrace_span_ids ids_of(const ddtrace_span *span)
{
    ddtrace_span_ids ids = { 0, 0, 0, 0 };
    CHECK_OK(ddtrace_span_get_ids(span, &ids));
    return ids;
}

/* Compares a tag, or with NULL expects that there is none. */
static inline void check_tag(const ddtrace_span *span, const char *key, const char *expected)
{
    char value[4096];
    size_t length = ddtrace_span_get_tag(span, key, DDTRACE_NTS, value, sizeof value);
    if (expected == NULL) {
        if (length != DDTRACE_ABSENT)
            fprintf(stderr, "tag %s is \"%s\"\n", key, value);
        CHECK(length == DDTRACE_ABSENT);
        return;
    }
    if (length == DDTRACE_ABSENT)
        fprintf(stderr, "no tag %s\n", key);
    CHECK(length != DDTRACE_ABSENT);
    CHECK_TEXT(value, expected);
}

/* Leak tools do not see handles; the library counts them. Programs end with this check. */
static inline void check_no_live_handles(void)
{
    static const char *const names[] = { "any",      "config",     "tracer",   "span",  "context",
                                         "propagator", "provider", "exporter", "error", "exchange",
                                         "processor",  "filter",   "chunk",    "pin" };
    for (int32_t kind = DDTRACE_HANDLE_CONFIG; kind < 32; kind++) {
        const char *name = kind <= DDTRACE_HANDLE_PIN ? names[kind] : kind == DDTRACE_HANDLE_STATSD ? "statsd" : "?";
        if (ddtrace_live_handles(kind) != 0)
            fprintf(stderr, "%zu handles of kind %d, %s, are alive\n", ddtrace_live_handles(kind), (int)kind, name);
    }
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
}

#endif
