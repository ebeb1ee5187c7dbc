#include <ddtrace.h>

int main(void) {
    ddtrace_tracer *tracer = NULL;
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name = DDTRACE_TEXT("say.hello");

    ddtrace_tracer_new(NULL, &tracer, NULL);           /* settings: DD_SERVICE, DD_AGENT_HOST, … */
    ddtrace_span_start(tracer, &options, &span, NULL); /* no parent: a new trace */
    ddtrace_span_set_tag(span, "greeting", DDTRACE_NTS, "Hello, trace!", DDTRACE_NTS);
    ddtrace_span_end(span, NULL);
    ddtrace_tracer_free(tracer); /* sends what waits */
    return 0;
}
