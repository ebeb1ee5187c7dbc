/* A process that forks while one of its threads asks for tracers, and may hold any of the locks.
 *
 * The allocator of the address sanitizer does not survive that, and valgrind takes what the children leave behind on purpose for a fault.
 * modes: plain */
#include "recorder.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static ddtrace_tracer *named(const char *name)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_get(name, DDTRACE_NTS, &tracer, NULL));
    return tracer;
}

static volatile int stop_asking;

static void *ask_until_stopped(void *unused)
{
    (void)unused;
    char name[32];
    for (unsigned i = 0; !stop_asking; i++) {
        snprintf(name, sizeof name, "busy %u", i % 50);
        ddtrace_tracer_free(named(name));
    }
    return NULL;
}

static void child_of_a_busy_process_gets_tracers(void)
{
    pthread_t thread;
    ddtrace_tracer *kept = named("kept");
    stop_asking = 0;
    CHECK_INT(pthread_create(&thread, NULL, ask_until_stopped, NULL), 0);
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            ddtrace_tracer *mine = NULL;
            alarm(30);
            ddtrace_status status = ddtrace_tracer_get(TEXT("child"), &mine, NULL);
            CHECK(status == DDTRACE_OK || status == DDTRACE_ERR_FORKED);
            if (status == DDTRACE_OK) {
                ddtrace_tracer *again = named("child");
                CHECK(again == mine);
                ddtrace_tracer_free(again);
                ddtrace_tracer_flush(mine, 5000);
                ddtrace_tracer_free(mine);
            }
            ddtrace_tracer_free(kept);
            _exit(0);
        }
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_INT(status, 0);
    }
    stop_asking = 1;
    CHECK_INT(pthread_join(thread, NULL), 0);
    ddtrace_tracer_free(kept);
}

int main(void)
{
    setenv("LIBDDTRACE_EXPORTER", "memory", 1);
    RUN(child_of_a_busy_process_gets_tracers);
    check_no_live_handles();
    return 0;
}
