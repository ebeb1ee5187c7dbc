/* Processors, filters and exporters of the program in a process that forks.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <sys/wait.h>
#include <unistd.h>

struct calls {
    int processed, filtered, exported, shut_down;
};

static void count_finish(void *user_data, ddtrace_span *span)
{
    (void)span;
    ((struct calls *)user_data)->processed++;
}

static void count_shutdown(void *user_data)
{
    ((struct calls *)user_data)->shut_down++;
}

static ddtrace_status count_export(void *user_data, ddtrace_chunk *chunk)
{
    ((struct calls *)user_data)->exported += (int)ddtrace_chunk_len(chunk);
    return DDTRACE_OK;
}

static void wait_for(pid_t child)
{
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void a_child_process_goes_on_with_the_processors(void)
{
    struct calls calls = { 0, 0, 0, 0 };
    recorder recorder = recorder_open(NULL);
    ddtrace_processor_callbacks callbacks = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    ddtrace_processor *processor = NULL;
    callbacks.on_finish = count_finish;
    callbacks.shutdown = count_shutdown;
    CHECK_OK(ddtrace_processor_new(&callbacks, &calls, NULL, &processor));
    CHECK_OK(ddtrace_tracer_add_processor(recorder.tracer, processor));
    ddtrace_span *root = root_span(recorder.tracer, "of.the.parent");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* The parent's span ends there, and is not told of here. */
        CHECK_OK(ddtrace_span_finish(root, NULL));
        CHECK_INT(calls.processed, 0);
        CHECK_OK(ddtrace_span_end(span_below(recorder.tracer, "op", root), NULL));
        CHECK_INT(calls.processed, 1);
        CHECK_INT(recorder_count(recorder), 1);
        CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
        CHECK_INT(calls.shut_down, 1);
        _exit(7);
    }
    wait_for(child);
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(calls.processed, 1);
    ddtrace_processor_free(processor);
    recorder_close(recorder);
}

static ddtrace_status fork_inside(void *user_data, ddtrace_chunk *chunk)
{
    ddtrace_span *span = NULL;
    ((struct calls *)user_data)->filtered++;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        return DDTRACE_OK;
    wait_for(child);
    CHECK_OK(ddtrace_chunk_span_at(chunk, 0, &span));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("by"), TEXT("parent")));
    return DDTRACE_OK;
}

static void a_chunk_belongs_to_the_process_that_filtered_it_first(void)
{
    struct calls calls = { 0, 0, 0, 0 };
    recorder recorder = recorder_open(NULL);
    ddtrace_filter *filter = NULL;
    pid_t parent = getpid();
    CHECK_OK(ddtrace_filter_new(fork_inside, &calls, NULL, &filter));
    CHECK_OK(ddtrace_tracer_add_filter(recorder.tracer, filter));
    ddtrace_filter_free(filter);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "root"), NULL));
    if (getpid() != parent) {
        CHECK_INT(recorder_count(recorder), 0);
        CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
        _exit(7);
    }
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"by\":\"parent\"");
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 1);
    CHECK_INT(calls.filtered, 1);
    free(json);
    recorder_close(recorder);
}

static void a_child_process_ends_an_exporter_of_its_own(void)
{
    struct calls calls = { 0, 0, 0, 0 };
    ddtrace_exporter_callbacks callbacks = DDTRACE_EXPORTER_CALLBACKS_INIT;
    ddtrace_exporter *exporter = NULL;
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    callbacks.export_chunk = count_export;
    callbacks.shutdown = count_shutdown;
    CHECK_OK(ddtrace_exporter_new_callbacks(&callbacks, &calls, NULL, &exporter));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_exporter(config, exporter));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "of.the.parent"), NULL));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_OK(ddtrace_span_end(root_span(tracer, "of.the.child"), NULL));
        CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
        CHECK_INT(calls.exported, 1);
        CHECK_INT(calls.shut_down, 1);
        _exit(7);
    }
    wait_for(child);
    ddtrace_tracer_free(tracer);
    CHECK_INT(calls.exported, 1);
    CHECK_INT(calls.shut_down, 1);
    ddtrace_exporter_free(exporter);
}

int main(void)
{
    RUN(a_child_process_goes_on_with_the_processors);
    RUN(a_chunk_belongs_to_the_process_that_filtered_it_first);
    RUN(a_child_process_ends_an_exporter_of_its_own);
    check_no_live_handles();
    return 0;
}
