/* A system that refuses threads, as one does that is at its limit: spans wait, and nothing else goes wrong.
 *
 * The sanitizers have a pthread_create of their own.
 * modes: plain */
#define _GNU_SOURCE
#include "recorder.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

static bool refuses;
static int refused;

/* In the place of the system's, for the library too. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    if (refuses) {
        refused++;
        return EAGAIN;
    }
    union {
        void *symbol;
        int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    } system;
    system.symbol = dlsym(RTLD_NEXT, "pthread_create");
    return system.create(thread, attributes, start, argument);
}

static uint64_t dropped_by(const ddtrace_tracer *tracer)
{
    ddtrace_counters counters;
    memset(&counters, 0, sizeof counters);
    counters.struct_size = sizeof counters;
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    return counters.spans_dropped;
}

static void count_messages(void *user_data, int32_t level, const char *message, size_t len)
{
    (void)len;
    CHECK_INT(level, DDTRACE_LOG_ERROR);
    CHECK(strstr(message, "refuses a thread") != NULL);
    ++*(int *)user_data;
}

static void spans_wait_for_a_thread(void)
{
    int messages = 0;
    refuses = true;
    refused = 0;
    recorder recorder = recorder_open(NULL);
    CHECK_OK(ddtrace_set_log_callback(count_messages, &messages, NULL));
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "early"), NULL));
    CHECK_INT(ddtrace_tracer_flush(recorder.tracer, 50), DDTRACE_ERR_TIMEOUT);
    CHECK(refused > 0);
    CHECK_INT(messages, 1);
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 0);
    refuses = false;
    CHECK_OK(ddtrace_set_log_callback(NULL, NULL, NULL));
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "late"), NULL));
    CHECK_INT(recorder_count(recorder), 2);
    CHECK_INT(dropped_by(recorder.tracer), 0);
    recorder_close(recorder);
}

static void shutdown_does_without_a_thread(void)
{
    refuses = true;
    refused = 0;
    recorder recorder = recorder_open(NULL);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
    CHECK(refused > 0);
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 1);
    CHECK_INT(dropped_by(recorder.tracer), 0);
    recorder_close(recorder);
    refuses = false;
}

int main(void)
{
    RUN(spans_wait_for_a_thread);
    RUN(shutdown_does_without_a_thread);
    check_no_live_handles();
    return 0;
}
