/* Forks with a trace that is finished and not sent yet. Parent and child then make another one each, and send what is theirs.
 *
 * The tracer is configured by the environment alone. */
#include "recorder.h"

#include <sys/wait.h>
#include <unistd.h>

static void trace(ddtrace_tracer *tracer, const char *name)
{
    ddtrace_span *root = root_span(tracer, name);
    CHECK_OK(ddtrace_span_end(span_below(tracer, "child", root), NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
}

int main(void)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    trace(tracer, "sent before");
    CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
    trace(tracer, "waiting");
    ddtrace_span *open = root_span(tracer, "open");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(50);
        ddtrace_span *own = span_below(tracer, "below what was open", open);
        CHECK_OK(ddtrace_span_end(own, NULL));
        ddtrace_span_end(open, NULL);
        trace(tracer, "of the child");
        CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
        return 0;
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_OK(ddtrace_span_end(open, NULL));
    trace(tracer, "of the parent");
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
