/* What the agent says about itself: asked for before traces leave, and again when the program wants to. */
#include "recorder.h"

#include <pthread.h>

struct host {
    pthread_mutex_t mutex;
    ddtrace_exchange *waiting;
    const char *info; /* what is answered at once; NULL: nothing is */
    int32_t status;
    int looks, traces, headers;
};

static int text_is(ddtrace_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}

static void see_header(void *user_data, ddtrace_str name, ddtrace_str value)
{
    struct host *host = user_data;
    CHECK(!text_is(name, "Content-Type") && !text_is(name, "X-Datadog-Trace-Count"));
    host->headers += text_is(name, "Datadog-Meta-Lang") && text_is(value, "cpp");
}

static void begin(void *user_data, ddtrace_exchange *exchange)
{
    struct host *host = user_data;
    pthread_mutex_lock(&host->mutex);
    if (!text_is(ddtrace_exchange_path(exchange), "/info")) {
        host->traces++;
        CHECK_OK(ddtrace_exchange_complete(exchange, 200, NULL, 0));
    } else {
        host->looks++;
        CHECK(text_is(ddtrace_exchange_method(exchange), "GET"));
        CHECK_INT(ddtrace_exchange_body(exchange).len, 0);
        CHECK_OK(ddtrace_exchange_each_header(exchange, see_header, host));
        if (host->info == NULL)
            host->waiting = exchange;
        else
            CHECK_OK(ddtrace_exchange_complete(exchange, host->status, (const uint8_t *)host->info, strlen(host->info)));
    }
    pthread_mutex_unlock(&host->mutex);
}

static ddtrace_tracer *tracer_of(struct host *host, const char *host_driven)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), host_driven, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_LANGUAGE"), TEXT("cpp"), NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, host, NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    return tracer;
}

static void check_info(const ddtrace_tracer *tracer, const char *expected)
{
    char text[128];
    size_t length = ddtrace_tracer_get_agent_info(tracer, text, sizeof text);
    if (expected == NULL) {
        CHECK(length == DDTRACE_ABSENT);
        return;
    }
    CHECK_INT(length, strlen(expected));
    CHECK_TEXT(text, expected);
    CHECK_INT(ddtrace_tracer_get_agent_info(tracer, NULL, 0), length);
    CHECK_INT(ddtrace_tracer_get_agent_info(tracer, text, 4), length);
    CHECK_INT(strlen(text), length < 3 ? length : 3);
}

static void what_the_agent_says_is_told(void)
{
    static const char info[] = "{\"version\":\"7.65.0\",\"unknown\":[1]}";
    struct host host = { PTHREAD_MUTEX_INITIALIZER, NULL, info, 200, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    check_info(tracer, NULL);
    CHECK_OK(ddtrace_tracer_refresh_agent_info(tracer, 0));
    check_info(tracer, info);
    CHECK_INT(host.looks, 1);
    CHECK_INT(host.headers, 1);
    host.info = "no JSON";
    CHECK_STATUS(ddtrace_tracer_refresh_agent_info(tracer, 0), DDTRACE_ERR_IO);
    check_info(tracer, info);
    host.info = "";
    host.status = 404;
    CHECK_OK(ddtrace_tracer_refresh_agent_info(tracer, 0));
    check_info(tracer, NULL);
    CHECK_INT(host.looks, 3);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 1000));
    CHECK_STATUS(ddtrace_tracer_refresh_agent_info(tracer, 0), DDTRACE_ERR_SHUTDOWN);
    ddtrace_tracer_free(tracer);
}

static void traces_wait_until_the_agent_has_answered(void)
{
    struct host host = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    uint32_t next_ms = 0;
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_TIMEOUT);
    CHECK_OK(ddtrace_tracer_tick(tracer, &next_ms));
    CHECK(next_ms <= 2000);
    CHECK_INT(host.looks, 1);
    CHECK_INT(host.traces, 0);
    CHECK_OK(ddtrace_exchange_complete(host.waiting, 200, (const uint8_t *)"{}", 2));
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK_INT(host.traces, 1);
    CHECK_OK(ddtrace_tracer_flush(tracer, 0));
    CHECK_INT(host.looks, 1);
    ddtrace_tracer_free(tracer);
}

static void host_that_fails_to_ask_does_not_hold_traces_back(void)
{
    struct host host = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 0), DDTRACE_ERR_TIMEOUT);
    CHECK_OK(ddtrace_exchange_fail(host.waiting, TEXT("no route")));
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK_INT(host.traces, 1);
    ddtrace_tracer_free(tracer);
}

static void shutdown_does_not_wait_for_what_the_agent_says(void)
{
    struct host host = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "true");
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    CHECK_INT(host.traces, 1);
    ddtrace_tracer_free(tracer);
    ddtrace_exchange_fail(host.waiting, NULL, 0);
}

static void *refresh(void *tracer)
{
    CHECK_OK(ddtrace_tracer_refresh_agent_info(tracer, 20000));
    return NULL;
}

static void threads_may_ask_at_the_same_time(void)
{
    struct host host = { PTHREAD_MUTEX_INITIALIZER, NULL, "{}", 200, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "false");
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, refresh, tracer), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    check_info(tracer, "{}");
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_INT(host.traces, 1);
    ddtrace_tracer_free(tracer);
}

static void silent_host_costs_no_more_than_the_time_given(void)
{
    struct host host = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, 0, 0, 0 };
    ddtrace_tracer *tracer = tracer_of(&host, "false");
    CHECK_STATUS(ddtrace_tracer_refresh_agent_info(tracer, 10), DDTRACE_ERR_TIMEOUT);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 10), DDTRACE_ERR_TIMEOUT);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    CHECK_INT(host.traces, 1);
    ddtrace_tracer_free(tracer);
    ddtrace_exchange_fail(host.waiting, NULL, 0);
}

static void spans_that_go_elsewhere_have_no_agent(void)
{
    recorder recorder = recorder_open(NULL);
    CHECK_STATUS(ddtrace_tracer_refresh_agent_info(recorder.tracer, 10), DDTRACE_ERR_NOT_FOUND);
    check_info(recorder.tracer, NULL);
    recorder_close(recorder);
}

int main(void)
{
    RUN(what_the_agent_says_is_told);
    RUN(traces_wait_until_the_agent_has_answered);
    RUN(host_that_fails_to_ask_does_not_hold_traces_back);
    RUN(shutdown_does_not_wait_for_what_the_agent_says);
    RUN(threads_may_ask_at_the_same_time);
    RUN(silent_host_costs_no_more_than_the_time_given);
    RUN(spans_that_go_elsewhere_have_no_agent);
    check_no_live_handles();
    return 0;
}
