/* Does what it is told on stdin, one command per line, and answers each with one line of JSON: the status and duration of the command, and
 * the tracer's counters after it. At the end of the input it returns from main without a shutdown.
 *
 *     traces FIRST COUNT BYTES   finishes traces of two spans with the tag `number`, and `ballast` of so many bytes
 *     crowd FIRST COUNT BYTES    the same, by four threads that start and end meanwhile
 *     open NUMBER                begins such a trace and leaves it open
 *     close                      finishes what was opened
 *     flush MS, shutdown MS, counters
 *
 * The tracer is configured by the environment alone. The first argument is a number of further tracers that make as many traces as the
 * first one; the counters leave them out. */
#include "check.h"

#include <pthread.h>
#include <time.h>

#define LONGEST_BALLAST 20000
#define THREADS 4
#define MOST_TRACERS 8

typedef struct open_trace {
    ddtrace_span *root;
    ddtrace_span *child;
} open_trace;

typedef struct job {
    long first;
    long count;
    size_t bytes;
} job;

static ddtrace_tracer *tracers[MOST_TRACERS];
static int tracer_count = 1;
static char ballast[LONGEST_BALLAST];

static ddtrace_span *start(ddtrace_tracer *tracer, ddtrace_span *parent, long number, size_t bytes)
{
    ddtrace_tag tags[2] = {
        { DDTRACE_STR("number"), DDTRACE_TAG_I64, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR("ballast"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR_NONE } },
    };
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    tags[0].value.i64 = number;
    tags[1].value.string.ptr = ballast;
    tags[1].value.string.len = bytes;
    options.name.ptr = parent == NULL ? "request" : "query";
    options.name.len = DDTRACE_NTS;
    options.parent_span = parent;
    options.tags = tags;
    options.tags_len = 2;
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    return span;
}

static open_trace begin(ddtrace_tracer *tracer, long number, size_t bytes)
{
    open_trace trace = { start(tracer, NULL, number, bytes), NULL };
    trace.child = start(tracer, trace.root, number, bytes);
    return trace;
}

static void finish(open_trace trace)
{
    CHECK_OK(ddtrace_span_end(trace.child, NULL));
    CHECK_OK(ddtrace_span_end(trace.root, NULL));
}

static void traces(long first, long count, size_t bytes)
{
    CHECK(bytes <= sizeof ballast);
    for (long number = first; number < first + count; number++)
        for (int i = 0; i < tracer_count; i++) finish(begin(tracers[i], number, bytes));
}

static void *work(void *argument)
{
    const job *job = argument;
    traces(job->first, job->count, job->bytes);
    return NULL;
}

static void crowd(long first, long count, size_t bytes)
{
    pthread_t threads[THREADS];
    job jobs[THREADS];
    CHECK_INT(count % THREADS, 0);
    for (int i = 0; i < THREADS; i++) {
        jobs[i].first = first + i * (count / THREADS);
        jobs[i].count = count / THREADS;
        jobs[i].bytes = bytes;
        CHECK_INT(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) CHECK_INT(pthread_join(threads[i], NULL), 0);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static ddtrace_status obey(const char *command, long first, long count, long bytes)
{
    static open_trace opened;
    if (strcmp(command, "traces") == 0) traces(first, count, (size_t)bytes);
    else if (strcmp(command, "crowd") == 0) crowd(first, count, (size_t)bytes);
    else if (strcmp(command, "open") == 0) opened = begin(tracers[0], first, 0);
    else if (strcmp(command, "close") == 0) finish(opened);
    else if (strcmp(command, "flush") == 0) return ddtrace_tracer_flush(tracers[0], (uint32_t)first);
    else if (strcmp(command, "shutdown") == 0) return ddtrace_tracer_shutdown(tracers[0], (uint32_t)first);
    else CHECK_TEXT(command, "counters");
    return DDTRACE_OK;
}

static void answer(ddtrace_status status, double ms)
{
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(tracers[0], &counters));
    printf("{\"status\": %d, \"ms\": %.1f", (int)status, ms);
#define FIELD(name) printf(", \"" #name "\": %" PRIu64, counters.name)
    FIELD(spans_started);
    FIELD(spans_finished);
    FIELD(spans_abandoned);
    FIELD(spans_not_recorded);
    FIELD(segments_started);
    FIELD(segments_closed);
    FIELD(chunks_enqueued);
    FIELD(chunks_sent);
    FIELD(spans_sent);
    FIELD(chunks_dropped);
    FIELD(spans_dropped);
    FIELD(payloads_sent);
    FIELD(payloads_failed);
    FIELD(bytes_sent);
    FIELD(buffered_bytes);
    FIELD(chunks_rejected);
    FIELD(spans_rejected);
    FIELD(chunks_filtered_by_agent);
    FIELD(spans_filtered_by_agent);
    printf("}\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[256], command[32];
    memset(ballast, 'x', sizeof ballast);
    if (argc > 1) tracer_count += atoi(argv[1]);
    CHECK(tracer_count <= MOST_TRACERS);
    for (int i = 0; i < tracer_count; i++) CHECK_OK(ddtrace_tracer_new(NULL, &tracers[i], NULL));
    while (fgets(line, sizeof line, stdin) != NULL) {
        long first = 0, count = 0, bytes = 0;
        CHECK(sscanf(line, "%31s %ld %ld %ld", command, &first, &count, &bytes) >= 1);
        double begin_ms = now_ms();
        ddtrace_status status = obey(command, first, count, bytes);
        answer(status, now_ms() - begin_ms);
    }
    return 0;
}
