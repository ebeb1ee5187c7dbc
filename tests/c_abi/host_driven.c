/* A host that has its own loop and its own sockets: no thread of the library, requests handed over, time given by ticks. */
#include "recorder.h"

#include <dirent.h>

struct host {
    ddtrace_exchange *waiting[16];
    int count, freed;
};

static void begin(void *user_data, ddtrace_exchange *exchange)
{
    struct host *host = user_data;
    CHECK(host->count < 16);
    host->waiting[host->count++] = exchange;
}

static void free_host(void *user_data)
{
    struct host *host = user_data;
    host->freed++;
}

static ddtrace_tracer *host_driven_tracer(struct host *host)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("host"), NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, host, free_host));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    return tracer;
}

static int threads_of_this_process(void)
{
    int threads = 0;
    DIR *directory = opendir("/proc/self/task");
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        threads += entry->d_name[0] != '.';
    closedir(directory);
    return threads;
}

static int text_is(ddtrace_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}

static void find_count(void *user_data, ddtrace_str name, ddtrace_str value)
{
    static const char wanted[] = "X-Datadog-Trace-Count";
    int *traces = user_data;
    if (name.len != sizeof wanted - 1)
        return;
    for (size_t i = 0; i < name.len; i++)
        if ((name.ptr[i] | 32) != (wanted[i] | 32))
            return;
    /* It does not end with a NUL. */
    for (size_t i = 0; i < value.len; i++)
        *traces = *traces * 10 + (value.ptr[i] - '0');
}

/* Answers what waits: information about the agent is not there, traces are taken. Returns the number of traces. */
static int answer_all(struct host *host, int http_status)
{
    static const uint8_t rates[] = "{\"rate_by_service\":{}}";
    int traces = 0;
    /* Answering may begin the next request. */
    while (host->count > 0) {
        ddtrace_exchange *exchange = host->waiting[--host->count];
        if (text_is(ddtrace_exchange_path(exchange), "/info")) {
            CHECK(text_is(ddtrace_exchange_method(exchange), "GET"));
            CHECK_OK(ddtrace_exchange_complete(exchange, 404, NULL, 0));
            continue;
        }
        CHECK(text_is(ddtrace_exchange_path(exchange), "/v0.4/traces"));
        CHECK(ddtrace_exchange_body(exchange).len > 10);
        int here = 0;
        CHECK_OK(ddtrace_exchange_each_header(exchange, find_count, &here));
        traces += here;
        CHECK_OK(ddtrace_exchange_respond_header(exchange, TEXT("Content-Type"), TEXT("application/json")));
        CHECK_OK(ddtrace_exchange_complete(exchange, http_status, rates, sizeof rates - 1));
        /* The handle is gone. */
        CHECK_STATUS(ddtrace_exchange_complete(exchange, 200, NULL, 0), DDTRACE_ERR_HANDLE);
    }
    return traces;
}

static void requests_are_handed_to_the_host(void)
{
    struct host host = { { NULL }, 0, 0 };
    ddtrace_tracer *tracer = host_driven_tracer(&host);
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    uint32_t next_ms = 0;
    int traces = 0;
    for (int i = 0; i < 5; i++)
        CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_INT(threads_of_this_process(), 1);
    ddtrace_tracer_flush(tracer, 0);
    for (int i = 0; i < 20 && traces < 5; i++) {
        CHECK_OK(ddtrace_tracer_tick(tracer, &next_ms));
        traces += answer_all(&host, 200);
        ddtrace_tracer_flush(tracer, 0);
    }
    CHECK_INT(traces, 5);
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    CHECK_INT(counters.spans_sent, 5);
    CHECK_INT(threads_of_this_process(), 1);
    ddtrace_tracer_shutdown(tracer, 0);
    answer_all(&host, 200);
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void failure_of_the_host_is_a_failure_to_send(void)
{
    struct host host = { { NULL }, 0, 0 };
    ddtrace_tracer *tracer = host_driven_tracer(&host);
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    ddtrace_tracer_flush(tracer, 0);
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    while (host.count > 0)
        CHECK_OK(ddtrace_exchange_fail(host.waiting[--host.count], TEXT("no route")));
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    CHECK_INT(counters.spans_sent, 0);
    ddtrace_tracer_shutdown(tracer, 0);
    while (host.count > 0)
        CHECK_OK(ddtrace_exchange_fail(host.waiting[--host.count], NULL, 0));
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void tracer_may_go_before_its_requests_are_answered(void)
{
    struct host host = { { NULL }, 0, 0 };
    ddtrace_tracer *tracer = host_driven_tracer(&host);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    ddtrace_tracer_flush(tracer, 0);
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK(host.count > 0);
    ddtrace_tracer_shutdown(tracer, 0);
    ddtrace_tracer_free(tracer);
    while (host.count > 0) {
        ddtrace_exchange *exchange = host.waiting[--host.count];
        CHECK(ddtrace_exchange_path(exchange).len > 0);
        ddtrace_exchange_complete(exchange, 200, NULL, 0);
    }
    CHECK_INT(host.freed, 1);
}

int main(void)
{
    RUN(requests_are_handed_to_the_host);
    RUN(failure_of_the_host_is_a_failure_to_send);
    RUN(tracer_may_go_before_its_requests_are_answered);
    check_no_live_handles();
    return 0;
}
