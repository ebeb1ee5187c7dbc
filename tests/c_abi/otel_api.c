/* Spans of the OpenTelemetry API, as a binding's facade makes them. */
#include "recorder.h"

static ddtrace_span *otel_span(ddtrace_tracer *tracer, const char *name, int32_t kind, const ddtrace_span *parent)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    options.name.ptr = name;
    options.name.len = name == NULL ? 0 : DDTRACE_NTS;
    options.kind = kind;
    options.parent_span = parent;
    options.flags = DDTRACE_SPAN_FLAG_OTEL;
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    return span;
}

static void check_name(const ddtrace_span *span, const char *expected)
{
    char name[128];
    ddtrace_span_get_name(span, name, sizeof name);
    CHECK_TEXT(name, expected);
}

static void check_resource(const ddtrace_span *span, const char *expected)
{
    char resource[128];
    ddtrace_span_get_resource(span, resource, sizeof resource);
    CHECK_TEXT(resource, expected);
}

static void name_is_the_resource_and_the_operation_name_follows_at_the_end(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = otel_span(recorder.tracer, "GET /cart", DDTRACE_SPAN_KIND_SERVER, NULL);
    check_resource(span, "GET /cart");
    check_name(span, "server.request");
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("http.request.method"), TEXT("GET")));
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("http.response.status_code"), 418));
    CHECK_OK(ddtrace_span_set_resource(span, TEXT("GET /basket")));
    CHECK_OK(ddtrace_span_finish(span, NULL));
    check_name(span, "http.server.request");
    check_resource(span, "GET /basket");
    check_tag(span, "http.status_code", "418");
    check_tag(span, "http.response.status_code", NULL);
    ddtrace_span_free(span);

    span = otel_span(recorder.tracer, NULL, 0, NULL);
    CHECK_OK(ddtrace_span_finish(span, NULL));
    check_name(span, "internal");
    check_resource(span, "internal");
    check_tag(span, "span.kind", NULL);
    ddtrace_span_free(span);

    span = otel_span(recorder.tracer, "any", DDTRACE_SPAN_KIND_CLIENT, NULL);
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("operation.name"), TEXT("As It Is")));
    CHECK_OK(ddtrace_span_finish(span, NULL));
    check_name(span, "As It Is");
    check_tag(span, "operation.name", NULL);
    ddtrace_span_free(span);
    recorder_close(recorder);
}

/* The attributes mean nothing special to spans of the Datadog API. */
static void only_spans_of_the_otel_api_follow_its_rules(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "mine");
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("operation.name"), TEXT("other")));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("analytics.event"), TEXT("true")));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("http.response.status_code"), TEXT("200")));
    CHECK_OK(ddtrace_span_record_exception(span, TEXT("E"), TEXT("m"), NULL, 0, NULL, 0));
    CHECK_OK(ddtrace_span_finish(span, NULL));
    check_name(span, "mine");
    check_tag(span, "operation.name", "other");
    check_tag(span, "analytics.event", "true");
    check_tag(span, "http.response.status_code", "200");
    check_tag(span, "error.type", NULL);
    ddtrace_span_free(span);
    recorder_close(recorder);
}

