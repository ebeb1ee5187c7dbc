/* Tracers begin and end in any order with what they made. */
#include "recorder.h"

#include <sys/wait.h>
#include <unistd.h>

static void shutdown_may_be_repeated(void)
{
    recorder recorder = recorder_open(NULL);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 1);
    ddtrace_status again = ddtrace_tracer_shutdown(recorder.tracer, 20000);
    CHECK(again == DDTRACE_OK || again == DDTRACE_ERR_SHUTDOWN);
    ddtrace_tracer_free(recorder.tracer);
    ddtrace_exporter_free(recorder.memory);
}

static void calls_after_shutdown_are_harmless(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *begun_before = root_span(recorder.tracer, "before");
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    ddtrace_span_start(recorder.tracer, &options, &span, NULL);
    ddtrace_span_set_tag(span, TEXT("key"), TEXT("value"));
    ddtrace_span_end(span, NULL);
    ddtrace_span_set_tag(begun_before, TEXT("key"), TEXT("value"));
    ddtrace_span_end(begun_before, NULL);
    ddtrace_tracer_flush(recorder.tracer, 1000);
    ddtrace_tracer_free(recorder.tracer);
    ddtrace_exporter_free(recorder.memory);
}

static void span_outlives_every_reference_to_its_tracer(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    ddtrace_span *child = span_below(recorder.tracer, "child", root);
    ddtrace_tracer_free(recorder.tracer);
    CHECK_OK(ddtrace_span_set_tag(child, TEXT("key"), TEXT("value")));
    check_tag(child, "key", "value");
    ddtrace_span_end(root, NULL);
    ddtrace_span_end(child, NULL);
    ddtrace_exporter_free(recorder.memory);
}

static void context_outlives_its_span(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    ddtrace_span_ids ids = ids_of(root), context_ids;
    ddtrace_context *context = NULL;
    CHECK_OK(ddtrace_span_get_context(root, &context));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_OK(ddtrace_context_get_ids(context, &context_ids));
    CHECK(context_ids.span_id == ids.span_id && context_ids.trace_id_low == ids.trace_id_low);

    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *child = NULL;
    options.parent_context = context;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &options, &child, NULL));
    CHECK(ids_of(child).parent_id == ids.span_id);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_INT(recorder_count(recorder), 2);
    recorder_close(recorder);
}

static void references_are_counted(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_span *second = ddtrace_span_ref(span);
    ddtrace_tracer *tracer = ddtrace_tracer_ref(recorder.tracer);
    CHECK(second != NULL && tracer != NULL);
    ddtrace_span_free(span);
    CHECK_OK(ddtrace_span_set_tag(second, TEXT("key"), TEXT("value")));
    CHECK_OK(ddtrace_span_end(second, NULL));
    CHECK_INT(recorder_count(recorder), 1);
    ddtrace_tracer_free(tracer);
    recorder_close(recorder);
}

static void named_and_default_tracers_are_one_each(void)
{
    ddtrace_tracer *first = NULL, *second = NULL, *other = NULL;
    CHECK_OK(ddtrace_tracer_get(TEXT("plugin"), &first, NULL));
    CHECK_OK(ddtrace_tracer_get(TEXT("plugin"), &second, NULL));
    CHECK(first != NULL && second != NULL);
    CHECK_OK(ddtrace_tracer_default(&other, NULL));
    CHECK(other != NULL);
    ddtrace_tracer_shutdown(first, 1000);
    ddtrace_tracer_shutdown(other, 1000);
    ddtrace_tracer_free(first);
    ddtrace_tracer_free(second);
    ddtrace_tracer_free(other);
}

static void many_tracers_live_side_by_side(void)
{
    recorder recorders[8];
    for (int i = 0; i < 8; i++)
        recorders[i] = recorder_open(NULL);
    for (int i = 0; i < 8; i++)
        CHECK_OK(ddtrace_span_end(root_span(recorders[i].tracer, "op"), NULL));
    for (int i = 7; i >= 0; i--) {
        CHECK_INT(recorder_count(recorders[i]), 1);
        recorder_close(recorders[i]);
    }
}

/* In a child of its own: what a program that forgets to shut down sends. */
static void spans_are_sent_at_exit(void)
{
    char path[512];
    snprintf(path, sizeof path, "%s/exit_%ld.json", getenv("TEST_SCRATCH"), (long)getpid());
    remove(path);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char exporter[600];
        ddtrace_config *config = NULL;
        ddtrace_tracer *tracer = NULL;
        snprintf(exporter, sizeof exporter, "file:%s", path);
        CHECK_OK(ddtrace_config_new(&config));
        CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), exporter, DDTRACE_NTS, NULL));
        CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
        CHECK_OK(ddtrace_span_end(root_span(tracer, "sent.at.exit"), NULL));
        exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    char text[4096] = "";
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    remove(path);
    CHECK_CONTAINS(text, "sent.at.exit");
}

int main(void)
{
    RUN(spans_are_sent_at_exit);
    RUN(shutdown_may_be_repeated);
    RUN(calls_after_shutdown_are_harmless);
    RUN(span_outlives_every_reference_to_its_tracer);
    RUN(context_outlives_its_span);
    RUN(references_are_counted);
    RUN(many_tracers_live_side_by_side);
    RUN(named_and_default_tracers_are_one_each);
    check_no_live_handles();
    return 0;
}
