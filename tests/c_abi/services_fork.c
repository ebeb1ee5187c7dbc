/* Services of the program in a process that forks.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

struct work {
    atomic_int turns, forked, freed;
};

static ddtrace_status run(void *user_data, int32_t reason)
{
    struct work *work = user_data;
    if (reason == DDTRACE_SERVICE_FORKED)
        work->forked++;
    else if (reason != DDTRACE_SERVICE_ENDED)
        work->turns++;
    return DDTRACE_OK;
}

static void count_free(void *user_data)
{
    ((struct work *)user_data)->freed++;
}

static ddtrace_service *service_of(struct work *work, uint32_t flags)
{
    ddtrace_service *service = NULL;
    CHECK_OK(ddtrace_service_new(TEXT("Poller"), 5, run, work, count_free, flags, &service));
    return service;
}

static void a_service_goes_on_in_a_child(void)
{
    struct work work = { 0 }, other = { 0 };
    recorder recorder = recorder_open(NULL);
    ddtrace_service *service = service_of(&work, 0);
    ddtrace_service *stays = service_of(&other, DDTRACE_SERVICE_NOT_IN_CHILDREN);
    CHECK_OK(ddtrace_service_start(service, NULL));
    CHECK_OK(ddtrace_service_start(stays, NULL));
    while (work.turns < 2)
        usleep(1000);
    pid_t child = fork();
    if (child == 0) {
        int before = work.turns;
        CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "first use"), NULL));
        while (work.turns < before + 3)
            usleep(1000);
        CHECK_INT(work.forked, 1);
        CHECK(!ddtrace_service_is_running(stays));
        CHECK_OK(ddtrace_service_stop(service, NULL));
        CHECK_OK(ddtrace_service_join(service, 20000));
        CHECK_OK(ddtrace_service_start(stays, NULL));
        CHECK_OK(ddtrace_service_awake(stays, 20000));
        _exit(0);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    CHECK(ddtrace_service_is_running(service) && ddtrace_service_is_running(stays));
    ddtrace_service_free(service);
    ddtrace_service_free(stays);
    while (work.freed == 0 || other.freed == 0)
        usleep(1000);
    recorder_close(recorder);
}

int main(void)
{
    RUN(a_service_goes_on_in_a_child);
    check_no_live_handles();
    return 0;
}
