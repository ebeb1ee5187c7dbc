/* Other settings for a tracer that runs. */
#include "recorder.h"

#include <pthread.h>

static ddtrace_config *config_with(ddtrace_exporter *exporter, const char *const *settings)
{
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i += 2)
        CHECK_OK(ddtrace_config_set(config, settings[i], DDTRACE_NTS, settings[i + 1], DDTRACE_NTS, NULL));
    if (exporter != NULL)
        CHECK_OK(ddtrace_config_set_exporter(config, exporter));
    return config;
}

static void configure(ddtrace_tracer *tracer, ddtrace_exporter *exporter, const char *const *settings, uint32_t flags)
{
    ddtrace_config *config = config_with(exporter, settings);
    CHECK_OK(ddtrace_tracer_configure(tracer, config, flags, 20000, NULL));
    ddtrace_config_free(config);
}

static char *json_of(ddtrace_exporter *memory)
{
    size_t length = ddtrace_exporter_memory_json(memory, 0, 0, NULL, 0);
    char *json = malloc(length + 1);
    CHECK(json != NULL);
    CHECK_INT(ddtrace_exporter_memory_json(memory, 0, 0, json, length + 1), length);
    return json;
}

static void finished_spans_go_to_the_former_exporter_and_later_ones_to_the_next(void)
{
    recorder former = recorder_open(NULL);
    ddtrace_exporter *next = NULL;
    char value[64];
    CHECK_OK(ddtrace_exporter_memory_new(0, &next));
    CHECK_OK(ddtrace_span_end(root_span(former.tracer, "before"), NULL));
    static const char *const settings[] = { "DD_SERVICE", "renamed", "DD_TAGS", "team:blue", NULL };
    configure(former.tracer, next, settings, 0);
    CHECK_OK(ddtrace_span_end(root_span(former.tracer, "after"), NULL));
    CHECK_INT(ddtrace_tracer_config_get(former.tracer, TEXT("DD_SERVICE"), value, sizeof value), 7);
    CHECK_TEXT(value, "renamed");
    CHECK_INT(ddtrace_exporter_memory_count(next), 1);
    CHECK_INT(ddtrace_exporter_memory_count(former.memory), 1);
    char *before = json_of(former.memory), *after = json_of(next);
    CHECK_CONTAINS(before, "\"before\"");
    CHECK_CONTAINS(before, "\"c-abi\"");
    CHECK_CONTAINS(after, "\"after\"");
    CHECK_CONTAINS(after, "\"service\":\"renamed\"");
    CHECK_CONTAINS(after, "\"team\":\"blue\"");
    free(before);
    free(after);
    ddtrace_exporter_free(next);
    recorder_close(former);
}

static void open_spans_go_on(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    CHECK_OK(ddtrace_span_end(span_below(recorder.tracer, "early.child", root), NULL));
    static const char *const settings[] = { "DD_ENV", "staging", "DD_TRACE_WRITER_BUFFER_SIZE_BYTES", "1000000", NULL };
    configure(recorder.tracer, recorder.memory, settings, 0);
    CHECK_OK(ddtrace_span_set_tag(root, TEXT("late"), TEXT("tag")));
    CHECK_OK(ddtrace_span_end(span_below(recorder.tracer, "late.child", root), NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"early.child\"");
    CHECK_CONTAINS(json, "\"late.child\"");
    CHECK_CONTAINS(json, "\"late\":\"tag\"");
    CHECK_CONTAINS(json, "\"env\":\"staging\"");
    free(json);
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(recorder.tracer, &counters));
    CHECK_INT(counters.spans_finished, 3);
    CHECK_INT(counters.spans_sent, 3);
    recorder_close(recorder);
}

static void open_traces_can_be_given_up(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    CHECK_OK(ddtrace_span_end(span_below(recorder.tracer, "early.child", root), NULL));
    configure(recorder.tracer, recorder.memory, NULL, DDTRACE_CONFIGURE_GIVE_UP_OPEN_TRACES);
    CHECK_OK(ddtrace_span_set_tag(root, TEXT("late"), TEXT("tag")));
    check_tag(root, "late", "tag");
    ddtrace_span *late = span_below(recorder.tracer, "late.child", root);
    CHECK(ids_of(late).trace_id_low == ids_of(root).trace_id_low);
    CHECK_OK(ddtrace_span_end(late, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 0);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "another"), NULL));
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

