/* Runs a workload in rounds and prints for each round what the calling thread did meanwhile:
 *
 *     allocations=0 system_calls=0 futex=0 clock=0 rests=0 other=-1 payloads=0
 *
 *     program control                      a round in which the library allocates, and the program makes two system calls
 *     program W1|W2s|W2b|W3 ROUNDS UNITS   after a warm-up of ten times as many units as a round has
 *
 * Between rounds everything is flushed, so that each begins with a background that sleeps. `payloads` says how many the background sent
 * without being asked to. The sender's own thread is started by the warm-up, and is not counted. */
#define _GNU_SOURCE
#include "../../benches/c/workload.h"
#include "system_calls.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS 60000

uint64_t bench_thread_allocations(void);

static ddtrace_tracer *tracer;
static ddtrace_propagator *propagator;
static ddtrace_span *injected;

static void inject(void)
{
    char headers[1024];
    size_t needed = 0;
    workload_check("ddtrace_propagator_inject_span",
                   ddtrace_propagator_inject_span(propagator, injected, headers, sizeof headers, &needed));
    if (needed == 0 || needed > sizeof headers) exit(1);
}

static void unit(const char *workload)
{
    if (strcmp(workload, "W1") == 0) workload_root(tracer);
    else if (strcmp(workload, "W2s") == 0) workload_trace_tag_by_tag(tracer);
    else if (strcmp(workload, "W2b") == 0) workload_trace_tags_at_start(tracer);
    else if (strcmp(workload, "W3") == 0) inject();
    else exit(2);
}

static ddtrace_counters counters(void)
{
    ddtrace_counters now = { .struct_size = sizeof now };
    workload_check("ddtrace_tracer_counters", ddtrace_tracer_counters(tracer, &now));
    return now;
}

static void flush(void)
{
    workload_check("ddtrace_tracer_flush", ddtrace_tracer_flush(tracer, FLUSH_MS));
    /* The sender still has to go to sleep, and whoever wakes it earlier meets it at its locks. */
    usleep(20000);
}

static void print_round(uint64_t allocations, system_calls before, system_calls after, uint64_t payloads)
{
    printf("allocations=%" PRIu64 " system_calls=%" PRIu64 " futex=%" PRIu64 " clock=%" PRIu64 " rests=%" PRIu64
           " other=%ld payloads=%" PRIu64 "\n",
           allocations, after.all - before.all, after.futex - before.futex, after.clock - before.clock, after.rests - before.rests,
           after.last_other, payloads);
}

static void measure(const char *workload, long units)
{
    uint64_t payloads = counters().payloads_sent;
    system_calls_forget_last();
    uint64_t allocations = bench_thread_allocations();
    system_calls before = system_calls_now();
    for (long i = 0; i < units; i++) unit(workload);
    system_calls after = system_calls_now();
    allocations = bench_thread_allocations() - allocations;
    int was_awakened = after.futex > before.futex;
    for (int i = 0; was_awakened && i < 1000 && counters().payloads_sent == payloads; i++) usleep(10000);
    print_round(allocations, before, after, counters().payloads_sent - payloads);
    flush();
}

static void control(void)
{
    uint64_t allocations = bench_thread_allocations();
    ddtrace_config *config = NULL;
    workload_check("ddtrace_config_new", ddtrace_config_new(&config));
    ddtrace_config_free(config);
    allocations = bench_thread_allocations() - allocations;
    system_calls before = system_calls_now();
    pid_t parent = getppid();
    uid_t user = getuid();
    system_calls after = system_calls_now();
    if (parent != (pid_t)-1 && user != (uid_t)-1) print_round(allocations, before, after, 0);
}

typedef struct job {
    const char *workload;
    long rounds;
    long units;
} job;

static void *run(void *argument)
{
    const job *job = argument;
    if (strcmp(job->workload, "control") == 0) {
        system_calls_begin();
        control();
        return NULL;
    }
    ddtrace_span_options options = { .struct_size = sizeof options, .name = ROOT_NAME };
    workload_check("ddtrace_span_start", ddtrace_span_start(tracer, &options, &injected, NULL));
    for (long i = 0; i < 10 * job->units; i++) unit(job->workload);
    flush();
    system_calls_begin();
    for (long round = 0; round < job->rounds; round++) measure(job->workload, job->units);
    workload_check("ddtrace_span_end", ddtrace_span_end(injected, NULL));
    return NULL;
}

int main(int argc, char **argv)
{
    job job = { argc > 1 ? argv[1] : "", argc > 2 ? atol(argv[2]) : 1, argc > 3 ? atol(argv[3]) : 1 };
    pthread_t thread;
    tracer = workload_tracer(NULL);
    workload_check("ddtrace_propagator_new", ddtrace_propagator_new(NULL, &propagator, NULL));
    /* A thread of its own, because a thread never gets rid of its filter. */
    if (pthread_create(&thread, NULL, run, &job) != 0) return 1;
    pthread_join(thread, NULL);
    workload_check("ddtrace_tracer_shutdown", ddtrace_tracer_shutdown(tracer, FLUSH_MS));
    ddtrace_propagator_free(propagator);
    ddtrace_tracer_free(tracer);
    return 0;
}
