/* A transport of the host's: what it is asked for, what it may answer, and what becomes of its data and of exchanges that nobody ends. */
#include "recorder.h"

struct host {
    ddtrace_exchange *last;
    int begun, freed;
    int32_t answer; /* An HTTP status to answer at once; 0: fail at once; -1: later. */
};

static void begin(void *user_data, ddtrace_exchange *exchange)
{
    struct host *host = user_data;
    ddtrace_str path = ddtrace_exchange_path(exchange);
    /* The programs of this file are about traces. */
    if (path.len == 5 && memcmp(path.ptr, "/info", 5) == 0) {
        CHECK_OK(ddtrace_exchange_complete(exchange, 404, NULL, 0));
        return;
    }
    host->begun++;
    host->last = exchange;
    if (host->answer > 0)
        CHECK_OK(ddtrace_exchange_complete(exchange, host->answer, NULL, 0));
    else if (host->answer == 0)
        CHECK_OK(ddtrace_exchange_fail(exchange, TEXT("no route")));
}

static void free_host(void *user_data)
{
    struct host *host = user_data;
    host->freed++;
}

static ddtrace_tracer *tracer_of(struct host *host, const char *host_driven)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), host_driven, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_LOG_LEVEL"), TEXT("off"), NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, host, free_host));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    CHECK_INT(host->freed, 0);
    return tracer;
}

static void end_span(ddtrace_tracer *tracer)
{
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
}

static ddtrace_counters counters_of(const ddtrace_tracer *tracer)
{
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    return counters;
}

static void answers_at_once_make_flush_succeed(void)
{
    struct host host = { NULL, 0, 0, 200 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    end_span(tracer);
    CHECK_OK(ddtrace_tracer_flush(tracer, 0));
    CHECK_INT(counters_of(tracer).spans_sent, 1);
    CHECK_INT(host.begun, 1);
    end_span(tracer);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 1000));
    CHECK_INT(counters_of(tracer).spans_sent, 2);
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_SHUTDOWN);
    CHECK_STATUS(ddtrace_tracer_tick(tracer, NULL), DDTRACE_ERR_SHUTDOWN);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 1000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void library_with_threads_can_use_the_host_too(void)
{
    struct host host = { NULL, 0, 0, 200 };
    ddtrace_tracer *tracer = tracer_of(&host, "false");
    CHECK_STATUS(ddtrace_tracer_tick(tracer, NULL), DDTRACE_ERR_STATE);
    end_span(tracer);
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_INT(counters_of(tracer).spans_sent, 1);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void refused_traces_are_dropped_and_told(void)
{
    struct host host = { NULL, 0, 0, 400 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    end_span(tracer);
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_IO);
    ddtrace_counters counters = counters_of(tracer);
    CHECK_INT(counters.spans_sent, 0);
    CHECK_INT(counters.spans_dropped, 1);
    CHECK_INT(counters.chunks_dropped, 1);
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void failures_are_tried_again(void)
{
    struct host host = { NULL, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    uint32_t next_ms = 0;
    end_span(tracer);
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_TIMEOUT);
    CHECK_INT(host.begun, 1);
    CHECK_INT(counters_of(tracer).spans_dropped, 0);
    CHECK_OK(ddtrace_tracer_tick(tracer, &next_ms));
    CHECK(next_ms > 0 && next_ms < 60000);
    host.answer = 200;
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 5000));
    CHECK_INT(host.begun, 2);
    CHECK_INT(counters_of(tracer).spans_sent, 1);
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void answer_that_is_none_leaves_the_exchange(void)
{
    struct host host = { NULL, 0, 0, -1 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    end_span(tracer);
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_TIMEOUT);
    CHECK(host.last != NULL);
    static const int32_t none[] = { INT32_MIN, -1, 0, 99, 600, 65736, INT32_MAX };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK_STATUS(ddtrace_exchange_complete(host.last, none[i], NULL, 0), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_exchange_complete(host.last, 200, NULL, 5), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_exchange_fail(host.last, NULL, 5), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_exchange_each_header(host.last, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_exchange_respond_header(host.last, NULL, 1, TEXT("v")), DDTRACE_ERR_NULL);
    char *large = malloc(20000);
    CHECK(large != NULL);
    memset(large, 'x', 20000);
    CHECK_STATUS(ddtrace_exchange_respond_header(host.last, TEXT("n"), large, 20000), DDTRACE_ERR_LIMIT);
    free(large);
    for (int i = 0; i < 100; i++)
        CHECK_OK(ddtrace_exchange_respond_header(host.last, TEXT("name"), TEXT("value")));
    CHECK_STATUS(ddtrace_exchange_respond_header(host.last, TEXT("name"), TEXT("value")), DDTRACE_ERR_LIMIT);
    CHECK_OK(ddtrace_exchange_complete(host.last, 200, NULL, 0));
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK_INT(counters_of(tracer).spans_sent, 1);
    CHECK(ddtrace_exchange_body(host.last).ptr == NULL);
    CHECK_STATUS(ddtrace_exchange_fail(host.last, NULL, 0), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_exchange_respond_header(host.last, TEXT("n"), TEXT("v")), DDTRACE_ERR_HANDLE);
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void exchange_can_be_read_until_the_host_ends_it(void)
{
    struct host host = { NULL, 0, 0, -1 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    end_span(tracer);
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_TIMEOUT);
    ddtrace_str body = ddtrace_exchange_body(host.last);
    char *copy = malloc(body.len);
    CHECK(copy != NULL && body.len > 0);
    memcpy(copy, body.ptr, body.len);
    CHECK_STATUS(ddtrace_tracer_shutdown(tracer, 0), DDTRACE_ERR_IO);
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_EXCHANGE), 1);
    CHECK(memcmp(ddtrace_exchange_body(host.last).ptr, copy, body.len) == 0);
    free(copy);
    ddtrace_status late = ddtrace_exchange_complete(host.last, 200, NULL, 0);
    CHECK(late == DDTRACE_OK || late == DDTRACE_ERR_TIMEOUT);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_EXCHANGE), 0);
}

