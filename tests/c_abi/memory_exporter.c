/* Exporters: the one in memory, files, and none at all. */
#include "recorder.h"

static void traces_are_selected_by_id(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *first = root_span(recorder.tracer, "first"), *second = root_span(recorder.tracer, "second");
    ddtrace_span_ids ids = ids_of(first);
    char json[8192];
    CHECK_OK(ddtrace_span_end(first, NULL));
    CHECK_OK(ddtrace_span_end(second, NULL));
    CHECK_INT(recorder_count(recorder), 2);
    CHECK(ddtrace_exporter_memory_json(recorder.memory, ids.trace_id_high, ids.trace_id_low, json, sizeof json) < sizeof json);
    CHECK_CONTAINS(json, "\"first\"");
    CHECK(strstr(json, "\"second\"") == NULL);
    ddtrace_exporter_memory_json(recorder.memory, 1, 1, json, sizeof json);
    CHECK_TEXT(json, "[]");
    recorder_close(recorder);
}

static void reading_takes_what_is_on_its_way(void)
{
    recorder recorder = recorder_open(NULL);
    for (int i = 1; i <= 20; i++) {
        CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
        CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), i);
    }
    recorder_close(recorder);
}

static void clear_forgets(void)
{
    recorder recorder = recorder_open(NULL);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
    CHECK_INT(recorder_count(recorder), 1);
    CHECK_OK(ddtrace_exporter_memory_clear(recorder.memory));
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 0);
    recorder_close(recorder);
}

static void oldest_spans_go_when_there_are_too_many(void)
{
    ddtrace_exporter *memory = NULL;
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    char json[8192];
    CHECK_OK(ddtrace_exporter_memory_new(2, &memory));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_exporter(config, memory));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "oldest"), NULL));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "middle"), NULL));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "newest"), NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_INT(ddtrace_exporter_memory_count(memory), 2);
    ddtrace_exporter_memory_json(memory, 0, 0, json, sizeof json);
    CHECK(strstr(json, "\"oldest\"") == NULL);
    CHECK_CONTAINS(json, "\"newest\"");
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    ddtrace_exporter_free(memory);
}

static void other_exporters_are_no_memory(void)
{
    ddtrace_exporter *null = NULL;
    char json[8] = "####";
    CHECK_OK(ddtrace_exporter_null_new(&null));
    CHECK_INT(ddtrace_exporter_memory_count(null), 0);
    CHECK_STATUS(ddtrace_exporter_memory_clear(null), DDTRACE_ERR_INVALID);
    CHECK(ddtrace_exporter_memory_json(null, 0, 0, json, sizeof json) == DDTRACE_ABSENT);
    ddtrace_exporter_free(null);
}

static void file_has_the_spans(void)
{
    char path[512], text[8192];
    ddtrace_exporter *file = NULL;
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    snprintf(path, sizeof path, "%s/file_exporter.json", getenv("TEST_SCRATCH"));
    remove(path);
    CHECK_OK(ddtrace_exporter_file_new(path, DDTRACE_NTS, &file, NULL));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_exporter(config, file));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    ddtrace_exporter_free(file);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "to.a.file"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    FILE *written = fopen(path, "r");
    CHECK(written != NULL);
    text[fread(text, 1, sizeof text - 1, written)] = '\0';
    fclose(written);
    remove(path);
    CHECK_CONTAINS(text, "\"to.a.file\"");
}

static void file_that_cannot_be_made_is_explained(void)
{
    ddtrace_exporter *file = NULL;
    ddtrace_error *error = NULL;
    CHECK_STATUS(ddtrace_exporter_file_new(TEXT("/no/such/directory/file"), &file, &error), DDTRACE_ERR_IO);
    CHECK(file == NULL && error != NULL);
    ddtrace_str message = ddtrace_error_message(error);
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)message.len, message.ptr);
    CHECK_CONTAINS(text, "/no/such/directory/file");
    ddtrace_error_free(error);
}

int main(void)
{
    RUN(traces_are_selected_by_id);
    RUN(reading_takes_what_is_on_its_way);
    RUN(clear_forgets);
    RUN(oldest_spans_go_when_there_are_too_many);
    RUN(other_exporters_are_no_memory);
    RUN(file_has_the_spans);
    RUN(file_that_cannot_be_made_is_explained);
    check_no_live_handles();
    return 0;
}
