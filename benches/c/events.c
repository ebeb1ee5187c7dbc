/* What an event costs its publisher, and what the hub costs spans: the unit of work is a publication, or a root span of W1. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "measure.h"
#include "workload.h"

#define LITERAL(text) (text), sizeof(text) - 1

static ddtrace_status listen(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result) {
    (void)event, (void)arguments, (void)result;
    *(uint64_t *)user_data += len;
    return DDTRACE_OK;
}

/* Whom the published event has: nobody in the process, somebody who listens to another event, somebody who listens to it. */
static int listen_as(const char *audience, const char *event, uint64_t *heard) {
    if (strcmp(audience, "nobody") == 0) return 1;
    if (strcmp(audience, "other") == 0) event = "bench.other";
    else if (strcmp(audience, "one") != 0) return 0;
    workload_check("ddtrace_hub_on", ddtrace_hub_on(event, DDTRACE_NTS, NULL, 0, listen, heard, NULL, NULL));
    return 1;
}

/* As `measured_work` of the hot path: what callgrind counts. */
__attribute__((noinline)) static void measured_work(const char *what, uint32_t id, ddtrace_tracer *tracer, uint64_t iterations) {
    ddtrace_value argument = { .kind = DDTRACE_VALUE_I64 };
    if (strcmp(what, "name") == 0)
        for (uint64_t i = 0; i < iterations; i++) ddtrace_hub_dispatch(LITERAL("bench.event"), &argument, 1, 0);
    else if (strcmp(what, "id") == 0)
        for (uint64_t i = 0; i < iterations; i++) ddtrace_hub_dispatch_id(id, &argument, 1, 0);
    else
        for (uint64_t i = 0; i < iterations; i++) workload_root(tracer);
}

int events(const char *what, const char *audience, uint64_t iterations) {
    uint32_t id = 0;
    uint64_t heard = 0;
    int spans = strcmp(what, "spans") == 0;
    if (!spans && strcmp(what, "name") != 0 && strcmp(what, "id") != 0)
        return fprintf(stderr, "unknown publisher \"%s\", expected name, id or spans\n", what), 2;
    ddtrace_tracer *tracer = workload_tracer(NULL);
    workload_check("ddtrace_hub_event_id", ddtrace_hub_event_id(LITERAL("bench.event"), &id));
    if (!listen_as(audience, spans ? "trace.span_finish" : "bench.event", &heard))
        return fprintf(stderr, "unknown audience \"%s\", expected nobody, other or one\n", audience), 2;
    measured_work(what, id, tracer, iterations / 10 + 1);
    uint64_t expected = strcmp(audience, "one") == 0 ? iterations / 10 + 1 : 0;
    if (heard != expected) return fprintf(stderr, "%lu of %lu events were heard\n", (unsigned long)heard, (unsigned long)expected), 1;
    reading before = measure_now();
    measured_work(what, id, tracer, iterations);
    reading after = measure_now();
    workload_check("ddtrace_tracer_shutdown", ddtrace_tracer_shutdown(tracer, 5000));
    ddtrace_counters counters = { .struct_size = sizeof counters };
    workload_check("ddtrace_tracer_counters", ddtrace_tracer_counters(tracer, &counters));
    measure_print(&before, &after, iterations, counters.spans_dropped + counters.spans_not_recorded);
    workload_check("ddtrace_hub_reset", ddtrace_hub_reset(NULL, 0, 0));
    ddtrace_tracer_free(tracer);
    return 0;
}
