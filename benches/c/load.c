/* Sustained export: traces of ten spans at a steady rate from one thread; what was late is caught up with. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "commands.h"
#include "measure.h"
#include "workload.h"

#define SECOND 1000000000u

int load(uint64_t spans_per_second, uint64_t seconds) {
    ddtrace_tracer *tracer = workload_tracer(NULL);
    const struct timespec pause = { .tv_nsec = 1000000 };
    uint64_t traces = 0, elapsed = 0;
    reading before = measure_now();
    while ((elapsed = measure_clock(CLOCK_MONOTONIC) - before.wall_ns) < seconds * SECOND) {
        uint64_t due = traces + 100;
        if (spans_per_second != 0) due = (uint64_t)((double)elapsed / SECOND * (double)spans_per_second) / SPANS_PER_TRACE;
        for (; traces < due; traces++) workload_trace_tags_at_start(tracer);
        if (spans_per_second != 0) nanosleep(&pause, NULL);
    }
    uint64_t wall_ns = measure_clock(CLOCK_MONOTONIC) - before.wall_ns;
    ddtrace_status stopped = ddtrace_tracer_shutdown(tracer, 5000);
    if (stopped != DDTRACE_OK) fprintf(stderr, "ddtrace_tracer_shutdown: %s\n", ddtrace_status_text(stopped));
    ddtrace_counters counters = { .struct_size = sizeof counters };
    workload_check("ddtrace_tracer_counters", ddtrace_tracer_counters(tracer, &counters));
    reading after = measure_now();
    printf("{\"spans\":%" PRIu64 ",\"process_ns\":%" PRIu64 ",\"wall_ns\":%" PRIu64 ",\"peak_rss_kb\":%" PRIu64 ",\"dropped\":%" PRIu64 "}\n",
           traces * SPANS_PER_TRACE, after.process_ns - before.process_ns, wall_ns, measure_status("VmHWM"),
           counters.spans_dropped + counters.spans_not_recorded);
    ddtrace_tracer_free(tracer);
    return 0;
}
