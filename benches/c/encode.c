/* What the background spends on a span of W2 (sampling, added tags, stats, encoding), without a socket: in host-driven mode,
 * with a transport that takes each payload and answers at once. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent_info.h"
#include "commands.h"
#include "measure.h"
#include "workload.h"

typedef struct swallowed {
    uint64_t bytes, payloads;
    char path[256]; /* of the last payload: says which format it was */
} swallowed;

static int ends_with(ddtrace_str text, const char *end) {
    size_t length = strlen(end);
    return text.len >= length && memcmp(text.ptr + text.len - length, end, length) == 0;
}

static void swallow(void *user_data, ddtrace_exchange *exchange) {
    swallowed *total = user_data;
    ddtrace_str path = ddtrace_exchange_path(exchange);
    const char *answer = "{}";
    if (ends_with(path, "/info")) answer = AGENT_INFO;
    else if (ends_with(path, "/traces")) {
        total->bytes += ddtrace_exchange_body(exchange).len;
        total->payloads++;
        snprintf(total->path, sizeof total->path, "%.*s", (int)path.len, path.ptr);
        answer = AGENT_RATES;
    }
    ddtrace_exchange_complete(exchange, 200, (const uint8_t *)answer, strlen(answer));
}

static ddtrace_tracer *host_driven_tracer(swallowed *total) {
    static const char KEY[] = "LIBDDTRACE_HOST_DRIVEN", VALUE[] = "true";
    ddtrace_config *config = NULL;
    workload_check("ddtrace_config_new", ddtrace_config_new(&config));
    workload_check("ddtrace_config_set", ddtrace_config_set(config, KEY, sizeof KEY - 1, VALUE, sizeof VALUE - 1, NULL));
    workload_check("ddtrace_config_set_transport", ddtrace_config_set_transport(config, swallow, total, NULL));
    ddtrace_tracer *tracer = workload_tracer(config);
    ddtrace_config_free(config);
    return tracer;
}

static uint64_t spans_sent(const ddtrace_tracer *tracer) {
    ddtrace_counters counters = { .struct_size = sizeof counters };
    workload_check("ddtrace_tracer_counters", ddtrace_tracer_counters(tracer, &counters));
    return counters.spans_sent;
}

/* A round fills what waits, unmeasured, and then measures how long it takes to empty it. The first round is for warming up: it
 * also asks the agent what it can do. */
int encode(uint64_t traces, uint64_t rounds) {
    swallowed total = { 0 };
    ddtrace_tracer *tracer = host_driven_tracer(&total);
    uint64_t process_ns = 0, sent_before = 0;
    for (uint64_t round = 0; round <= rounds; round++) {
        for (uint64_t i = 0; i < traces; i++) workload_trace_tags_at_start(tracer);
        uint64_t began = measure_now().process_ns;
        workload_check("ddtrace_tracer_flush", ddtrace_tracer_flush(tracer, 10000));
        process_ns += measure_now().process_ns - began;
        if (round > 0) continue;
        process_ns = 0;
        total = (swallowed){ 0 };
        sent_before = spans_sent(tracer);
    }
    printf("{\"spans\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"process_ns\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"payloads\":%" PRIu64
           ",\"path\":\"%s\"}\n",
           traces * rounds * SPANS_PER_TRACE, spans_sent(tracer) - sent_before, process_ns, total.bytes, total.payloads, total.path);
    workload_check("ddtrace_tracer_shutdown", ddtrace_tracer_shutdown(tracer, 5000));
    ddtrace_tracer_free(tracer);
    return 0;
}
