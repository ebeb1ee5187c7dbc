/* Headers in and out, by arrays, by buffers and by callbacks. */
#include "recorder.h"

#define TRACEPARENT "00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01"

static ddtrace_propagator *propagator(void)
{
    ddtrace_propagator *made = NULL;
    CHECK_OK(ddtrace_propagator_new(NULL, &made, NULL));
    return made;
}

/* The value of a header in a buffer of NUL-terminated names and values, or NULL. */
static const char *header(const char *buffer, size_t length, const char *name)
{
    const char *end = buffer + length;
    while (buffer < end) {
        const char *value = buffer + strlen(buffer) + 1;
        if (strcmp(buffer, name) == 0)
            return value;
        buffer = value + strlen(value) + 1;
    }
    return NULL;
}

static void extracted_context_is_the_senders(void)
{
    ddtrace_propagator *headers = propagator();
    ddtrace_str pairs[] = { DDTRACE_STR("Traceparent"), DDTRACE_STR(TRACEPARENT), DDTRACE_STR("baggage"),
                            DDTRACE_STR("user=alice") };
    ddtrace_context *context = NULL;
    ddtrace_span_ids ids;
    int32_t priority = 99;
    char text[32];
    CHECK_OK(ddtrace_propagator_extract(headers, pairs, 2, &context));
    CHECK(ddtrace_context_is_remote(context));
    CHECK(!ddtrace_context_is_empty(context));
    CHECK_OK(ddtrace_context_get_ids(context, &ids));
    CHECK(ids.trace_id_high == UINT64_C(0x0123456789abcdef) && ids.trace_id_low == UINT64_C(0x0123456789abcdef));
    CHECK(ids.span_id == UINT64_C(0x00f067aa0ba902b7));
    CHECK_OK(ddtrace_context_get_priority(context, &priority));
    CHECK_INT(priority, 1);
    CHECK_INT(ddtrace_context_get_baggage(context, TEXT("user"), text, sizeof text), 5);
    CHECK_TEXT(text, "alice");
    ddtrace_context_free(context);
    ddtrace_propagator_free(headers);
}