static int says(ddtrace_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}

static void look_for_json(void *found, ddtrace_str name, ddtrace_str value)
{
    if (says(name, "Content-Type"))
        *(int *)found = says(value, "application/json");
}

static void request_to_another_server_has_the_whole_url(void)
{
    struct host host = { NULL, 0, 0, -1 };
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    int is_json = 0;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("otlp"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("OTEL_EXPORTER_OTLP_ENDPOINT"), TEXT("https://collector:4318/in"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("OTEL_EXPORTER_OTLP_PROTOCOL"), TEXT("http/json"), NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, &host, free_host));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    end_span(tracer);
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_TIMEOUT);
    CHECK(says(ddtrace_exchange_method(host.last), "POST"));
    CHECK(says(ddtrace_exchange_path(host.last), "https://collector:4318/in/v1/traces"));
    CHECK_OK(ddtrace_exchange_each_header(host.last, look_for_json, &is_json));
    CHECK(is_json);
    CHECK_OK(ddtrace_exchange_complete(host.last, 200, NULL, 0));
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK_INT(counters_of(tracer).spans_sent, 1);
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.freed, 1);
}

static void data_of_a_transport_that_was_refused_is_freed(void)
{
    struct host host = { NULL, 0, 0, 200 };
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_STATUS(ddtrace_config_set_transport(config, NULL, &host, free_host), DDTRACE_ERR_NULL);
    CHECK_INT(host.freed, 1);
    CHECK_OK(ddtrace_config_set_transport(config, begin, &host, free_host));
    CHECK_OK(ddtrace_config_set_transport(config, begin, &host, NULL));
    CHECK_INT(host.freed, 2);
    ddtrace_config_free(config);
    CHECK_STATUS(ddtrace_config_set_transport(config, begin, &host, free_host), DDTRACE_ERR_HANDLE);
    CHECK_INT(host.freed, 3);
}

int main(void)
{
    RUN(answers_at_once_make_flush_succeed);
    RUN(library_with_threads_can_use_the_host_too);
    RUN(refused_traces_are_dropped_and_told);
    RUN(failures_are_tried_again);
    RUN(answer_that_is_none_leaves_the_exchange);
    RUN(exchange_can_be_read_until_the_host_ends_it);
    RUN(request_to_another_server_has_the_whole_url);
    RUN(data_of_a_transport_that_was_refused_is_freed);
    check_no_live_handles();
    return 0;
}
