/* Sizes that are wrong, text that is none, and values without measure. */
#include "recorder.h"

#include <sys/mman.h>

typedef struct later_options {
    ddtrace_span_options known;
    uint64_t later;
} later_options;

static void struct_sizes_are_checked(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    later_options later;
    static const size_t impossible[] = { 0, 1, sizeof(size_t) - 1, 1 << 20, SIZE_MAX };
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        options.struct_size = impossible[i];
        CHECK_STATUS(ddtrace_span_start(recorder.tracer, &options, &span, NULL), DDTRACE_ERR_INVALID);
    }
    /* Only the name: a header of long ago. */
    options.struct_size = offsetof(ddtrace_span_options, service);
    options.name.ptr = "old";
    options.name.len = DDTRACE_NTS;
    options.tags_len = 1000;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    /* A header of the future. */
    memset(&later, 0, sizeof later);
    later.known.struct_size = sizeof later;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &later.known, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    later.later = 1;
    span = NULL;
    CHECK_STATUS(ddtrace_span_start(recorder.tracer, &later.known, &span, NULL), DDTRACE_ERR_UNSUPPORTED);
    CHECK(span == NULL);
    recorder_close(recorder);
}

static void end_options_that_cannot_be_read_do_not_keep_a_span_open(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;
    end.struct_size = 3;
    ddtrace_status status = ddtrace_span_finish(span, &end);
    CHECK_STATUS(status, DDTRACE_ERR_INVALID);
    CHECK(ddtrace_span_is_finished(span));
    CHECK_STATUS(ddtrace_span_end(span, NULL), DDTRACE_ERR_FINISHED);
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

static void numbers_out_of_range_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_tag tag = { DDTRACE_STR("k"), 99, 0, { DDTRACE_STR("v") } };
    ddtrace_exporter *exporter = NULL;
    CHECK_STATUS(ddtrace_span_set_kind(span, 6), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_set_kind(span, -1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_set_status(span, 3, NULL, 0), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_set_tags(span, &tag, 1), DDTRACE_ERR_INVALID);
    tag.kind = -1;
    CHECK_STATUS(ddtrace_span_set_tags(span, &tag, 1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_exporter_console_new(77, 2, &exporter), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_live_handles(77), 0);
    CHECK_INT(ddtrace_live_handles(-1), 0);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void invalid_utf8_is_replaced(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("k\xff"), TEXT("a\xc3(b\x80")));
    check_tag(span, "k\xef\xbf\xbd", "a\xef\xbf\xbd(b\xef\xbf\xbd");
    CHECK_OK(ddtrace_span_set_name(span, TEXT("\xf0\x9f")));
    CHECK_OK(ddtrace_span_end(span, NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\xef\xbf\xbd");
    free(json);
    recorder_close(recorder);
}

static void text_with_nul_bytes_is_kept_by_its_length(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    char value[8];
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("k"), TEXT("a\0b")));
    CHECK_INT(ddtrace_span_get_tag(span, TEXT("k"), value, sizeof value), 3);
    CHECK(memcmp(value, "a\0b", 4) == 0);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

/* 25 000 characters are kept; of a longer text 2 486 and a mark that it was cut. */
static void long_text_is_cut(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    size_t size = 10u << 20;
    char *text = malloc(size + 1), value[2600];
    CHECK(text != NULL);
    memset(text, 'x', size);
    text[size] = '\0';
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("whole"), text, 25000));
    CHECK_INT(ddtrace_span_get_tag(span, TEXT("whole"), NULL, 0), 25000);
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("cut"), text, size));
    CHECK_INT(ddtrace_span_get_tag(span, TEXT("cut"), value, sizeof value), 2500);
    CHECK_TEXT(value + 2486, "<truncated>...");
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("cut"), text, DDTRACE_NTS));
    CHECK_INT(ddtrace_span_get_tag(span, TEXT("cut"), NULL, 0), 2500);
    CHECK_OK(ddtrace_span_set_name(span, text, size));
    CHECK_OK(ddtrace_span_set_resource(span, text, size));
    CHECK_OK(ddtrace_span_set_exception(span, text, size, text, size, text, size));
    CHECK_OK(ddtrace_span_add_event(span, text, size, 0, NULL, 0));
    CHECK_OK(ddtrace_span_set_tag(span, text, size, TEXT("long key")));
    free(text);
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

