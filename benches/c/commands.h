/* The commands of `bench`; each returns the exit status of the process. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include <stdint.h>

int hot(const char *workload, uint64_t iterations, uint64_t threads);
int load(uint64_t spans_per_second, uint64_t seconds);
int start_up(void);
int exit_time(void);
int events(const char *what, const char *audience, uint64_t iterations);
int encode(uint64_t traces, uint64_t rounds);

#endif
