/* Makes a tracer and a span, flushes, and prints what the start-up line would say then. */
#include "recorder.h"

int main(void)
{
    ddtrace_tracer *tracer = NULL;
    char text[32768];
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    /* Without an agent it fails. */
    ddtrace_tracer_flush(tracer, 3000);
    CHECK(ddtrace_tracer_startup_json(tracer, text, sizeof text) < sizeof text);
    printf("%s\n", text);
    ddtrace_tracer_shutdown(tracer, 200);
    ddtrace_tracer_free(tracer);
    return 0;
}
