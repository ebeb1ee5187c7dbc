/* Telemetry through a transport of the host's: what is told, when, and what bad input is answered with. */
#include "recorder.h"

#include <math.h>

enum { MOST = 64 };

struct host {
    char *bodies[MOST]; /* of telemetry, as texts */
    int count, headers;
    int32_t status; /* 0: fail */
};

static int path_is(const ddtrace_exchange *exchange, const char *expected)
{
    ddtrace_str path = ddtrace_exchange_path(exchange);
    return path.len == strlen(expected) && memcmp(path.ptr, expected, path.len) == 0;
}

static void see_header(void *user_data, ddtrace_str name, ddtrace_str value)
{
    struct host *host = user_data;
    (void)value;
    host->headers += name.len == 25 && memcmp(name.ptr, "DD-Telemetry-Request-Type", 25) == 0;
    host->headers += name.len == 13 && memcmp(name.ptr, "DD-Session-ID", 13) == 0;
}

static void begin(void *user_data, ddtrace_exchange *exchange)
{
    struct host *host = user_data;
    if (!path_is(exchange, "/telemetry/proxy/api/v2/apmtelemetry")) {
        CHECK_OK(ddtrace_exchange_complete(exchange, 404, NULL, 0));
        return;
    }
    ddtrace_str body = ddtrace_exchange_body(exchange);
    CHECK(host->count < MOST);
    char *text = malloc(body.len + 1);
    CHECK(text != NULL);
    memcpy(text, body.ptr, body.len);
    text[body.len] = 0;
    host->bodies[host->count++] = text;
    CHECK_OK(ddtrace_exchange_each_header(exchange, see_header, host));
    if (host->status == 0)
        CHECK_OK(ddtrace_exchange_fail(exchange, TEXT("no route")));
    else
        CHECK_OK(ddtrace_exchange_complete(exchange, host->status, NULL, 0));
}

static void clear(struct host *host)
{
    for (int i = 0; i < host->count; i++)
        free(host->bodies[i]);
    host->count = 0;
}

