/* Tags of every kind, one by one, in arrays and packed; links and events. */
#include "recorder.h"

#include <math.h>

static void number_is(const ddtrace_span *span, const char *key, double expected)
{
    double value = -12345;
    CHECK_OK(ddtrace_span_get_tag_f64(span, key, DDTRACE_NTS, &value));
    CHECK(value == expected);
}

static void each_setter_keeps_its_type(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    double untouched = 7;
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("text"), TEXT("1")));
    CHECK_OK(ddtrace_span_set_tag_f64(span, TEXT("f64"), 0.5));
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("i64"), -3));
    CHECK_OK(ddtrace_span_set_tag_bool(span, TEXT("yes"), 17));
    CHECK_OK(ddtrace_span_set_tag_bool(span, TEXT("no"), 0));
    check_tag(span, "text", "1");
    check_tag(span, "yes", "true");
    check_tag(span, "no", "false");
    number_is(span, "f64", 0.5);
    number_is(span, "i64", -3);
    CHECK_STATUS(ddtrace_span_get_tag_f64(span, TEXT("missing"), &untouched), DDTRACE_ERR_NOT_FOUND);
    CHECK(untouched == 7);
    check_tag(span, "missing", NULL);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void setting_again_replaces_whatever_the_type(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    double number;
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("text")));
    CHECK_OK(ddtrace_span_set_tag_f64(span, TEXT("key"), 2));
    number_is(span, "key", 2);
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("again")));
    check_tag(span, "key", "again");
    CHECK_STATUS(ddtrace_span_get_tag_f64(span, TEXT("key"), &number), DDTRACE_ERR_NOT_FOUND);
    CHECK_OK(ddtrace_span_unset_tag(span, TEXT("key")));
    check_tag(span, "key", NULL);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void empty_value_is_there_and_empty(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    char value[4] = "##";
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("empty"), NULL, 0));
    CHECK_INT(ddtrace_span_get_tag(span, TEXT("empty"), value, sizeof value), 0);
    CHECK_TEXT(value, "");
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void large_integers_stay_exact(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("exact"), INT64_C(1) << 53));
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("beyond"), (INT64_C(1) << 53) + 1));
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("least"), INT64_MIN));
    number_is(span, "exact", 9007199254740992.0);
    check_tag(span, "beyond", "9007199254740993");
    check_tag(span, "least", "-9223372036854775808");
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void numbers_that_are_none_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    double number;
    CHECK_STATUS(ddtrace_span_set_tag_f64(span, TEXT("nan"), NAN), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_set_tag_f64(span, TEXT("inf"), INFINITY), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_get_tag_f64(span, TEXT("nan"), &number), DDTRACE_ERR_NOT_FOUND);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void arrays_and_maps_are_flattened(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_tag inner[2] = {
        { DDTRACE_STR_NONE, DDTRACE_TAG_STRING, 0, { DDTRACE_STR("x") } },
        { DDTRACE_STR_NONE, DDTRACE_TAG_I64, 0, { DDTRACE_STR_NONE } },
    };
    ddtrace_tag named = { DDTRACE_STR("colour"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("red") } };
    ddtrace_tag tags[4] = {
        { DDTRACE_STR("list"), DDTRACE_TAG_ARRAY, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR("map"), DDTRACE_TAG_MAP, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR("bytes"), DDTRACE_TAG_BYTES, 0, { DDTRACE_STR("a\xff") } },
        { DDTRACE_STR("none"), DDTRACE_TAG_ARRAY, 0, { DDTRACE_STR_NONE } },
    };
    inner[1].value.i64 = 4;
    tags[0].value.list.ptr = inner;
    tags[0].value.list.len = 2;
    tags[1].value.list.ptr = &named;
    tags[1].value.list.len = 1;
    tags[3].value.list.ptr = NULL;
    tags[3].value.list.len = 0;
    CHECK_OK(ddtrace_span_set_tags(span, tags, 4));
    check_tag(span, "list.0", "x");
    number_is(span, "list.1", 4);
    check_tag(span, "map.colour", "red");
    check_tag(span, "bytes", "a\xef\xbf\xbd");
    check_tag(span, "none", "");
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void null_tag_removes(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_tag remove = { DDTRACE_STR("key"), DDTRACE_TAG_NULL, 0, { DDTRACE_STR_NONE } };
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("value")));
    CHECK_OK(ddtrace_span_set_tags(span, &remove, 1));
    check_tag(span, "key", NULL);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

