/* Counts the system calls of one thread. Needs no privileges. */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include <stdint.h>

typedef struct system_calls {
    uint64_t all;
    uint64_t futex;
    uint64_t clock;
    /* Waiting for whoever has a lock and was taken off its core. */
    uint64_t rests;
    /* The number of the last one that is none of these, -1 if there was none. */
    long last_other;
} system_calls;

/* From now on the calling thread's system calls are counted. Threads that exist already are not; new ones must not be started by it.
 * Ends the process with the reason if the kernel does not allow it. */
void system_calls_begin(void);

system_calls system_calls_now(void);

/* Forgets which was the last. */
void system_calls_forget_last(void);

#endif
