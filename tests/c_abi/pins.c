/* Pins: service and tags that belong to one object. */
#include "recorder.h"

static ddtrace_tag text_tag(const char *key, const char *value)
{
    ddtrace_tag tag;
    memset(&tag, 0, sizeof tag);
    tag.key.ptr = key;
    tag.key.len = DDTRACE_NTS;
    tag.kind = DDTRACE_TAG_STRING;
    tag.value.string.ptr = value;
    tag.value.string.len = DDTRACE_NTS;
    return tag;
}

static void check_pin(const ddtrace_pin *pin, const char *service, const char *host)
{
    char text[64];
    size_t length = ddtrace_pin_get_service(pin, text, sizeof text);
    if (service == NULL)
        CHECK(length == DDTRACE_ABSENT);
    else
        CHECK_TEXT(text, service);
    length = ddtrace_pin_get_tag(pin, TEXT("db.host"), text, sizeof text);
    if (host == NULL)
        CHECK(length == DDTRACE_ABSENT);
    else
        CHECK_TEXT(text, host);
}

static void pins_are_read_copied_and_applied(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_pin *pin = NULL, *other = NULL, *bare = NULL;
    ddtrace_tag tags[3] = { text_tag("db.host", "one"), text_tag("db.port", ""), text_tag("db.tls", "") };
    char text[64];
    tags[1].kind = DDTRACE_TAG_I64;
    tags[1].value.i64 = 5432;
    tags[2].kind = DDTRACE_TAG_BOOL;
    tags[2].value.i64 = 1;
    CHECK_OK(ddtrace_pin_new(TEXT("orders-db"), tags, 3, &pin));
    check_pin(pin, "orders-db", "one");
    CHECK_INT(ddtrace_pin_get_tag(pin, TEXT("db.port"), text, sizeof text), 4);
    CHECK_TEXT(text, "5432");
    CHECK_OK(ddtrace_pin_copy(pin, TEXT("users-db"), NULL, 0, &other));
    check_pin(other, "users-db", "one");
    CHECK_OK(ddtrace_pin_copy(other, NULL, 0, tags, 0, &bare));
    check_pin(bare, "users-db", NULL);
    check_pin(pin, "orders-db", "one");
    ddtrace_span *span = root_span(recorder.tracer, "query");
    CHECK_OK(ddtrace_pin_apply(other, span));
    ddtrace_span_get_service(span, text, sizeof text);
    CHECK_TEXT(text, "users-db");
    check_tag(span, "db.host", "one");
    check_tag(span, "db.tls", "true");
    double port = 0;
    CHECK_OK(ddtrace_span_get_tag_f64(span, TEXT("db.port"), &port));
    CHECK(port == 5432);
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK_STATUS(ddtrace_pin_apply(pin, span), DDTRACE_ERR_FINISHED);
    ddtrace_span_free(span);
    CHECK(ddtrace_pin_ref(pin) == pin);
    ddtrace_pin_free(pin);
    check_pin(pin, "orders-db", "one");
    ddtrace_pin_free(pin);
    check_pin(pin, NULL, NULL);
    ddtrace_pin_free(other);
    ddtrace_pin_free(bare);
    recorder_close(recorder);
}

static void what_is_wrong_is_told(void)
{
    ddtrace_pin *pin = NULL;
    ddtrace_tag tag = text_tag("k", "v");
    CHECK_STATUS(ddtrace_pin_new(NULL, 0, NULL, 0, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_pin_new(NULL, 0, NULL, 1, &pin), DDTRACE_ERR_NULL);
    tag.kind = DDTRACE_TAG_ARRAY;
    tag.value.list.ptr = NULL;
    tag.value.list.len = 0;
    CHECK_STATUS(ddtrace_pin_new(NULL, 0, &tag, 1, &pin), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_pin_copy(NULL, NULL, 0, NULL, 0, &pin), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_pin_apply(NULL, NULL), DDTRACE_ERR_NULL);
    CHECK(pin == NULL && ddtrace_pin_ref(NULL) == NULL);
    CHECK_OK(ddtrace_pin_new(NULL, 0, NULL, 0, &pin));
    check_pin(pin, NULL, NULL);
    CHECK_STATUS(ddtrace_pin_apply(pin, NULL), DDTRACE_ERR_NULL);
    ddtrace_pin_free(pin);
    ddtrace_pin_free(NULL);
    check_pin(NULL, NULL, NULL);
}

int main(void)
{
    RUN(pins_are_read_copied_and_applied);
    RUN(what_is_wrong_is_told);
    check_no_live_handles();
    return 0;
}
