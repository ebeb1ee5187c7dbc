/* Traces that are sent before the end of a span returns, for platforms that stop a process when its work is done. */
#include "recorder.h"

#include <time.h>

struct host {
    ddtrace_exchange *waiting[8];
    int count, answers, traces;
};

static void begin(void *user_data, ddtrace_exchange *exchange)
{
    struct host *host = user_data;
    ddtrace_str path = ddtrace_exchange_path(exchange);
    if (path.len == 5) {
        CHECK_OK(ddtrace_exchange_complete(exchange, 404, NULL, 0));
        return;
    }
    __atomic_add_fetch(&host->traces, 1, __ATOMIC_SEQ_CST);
    if (host->answers)
        CHECK_OK(ddtrace_exchange_complete(exchange, 200, NULL, 0));
    else
        host->waiting[host->count++] = exchange;
}

static ddtrace_tracer *tracer_of(struct host *host, const char *host_driven)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_SYNCHRONOUS"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), host_driven, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_WRITER_INTERVAL_SECONDS"), TEXT("600"), NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, host, NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    return tracer;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int traces(struct host *host)
{
    return __atomic_load_n(&host->traces, __ATOMIC_SEQ_CST);
}

static void trace_is_sent_before_the_end_of_its_last_span_returns(void)
{
    static const char *const modes[] = { "false", "true" };
    for (int i = 0; i < 2; i++) {
        struct host host = { { NULL }, 0, 1, 0 };
        ddtrace_tracer *tracer = tracer_of(&host, modes[i]);
        ddtrace_span *root = root_span(tracer, "root");
        CHECK_OK(ddtrace_span_end(span_below(tracer, "child", root), NULL));
        CHECK_INT(traces(&host), 0);
        CHECK_OK(ddtrace_span_end(root, NULL));
        CHECK_INT(traces(&host), 1);
        CHECK_OK(ddtrace_span_end(root_span(tracer, "next"), NULL));
        CHECK_INT(traces(&host), 2);
        ddtrace_tracer_free(tracer);
    }
}

static void silence_costs_a_second_and_no_more(void)
{
    struct host host = { { NULL }, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "false");
    double began = seconds();
    CHECK_OK(ddtrace_span_end(root_span(tracer, "root"), NULL));
    CHECK(seconds() - began >= 0.9 && seconds() - began < 10);
    ddtrace_span *root = root_span(tracer, "root");
    began = seconds();
    for (int i = 0; i < 20; i++)
        CHECK_OK(ddtrace_span_end(span_below(tracer, "child", root), NULL));
    CHECK(seconds() - began < 0.9);
    CHECK_INT(host.count, 1);
    CHECK_OK(ddtrace_exchange_complete(host.waiting[0], 200, NULL, 0));
    host.answers = 1;
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(traces(&host), 2);
    ddtrace_tracer_free(tracer);
}

int main(void)
{
    RUN(trace_is_sent_before_the_end_of_its_last_span_returns);
    RUN(silence_costs_a_second_and_no_more);
    check_no_live_handles();
    return 0;
}
