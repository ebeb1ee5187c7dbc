#define _GNU_SOURCE
#include "measure.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

reading measure_now(void) {
    uint64_t (*count)(void) = NULL;
    *(void **)&count = dlsym(RTLD_DEFAULT, "bench_thread_allocations");
    reading now = {
        .wall_ns = measure_clock(CLOCK_MONOTONIC),
        .process_ns = measure_clock(CLOCK_PROCESS_CPUTIME_ID),
        .thread_ns = measure_clock(CLOCK_THREAD_CPUTIME_ID),
        .allocations = count == NULL ? 0 : count(),
        .allocations_known = count != NULL,
    };
    return now;
}

uint64_t measure_clock(clockid_t id) {
    struct timespec time;
    clock_gettime(id, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t measure_status(const char *field) {
    FILE *status = fopen("/proc/self/status", "r");
    if (status == NULL) return 0;
    char line[256];
    uint64_t value = 0;
    size_t length = strlen(field);
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, field, length) == 0 && line[length] == ':' && sscanf(line + length + 1, "%" SCNu64, &value) == 1) break;
    }
    fclose(status);
    return value;
}

void measure_print(const reading *before, const reading *after, uint64_t units, uint64_t unrecorded) {
    printf("{\"units\":%" PRIu64 ",\"unrecorded\":%" PRIu64 ",", units, unrecorded);
    printf("\"thread_ns\":%" PRIu64 ",\"process_ns\":%" PRIu64 ",\"wall_ns\":%" PRIu64 ",\"allocations\":",
           after->thread_ns - before->thread_ns, after->process_ns - before->process_ns, after->wall_ns - before->wall_ns);
    if (before->allocations_known && after->allocations_known) printf("%" PRIu64 "}\n", after->allocations - before->allocations);
    else printf("null}\n");
}
