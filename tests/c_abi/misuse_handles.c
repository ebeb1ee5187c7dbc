/* Handles of the wrong kind, freed ones, and those whose place was given to another: a status, never undefined behaviour. */
#include "recorder.h"

#define IS_NO_HANDLE(call) CHECK_STATUS(call, DDTRACE_ERR_HANDLE)

static void handles_of_another_kind_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_config *config = NULL;
    ddtrace_context *context = NULL;
    ddtrace_span_ids ids;
    ddtrace_span *out = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_span_get_context(span, &context));
    IS_NO_HANDLE(ddtrace_span_set_tag((ddtrace_span *)recorder.tracer, TEXT("k"), TEXT("v")));
    IS_NO_HANDLE(ddtrace_span_set_tag((ddtrace_span *)context, TEXT("k"), TEXT("v")));
    IS_NO_HANDLE(ddtrace_span_end((ddtrace_span *)config, NULL));
    IS_NO_HANDLE(ddtrace_span_start((ddtrace_tracer *)span, NULL, &out, NULL));
    IS_NO_HANDLE(ddtrace_context_get_ids((ddtrace_context *)span, &ids));
    IS_NO_HANDLE(ddtrace_tracer_flush((ddtrace_tracer *)recorder.memory, 1));
    IS_NO_HANDLE(ddtrace_tracer_refresh_agent_info((ddtrace_tracer *)recorder.memory, 1));
    IS_NO_HANDLE(ddtrace_exporter_memory_clear((ddtrace_exporter *)span));
    IS_NO_HANDLE(ddtrace_config_set((ddtrace_config *)recorder.tracer, TEXT("DD_ENV"), TEXT("x"), NULL));
    /* Freeing through the wrong function frees nothing. */
    ddtrace_config_free((ddtrace_config *)span);
    ddtrace_span_free((ddtrace_span *)config);
    ddtrace_tracer_free((ddtrace_tracer *)span);
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT("x"), NULL));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("k"), TEXT("v")));
    CHECK(out == NULL);
    ddtrace_context_free(context);
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void ended_spans_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_span_ids ids;
    char text[8];
    CHECK_OK(ddtrace_span_end(span, NULL));
    IS_NO_HANDLE(ddtrace_span_end(span, NULL));
    IS_NO_HANDLE(ddtrace_span_finish(span, NULL));
    IS_NO_HANDLE(ddtrace_span_set_tag(span, TEXT("k"), TEXT("v")));
    IS_NO_HANDLE(ddtrace_span_get_ids(span, &ids));
    ddtrace_span_get_name(span, text, sizeof text);
    CHECK(ddtrace_span_ref(span) == NULL);
    CHECK(!ddtrace_span_is_error(span));
    ddtrace_span_free(span);
    ddtrace_span_free(span);
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

static void freed_handles_of_every_kind_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_config *config = NULL;
    ddtrace_context *context = NULL;
    ddtrace_propagator *propagator = NULL;
    ddtrace_exporter *exporter = NULL;
    ddtrace_span_ids ids = { 0, 1, 2, 0 };
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_context_new(&ids, NULL, NULL, 0, &context));
    CHECK_OK(ddtrace_propagator_new(NULL, &propagator, NULL));
    CHECK_OK(ddtrace_exporter_memory_new(0, &exporter));
    ddtrace_config_free(config);
    ddtrace_context_free(context);
    ddtrace_propagator_free(propagator);
    ddtrace_exporter_free(exporter);
    IS_NO_HANDLE(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT("x"), NULL));
    IS_NO_HANDLE(ddtrace_context_get_ids(context, &ids));
    IS_NO_HANDLE(ddtrace_propagator_extract(propagator, NULL, 0, &context));
    IS_NO_HANDLE(ddtrace_exporter_memory_clear(exporter));
    ddtrace_config_free(config);
    ddtrace_context_free(context);
    ddtrace_propagator_free(propagator);
    ddtrace_exporter_free(exporter);
    recorder_close(recorder);
}

/* A freed span's place is used again; the generation in the handle tells the two apart. */
static void stale_handles_do_not_reach_the_next_span(void)
{
    recorder recorder = recorder_open(NULL);
    for (int i = 0; i < 200; i++) {
        ddtrace_span *stale = root_span(recorder.tracer, "stale");
        CHECK_OK(ddtrace_span_end(stale, NULL));
        ddtrace_span *next = root_span(recorder.tracer, "next");
        CHECK(next != stale);
        IS_NO_HANDLE(ddtrace_span_set_tag(stale, TEXT("k"), TEXT("v")));
        IS_NO_HANDLE(ddtrace_span_end(stale, NULL));
        check_tag(next, "k", NULL);
        CHECK(!ddtrace_span_is_finished(next));
        CHECK_OK(ddtrace_span_end(next, NULL));
    }
    CHECK_INT(recorder_count(recorder), 400);
    recorder_close(recorder);
}

static void stale_parents_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *parent = root_span(recorder.tracer, "parent"), *child = NULL;
    ddtrace_context *context = NULL;
    CHECK_OK(ddtrace_span_get_context(parent, &context));
    options.parent_span = parent;
    options.parent_context = context;
    CHECK_STATUS(ddtrace_span_start(recorder.tracer, &options, &child, NULL), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_span_end(parent, NULL));
    options.parent_context = NULL;
    IS_NO_HANDLE(ddtrace_span_start(recorder.tracer, &options, &child, NULL));
    ddtrace_context_free(context);
    options.parent_span = NULL;
    options.parent_context = context;
    IS_NO_HANDLE(ddtrace_span_start(recorder.tracer, &options, &child, NULL));
    CHECK(child == NULL);
    recorder_close(recorder);
}

int main(void)
{
    RUN(handles_of_another_kind_are_refused);
    RUN(ended_spans_are_refused);
    RUN(freed_handles_of_every_kind_are_refused);
    RUN(stale_handles_do_not_reach_the_next_span);
    RUN(stale_parents_are_refused);
    check_no_live_handles();
    return 0;
}
