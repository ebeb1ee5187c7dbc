/* Clocks, memory and threads of this process, and the allocation counter when alloc_count.so is preloaded. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* What has been spent up to one moment. */
typedef struct reading {
    uint64_t thread_ns, process_ns, wall_ns;
    uint64_t allocations; /* of the calling thread */
    bool allocations_known;
} reading;

reading measure_now(void);
uint64_t measure_clock(clockid_t id);
/* A line of /proc/self/status, such as VmHWM (peak resident KiB), VmRSS or Threads; 0 when it is absent. */
uint64_t measure_status(const char *field);
/* The line of a hot path. `unrecorded`: spans that were dropped or never recorded, and so cost something else. */
void measure_print(const reading *before, const reading *after, uint64_t units, uint64_t unrecorded);

#endif
