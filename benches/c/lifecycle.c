/* What it costs to begin and to end. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "commands.h"
#include "measure.h"
#include "workload.h"

static uint64_t grown(uint64_t from, uint64_t to) { return to > from ? to - from : 0; }

int start_up(void) {
    const struct timespec settle = { .tv_nsec = 50000000 };
    uint64_t rss = measure_status("VmRSS"), threads = measure_status("Threads"), cpu = measure_now().process_ns;
    ddtrace_tracer *tracer = workload_tracer(NULL);
    uint64_t init_cpu = measure_now().process_ns - cpu;
    uint64_t init_rss = grown(rss, measure_status("VmRSS")), init_threads = grown(threads, measure_status("Threads"));
    workload_root(tracer);
    uint64_t first_span_cpu = measure_now().process_ns - cpu;
    nanosleep(&settle, NULL);
    printf("{\"before_main_cpu_ns\":%" PRIu64 ",\"init_cpu_ns\":%" PRIu64 ",\"init_rss_kb\":%" PRIu64 ",\"init_threads\":%" PRIu64,
           cpu, init_cpu, init_rss, init_threads);
    printf(",\"first_span_cpu_ns\":%" PRIu64 ",\"rss_kb\":%" PRIu64 ",\"threads\":%" PRIu64 "}\n", first_span_cpu,
           grown(rss, measure_status("VmRSS")), grown(threads, measure_status("Threads")));
    ddtrace_tracer_free(tracer);
    return 0;
}

/* Prints when the exit begins, and leaves the rest to the library: a program that forgets to shut down. Whoever started the
 * process sees when it is over. */
int exit_time(void) {
    workload_trace_tags_at_start(workload_tracer(NULL));
    printf("{\"process_ns\":%" PRIu64 ",\"exit_began_ns\":%" PRIu64 "}\n", measure_clock(CLOCK_PROCESS_CPUTIME_ID),
           measure_clock(CLOCK_MONOTONIC));
    return 0;
}
