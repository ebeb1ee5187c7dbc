/* Goes on with traces of every sampling priority. Each is a span and its child, both named by the priority.
 *
 * The tracer is configured by the environment alone. */
#include "check.h"

static void trace(ddtrace_tracer *tracer, const char *name, int32_t priority)
{
    ddtrace_span_ids ids = { UINT64_C(1), (uint64_t)(priority + 10), 42, 0 };
    ddtrace_context *context = NULL;
    ddtrace_span *spans[2] = { NULL, NULL };
    CHECK_OK(ddtrace_context_new(&ids, &priority, NULL, 0, &context));
    for (int i = 0; i < 2; i++) {
        ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
        options.name.ptr = name;
        options.name.len = DDTRACE_NTS;
        options.parent_context = i == 0 ? context : NULL;
        options.parent_span = i == 0 ? NULL : spans[0];
        CHECK_OK(ddtrace_span_start(tracer, &options, &spans[i], NULL));
    }
    CHECK_OK(ddtrace_span_end(spans[1], NULL));
    CHECK_OK(ddtrace_span_end(spans[0], NULL));
    ddtrace_context_free(context);
}

int main(void)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    trace(tracer, "priority -1", -1);
    trace(tracer, "priority 0", 0);
    trace(tracer, "priority 1", 1);
    trace(tracer, "priority 2", 2);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
