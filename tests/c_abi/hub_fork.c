/* Events in a process that forks.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <sys/wait.h>
#include <unistd.h>

static ddtrace_status count(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    (void)event, (void)arguments, (void)len, (void)result;
    ++*(int *)user_data;
    return DDTRACE_OK;
}

static void children_are_events(void)
{
    int children = 0, status = -1;
    uint64_t id = 0;
    recorder recorder = recorder_open(NULL);
    CHECK_OK(ddtrace_hub_on(TEXT("fork.child"), NULL, 0, count, &children, NULL, &id));
    pid_t process = fork();
    if (process == 0) {
        CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "in the child"), NULL));
        CHECK_INT(children, 1);
        CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
        _exit(0);
    }
    CHECK_INT(waitpid(process, &status, 0), process);
    CHECK_INT(status, 0);
    CHECK_INT(children, 0);
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
    recorder_close(recorder);
}

int main(void)
{
    RUN(children_are_events);
    check_no_live_handles();
    return 0;
}
