/* Sampling decisions of a tracer that runs: remote rules, products, and a sampler of one's own. */
#include "recorder.h"

#include <math.h>

static int32_t priority_of(ddtrace_span *span)
{
    ddtrace_context *context = NULL;
    int32_t priority = 99;
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_OK(ddtrace_context_get_priority(context, &priority));
    ddtrace_context_free(context);
    return priority;
}

/* The priority of a new trace, decided now. */
static int32_t decided(ddtrace_tracer *tracer)
{
    ddtrace_span *span = root_span(tracer, "decided");
    CHECK_OK(ddtrace_tracer_sample(tracer, span));
    int32_t priority = priority_of(span);
    CHECK_OK(ddtrace_span_end(span, NULL));
    return priority;
}

static void remote_rules_hold_until_they_are_gone(void)
{
    static const char *const settings[] = { "DD_TRACE_SAMPLE_RATE", "1", NULL };
    static const char drop[] = "[{\"service\":\"*\",\"sample_rate\":0,\"provenance\":\"customer\"}]";
    recorder recorder = recorder_open(settings);
    double rate = 0;
    CHECK_INT(decided(recorder.tracer), 2);
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, TEXT(drop), NULL, NULL));
    CHECK_INT(decided(recorder.tracer), -1);
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 0, NULL, NULL));
    CHECK_INT(decided(recorder.tracer), 2);
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, TEXT("[]"), &rate, NULL));
    CHECK_INT(decided(recorder.tracer), -1);
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, DDTRACE_NTS, NULL, NULL));
    CHECK_INT(decided(recorder.tracer), 2);
    recorder_close(recorder);
}

static void other_settings_leave_remote_ones_alone(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_config *config = NULL;
    double rate = 0;
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 0, &rate, NULL));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_exporter(config, recorder.memory));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_SAMPLE_RATE"), TEXT("1"), NULL));
    CHECK_OK(ddtrace_tracer_configure(recorder.tracer, config, 0, 20000, NULL));
    ddtrace_config_free(config);
    CHECK_INT(decided(recorder.tracer), -1);
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 0, NULL, NULL));
    CHECK_INT(decided(recorder.tracer), 2);
    recorder_close(recorder);
}

static void what_is_refused_changes_nothing(void)
{
    recorder recorder = recorder_open(NULL);
    double rate = 0, too_much = 1.5, none = NAN;
    ddtrace_error *error = NULL;
    ddtrace_str message;
    CHECK_OK(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 0, &rate, NULL));
    CHECK_STATUS(ddtrace_tracer_set_remote_sampling(recorder.tracer, TEXT("{}"), NULL, &error), DDTRACE_ERR_INVALID);
    message = ddtrace_error_message(error);
    CHECK(message.len > 5 && memcmp(message.ptr, "rules", 5) == 0);
    ddtrace_error_free(error);
    CHECK_STATUS(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 0, &too_much, &error), DDTRACE_ERR_INVALID);
    ddtrace_error_free(error);
    CHECK_STATUS(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 0, &none, NULL), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_tracer_set_remote_sampling(recorder.tracer, NULL, 7, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_tracer_set_remote_sampling(NULL, NULL, 0, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(decided(recorder.tracer), -1);
    recorder_close(recorder);
}

static void products_keep_traces(void)
{
    static const char *const settings[] = { "DD_TRACE_SAMPLE_RATE", "0", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    ddtrace_context *context = NULL;
    char text[16];
    CHECK_OK(ddtrace_span_keep_for(child, DDTRACE_PRODUCT_APPSEC));
    CHECK_OK(ddtrace_span_keep_for(root, DDTRACE_PRODUCT_AI_GUARD));
    CHECK_INT(priority_of(root), 2);
    CHECK_OK(ddtrace_span_get_context(root, &context));
    CHECK_INT(ddtrace_context_get_tag(context, TEXT("_dd.p.ts"), text, sizeof text), 2);
    CHECK_TEXT(text, "22");
    ddtrace_context_free(context);
    CHECK_STATUS(ddtrace_span_keep_for(root, 0x04), DDTRACE_ERR_UNSUPPORTED);
    CHECK_STATUS(ddtrace_span_keep_for(NULL, DDTRACE_PRODUCT_APPSEC), DDTRACE_ERR_NULL);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_STATUS(ddtrace_span_keep_for(root, DDTRACE_PRODUCT_APPSEC), DDTRACE_ERR_HANDLE);
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"_dd.p.ts\":\"22\"");
    CHECK_CONTAINS(json, "\"_dd.p.dm\":\"-13\"");
    free(json);
    recorder_close(recorder);
}

static void without_apm_tracing_one_trace_is_kept_and_nothing_leaves(void)
{
    static const char *const settings[] = { "DD_APM_TRACING_ENABLED", "false", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_config *config = NULL;
    ddtrace_propagator *propagator = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "asked for");
    char buffer[1024];
    size_t needed = 99;
    CHECK_INT(decided(recorder.tracer), 1);
    CHECK_INT(decided(recorder.tracer), 0);
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_APM_TRACING_ENABLED"), TEXT("false"), NULL));
    CHECK_OK(ddtrace_propagator_new(config, &propagator, NULL));
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_propagator_inject_span(propagator, span, buffer, sizeof buffer, &needed));
    CHECK_INT(needed, 0);
    ddtrace_set_active_products(DDTRACE_PRODUCT_APPSEC);
    CHECK_OK(ddtrace_span_keep_for(span, DDTRACE_PRODUCT_APPSEC));
    CHECK_OK(ddtrace_propagator_inject_span(propagator, span, buffer, sizeof buffer, &needed));
    CHECK(needed > 0);
    ddtrace_set_active_products(0);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_propagator_free(propagator);
    recorder_close(recorder);
}

static void a_sampler_of_one_s_own_agrees_with_all_others(void)
{
    CHECK(ddtrace_rate_keeps(1, 10) && ddtrace_rate_keeps(2, 10));
    CHECK(ddtrace_rate_keeps(0.75, 10) && !ddtrace_rate_keeps(0.5, 10));
    CHECK(ddtrace_rate_keeps(0.1, UINT64_C(0x03A93EE8B1999F00)));
    CHECK(!ddtrace_rate_keeps(0, 1) && !ddtrace_rate_keeps(-1, 1) && !ddtrace_rate_keeps(NAN, 1));
}

int main(void)
{
    RUN(remote_rules_hold_until_they_are_gone);
    RUN(other_settings_leave_remote_ones_alone);
    RUN(what_is_refused_changes_nothing);
    RUN(products_keep_traces);
    RUN(without_apm_tracing_one_trace_is_kept_and_nothing_leaves);
    RUN(a_sampler_of_one_s_own_agrees_with_all_others);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