static void tracing_can_be_turned_off_and_on_in_code(void)
{
    recorder recorder = recorder_open(NULL);
    static const char *const off[] = { "DD_TRACE_ENABLED", "false", NULL };
    configure(recorder.tracer, recorder.memory, off, 0);
    ddtrace_span *silent = root_span(recorder.tracer, "silent");
    CHECK(ids_of(silent).span_id != 0);
    CHECK_OK(ddtrace_span_end(silent, NULL));
    configure(recorder.tracer, recorder.memory, NULL, 0);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "loud"), NULL));
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

static void what_cannot_change_is_refused_and_nothing_changes(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_error *error = NULL;
    static const char *const driven[] = { "LIBDDTRACE_HOST_DRIVEN", "true", "DD_SERVICE", "other", NULL };
    static const char *const nowhere[] = { "LIBDDTRACE_EXPORTER", "file:/nowhere/at/all", "DD_SERVICE", "other", NULL };
    ddtrace_config *config = config_with(recorder.memory, driven);
    CHECK_STATUS(ddtrace_tracer_configure(recorder.tracer, config, 0, 0, &error), DDTRACE_ERR_STATE);
    CHECK_CONTAINS(ddtrace_error_message(error).ptr, "LIBDDTRACE_HOST_DRIVEN");
    ddtrace_error_free(error);
    ddtrace_config_free(config);
    config = config_with(NULL, nowhere);
    CHECK_STATUS(ddtrace_tracer_configure(recorder.tracer, config, 0, 0, NULL), DDTRACE_ERR_IO);
    ddtrace_config_free(config);
    CHECK_STATUS(ddtrace_tracer_configure(recorder.tracer, NULL, 2, 0, NULL), DDTRACE_ERR_UNSUPPORTED);
    CHECK_STATUS(ddtrace_tracer_configure(NULL, NULL, 0, 0, NULL), DDTRACE_ERR_NULL);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"service\":\"c-abi\"");
    free(json);
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    CHECK_STATUS(ddtrace_tracer_configure(recorder.tracer, NULL, 0, 0, NULL), DDTRACE_ERR_SHUTDOWN);
    recorder_close(recorder);
}

struct work {
    recorder recorder;
    int rounds;
};

static void *make_spans(void *argument)
{
    struct work *work = argument;
    for (int i = 0; i < work->rounds; i++) {
        ddtrace_span *root = root_span(work->recorder.tracer, "root");
        CHECK_OK(ddtrace_span_end(span_below(work->recorder.tracer, "child", root), NULL));
        CHECK_OK(ddtrace_span_end(root, NULL));
    }
    return NULL;
}

/* Both threads use the exporter of the first configuration again and again, so that every span must be in it at the end. */
static void no_span_is_lost_while_settings_change(void)
{
    struct work work = { recorder_open(NULL), strcmp(getenv("TEST_SLOW"), "1") == 0 ? 200 : 800 };
    static const char *const settings[][3] = { { "DD_ENV", "one", NULL }, { "DD_ENV", "two", NULL } };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, make_spans, &work), 0);
    for (int i = 0; i < 30; i++)
        configure(work.recorder.tracer, work.recorder.memory, settings[i % 2], 0);
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_INT(recorder_count(work.recorder), 4 * work.rounds);
    recorder_close(work.recorder);
}

int main(void)
{
    RUN(finished_spans_go_to_the_former_exporter_and_later_ones_to_the_next);
    RUN(open_spans_go_on);
    RUN(open_traces_can_be_given_up);
    RUN(tracing_can_be_turned_off_and_on_in_code);
    RUN(what_cannot_change_is_refused_and_nothing_changes);
    RUN(no_span_is_lost_while_settings_change);
    check_no_live_handles();
    return 0;
}