/* The first span of a remote trace has tags before it gets its name; neither may write over the other. */
static void first_span_has_its_own_tags_and_those_of_the_baggage(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator();
    ddtrace_str pairs[] = { DDTRACE_STR("traceparent"), DDTRACE_STR(TRACEPARENT), DDTRACE_STR("tracestate"),
                            DDTRACE_STR("dd=s:1;p:00f067aa0ba902b7"), DDTRACE_STR("baggage"), DDTRACE_STR("user.id=ada") };
    ddtrace_tag tag = { DDTRACE_STR("http.method"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("GET") } };
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_context *context = NULL;
    ddtrace_span *span = NULL;
    char name[32];
    CHECK_OK(ddtrace_propagator_extract(headers, pairs, 3, &context));
    options.parent_context = context;
    options.name = (ddtrace_str){ TEXT("http.request") };
    options.resource = (ddtrace_str){ TEXT("GET /products/{id}") };
    options.kind = DDTRACE_SPAN_KIND_SERVER;
    options.tags = &tag;
    options.tags_len = 1;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("set.later"), TEXT("yes")));
    CHECK_INT(ddtrace_span_get_name(span, name, sizeof name), strlen("http.request"));
    CHECK_TEXT(name, "http.request");
    check_tag(span, "baggage.user.id", "ada");
    check_tag(span, "_dd.parent_id", "00f067aa0ba902b7");
    check_tag(span, "http.method", "GET");
    check_tag(span, "span.kind", "server");
    check_tag(span, "set.later", "yes");
    CHECK_OK(ddtrace_span_end(span, NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"baggage.user.id\":\"ada\"");
    CHECK_CONTAINS(json, "\"http.method\":\"GET\"");
    CHECK_CONTAINS(json, "\"set.later\":\"yes\"");
    free(json);
    ddtrace_context_free(context);
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void no_headers_make_an_empty_context(void)
{
    ddtrace_propagator *headers = propagator();
    ddtrace_context *context = NULL;
    ddtrace_status status = ddtrace_propagator_extract(headers, NULL, 0, &context);
    CHECK(status == DDTRACE_OK || status == DDTRACE_ERR_NOT_FOUND);
    CHECK(context == NULL || ddtrace_context_is_empty(context));
    ddtrace_context_free(context);
    ddtrace_propagator_free(headers);
}

static void trace_goes_around_through_a_buffer(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator();
    ddtrace_span *span = root_span(recorder.tracer, "client");
    ddtrace_span_ids ids = ids_of(span), back;
    char buffer[2048], small[4] = "###";
    size_t needed = 0, again = 0;
    CHECK_OK(ddtrace_span_set_baggage(span, TEXT("user"), TEXT("bob")));
    CHECK_STATUS(ddtrace_propagator_inject_span(headers, span, small, sizeof small, &needed), DDTRACE_ERR_BUFFER);
    CHECK(needed > sizeof small && needed < sizeof buffer);
    CHECK_OK(ddtrace_propagator_inject_span(headers, span, buffer, needed, &again));
    CHECK_INT(again, needed);
    CHECK(header(buffer, needed, "traceparent") != NULL);
    CHECK(header(buffer, needed, "x-datadog-trace-id") != NULL);

    ddtrace_str pairs[64];
    size_t count = 0;
    for (const char *at = buffer; at < buffer + needed; at += strlen(at) + 1) {
        CHECK(count < 64);
        pairs[count].ptr = at;
        pairs[count].len = DDTRACE_NTS;
        count++;
    }
    CHECK_INT(count % 2, 0);
    ddtrace_context *context = NULL;
    char text[32];
    CHECK_OK(ddtrace_propagator_extract(headers, pairs, count / 2, &context));
    CHECK_OK(ddtrace_context_get_ids(context, &back));
    CHECK(back.trace_id_high == ids.trace_id_high && back.trace_id_low == ids.trace_id_low && back.span_id == ids.span_id);
    ddtrace_context_get_baggage(context, TEXT("user"), text, sizeof text);
    CHECK_TEXT(text, "bob");
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void collect(void *user_data, ddtrace_str name, ddtrace_str value)
{
    char *all = user_data;
    size_t used = strlen(all);
    snprintf(all + used, 2048 - used, "%.*s: %.*s\n", (int)name.len, name.ptr, (int)value.len, value.ptr);
}

static void look_up(void *user_data, const char *name, void (*found)(void *sink, const char *value, size_t len), void *sink)
{
    int *asked = user_data;
    (*asked)++;
    if (strcmp(name, "traceparent") == 0)
        found(sink, TRACEPARENT, DDTRACE_NTS);
}

static void callbacks_serve_as_well(void)
{
    ddtrace_propagator *headers = propagator();
    ddtrace_context *context = NULL;
    char all[2048] = "", expected[128];
    int asked = 0;
    CHECK_OK(ddtrace_propagator_extract_with(headers, look_up, &asked, &context));
    CHECK(asked > 1);
    CHECK_OK(ddtrace_propagator_inject_context_with(headers, context, collect, all));
    snprintf(expected, sizeof expected, "traceparent: %s\n", TRACEPARENT);
    CHECK_CONTAINS(all, expected);
    ddtrace_context_free(context);
    ddtrace_propagator_free(headers);
}

static void injecting_decides(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator();
    ddtrace_span *span = root_span(recorder.tracer, "client");
    ddtrace_context *context = NULL;
    int32_t priority = 99;
    char all[2048] = "";
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_STATUS(ddtrace_context_get_priority(context, &priority), DDTRACE_ERR_NOT_FOUND);
    CHECK_INT(priority, 99);
    CHECK_OK(ddtrace_propagator_inject_span_with(headers, span, collect, all));
    CHECK_OK(ddtrace_context_get_priority(context, &priority));
    CHECK_CONTAINS(all, "x-datadog-sampling-priority: 1\n");
    CHECK_INT(priority, 1);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void user_overrides_the_decision(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator();
    ddtrace_span *span = root_span(recorder.tracer, "client");
    char all[2048] = "";
    CHECK_OK(ddtrace_span_override_sampling(span, 0));
    CHECK_OK(ddtrace_propagator_inject_span_with(headers, span, collect, all));
    CHECK_CONTAINS(all, "x-datadog-sampling-priority: -1\n");
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void count(void *user_data, ddtrace_str key, ddtrace_str value)
{
    int *items = user_data;
    CHECK(key.len > 0 && value.len > 0);
    (*items)++;
}

static void baggage_is_set_read_and_removed(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    int items = 0;
    char text[8];
    CHECK_OK(ddtrace_span_set_baggage(span, TEXT("a"), TEXT("1")));
    CHECK_OK(ddtrace_span_set_baggage(span, TEXT("b"), TEXT("2")));
    CHECK_OK(ddtrace_span_each_baggage(span, count, &items));
    CHECK_INT(items, 2);
    CHECK_OK(ddtrace_span_unset_baggage(span, TEXT("a")));
    CHECK(ddtrace_span_get_baggage(span, TEXT("a"), text, sizeof text) == DDTRACE_ABSENT);
    CHECK_INT(ddtrace_span_get_baggage(span, TEXT("b"), text, sizeof text), 1);
    CHECK_OK(ddtrace_span_clear_baggage(span));
    CHECK(ddtrace_span_get_baggage(span, TEXT("b"), text, sizeof text) == DDTRACE_ABSENT);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void baggage_of_a_derived_context_is_its_own(void)
{
    ddtrace_span_ids ids = { 0, 1, 2, 0 };
    ddtrace_context *first = NULL, *second = NULL;
    char text[8];
    CHECK_OK(ddtrace_context_new(&ids, NULL, NULL, 0, &first));
    CHECK_OK(ddtrace_context_set_baggage(first, TEXT("both"), TEXT("1")));
    CHECK_OK(ddtrace_context_with_baggage_item(first, TEXT("second"), TEXT("2"), &second));
    CHECK_INT(ddtrace_context_get_baggage(second, TEXT("both"), text, sizeof text), 1);
    CHECK_INT(ddtrace_context_get_baggage(second, TEXT("second"), text, sizeof text), 1);
    CHECK(ddtrace_context_get_baggage(first, TEXT("second"), text, sizeof text) == DDTRACE_ABSENT);
    ddtrace_context_free(second);
    ddtrace_context_free(first);
}

int main(void)
{
    RUN(extracted_context_is_the_senders);
    RUN(first_span_has_its_own_tags_and_those_of_the_baggage);
    RUN(no_headers_make_an_empty_context);
    RUN(trace_goes_around_through_a_buffer);
    RUN(callbacks_serve_as_well);
    RUN(injecting_decides);
    RUN(user_overrides_the_decision);
    RUN(baggage_is_set_read_and_removed);
    RUN(baggage_of_a_derived_context_is_its_own);
    check_no_live_handles();
    return 0;
}
