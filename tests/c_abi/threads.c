/* Threads that use the same tracer, the same trace, the same span. */
#include "recorder.h"

#include <pthread.h>

enum { THREADS = 4 };

static int rounds(int fast)
{
    return strcmp(getenv("TEST_SLOW"), "1") == 0 ? fast / 20 : fast;
}

static void on_threads(void *(*body)(void *), void *argument)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, body, argument), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
}

static void *separate_traces(void *argument)
{
    recorder *recorder = argument;
    for (int i = 0; i < rounds(2000); i++) {
        ddtrace_span *root = root_span(recorder->tracer, "root");
        CHECK_OK(ddtrace_span_set_tag_i64(root, TEXT("round"), i));
        CHECK_OK(ddtrace_span_end(span_below(recorder->tracer, "child", root), NULL));
        CHECK_OK(ddtrace_span_end(root, NULL));
    }
    return NULL;
}

static void no_span_of_many_threads_is_lost(void)
{
    recorder recorder = recorder_open(NULL);
    on_threads(separate_traces, &recorder);
    CHECK_INT(recorder_count(recorder), 2 * THREADS * rounds(2000));
    recorder_close(recorder);
}

struct shared {
    recorder recorder;
    ddtrace_span *span;
    ddtrace_propagator *propagator;
    ddtrace_provider *provider;
};

static void *children_of_one_root(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < rounds(1000); i++)
        CHECK_OK(ddtrace_span_end(span_below(shared->recorder.tracer, "child", shared->span), NULL));
    return NULL;
}

static void threads_share_a_trace(void)
{
    static const char *const settings[] = { "DD_TRACE_PARTIAL_FLUSH_ENABLED", "false", NULL };
    struct shared shared;
    shared.recorder = recorder_open(settings);
    shared.span = root_span(shared.recorder.tracer, "root");
    on_threads(children_of_one_root, &shared);
    CHECK_INT(recorder_count(shared.recorder), 0);
    CHECK_OK(ddtrace_span_end(shared.span, NULL));
    CHECK_INT(recorder_count(shared.recorder), 1 + THREADS * rounds(1000));
    recorder_close(shared.recorder);
}

static void *write_and_read(void *argument)
{
    ddtrace_span *span = ((struct shared *)argument)->span;
    char value[64];
    for (int i = 0; i < rounds(4000); i++) {
        char key[16];
        snprintf(key, sizeof key, "key.%d", i % 7);
        CHECK_OK(ddtrace_span_set_tag(span, key, DDTRACE_NTS, TEXT("one whole value, never a half")));
        size_t length = ddtrace_span_get_tag(span, key, DDTRACE_NTS, value, sizeof value);
        if (length != DDTRACE_ABSENT)
            CHECK_TEXT(value, "one whole value, never a half");
        if (i % 5 == 0)
            CHECK_OK(ddtrace_span_unset_tag(span, key, DDTRACE_NTS));
        CHECK_OK(ddtrace_span_set_tag_f64(span, TEXT("number"), i));
    }
    return NULL;
}

static void threads_share_a_span(void)
{
    struct shared shared;
    shared.recorder = recorder_open(NULL);
    shared.span = root_span(shared.recorder.tracer, "op");
    on_threads(write_and_read, &shared);
    CHECK_OK(ddtrace_span_end(shared.span, NULL));
    CHECK_INT(recorder_count(shared.recorder), 1);
    recorder_close(shared.recorder);
}

static pthread_barrier_t barrier;

/* All race to end the same reference, against the rules: one of them does, the others are told. */
static void *end_at_once(void *argument)
{
    struct shared *shared = argument;
    static int ended;
    for (int i = 0; i < rounds(1000); i++) {
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
            shared->span = root_span(shared->recorder.tracer, "contested");
            __sync_lock_test_and_set(&ended, 0);
        }
        pthread_barrier_wait(&barrier);
        ddtrace_span *span = shared->span;
        ddtrace_status set = ddtrace_span_set_tag(span, TEXT("key"), TEXT("value"));
        CHECK(set == DDTRACE_OK || set == DDTRACE_ERR_FINISHED || set == DDTRACE_ERR_HANDLE);
        ddtrace_status status = ddtrace_span_end(span, NULL);
        CHECK(status == DDTRACE_OK || status == DDTRACE_ERR_HANDLE || status == DDTRACE_ERR_FINISHED);
        if (status == DDTRACE_OK)
            __sync_fetch_and_add(&ended, 1);
        pthread_barrier_wait(&barrier);
        CHECK(__sync_fetch_and_add(&ended, 0) >= 1);
    }
    return NULL;
}

static void racing_ends_are_answered(void)
{
    struct shared shared;
    shared.recorder = recorder_open(NULL);
    CHECK_INT(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    on_threads(end_at_once, &shared);
    pthread_barrier_destroy(&barrier);
    CHECK_INT(recorder_count(shared.recorder), rounds(1000));
    recorder_close(shared.recorder);
}

static void *share_by_reference(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < rounds(2000); i++) {
        ddtrace_span *mine = ddtrace_span_ref(shared->span);
        ddtrace_context *context = NULL;
        CHECK(mine != NULL);
        CHECK_OK(ddtrace_span_get_context(mine, &context));
        CHECK_OK(ddtrace_context_set_baggage(context, TEXT("key"), TEXT("value")));
        ddtrace_context_free(context);
        ddtrace_span_free(mine);
    }
    return NULL;
}

