/* Copies of contexts, their equality, and contexts as JSON. */
#include "recorder.h"

static ddtrace_context *context_of(uint64_t trace_id, uint64_t span_id)
{
    ddtrace_span_ids ids = { 1, 0, 0, 0 };
    ddtrace_context *context = NULL;
    ids.trace_id_low = trace_id;
    ids.span_id = span_id;
    CHECK_OK(ddtrace_context_new(&ids, NULL, NULL, 0, &context));
    return context;
}

static void copy_shares_the_state(void)
{
    ddtrace_context *original = context_of(7, 8), *copy = NULL;
    ddtrace_span_ids ids;
    int32_t priority = 0;
    char value[16];
    CHECK_OK(ddtrace_context_copy(original, 9, &copy));
    CHECK_OK(ddtrace_context_get_ids(copy, &ids));
    CHECK(ids.span_id == 9 && ids.trace_id_low == 7 && ids.trace_id_high == 1);
    CHECK(ddtrace_context_equals(original, copy));
    CHECK_OK(ddtrace_context_set_baggage(original, TEXT("k"), TEXT("v")));
    CHECK_INT(ddtrace_context_get_baggage(copy, TEXT("k"), value, sizeof value), 1);
    CHECK_OK(ddtrace_context_set_priority(copy, -2));
    CHECK_OK(ddtrace_context_get_priority(original, &priority));
    CHECK_INT(priority, -2);
    CHECK_OK(ddtrace_context_unset_priority(original));
    CHECK_STATUS(ddtrace_context_get_priority(copy, &priority), DDTRACE_ERR_NOT_FOUND);
    ddtrace_context_free(original);
    ddtrace_context_free(copy);
}

static void what_differs_is_not_equal(void)
{
    ddtrace_context *one = context_of(7, 8), *other = context_of(7, 8), *elsewhere = context_of(6, 8);
    CHECK(ddtrace_context_equals(one, other) && !ddtrace_context_equals(one, elsewhere));
    CHECK_OK(ddtrace_context_set_baggage(one, TEXT("k"), TEXT("v")));
    CHECK(!ddtrace_context_equals(one, other));
    CHECK_OK(ddtrace_context_set_baggage(other, TEXT("k"), TEXT("v")));
    CHECK(ddtrace_context_equals(one, other));
    CHECK_OK(ddtrace_context_set_priority(one, 1));
    CHECK(!ddtrace_context_equals(one, other) && !ddtrace_context_equals(one, NULL));
    ddtrace_context_free(one);
    ddtrace_context_free(other);
    ddtrace_context_free(elsewhere);
}

static void json_goes_around(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    ddtrace_context *context = NULL, *again = NULL;
    ddtrace_span_ids ids;
    char json[512], expected[64], value[16];
    int32_t priority = 0;
    CHECK_OK(ddtrace_span_set_baggage(child, TEXT("k"), TEXT("v")));
    CHECK_OK(ddtrace_span_get_context(child, &context));
    ddtrace_context_to_json(context, json, sizeof json);
    CHECK_CONTAINS(json, "\"sampled\":null");
    CHECK_OK(ddtrace_context_set_priority(context, 2));
    CHECK(ddtrace_context_to_json(context, json, sizeof json) < sizeof json);
    CHECK_CONTAINS(json, "\"sampled\":true");
    CHECK_CONTAINS(json, "\"baggage\":{\"k\":\"v\"}");
    snprintf(expected, sizeof expected, "\"parent_span_id\":\"%016" PRIx64 "\"", ids_of(root).span_id);
    CHECK_CONTAINS(json, expected);
    CHECK_OK(ddtrace_context_from_json(json, DDTRACE_NTS, &again));
    CHECK_OK(ddtrace_context_get_ids(again, &ids));
    CHECK(ids.span_id == ids_of(child).span_id && ids.trace_id_low == ids_of(child).trace_id_low);
    CHECK(ids.trace_id_high == ids_of(child).trace_id_high && ddtrace_context_is_remote(again));
    CHECK_OK(ddtrace_context_get_priority(again, &priority));
    CHECK_INT(priority, 1);
    CHECK_INT(ddtrace_context_get_baggage(again, TEXT("k"), value, sizeof value), 1);
    CHECK_STATUS(ddtrace_context_from_json(TEXT("no"), &again), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_context_from_json(NULL, 2, &again), DDTRACE_ERR_NULL);
    ddtrace_context_free(again);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    recorder_close(recorder);
}

static void users_travel_encoded(void)
{
    ddtrace_context *context = context_of(7, 8);
    char text[64];
    CHECK_INT(ddtrace_context_get_user_id(context, text, sizeof text), DDTRACE_ABSENT);
    CHECK_OK(ddtrace_context_set_user_id(context, TEXT("usr-1")));
    CHECK_INT(ddtrace_context_get_user_id(context, text, sizeof text), 5);
    CHECK_TEXT(text, "usr-1");
    ddtrace_context_get_tag(context, TEXT("_dd.p.usr.id"), text, sizeof text);
    CHECK_TEXT(text, "dXNyLTE=");
    CHECK_OK(ddtrace_context_set_user_id(context, NULL, 0));
    CHECK_INT(ddtrace_context_get_user_id(context, text, sizeof text), DDTRACE_ABSENT);
    ddtrace_context_free(context);
}

int main(void)
{
    RUN(copy_shares_the_state);
    RUN(what_differs_is_not_equal);
    RUN(json_goes_around);
    RUN(users_travel_encoded);
    check_no_live_handles();
    return 0;
}