/* Appends one packed record and returns where the next one goes. */
static uint8_t *pack(uint8_t *at, uint8_t kind, const char *key, const void *value, uint32_t length)
{
    uint32_t key_length = (uint32_t)strlen(key);
    *at++ = kind;
    for (int shift = 0; shift < 32; shift += 8)
        *at++ = (uint8_t)(key_length >> shift);
    for (int shift = 0; shift < 32; shift += 8)
        *at++ = (uint8_t)(length >> shift);
    memcpy(at, key, key_length);
    at += key_length;
    if (length > 0)
        memcpy(at, value, length);
    return at + length;
}

static void packed_tags_are_tags(void)
{
    static const uint8_t half[8] = { 0, 0, 0, 0, 0, 0, 0xe0, 0x3f }, minus_two[8] = { 0xfe, 255, 255, 255, 255, 255, 255, 255 };
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    uint8_t packed[256], *end = packed;
    end = pack(end, DDTRACE_TAG_STRING, "text", "value", 5);
    end = pack(end, DDTRACE_TAG_F64, "f64", half, 8);
    end = pack(end, DDTRACE_TAG_I64, "i64", minus_two, 8);
    end = pack(end, DDTRACE_TAG_BOOL, "bool", "\1", 1);
    end = pack(end, DDTRACE_TAG_STRING, "empty", NULL, 0);
    CHECK_OK(ddtrace_span_set_packed_tags(span, packed, (size_t)(end - packed)));
    check_tag(span, "text", "value");
    number_is(span, "f64", 0.5);
    number_is(span, "i64", -2);
    check_tag(span, "bool", "true");
    check_tag(span, "empty", "");
    end = pack(packed, DDTRACE_TAG_NULL, "text", NULL, 0);
    CHECK_OK(ddtrace_span_set_packed_tags(span, packed, (size_t)(end - packed)));
    check_tag(span, "text", NULL);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void damaged_packed_tags_are_refused_wherever_they_are_cut(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    uint8_t packed[64], *end = pack(packed, DDTRACE_TAG_STRING, "key", "value", 5);
    size_t length = (size_t)(end - packed);
    for (size_t cut = 1; cut < length; cut++) {
        /* A copy of exactly that size, so that reading beyond it is noticed. */
        uint8_t *copy = malloc(cut);
        CHECK(copy != NULL);
        memcpy(copy, packed, cut);
        CHECK_STATUS(ddtrace_span_set_packed_tags(span, copy, cut), DDTRACE_ERR_INVALID);
        free(copy);
    }
    memset(packed + 1, 0xff, 8);
    CHECK_STATUS(ddtrace_span_set_packed_tags(span, packed, length), DDTRACE_ERR_INVALID);
    end = pack(packed, 200, "key", "value", 5);
    CHECK_STATUS(ddtrace_span_set_packed_tags(span, packed, (size_t)(end - packed)), DDTRACE_ERR_INVALID);
    end = pack(packed, DDTRACE_TAG_F64, "key", "value", 5);
    CHECK_STATUS(ddtrace_span_set_packed_tags(span, packed, (size_t)(end - packed)), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void links_and_events_are_kept(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *other = root_span(recorder.tracer, "other"), *span = root_span(recorder.tracer, "op");
    ddtrace_tag attribute = { DDTRACE_STR("reason"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("batch") } };
    ddtrace_link link = DDTRACE_LINK_INIT;
    ddtrace_context *context = NULL;
    link.trace_id_low = 0xabc;
    link.span_id = 0xdef;
    CHECK_OK(ddtrace_span_add_link(span, &link));
    CHECK_OK(ddtrace_span_link_span(span, other, &attribute, 1));
    CHECK_OK(ddtrace_span_get_context(other, &context));
    CHECK_OK(ddtrace_span_link_context(span, context, NULL, 0));
    CHECK_OK(ddtrace_span_add_event(span, TEXT("retry"), 5, &attribute, 1));
    CHECK_OK(ddtrace_span_record_exception(span, TEXT("Oops"), TEXT("again"), TEXT("here"), NULL, 0));
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_OK(ddtrace_span_end(other, NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "0000000000000def");
    CHECK_CONTAINS(json, "\"reason\":\"batch\"");
    CHECK_CONTAINS(json, "\"retry\"");
    CHECK_CONTAINS(json, "\"exception\"");
    free(json);
    recorder_close(recorder);
}

int main(void)
{
    RUN(each_setter_keeps_its_type);
    RUN(setting_again_replaces_whatever_the_type);
    RUN(empty_value_is_there_and_empty);
    RUN(large_integers_stay_exact);
    RUN(numbers_that_are_none_are_refused);
    RUN(arrays_and_maps_are_flattened);
    RUN(null_tag_removes);
    RUN(packed_tags_are_tags);
    RUN(damaged_packed_tags_are_refused_wherever_they_are_cut);
    RUN(links_and_events_are_kept);
    check_no_live_handles();
    return 0;
}
