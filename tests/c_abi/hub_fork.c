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

static pid_t published;

static ddtrace_status note(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    (void)result;
    CHECK_INT(len, 1);
    CHECK_INT(arguments[0].kind, DDTRACE_VALUE_I64);
    published = (pid_t)arguments[0].content.i64;
    char *seen = user_data;
    snprintf(seen + strlen(seen), 64, "%.*s ", (int)event.len, event.ptr);
    return DDTRACE_OK;
}

static void forks_are_events_in_the_parent(void)
{
    char seen[256] = "";
    int status = -1;
    CHECK_OK(ddtrace_hub_on(TEXT("fork.parent"), NULL, 0, note, seen, NULL, NULL));
    CHECK_OK(ddtrace_hub_on(TEXT("fork.prepare"), NULL, 0, note, seen, NULL, NULL));
    pid_t process = fork();
    if (process == 0) {
        CHECK_TEXT(seen, "fork.prepare ");
        CHECK_INT(published, getppid());
        _exit(0);
    }
    CHECK_TEXT(seen, "fork.prepare fork.parent ");
    CHECK_INT(published, getpid());
    CHECK_INT(waitpid(process, &status, 0), process);
    CHECK_INT(status, 0);
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
}

int main(void)
{
    RUN(forks_are_events_in_the_parent);
    RUN(children_are_events);
    check_no_live_handles();
    return 0;
}
