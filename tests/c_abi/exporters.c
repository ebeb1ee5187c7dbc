/* Exporters beside the one in memory: consoles on any descriptor, and exporters that the settings name or that several tracers feed. */
#include "recorder.h"

#include <fcntl.h>
#include <unistd.h>

static ddtrace_tracer *tracer_with(ddtrace_exporter *exporter, const char *named)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    if (exporter != NULL)
        CHECK_OK(ddtrace_config_set_exporter(config, exporter));
    if (named != NULL)
        CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), named, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    return tracer;
}

static char *read_all(int descriptor)
{
    size_t length = 0;
    char *text = malloc(65536);
    CHECK(text != NULL);
    for (ssize_t got; (got = read(descriptor, text + length, 65535 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    return text;
}

/* What an exporter of this format writes to a pipe. The library's copy of the descriptor goes with the exporter. */
static char *written(int32_t format)
{
    int ends[2];
    ddtrace_exporter *exporter = NULL;
    CHECK_INT(pipe(ends), 0);
    CHECK_OK(ddtrace_exporter_console_new(format, ends[1], &exporter));
    close(ends[1]);
    ddtrace_tracer *tracer = tracer_with(exporter, NULL);
    ddtrace_exporter_free(exporter);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "to.a.pipe"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    /* Threads remember the last tracer that they used until they use another one; its exporter is gone by then. */
    char *text = read_all(ends[0]);
    close(ends[0]);
    return text;
}

static void consoles_write_to_any_descriptor(void)
{
    char *json = written(DDTRACE_CONSOLE_JSON), *pretty = written(DDTRACE_CONSOLE_PRETTY), *tree = written(DDTRACE_CONSOLE_TREE);
    CHECK_CONTAINS(json, "\"to.a.pipe\"");
    CHECK(strchr(json, '\n') == json + strlen(json) - 1);
    CHECK_CONTAINS(pretty, "\n  \"");
    CHECK_CONTAINS(tree, "to.a.pipe");
    CHECK(strchr(tree, '{') == NULL && strchr(tree, '\033') == NULL);
    free(json);
    free(pretty);
    free(tree);
}

static void descriptors_that_are_not_open_are_refused(void)
{
    ddtrace_exporter *exporter = NULL;
    CHECK_STATUS(ddtrace_exporter_console_new(DDTRACE_CONSOLE_JSON, -1, &exporter), DDTRACE_ERR_IO);
    CHECK_STATUS(ddtrace_exporter_console_new(DDTRACE_CONSOLE_JSON, 987, &exporter), DDTRACE_ERR_IO);
    CHECK_STATUS(ddtrace_exporter_console_new(3, 1, &exporter), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_exporter_console_new(-1, 1, &exporter), DDTRACE_ERR_INVALID);
    CHECK(exporter == NULL);
}

static void standard_output_is_what_it_is_when_spans_are_written(void)
{
    char path[512], text[8192];
    ddtrace_exporter *exporter = NULL;
    CHECK_OK(ddtrace_exporter_console_new(DDTRACE_CONSOLE_JSON, STDOUT_FILENO, &exporter));
    ddtrace_tracer *tracer = tracer_with(exporter, NULL);
    ddtrace_exporter_free(exporter);
    snprintf(path, sizeof path, "%s/stdout.json", getenv("TEST_SCRATCH"));
    fflush(stdout);
    int former = dup(STDOUT_FILENO), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(former >= 0 && file >= 0);
    dup2(file, STDOUT_FILENO);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "to.stdout"), NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    dup2(former, STDOUT_FILENO);
    close(former);
    close(file);
    ddtrace_tracer_free(tracer);
    FILE *read_back = fopen(path, "r");
    CHECK(read_back != NULL);
    text[fread(text, 1, sizeof text - 1, read_back)] = '\0';
    fclose(read_back);
    remove(path);
    CHECK_CONTAINS(text, "\"to.stdout\"");
}

static void exporter_of_the_settings_can_be_read(void)
{
    ddtrace_tracer *tracer = tracer_with(NULL, "memory");
    ddtrace_exporter *memory = NULL, *again = NULL;
    CHECK_OK(ddtrace_tracer_get_exporter(tracer, &memory));
    CHECK_OK(ddtrace_tracer_get_exporter(tracer, &again));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_INT(ddtrace_exporter_memory_count(memory), 1);
    CHECK_INT(ddtrace_exporter_memory_count(again), 1);
    ddtrace_exporter_free(again);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(ddtrace_exporter_memory_count(memory), 1);
    ddtrace_exporter_free(memory);
    tracer = tracer_with(NULL, NULL);
    CHECK_STATUS(ddtrace_tracer_get_exporter(tracer, &memory), DDTRACE_ERR_NOT_FOUND);
    ddtrace_tracer_free(tracer);
}

static void code_beats_the_setting(void)
{
    ddtrace_exporter *memory = NULL;
    CHECK_OK(ddtrace_exporter_memory_new(0, &memory));
    ddtrace_tracer *tracer = tracer_with(memory, "null");
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_INT(ddtrace_exporter_memory_count(memory), 1);
    ddtrace_tracer_free(tracer);
    ddtrace_exporter_free(memory);
}

static void exporter_outlives_the_tracers_that_feed_it(void)
{
    ddtrace_exporter *memory = NULL;
    CHECK_OK(ddtrace_exporter_memory_new(0, &memory));
    ddtrace_tracer *first = tracer_with(memory, NULL), *second = tracer_with(memory, NULL);
    CHECK_OK(ddtrace_span_end(root_span(first, "of.the.first"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(first, 20000));
    ddtrace_tracer_free(first);
    CHECK_OK(ddtrace_span_end(root_span(second, "of.the.second"), NULL));
    CHECK_OK(ddtrace_tracer_flush(second, 20000));
    CHECK_INT(ddtrace_exporter_memory_count(memory), 2);
    ddtrace_exporter *kept = ddtrace_exporter_ref(memory);
    CHECK(kept == memory);
    ddtrace_exporter_free(memory);
    CHECK_OK(ddtrace_span_end(root_span(second, "another"), NULL));
    CHECK_INT(ddtrace_exporter_memory_count(kept), 3);
    ddtrace_exporter_free(kept);
    CHECK_INT(ddtrace_exporter_memory_count(kept), 0);
    CHECK_STATUS(ddtrace_exporter_memory_clear(kept), DDTRACE_ERR_HANDLE);
    CHECK_OK(ddtrace_span_end(root_span(second, "unseen"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(second, 20000));
    ddtrace_tracer_free(second);
}

static void only_memory_can_be_read(void)
{
    ddtrace_exporter *null = NULL;
    char text[4] = "###";
    CHECK_OK(ddtrace_exporter_null_new(&null));
    CHECK(ddtrace_exporter_memory_json(null, 0, 0, text, sizeof text) == DDTRACE_ABSENT);
    CHECK_TEXT(text, "");
    CHECK(ddtrace_exporter_memory_json(NULL, 0, 0, NULL, 0) == DDTRACE_ABSENT);
    CHECK_STATUS(ddtrace_exporter_memory_clear(null), DDTRACE_ERR_INVALID);
    ddtrace_exporter_free(null);
}

int main(void)
{
    RUN(consoles_write_to_any_descriptor);
    RUN(descriptors_that_are_not_open_are_refused);
    RUN(standard_output_is_what_it_is_when_spans_are_written);
    RUN(exporter_of_the_settings_can_be_read);
    RUN(code_beats_the_setting);
    RUN(exporter_outlives_the_tracers_that_feed_it);
    RUN(only_memory_can_be_read);
    check_no_live_handles();
    return 0;
}