static void references_are_taken_and_given_back(void)
{
    struct shared shared;
    shared.recorder = recorder_open(NULL);
    shared.span = root_span(shared.recorder.tracer, "op");
    on_threads(share_by_reference, &shared);
    CHECK_OK(ddtrace_span_end(shared.span, NULL));
    CHECK_INT(recorder_count(shared.recorder), 1);
    recorder_close(shared.recorder);
}

static void *flush_meanwhile(void *argument)
{
    recorder *recorder = argument;
    for (int i = 0; i < rounds(200); i++) {
        CHECK_OK(ddtrace_span_end(root_span(recorder->tracer, "op"), NULL));
        CHECK_OK(ddtrace_tracer_flush(recorder->tracer, 20000));
    }
    return NULL;
}

static void everybody_may_flush(void)
{
    recorder recorder = recorder_open(NULL);
    on_threads(flush_meanwhile, &recorder);
    CHECK_INT(recorder_count(recorder), THREADS * rounds(200));
    recorder_close(recorder);
}

static void *use_other_handles(void *argument)
{
    struct shared *shared = argument;
    char headers[2048];
    for (int i = 0; i < rounds(1000); i++) {
        uint64_t token = 0;
        size_t needed = 0;
        CHECK(ddtrace_exporter_ref(shared->recorder.memory) == shared->recorder.memory);
        CHECK_INT(ddtrace_exporter_memory_count(shared->recorder.memory), 0);
        ddtrace_exporter_free(shared->recorder.memory);
        CHECK(ddtrace_propagator_ref(shared->propagator) == shared->propagator);
        CHECK_OK(ddtrace_propagator_inject_span(shared->propagator, shared->span, headers, sizeof headers, &needed));
        ddtrace_propagator_free(shared->propagator);
        CHECK_OK(ddtrace_provider_activate_span(shared->provider, shared->span, &token));
        CHECK_OK(ddtrace_provider_restore(shared->provider, token));
    }
    return NULL;
}

static void threads_share_all_kinds_of_handles(void)
{
    struct shared shared;
    shared.recorder = recorder_open(NULL);
    shared.span = root_span(shared.recorder.tracer, "op");
    CHECK_OK(ddtrace_propagator_new(NULL, &shared.propagator, NULL));
    CHECK_OK(ddtrace_provider_thread_local(&shared.provider));
    on_threads(use_other_handles, &shared);
    ddtrace_provider_free(shared.provider);
    ddtrace_propagator_free(shared.propagator);
    CHECK_OK(ddtrace_span_end(shared.span, NULL));
    CHECK_INT(recorder_count(shared.recorder), 1);
    recorder_close(shared.recorder);
}

static void *make_and_count(void *argument)
{
    enum { SPANS = 400 };
    recorder *recorder = argument;
    ddtrace_span *root = root_span(recorder->tracer, "root"), *spans[SPANS];
    for (int i = 0; i < SPANS; i++) {
        spans[i] = span_below(recorder->tracer, "child", root);
        if (i % 40 == 0)
            CHECK(ddtrace_live_handles(DDTRACE_HANDLE_SPAN) > (size_t)i);
    }
    for (int i = 0; i < SPANS; i++)
        CHECK_OK(ddtrace_span_end(spans[i], NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    return NULL;
}

/* So many that memory for them is made meanwhile, before other tests leave theirs. */
static void handles_are_counted_while_they_are_made(void)
{
    recorder recorder = recorder_open(NULL);
    on_threads(make_and_count, &recorder);
    CHECK_INT(recorder_count(recorder), THREADS * 401);
    recorder_close(recorder);
}

static void *use_and_free(void *argument)
{
    ddtrace_tracer *tracer = argument;
    ddtrace_span *root = root_span(tracer, "root");
    CHECK_OK(ddtrace_span_set_tag(root, TEXT("key"), TEXT("value")));
    CHECK_OK(ddtrace_span_end(span_below(tracer, "child", root), NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    ddtrace_tracer_free(tracer);
    return NULL;
}

/* The last of them ends the tracer, which waits for what the others have finished. */
static void tracer_ends_with_its_last_user(void)
{
    for (int round = 0; round < rounds(100); round++) {
        recorder recorder = recorder_open(NULL);
        for (int i = 1; i < THREADS; i++)
            CHECK(ddtrace_tracer_ref(recorder.tracer) == recorder.tracer);
        on_threads(use_and_free, recorder.tracer);
        CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_TRACER), 0);
        CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 2 * THREADS);
        ddtrace_exporter_free(recorder.memory);
    }
}

int main(void)
{
    RUN(handles_are_counted_while_they_are_made);
    RUN(no_span_of_many_threads_is_lost);
    RUN(threads_share_a_trace);
    RUN(threads_share_a_span);
    RUN(racing_ends_are_answered);
    RUN(references_are_taken_and_given_back);
    RUN(threads_share_all_kinds_of_handles);
    RUN(everybody_may_flush);
    RUN(tracer_ends_with_its_last_user);
    check_no_live_handles();
    return 0;
}
