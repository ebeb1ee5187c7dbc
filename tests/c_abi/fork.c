/* Processes that fork: parent and child go on, each with its own spans.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `body` in a child; it must end well. An alarm ends a child that hangs. */
static void in_child(void (*body)(void *), void *argument)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        body(argument);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0)
        fprintf(stderr, "the child ended with the wait status %d\n", status);
    CHECK_INT(status, 0);
}

struct inherited {
    recorder recorder;
    ddtrace_span *span, *leaf;
    char runtime_id[64];
};

static void use_what_the_parent_began(void *argument)
{
    struct inherited *from = argument;
    char runtime_id[64], buffer[4096];
    size_t needed;
    ddtrace_propagator *headers = NULL;
    /* Readable, injectable, a parent; its end changes nothing. */
    check_tag(from->span, "key", "value");
    CHECK_OK(ddtrace_propagator_new(NULL, &headers, NULL));
    CHECK_OK(ddtrace_propagator_inject_span(headers, from->span, buffer, sizeof buffer, &needed));
    ddtrace_propagator_free(headers);
    ddtrace_span *own = span_below(from->recorder.tracer, "of.the.child", from->span);
    CHECK(ids_of(own).parent_id == ids_of(from->span).span_id);
    CHECK(ids_of(own).trace_id_low == ids_of(from->span).trace_id_low);
    CHECK_OK(ddtrace_span_finish_with_ancestors(from->leaf, 0));
    CHECK(!ddtrace_span_is_finished(from->leaf) && !ddtrace_span_is_finished(from->span));
    ddtrace_span_end(from->leaf, NULL);
    ddtrace_span_end(from->span, NULL);
    CHECK_OK(ddtrace_span_end(own, NULL));

    char *json = recorder_json(from->recorder);
    CHECK_CONTAINS(json, "\"of.the.child\"");
    CHECK(strstr(json, "\"of.the.parent\"") == NULL);
    free(json);

    CHECK_INT(ddtrace_runtime_id(runtime_id, sizeof runtime_id), 36);
    CHECK(strcmp(runtime_id, from->runtime_id) != 0);
    CHECK_OK(ddtrace_tracer_shutdown(from->recorder.tracer, 20000));
}

static void child_uses_what_the_parent_began(void)
{
    struct inherited inherited;
    inherited.recorder = recorder_open(NULL);
    inherited.span = root_span(inherited.recorder.tracer, "of.the.parent");
    inherited.leaf = span_below(inherited.recorder.tracer, "of.the.parent", inherited.span);
    CHECK_OK(ddtrace_span_set_tag(inherited.span, TEXT("key"), TEXT("value")));
    CHECK_INT(ddtrace_runtime_id(inherited.runtime_id, sizeof inherited.runtime_id), 36);
    in_child(use_what_the_parent_began, &inherited);
    CHECK_OK(ddtrace_span_end(inherited.leaf, NULL));
    CHECK_OK(ddtrace_span_end(inherited.span, NULL));
    CHECK_INT(recorder_count(inherited.recorder), 2);
    recorder_close(inherited.recorder);
}

static void print_id(void *argument)
{
    uint64_t id = ddtrace_id_generate64();
    CHECK(write(*(int *)argument, &id, sizeof id) == (ssize_t)sizeof id);
}

static void children_and_parent_make_different_ids(void)
{
    enum { CHILDREN = 20 };
    uint64_t ids[CHILDREN + 1];
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    ddtrace_id_generate64();
    for (int i = 0; i < CHILDREN; i++)
        in_child(print_id, &ends[1]);
    print_id(&ends[1]);
    CHECK(read(ends[0], ids, sizeof ids) == (ssize_t)sizeof ids);
    for (int i = 0; i <= CHILDREN; i++)
        for (int j = 0; j < i; j++)
            CHECK(ids[i] != ids[j]);
    close(ends[0]);
    close(ends[1]);
}

static void make_spans(void *tracer)
{
    for (int i = 0; i < 100; i++) {
        ddtrace_span *root = root_span(tracer, "root");
        CHECK_OK(ddtrace_span_end(span_below(tracer, "child", root), NULL));
        CHECK_OK(ddtrace_span_end(root, NULL));
    }
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
}

static void fork_again(void *tracer)
{
    make_spans(tracer);
    in_child(make_spans, tracer);
    make_spans(tracer);
}

static void child_may_fork(void)
{
    recorder recorder = recorder_open(NULL);
    make_spans(recorder.tracer);
    in_child(fork_again, recorder.tracer);
    make_spans(recorder.tracer);
    CHECK_INT(recorder_count(recorder), 400);
    recorder_close(recorder);
}

#ifndef __SANITIZE_ADDRESS__
static int stop;

static void *busy(void *tracer)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        ddtrace_span *span = root_span(tracer, "busy");
        CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("value")));
        CHECK_OK(ddtrace_span_end(span, NULL));
    }
    return NULL;
}

/* Threads that vanish in the child may have held anything. */
static void fork_while_threads_are_busy(void)
{
    int children = strcmp(getenv("TEST_SLOW"), "1") == 0 ? 10 : 100;
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    pthread_t threads[3];
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("null"), NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, busy, tracer), 0);
    for (int i = 0; i < children; i++)
        in_child(make_spans, tracer);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
}

#endif

static void *fork_here(void *tracer)
{
    in_child(make_spans, tracer);
    return NULL;
}

static void thread_may_fork(void)
{
    recorder recorder = recorder_open(NULL);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, fork_here, recorder.tracer), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_INT(recorder_count(recorder), 0);
    recorder_close(recorder);
}

static void child_may_exec(void)
{
    recorder recorder = recorder_open(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    recorder_close(recorder);
}

static void inject_in_child(void *argument)
{
    struct inherited *from = argument;
    ddtrace_context *context = NULL;
    int32_t priority = 99;
    CHECK_OK(ddtrace_span_get_context(from->span, &context));
    CHECK_OK(ddtrace_context_get_priority(context, &priority));
    CHECK_INT(priority, 1);
    ddtrace_context_free(context);
}

static void decision_is_made_before_the_fork(void)
{
    struct inherited inherited;
    inherited.recorder = recorder_open(NULL);
    inherited.span = root_span(inherited.recorder.tracer, "op");
    CHECK_OK(ddtrace_before_fork(inherited.span));
    in_child(inject_in_child, &inherited);
    CHECK_OK(ddtrace_span_end(inherited.span, NULL));
    recorder_close(inherited.recorder);
}

int main(void)
{
    RUN(child_uses_what_the_parent_began);
    RUN(children_and_parent_make_different_ids);
    RUN(child_may_fork);
#ifndef __SANITIZE_ADDRESS__ /* whose allocator may be locked in a child of busy threads */
    RUN(fork_while_threads_are_busy);
#endif
    RUN(thread_may_fork);
    RUN(child_may_exec);
    RUN(decision_is_made_before_the_fork);
    check_no_live_handles();
    return 0;
}