/* Pages that nobody wrote to take no memory, so that only what is looked at costs anything. */
static void gigabyte_costs_nothing(void)
{
    size_t size = (size_t)1 << 30;
    char *pages = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) {
        printf("no room for a gigabyte of address space\n");
        return;
    }
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("huge"), pages, size));
    CHECK_INT(ddtrace_span_get_tag(span, TEXT("huge"), NULL, 0), 2500);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
    munmap(pages, size);
}

static void lengths_that_cannot_be_are_refused(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    CHECK_STATUS(ddtrace_span_set_tag(span, TEXT("k"), "v", SIZE_MAX - 1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_set_tag(span, "k", SIZE_MAX / 2 + 1, TEXT("v")), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_span_set_packed_tags(span, (const uint8_t *)"x", SIZE_MAX), DDTRACE_ERR_INVALID);
    ddtrace_tag tag = { DDTRACE_STR("k"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("v") } };
    CHECK_STATUS(ddtrace_span_set_tags(span, &tag, SIZE_MAX), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

/* A list that contains itself, directly or deep inside: must end. */
static void nested_lists_have_an_end(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_tag circle = { DDTRACE_STR("circle"), DDTRACE_TAG_MAP, 0, { DDTRACE_STR_NONE } };
    circle.value.list.ptr = &circle;
    circle.value.list.len = 1;
    ddtrace_status status = ddtrace_span_set_tags(span, &circle, 1);
    CHECK(status == DDTRACE_OK || status == DDTRACE_ERR_LIMIT || status == DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void number_of_tags_has_a_limit(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_status status = DDTRACE_OK;
    char key[32], value[25000];
    int set = 0;
    memset(value, 'v', sizeof value);
    while (set < 1000000 && status == DDTRACE_OK) {
        snprintf(key, sizeof key, "key.%d", set++);
        status = ddtrace_span_set_tag(span, key, DDTRACE_NTS, value, sizeof value);
    }
    CHECK_STATUS(status, DDTRACE_ERR_LIMIT);
    CHECK(set > 100);
    /* What is there can still be changed. */
    CHECK_OK(ddtrace_span_unset_tag(span, TEXT("key.0")));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key.0"), TEXT("short")));
    check_tag(span, "key.0", "short");
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void wrong_settings_are_explained(void)
{
    ddtrace_config *config = NULL;
    ddtrace_error *error = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_STATUS(ddtrace_config_set(config, TEXT("NO_SUCH_SETTING"), TEXT("1"), &error), DDTRACE_ERR_NOT_FOUND);
    CHECK(error != NULL);
    CHECK_STATUS(ddtrace_error_code(error), DDTRACE_ERR_NOT_FOUND);
    ddtrace_str message = ddtrace_error_message(error);
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)message.len, message.ptr);
    CHECK_CONTAINS(text, "NO_SUCH_SETTING");
    ddtrace_error_free(error);
    ddtrace_error_free(error);
    ddtrace_config_free(config);
}

int main(void)
{
    RUN(struct_sizes_are_checked);
    RUN(end_options_that_cannot_be_read_do_not_keep_a_span_open);
    RUN(numbers_out_of_range_are_refused);
    RUN(invalid_utf8_is_replaced);
    RUN(text_with_nul_bytes_is_kept_by_its_length);
    RUN(long_text_is_cut);
    RUN(gigabyte_costs_nothing);
    RUN(lengths_that_cannot_be_are_refused);
    RUN(nested_lists_have_an_end);
    RUN(number_of_tags_has_a_limit);
    RUN(wrong_settings_are_explained);
    check_no_live_handles();
    return 0;
}
