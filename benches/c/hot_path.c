/* What a call costs the thread that makes it. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "measure.h"
#include "workload.h"

#define MAX_THREADS 64

typedef struct job {
    ddtrace_tracer *tracer;
    const char *workload;
    uint64_t iterations;
    int known;
} job;

/* On its own in the profile, so that callgrind can count it alone; `benches/peers` has one of the same name. */
__attribute__((noinline)) static void *measured_work(void *argument) {
    job *job = argument;
    job->known = 1;
    if (strcmp(job->workload, "W1") == 0)
        for (uint64_t i = 0; i < job->iterations; i++) workload_root(job->tracer);
    else if (strcmp(job->workload, "W2s") == 0)
        for (uint64_t i = 0; i < job->iterations; i++) workload_trace_tag_by_tag(job->tracer);
    else if (strcmp(job->workload, "W2b") == 0)
        for (uint64_t i = 0; i < job->iterations; i++) workload_trace_tags_at_start(job->tracer);
    else if (strcmp(job->workload, "W3") == 0) workload_inject(job->tracer, job->iterations);
    else if (strcmp(job->workload, "W4") == 0) workload_extract(job->iterations);
    else job->known = 0;
    return NULL;
}

static void work_on_threads(job *job, uint64_t threads) {
    pthread_t started[MAX_THREADS];
    uint64_t count = 0;
    while (count < threads && pthread_create(&started[count], NULL, measured_work, job) == 0) count++;
    for (uint64_t i = 0; i < count; i++) pthread_join(started[i], NULL);
    if (count < threads) fprintf(stderr, "only %d of %d threads could be started\n", (int)count, (int)threads);
}

int hot(const char *workload, uint64_t iterations, uint64_t threads) {
    job job = { .workload = workload, .iterations = iterations / 10 + 1, .tracer = workload_tracer(NULL) };
    if (threads == 0 || threads > MAX_THREADS) return fprintf(stderr, "expected 1 to %d threads\n", MAX_THREADS), 2;
    measured_work(&job);
    if (!job.known) return fprintf(stderr, "unknown workload \"%s\", expected W1, W2s, W2b, W3 or W4\n", workload), 2;
    job.iterations = iterations;
    reading before = measure_now();
    if (threads == 1) measured_work(&job);
    else work_on_threads(&job, threads);
    reading after = measure_now();
    uint64_t per_iteration = strncmp(workload, "W2", 2) == 0 ? SPANS_PER_TRACE : 1;
    workload_check("ddtrace_tracer_shutdown", ddtrace_tracer_shutdown(job.tracer, 5000));
    ddtrace_counters counters = { .struct_size = sizeof counters };
    workload_check("ddtrace_tracer_counters", ddtrace_tracer_counters(job.tracer, &counters));
    uint64_t unrecorded = counters.spans_dropped + counters.spans_not_recorded;
    measure_print(&before, &after, iterations * threads * per_iteration, unrecorded);
    ddtrace_tracer_free(job.tracer);
    return 0;
}