static void recorded_exceptions_set_three_tags_and_no_error_flag(void)
{
    const char *settings[] = { "LIBDDTRACE_LANGUAGE", "python", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_span *span = otel_span(recorder.tracer, "op", 0, NULL);
    ddtrace_tag attributes[2] = {
        { DDTRACE_STR("exception.message"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("mine") } },
        { DDTRACE_STR("exception.escaped"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("True") } },
    };
    CHECK_OK(ddtrace_span_record_exception(span, TEXT("pkg.Error"), TEXT("first"), TEXT("a.py:1"), NULL, 0));
    CHECK(!ddtrace_span_is_error(span));
    check_tag(span, "error.type", "pkg.Error");
    check_tag(span, "error.message", "first");
    check_tag(span, "error.stack", "a.py:1");
    CHECK_OK(ddtrace_span_record_exception(span, NULL, 0, TEXT("second"), NULL, 0, attributes, 2));
    check_tag(span, "error.type", "Exception");
    check_tag(span, "error.message", "mine");
    check_tag(span, "error.stack", "");
    CHECK_OK(ddtrace_span_set_status(span, DDTRACE_SPAN_STATUS_ERROR, TEXT("described")));
    check_tag(span, "error.message", "described");
    CHECK(ddtrace_span_is_error(span));
    CHECK_OK(ddtrace_span_end(span, NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"exception.escaped\":\"False\"");
    CHECK_CONTAINS(json, "\"exception.escaped\":\"True\"");
    CHECK_CONTAINS(json, "\"exception.message\":\"mine\"");
    free(json);
    recorder_close(recorder);
}

static void ok_leaves_recorded_exceptions(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = otel_span(recorder.tracer, "op", 0, NULL);
    CHECK_OK(ddtrace_span_record_exception(span, TEXT("E"), TEXT("handled"), NULL, 0, NULL, 0));
    CHECK_OK(ddtrace_span_set_status(span, DDTRACE_SPAN_STATUS_OK, TEXT("")));
    check_tag(span, "error.message", "handled");
    CHECK(!ddtrace_span_is_error(span));
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static ddtrace_context *extract(const char *const *headers, size_t count)
{
    ddtrace_config *config = NULL;
    ddtrace_propagator *propagator = NULL;
    ddtrace_context *context = NULL;
    ddtrace_str pairs[16];
    for (size_t i = 0; i < count; i++) {
        pairs[i].ptr = headers[i];
        pairs[i].len = DDTRACE_NTS;
    }
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_propagator_new(config, &propagator, NULL));
    CHECK_OK(ddtrace_propagator_extract(propagator, pairs, count / 2, &context));
    ddtrace_propagator_free(propagator);
    ddtrace_config_free(config);
    return context;
}

static const char *const DATADOG[] = { "x-datadog-trace-id", "7",          "x-datadog-parent-id", "8",
                                       "x-datadog-tags",     "_dd.p.foo=bar", "x-datadog-origin",    "synthetics",
                                       "x-datadog-sampling-priority", "-2" };

static void span_context_has_flags_and_tracestate(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = otel_span(recorder.tracer, "op", 0, NULL);
    char state[512], own[64];
    uint8_t flags = 7;
    int32_t priority = 0;
    ddtrace_context *context = NULL;
    CHECK(ddtrace_span_is_recording(span));
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_STATUS(ddtrace_context_get_priority(context, &priority), DDTRACE_ERR_NOT_FOUND);
    CHECK_OK(ddtrace_span_get_trace_flags(span, &flags));
    CHECK_INT(flags, 1);
    CHECK_OK(ddtrace_context_get_priority(context, &priority));
    CHECK(priority > 0);
    CHECK(ddtrace_span_get_tracestate(span, state, sizeof state) < sizeof state);
    CHECK(strncmp(state, "dd=", 3) == 0);
    snprintf(own, sizeof own, "p:%016" PRIx64, ids_of(span).span_id);
    CHECK_CONTAINS(state, own);
    CHECK_CONTAINS(state, "s:1");
    CHECK_OK(ddtrace_context_get_trace_flags(context, &flags));
    CHECK_INT(flags, 1);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK(!ddtrace_span_is_recording(span));
    CHECK_OK(ddtrace_span_get_trace_flags(span, &flags));
    CHECK(ddtrace_span_get_tracestate(span, NULL, 0) > 3);
    ddtrace_span_free(span);
    recorder_close(recorder);
}

static void remote_state_is_shown(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_context *remote = extract(DATADOG, 10);
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL, *other = NULL;
    char state[512];
    uint8_t flags = 7;
    options.flags = DDTRACE_SPAN_FLAG_OTEL;
    options.parent_context = remote;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_get_trace_flags(span, &flags));
    CHECK_INT(flags, 0);
    ddtrace_span_get_tracestate(span, state, sizeof state);
    CHECK_CONTAINS(state, "s:-2");
    CHECK_CONTAINS(state, "o:synthetics");
    CHECK_CONTAINS(state, "t.foo:bar");

    /* A link shows the member that would be injected, as none came in. */
    other = otel_span(recorder.tracer, "linked", 0, NULL);
    CHECK_OK(ddtrace_span_link_context(other, remote, NULL, 0));
    CHECK_OK(ddtrace_span_end(other, NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "dd=s:-2;o:synthetics;");
    CHECK_CONTAINS(json, "t.foo:bar");
    free(json);
    ddtrace_context_free(remote);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void links_without_ids_stay_if_they_say_something(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = otel_span(recorder.tracer, "op", 0, NULL), *plain = root_span(recorder.tracer, "plain");
    ddtrace_tag attribute = { DDTRACE_STR("why"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("because") } };
    ddtrace_link link = DDTRACE_LINK_INIT;
    CHECK_STATUS(ddtrace_span_add_link(span, &link), DDTRACE_ERR_INVALID);
    link.attributes = &attribute;
    link.attributes_len = 1;
    CHECK_OK(ddtrace_span_add_link(span, &link));
    CHECK_STATUS(ddtrace_span_add_link(plain, &link), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_OK(ddtrace_span_end(plain, NULL));
    recorder_close(recorder);
}

static void count_item(void *user_data, ddtrace_str key, ddtrace_str value)
{
    (void)key;
    (void)value;
    ++*(int *)user_data;
}

static void attaching_a_context_replaces_all_baggage(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = otel_span(recorder.tracer, "op", 0, NULL);
    ddtrace_tag items[2] = {
        { DDTRACE_STR("a"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("1") } },
        { DDTRACE_STR("b"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("") } },
    };
    char value[16];
    int count = 0;
    CHECK_OK(ddtrace_span_set_baggage(span, TEXT("old"), TEXT("0")));
    CHECK_OK(ddtrace_span_replace_baggage(span, items, 2));
    CHECK_INT(ddtrace_span_get_baggage(span, TEXT("old"), value, sizeof value), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_span_get_baggage(span, TEXT("a"), value, sizeof value), 1);
    CHECK_OK(ddtrace_span_each_baggage(span, count_item, &count));
    CHECK_INT(count, 2);
    items[1].kind = DDTRACE_TAG_I64;
    CHECK_STATUS(ddtrace_span_replace_baggage(span, items, 2), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_span_get_baggage(span, TEXT("a"), value, sizeof value), 1);
    ddtrace_context *context = NULL;
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_OK(ddtrace_context_replace_baggage(context, NULL, 0));
    CHECK_INT(ddtrace_span_get_baggage(span, TEXT("a"), value, sizeof value), DDTRACE_ABSENT);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void both_apis_share_spans(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "dd"), *otel = otel_span(recorder.tracer, "otel", 0, root);
    ddtrace_span *child = span_below(recorder.tracer, "below", otel);
    CHECK(ids_of(child).parent_id == ids_of(otel).span_id);
    CHECK_OK(ddtrace_span_end(otel, NULL));
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 3);
    recorder_close(recorder);
}

static void second_end_and_late_changes_are_ignored(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = otel_span(recorder.tracer, "op", 0, NULL);
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;
    CHECK_OK(ddtrace_span_end(span, NULL));
    options.flags = DDTRACE_SPAN_FLAG_OTEL;
    options.start_ns = 12345000;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    end.end_ns = 12346000;
    CHECK_OK(ddtrace_span_finish(span, &end));
    end.end_ns = 99999000;
    CHECK_STATUS(ddtrace_span_finish(span, &end), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_span_set_status(span, DDTRACE_SPAN_STATUS_ERROR, TEXT("late")), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_span_set_resource(span, TEXT("late")), DDTRACE_ERR_FINISHED);
    CHECK_INT(ddtrace_span_get_start(span), 12345000);
    CHECK_INT(ddtrace_span_get_duration(span), 1000);
    CHECK(!ddtrace_span_is_error(span));
    ddtrace_span_free(span);
    recorder_close(recorder);
}

static void spans_record_nothing_when_the_api_is_off(void)
{
    const char *settings[] = { "DD_TRACE_OTEL_ENABLED", "false", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_span *root = root_span(recorder.tracer, "dd"), *span = otel_span(recorder.tracer, "otel", 0, root);
    CHECK(!ddtrace_span_is_recording(span));
    CHECK(ids_of(span).trace_id_low == ids_of(root).trace_id_low);
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

int main(void)
{
    RUN(name_is_the_resource_and_the_operation_name_follows_at_the_end);
    RUN(only_spans_of_the_otel_api_follow_its_rules);
    RUN(recorded_exceptions_set_three_tags_and_no_error_flag);
    RUN(ok_leaves_recorded_exceptions);
    RUN(span_context_has_flags_and_tracestate);
    RUN(remote_state_is_shown);
    RUN(links_without_ids_stay_if_they_say_something);
    RUN(attaching_a_context_replaces_all_baggage);
    RUN(both_apis_share_spans);
    RUN(second_end_and_late_changes_are_ignored);
    RUN(spans_record_nothing_when_the_api_is_off);
    check_no_live_handles();
    return 0;
}
