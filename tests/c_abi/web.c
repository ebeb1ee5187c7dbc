/* What integrations of web servers and clients ask of a tracer, and settings of single integrations. */
#include "recorder.h"

static void headers_become_tags(void)
{
    const char *settings[] = { "DD_TRACE_HEADER_TAGS", "User-Agent, X-Team:team,:bad", NULL };
    recorder recorder = recorder_open(settings);
    char tag[64];
    CHECK_INT(ddtrace_tracer_header_tag(recorder.tracer, TEXT("x-team"), 0, tag, sizeof tag), 4);
    CHECK_TEXT(tag, "team");
    CHECK_INT(ddtrace_tracer_header_tag(recorder.tracer, TEXT("USER-AGENT"), 1, tag, sizeof tag), 32);
    CHECK_TEXT(tag, "http.response.headers.user-agent");
    CHECK_INT(ddtrace_tracer_header_tag(recorder.tracer, TEXT("bad"), 0, tag, sizeof tag), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_header_tag(NULL, TEXT("x-team"), 0, tag, sizeof tag), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_header_tag(recorder.tracer, NULL, 3, 0, tag, sizeof tag), DDTRACE_ABSENT);

    ddtrace_str pairs[] = {
        DDTRACE_STR("X-TEAM"), DDTRACE_STR(" b l u e "), DDTRACE_STR("accept"), DDTRACE_STR("*/*"),
        DDTRACE_STR("x-team"), DDTRACE_STR("red"), DDTRACE_STR("User-Agent"), DDTRACE_STR_NONE,
    };
    ddtrace_span *span = root_span(recorder.tracer, "request");
    CHECK_OK(ddtrace_span_set_header_tags(span, pairs, 4, 0));
    check_tag(span, "team", "b l u e,red");
    check_tag(span, "http.request.headers.user-agent", "");
    check_tag(span, "http.request.headers.accept", NULL);
    CHECK_OK(ddtrace_span_set_header_tags(span, NULL, 0, 0));
    CHECK_INT(ddtrace_span_set_header_tags(span, NULL, 1, 0), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_span_set_header_tags(NULL, pairs, 4, 0), DDTRACE_ERR_NULL);
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK_INT(ddtrace_span_set_header_tags(span, pairs, 4, 1), DDTRACE_ERR_FINISHED);
    ddtrace_span_free(span);
    recorder_close(recorder);
}

static void secrets_are_hidden_in_queries(void)
{
    recorder recorder = recorder_open(NULL);
    char text[128];
    size_t length = ddtrace_tracer_clean_url(recorder.tracer, DDTRACE_SPAN_KIND_SERVER,
                                             TEXT("http://me:pw@shop/a?token=1&b=2#c"), text, sizeof text);
    CHECK_INT(length, 30);
    CHECK_TEXT(text, "http://shop/a?<redacted>&b=2#c");
    CHECK_INT(ddtrace_tracer_obfuscate_query(recorder.tracer, TEXT("a=1&pass=2"), text, sizeof text), 14);
    CHECK_TEXT(text, "a=1&<redacted>");
    CHECK_INT(ddtrace_tracer_obfuscate_query(NULL, TEXT("a=1"), text, sizeof text), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_clean_url(recorder.tracer, 0, NULL, 1, text, sizeof text), DDTRACE_ABSENT);
    recorder_close(recorder);

    const char *settings[] = { "DD_TRACE_OBFUSCATION_QUERY_STRING_REGEXP", "(?:", "DD_TRACE_HTTP_CLIENT_TAG_QUERY_STRING", "0", NULL };
    recorder = recorder_open(settings);
    CHECK_INT(ddtrace_tracer_obfuscate_query(recorder.tracer, TEXT("a=1"), text, sizeof text), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_clean_url(recorder.tracer, DDTRACE_SPAN_KIND_CLIENT, TEXT("/a?b"), text, sizeof text), 2);
    recorder_close(recorder);
}

static void clients_are_found_behind_proxies(void)
{
    const char *settings[] = { "DD_TRACE_CLIENT_IP_ENABLED", "true", NULL };
    ddtrace_str pairs[] = { DDTRACE_STR("X-Forwarded-For"), DDTRACE_STR("10.0.0.1, 43.43.43.43") };
    recorder recorder = recorder_open(settings);
    char text[46];
    CHECK_INT(ddtrace_tracer_client_ip(recorder.tracer, pairs, 1, TEXT("10.0.0.2"), text, sizeof text), 11);
    CHECK_TEXT(text, "43.43.43.43");
    CHECK_INT(ddtrace_tracer_client_ip(recorder.tracer, NULL, 0, TEXT("10.0.0.2:80"), text, sizeof text), 8);
    CHECK_INT(ddtrace_tracer_client_ip(recorder.tracer, NULL, 0, NULL, 0, text, sizeof text), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_client_ip(recorder.tracer, NULL, 1, NULL, 0, text, sizeof text), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_client_ip(NULL, pairs, 1, NULL, 0, text, sizeof text), DDTRACE_ABSENT);
    recorder_close(recorder);
    recorder = recorder_open(NULL);
    CHECK_INT(ddtrace_tracer_client_ip(recorder.tracer, pairs, 1, NULL, 0, text, sizeof text), DDTRACE_ABSENT);
    recorder_close(recorder);
}

static const char *environment(void *user_data, const char *name)
{
    (void)user_data;
    if (strcmp(name, "DD_TRACE_AWS_SDK_ENABLED") == 0)
        return "0";
    return strcmp(name, "DD_AWS_SDK_SERVICE") == 0 ? "cloud" : NULL;
}

#define GET(integration, key) ddtrace_config_integration_get(config, TEXT(integration), TEXT(key), text, sizeof text)

static void integrations_have_settings(void)
{
    ddtrace_config *config = NULL;
    char text[64];
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_env_lookup(config, environment, NULL, NULL));
    CHECK_INT(GET("aws-sdk", "enabled"), 5);
    CHECK_TEXT(text, "false");
    CHECK_INT(GET("aws-sdk", "service"), 5);
    CHECK_TEXT(text, "cloud");
    CHECK_INT(GET("aws-sdk", "analytics_sample_rate"), DDTRACE_ABSENT);
    CHECK_INT(GET("aws-sdk", "weather"), DDTRACE_ABSENT);
    CHECK_INT(GET("redis", "service"), DDTRACE_ABSENT);
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("program"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_REMOVE_INTEGRATION_SERVICE_NAMES_ENABLED"), TEXT("1"), NULL));
    CHECK_INT(GET("redis", "service"), 7);
    CHECK_TEXT(text, "program");
    CHECK_INT(ddtrace_config_integration_get(config, NULL, 1, TEXT("service"), text, sizeof text), DDTRACE_ABSENT);
    ddtrace_config_free(config);
    CHECK_INT(ddtrace_config_integration_get(NULL, TEXT("redis"), TEXT("enabled"), NULL, 0), DDTRACE_ABSENT);
}

int main(void)
{
    RUN(headers_become_tags);
    RUN(secrets_are_hidden_in_queries);
    RUN(clients_are_found_behind_proxies);
    RUN(integrations_have_settings);
    return 0;
}