static ddtrace_tracer *tracer_of(struct host *host, const char *const *settings)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_INSTRUMENTATION_TELEMETRY_ENABLED"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("of telemetry"), NULL));
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i += 2)
        CHECK_OK(ddtrace_config_set(config, settings[i], DDTRACE_NTS, settings[i + 1], DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set_transport(config, begin, host, NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    return tracer;
}

static ddtrace_telemetry_stats stats_of(const ddtrace_tracer *tracer)
{
    ddtrace_telemetry_stats stats = DDTRACE_TELEMETRY_STATS_INIT;
    CHECK_OK(ddtrace_telemetry_get_stats(tracer, &stats));
    return stats;
}

static void session_begins_with_a_tick_and_ends_with_the_tracer(void)
{
    struct host host = { { NULL }, 0, 0, 202 };
    ddtrace_tracer *tracer = tracer_of(&host, NULL);
    uint32_t next_ms = 0;
    CHECK_INT(host.count, 0);
    CHECK_OK(ddtrace_tracer_tick(tracer, &next_ms));
    CHECK(next_ms <= 10000);
    CHECK_INT(host.count, 1);
    CHECK_INT(host.headers, 2);
    CHECK_CONTAINS(host.bodies[0], "\"request_type\":\"app-started\"");
    CHECK_CONTAINS(host.bodies[0], "\"seq_id\":1,");
    CHECK_CONTAINS(host.bodies[0], "\"service_name\":\"of telemetry\"");
    CHECK_CONTAINS(host.bodies[0], "\"appsec\":{");
    CHECK(strstr(host.bodies[0], "install_signature") == NULL);
    CHECK_INT(stats_of(tracer).is_accepted, 1);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    CHECK(host.count >= 2);
    CHECK_CONTAINS(host.bodies[host.count - 1], "\"app-closing\"");
    CHECK_STATUS(ddtrace_telemetry_flush(tracer, 0), DDTRACE_ERR_SHUTDOWN);
    ddtrace_tracer_free(tracer);
    clear(&host);
}

static void everything_that_is_added_is_told(void)
{
    static const char *const settings[] = { "DD_INSTRUMENTATION_INSTALL_ID", "i-1", NULL };
    struct host host = { { NULL }, 0, 0, 202 };
    ddtrace_tracer *tracer = tracer_of(&host, settings);
    ddtrace_integration integration = DDTRACE_INTEGRATION_INIT;
    ddtrace_endpoint endpoint = DDTRACE_ENDPOINT_INIT;
    ddtrace_str media_type = DDTRACE_STR("application/json"), tags[2] = { DDTRACE_STR("B:2"), DDTRACE_STR("a:1") };
    int32_t codes[2] = { 200, 404 };
    CHECK_OK(ddtrace_telemetry_flush(tracer, 0));
    CHECK_CONTAINS(host.bodies[0], "\"install_signature\":{\"install_id\":\"i-1\"}");
    clear(&host);

    for (int i = 0; i < 2; i++)
        CHECK_OK(ddtrace_telemetry_add_dependency(tracer, TEXT("openssl"), TEXT("3.0")));
    integration.name = DDTRACE_TEXT("redis");
    integration.version = DDTRACE_TEXT("7");
    integration.compatible = 1;
    integration.error = DDTRACE_TEXT("too old");
    CHECK_OK(ddtrace_telemetry_add_integration(tracer, &integration));
    endpoint.method = DDTRACE_TEXT("GET");
    endpoint.operation_name = DDTRACE_TEXT("http.request");
    endpoint.resource_name = DDTRACE_TEXT("GET /users/{id}");
    endpoint.request_body_types = &media_type;
    endpoint.request_body_types_len = 1;
    endpoint.response_codes = codes;
    endpoint.response_codes_len = 2;
    CHECK_OK(ddtrace_telemetry_add_endpoint(tracer, &endpoint));
    CHECK_OK(ddtrace_telemetry_add_config(tracer, TEXT("DD_X"), TEXT("true"), TEXT("remote_config"), TEXT("c-1")));
    CHECK_OK(ddtrace_telemetry_set_product(tracer, TEXT("appsec"), 1, TEXT("1.0"), 0, NULL, 0));
    CHECK_OK(ddtrace_telemetry_record(tracer, TEXT("appsec"), TEXT("waf.init"), DDTRACE_TELEMETRY_COUNT, 2, tags, 2, 1));
    CHECK_OK(ddtrace_telemetry_record(tracer, TEXT("appsec"), TEXT("waf.ms"), DDTRACE_TELEMETRY_DISTRIBUTION, 1.5, NULL, 0, 0));
    CHECK_OK(ddtrace_telemetry_log(tracer, DDTRACE_LOG_ERROR, TEXT("cannot wrap"), TEXT("f\ng"), TEXT("a:b"), 0));
    CHECK_OK(ddtrace_telemetry_log(tracer, DDTRACE_LOG_ERROR, TEXT("cannot wrap"), TEXT("f\ng"), TEXT("a:b"), 0));
    CHECK_OK(ddtrace_telemetry_log(tracer, DDTRACE_LOG_DEBUG, TEXT("not wanted"), NULL, 0, NULL, 0, 0));
    CHECK_INT(host.count, 0);
    CHECK_OK(ddtrace_telemetry_flush(tracer, 0));

    CHECK_INT(host.count, 2);
    CHECK_CONTAINS(host.bodies[0], "\"request_type\":\"message-batch\"");
    CHECK_CONTAINS(host.bodies[0], "\"dependencies\":[{\"name\":\"openssl\",\"version\":\"3.0\"}]");
    CHECK_CONTAINS(host.bodies[0], "{\"name\":\"redis\",\"enabled\":false,\"version\":\"7\",\"compatible\":false,\"auto_enabled\":null,"
                                   "\"error\":\"too old\"}");
    CHECK_CONTAINS(host.bodies[0], "{\"is_first\":true,\"endpoints\":[{\"method\":\"GET\",\"operation_name\":\"http.request\","
                                   "\"resource_name\":\"GET /users/{id}\",\"request_body_type\":[\"application/json\"],"
                                   "\"response_code\":[200,404]}]}");
    CHECK_CONTAINS(host.bodies[0], "{\"name\":\"DD_X\",\"value\":true,\"origin\":\"remote_config\",\"config_id\":\"c-1\",");
    CHECK_CONTAINS(host.bodies[0], "\"appsec\":{\"version\":\"1.0\",\"enabled\":true,\"error\":null}");
    CHECK_CONTAINS(host.bodies[1], "\"metric\":\"waf.init\"");
    CHECK_CONTAINS(host.bodies[1], "\"tags\":[\"a:1\",\"b:2\"],\"common\":true");
    CHECK_CONTAINS(host.bodies[1], "{\"metric\":\"waf.ms\",\"points\":[1.5],\"tags\":[],\"common\":false}");
    CHECK_CONTAINS(host.bodies[1], "{\"message\":\"cannot wrap\",\"level\":\"ERROR\",\"count\":2,\"stack_trace\":\"f\\ng\",\"tags\":\"a:b\"");
    CHECK(strstr(host.bodies[1], "not wanted") == NULL);
    clear(&host);
    CHECK_OK(ddtrace_telemetry_add_dependency(tracer, TEXT("openssl"), TEXT("3.0")));
    ddtrace_tracer_free(tracer);
    for (int i = 0; i < host.count; i++)
        CHECK(strstr(host.bodies[i], "openssl") == NULL);
    clear(&host);
}

static void metrics_that_were_looked_up_outlive_their_session(void)
{
    struct host host = { { NULL }, 0, 0, 202 };
    ddtrace_tracer *tracer = tracer_of(&host, NULL);
    ddtrace_telemetry_metric *metric = NULL;
    CHECK_OK(ddtrace_telemetry_metric_new(tracer, TEXT("iast"), TEXT("sinks"), DDTRACE_TELEMETRY_COUNT, NULL, 0, 1, &metric));
    for (int i = 0; i < 3; i++)
        CHECK_OK(ddtrace_telemetry_metric_add(metric, 1));
    CHECK_STATUS(ddtrace_telemetry_metric_add(metric, -1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_telemetry_metric_add(metric, NAN), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    int found = 0;
    for (int i = 0; i < host.count; i++)
        found += strstr(host.bodies[i], "\"metric\":\"sinks\",\"points\":[[") != NULL && strstr(host.bodies[i], ",3]]") != NULL;
    CHECK_INT(found, 1);
    clear(&host);
    CHECK_OK(ddtrace_telemetry_metric_add(metric, 1));
    ddtrace_tracer_free(tracer);

    tracer = tracer_of(&host, NULL);
    CHECK_OK(ddtrace_telemetry_metric_add(metric, 5));
    ddtrace_tracer_free(tracer);
    for (int i = found = 0; i < host.count; i++)
        found += strstr(host.bodies[i], "\"metric\":\"sinks\"") != NULL && strstr(host.bodies[i], ",5]]") != NULL;
    CHECK_INT(found, 1);
    clear(&host);
    ddtrace_telemetry_metric_free(metric);
    CHECK_STATUS(ddtrace_telemetry_metric_add(metric, 1), DDTRACE_ERR_HANDLE);
}

static void every_session_has_its_own_id(void)
{
    struct host host = { { NULL }, 0, 0, 202 };
    char ids[2][37];
    for (int i = 0; i < 2; i++) {
        ddtrace_tracer *tracer = tracer_of(&host, NULL), *other = tracer_of(&host, NULL);
        CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
        CHECK_OK(ddtrace_tracer_tick(other, NULL));
        CHECK_INT(host.count, 1);
        CHECK_INT(ddtrace_runtime_id(ids[i], sizeof ids[i]), 36);
        CHECK_CONTAINS(host.bodies[0], ids[i]);
        ddtrace_tracer_free(tracer);
        CHECK(strstr(host.bodies[host.count - 1], "app-closing") == NULL);
        ddtrace_tracer_free(other);
        CHECK_CONTAINS(host.bodies[host.count - 1], "app-closing");
        clear(&host);
    }
    CHECK(strcmp(ids[0], ids[1]) != 0);
}

static void beginning_is_tried_until_it_is_taken(void)
{
    struct host host = { { NULL }, 0, 0, 404 };
    ddtrace_tracer *tracer = tracer_of(&host, NULL);
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    CHECK_OK(ddtrace_telemetry_add_dependency(tracer, TEXT("zlib"), NULL, 0));
    CHECK_STATUS(ddtrace_telemetry_flush(tracer, 0), DDTRACE_ERR_IO);
    CHECK_INT(stats_of(tracer).is_accepted, 0);
    for (int i = 0; i < host.count; i++)
        CHECK_CONTAINS(host.bodies[i], "\"request_type\":\"app-started\"");
    clear(&host);
    host.status = 202;
    CHECK_OK(ddtrace_telemetry_flush(tracer, 0));
    CHECK_CONTAINS(host.bodies[0], "\"request_type\":\"app-started\"");
    CHECK_CONTAINS(host.bodies[1], "\"zlib\"");
    CHECK_INT(stats_of(tracer).is_accepted, 1);
    ddtrace_tracer_free(tracer);
    clear(&host);
}

static void telemetry_is_stopped_alone(void)
{
    struct host host = { { NULL }, 0, 0, 202 };
    ddtrace_tracer *tracer = tracer_of(&host, NULL);
    CHECK_OK(ddtrace_telemetry_stop(tracer, 0));
    CHECK_CONTAINS(host.bodies[0], "app-started");
    CHECK_CONTAINS(host.bodies[host.count - 1], "app-closing");
    clear(&host);
    CHECK_OK(ddtrace_telemetry_stop(tracer, 0));
    CHECK_OK(ddtrace_telemetry_flush(tracer, 0));
    CHECK_OK(ddtrace_telemetry_add_dependency(tracer, TEXT("late"), NULL, 0));
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.count, 0);
}

static void check_bad_input(ddtrace_tracer *tracer, ddtrace_status nameless)
{
    ddtrace_integration integration = DDTRACE_INTEGRATION_INIT;
    ddtrace_endpoint endpoint = DDTRACE_ENDPOINT_INIT;
    ddtrace_telemetry_metric *metric = NULL;
    CHECK_STATUS(ddtrace_telemetry_add_dependency(tracer, TEXT(""), TEXT("1")), nameless);
    CHECK_STATUS(ddtrace_telemetry_add_dependency(tracer, NULL, 4, TEXT("1")), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_telemetry_add_integration(tracer, &integration), nameless);
    CHECK_STATUS(ddtrace_telemetry_add_integration(tracer, NULL), DDTRACE_ERR_NULL);
    integration.compatible = 3;
    CHECK_STATUS(ddtrace_telemetry_add_integration(tracer, &integration), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_telemetry_add_endpoint(tracer, &endpoint), nameless);
    CHECK_STATUS(ddtrace_telemetry_add_endpoint(tracer, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_telemetry_add_config(tracer, TEXT(" "), TEXT("x"), TEXT("code"), NULL, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_add_config(tracer, TEXT("DD_X"), TEXT("x"), TEXT("moon"), NULL, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_set_product(tracer, TEXT(""), 1, NULL, 0, 0, NULL, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_log(tracer, 0, TEXT("x"), NULL, 0, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_log(tracer, DDTRACE_LOG_ERROR, TEXT(" "), NULL, 0, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_log(tracer, DDTRACE_LOG_ERROR, TEXT("x"), NULL, 0, NULL, 0, 4), nameless);
    CHECK_STATUS(ddtrace_telemetry_record(tracer, TEXT("nowhere"), TEXT("x"), 1, 1, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_record(tracer, TEXT("tracers"), TEXT(""), 1, 1, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_record(tracer, TEXT("tracers"), TEXT("x"), 9, 1, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_record(tracer, TEXT("tracers"), TEXT("x"), 1, INFINITY, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_record(tracer, TEXT("tracers"), TEXT("x"), 1, -1, NULL, 0, 0), nameless);
    CHECK_STATUS(ddtrace_telemetry_metric_new(tracer, TEXT("tracers"), TEXT("x"), 1, NULL, 0, 0, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_telemetry_metric_new(tracer, TEXT("tracers"), TEXT("x"), 9, NULL, 0, 0, &metric), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_telemetry_get_stats(tracer, NULL), DDTRACE_ERR_NULL);
}

static void bad_input_is_refused(void)
{
    struct host host = { { NULL }, 0, 0, 202 };
    ddtrace_tracer *tracer = tracer_of(&host, NULL);
    check_bad_input(tracer, DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_telemetry_record(tracer, TEXT("tracers"), TEXT("y"), DDTRACE_TELEMETRY_COUNT, 1, NULL, 0, 0));
    CHECK_STATUS(ddtrace_telemetry_record(tracer, TEXT("tracers"), TEXT("y"), DDTRACE_TELEMETRY_GAUGE, 1, NULL, 0, 0), DDTRACE_ERR_INVALID);
    ddtrace_tracer_free(tracer);
    clear(&host);
    CHECK_STATUS(ddtrace_telemetry_add_dependency(NULL, TEXT("x"), NULL, 0), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_telemetry_flush(NULL, 0), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_telemetry_stop(NULL, 0), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_telemetry_metric_add(NULL, 1), DDTRACE_ERR_NULL);
    ddtrace_telemetry_metric_free(NULL);
}

static void switched_off_everything_is_fine_and_nothing_is_told(void)
{
    static const char *const settings[] = { "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false", NULL };
    struct host host = { { NULL }, 0, 0, 202 };
    ddtrace_tracer *tracer = tracer_of(&host, settings);
    ddtrace_telemetry_metric *metric = NULL;
    check_bad_input(tracer, DDTRACE_OK);
    CHECK_OK(ddtrace_telemetry_metric_new(tracer, TEXT("tracers"), TEXT("x"), 1, NULL, 0, 0, &metric));
    CHECK_OK(ddtrace_telemetry_metric_add(metric, 1));
    ddtrace_telemetry_metric_free(metric);
    CHECK_OK(ddtrace_telemetry_flush(tracer, 0));
    CHECK_OK(ddtrace_telemetry_stop(tracer, 0));
    CHECK_INT(stats_of(tracer).requests, 0);
    CHECK_OK(ddtrace_tracer_tick(tracer, NULL));
    ddtrace_tracer_free(tracer);
    CHECK_INT(host.count, 0);
}

static void spans_that_stay_here_are_not_told_of(void)
{
    static const char *const settings[] = { "DD_ENV", "x", NULL };
    recorder recorder = recorder_open(settings);
    CHECK_INT(stats_of(recorder.tracer).requests, 0);
    CHECK_OK(ddtrace_telemetry_flush(recorder.tracer, 0));
    recorder_close(recorder);
}

int main(void)
{
    RUN(session_begins_with_a_tick_and_ends_with_the_tracer);
    RUN(everything_that_is_added_is_told);
    RUN(metrics_that_were_looked_up_outlive_their_session);
    RUN(every_session_has_its_own_id);
    RUN(beginning_is_tried_until_it_is_taken);
    RUN(telemetry_is_stopped_alone);
    RUN(bad_input_is_refused);
    RUN(switched_off_everything_is_fine_and_nothing_is_told);
    RUN(spans_that_stay_here_are_not_told_of);
    check_no_live_handles();
    return 0;
}
