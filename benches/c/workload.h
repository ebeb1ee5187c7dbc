/* The units of work, one call each. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdint.h>

#include "tags.h"

/* A tracer with the settings of the environment; ends the process with the reason when there can be none. */
ddtrace_tracer *workload_tracer(const ddtrace_config *config_or_null);
/* Ends the process when a call that the measurement rests on did not succeed. */
void workload_check(const char *call, ddtrace_status status);

void workload_root(ddtrace_tracer *tracer);                /* W1 */
void workload_trace_tag_by_tag(ddtrace_tracer *tracer);    /* W2s */
void workload_trace_tags_at_start(ddtrace_tracer *tracer); /* W2b */
void workload_inject(ddtrace_tracer *tracer, uint64_t iterations);
void workload_extract(uint64_t iterations);

#endif
