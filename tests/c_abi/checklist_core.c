/* What a tracer must do, item by item; each test is named after its item. Spans of other tests show most of it, too. */
#include "recorder.h"

#include <stdint.h>

/* How often a part stands in a text. */
static int times(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* The text of the span with this name, up to the next span, in the JSON of the recorder. Spans stand one after the other. */
static char *span_text(const char *json, const char *name)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"name\":\"%s\"", name);
    const char *at = strstr(json, wanted), *begin, *end;
    CHECK(at != NULL);
    for (begin = at; begin > json && strncmp(begin, "\"trace_id\"", 10) != 0; begin--)
        ;
    end = strstr(at, "\"trace_id\"");
    if (end == NULL)
        end = at + strlen(at);
    char *text = malloc((size_t)(end - begin) + 1);
    CHECK(text != NULL);
    memcpy(text, begin, (size_t)(end - begin));
    text[end - begin] = 0;
    return text;
}

static void check_span_has(const char *json, const char *name, const char *part, int has)
{
    char *text = span_text(json, name);
    if ((strstr(text, part) != NULL) != has)
        fprintf(stderr, "%s: %s in %s\n", name, part, text);
    CHECK((strstr(text, part) != NULL) == has);
    free(text);
}

static void two_spans_one_chunk_tid_dm_and_language_only_on_first_runtime_id_and_process_id_on_local_root(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    static const char *const keys[] = { "_dd.p.tid", "_dd.p.dm", "\"language\"", "runtime-id", "process_id" };
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    char *json = recorder_json(recorder);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        CHECK_INT(times(json, keys[i]), 1);
        check_span_has(json, "root", keys[i], 1);
    }
    free(json);
    recorder_close(recorder);
}

static void partial_flush_at_n_remainder_on_root_finish_priority_present_in_both_chunks(void)
{
    const char *settings[] = { "DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "2", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    CHECK_OK(ddtrace_span_end(span_below(recorder.tracer, "first", root), NULL));
    CHECK_INT(recorder_count(recorder), 0);
    CHECK_OK(ddtrace_span_end(span_below(recorder.tracer, "second", root), NULL));
    CHECK_INT(recorder_count(recorder), 2);
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 3);
    char *json = recorder_json(recorder);
    CHECK_INT(times(json, "_sampling_priority_v1"), 2);
    CHECK_INT(times(json, "\"_dd.p.dm\""), 2);
    CHECK_INT(times(json, "\"_dd.p.tid\""), 2);
    check_span_has(json, "first", "_sampling_priority_v1", 1);
    check_span_has(json, "first", "_dd.cpp.partial_flush\":2", 1);
    check_span_has(json, "second", "_dd.p.dm", 0);
    check_span_has(json, "root", "_sampling_priority_v1", 1);
    check_span_has(json, "root", "partial_flush", 0);
    free(json);
    recorder_close(recorder);
}

static void manual_drop_on_a_child_gives_minus_one_on_chunk_root_and_dm_minus_four(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    ddtrace_tag drop = { DDTRACE_STR("manual.drop"), DDTRACE_TAG_NULL, 0, { DDTRACE_STR_NONE } };
    CHECK_OK(ddtrace_span_set_tags(child, &drop, 1));
    check_tag(child, "manual.drop", NULL);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    char *json = recorder_json(recorder);
    check_span_has(json, "root", "\"_sampling_priority_v1\":-1", 1);
    check_span_has(json, "root", "\"_dd.p.dm\":\"-4\"", 1);
    check_span_has(json, "child", "_sampling_priority_v1", 0);
    free(json);
    recorder_close(recorder);
}

static void tag_rewritten_string_to_number_leaves_one_form(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    double number = 0;
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("7")));
    CHECK_OK(ddtrace_span_set_tag_f64(span, TEXT("key"), 8));
    check_tag(span, "key", NULL);
    CHECK_OK(ddtrace_span_get_tag_f64(span, TEXT("key"), &number));
    CHECK(number == 8);
    CHECK_OK(ddtrace_span_end(span, NULL));
    char *json = recorder_json(recorder);
    CHECK_INT(times(json, "\"key\""), 1);
    free(json);
    recorder_close(recorder);
}

static void double_finish_sends_once(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK_STATUS(ddtrace_span_finish(span, NULL), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_span_end(span, NULL), DDTRACE_ERR_FINISHED);
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

static void finish_parent_before_child_chunk_waits(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 0);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_INT(recorder_count(recorder), 2);
    recorder_close(recorder);
}

static char messages[4096];

static void collect(void *user_data, int32_t level, const char *message, size_t len)
{
    (void)user_data;
    (void)level;
    size_t used = strlen(messages);
    snprintf(messages + used, sizeof messages - used, "%.*s\n", (int)len, message);
}

static void span_after_shutdown_works_not_sent_warning(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *propagator = NULL;
    char headers[1024];
    size_t needed = 0;
    CHECK_OK(ddtrace_propagator_new(NULL, &propagator, NULL));
    ddtrace_span *early = root_span(recorder.tracer, "left.open");
    CHECK_OK(ddtrace_set_log_callback(collect, NULL, NULL));
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    CHECK_CONTAINS(messages, "1 spans are unfinished");
    CHECK_CONTAINS(messages, "left.open");
    messages[0] = 0;
    ddtrace_span *span = root_span(recorder.tracer, "late");
    CHECK_CONTAINS(messages, "after the tracer was shut down");
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("value")));
    check_tag(span, "key", "value");
    CHECK_OK(ddtrace_propagator_inject_span(propagator, span, headers, sizeof headers, &needed));
    CHECK(needed > 0);
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_OK(ddtrace_span_end(early, NULL));
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 0);
    CHECK_OK(ddtrace_set_log_callback(NULL, NULL, NULL));
    ddtrace_propagator_free(propagator);
    ddtrace_tracer_free(recorder.tracer);
    ddtrace_exporter_free(recorder.memory);
}

static void link_and_event_attribute_flattening_and_rejection(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op"), *other = root_span(recorder.tracer, "other");
    ddtrace_tag texts[3] = {
        { DDTRACE_STR_NONE, DDTRACE_TAG_STRING, 0, { DDTRACE_STR("a") } },
        { DDTRACE_STR_NONE, DDTRACE_TAG_STRING, 0, { DDTRACE_STR("b") } },
        { DDTRACE_STR_NONE, DDTRACE_TAG_STRING, 0, { DDTRACE_STR("c") } },
    };
    ddtrace_tag truths[2] = {
        { DDTRACE_STR_NONE, DDTRACE_TAG_BOOL, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR_NONE, DDTRACE_TAG_BOOL, 0, { DDTRACE_STR_NONE } },
    };
    ddtrace_tag numbers[2] = {
        { DDTRACE_STR_NONE, DDTRACE_TAG_I64, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR_NONE, DDTRACE_TAG_I64, 0, { DDTRACE_STR_NONE } },
    };
    ddtrace_tag attributes[4] = {
        { DDTRACE_STR("foo"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("bar") } },
        { DDTRACE_STR("array"), DDTRACE_TAG_ARRAY, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR("bools"), DDTRACE_TAG_ARRAY, 0, { DDTRACE_STR_NONE } },
        { DDTRACE_STR("nested"), DDTRACE_TAG_ARRAY, 0, { DDTRACE_STR_NONE } },
    };
    ddtrace_tag mixed_items[2] = { texts[0], numbers[0] };
    ddtrace_tag mixed = { DDTRACE_STR("mixed"), DDTRACE_TAG_ARRAY, 0, { DDTRACE_STR_NONE } };
    truths[0].value.i64 = 1;
    truths[1].value.i64 = 0;
    numbers[0].value.i64 = 1;
    numbers[1].value.i64 = 2;
    attributes[1].value.list.ptr = texts;
    attributes[1].value.list.len = 3;
    attributes[2].value.list.ptr = truths;
    attributes[2].value.list.len = 2;
    attributes[3].value.list.ptr = numbers;
    attributes[3].value.list.len = 2;
    mixed.value.list.ptr = mixed_items;
    mixed.value.list.len = 2;
    CHECK_OK(ddtrace_span_link_span(span, other, attributes, 4));
    CHECK_OK(ddtrace_span_add_event(span, TEXT("event"), 0, attributes, 2));
    CHECK_OK(ddtrace_span_add_event(span, TEXT("rejected"), 0, &mixed, 1));
    CHECK_OK(ddtrace_span_end(other, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    char *json = recorder_json(recorder);
    static const char *const leaves[] = { "\"foo\":\"bar\"",       "\"array.0\":\"a\"",     "\"array.1\":\"b\"",  "\"array.2\":\"c\"",
                                          "\"bools.0\":\"true\"", "\"bools.1\":\"false\"", "\"nested.0\":\"1\"", "\"nested.1\":\"2\"" };
    for (size_t i = 0; i < 8; i++)
        CHECK_CONTAINS(json, leaves[i]);
    CHECK_CONTAINS(json, "\"array\":[\"a\",\"b\",\"c\"]");
    CHECK_INT(times(json, "\"mixed\""), 0);
    free(json);
    recorder_close(recorder);
}

static void in_memory_exporter_eviction_and_filter_by_trace_id(void)
{
    ddtrace_exporter *memory = NULL;
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    ddtrace_span_ids last = { 0, 0, 0, 0 };
    char json[16384];
    CHECK_OK(ddtrace_exporter_memory_new(2, &memory));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_exporter(config, memory));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    static const char *const names[] = { "oldest", "middle", "newest" };
    for (size_t i = 0; i < 3; i++) {
        ddtrace_span *span = root_span(tracer, names[i]);
        last = ids_of(span);
        CHECK_OK(ddtrace_span_end(span, NULL));
        CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    }
    CHECK_INT(ddtrace_exporter_memory_count(memory), 2);
    CHECK(ddtrace_exporter_memory_json(memory, last.trace_id_high, last.trace_id_low, json, sizeof json) < sizeof json);
    CHECK_CONTAINS(json, "newest");
    CHECK(strstr(json, "middle") == NULL && strstr(json, "oldest") == NULL);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    ddtrace_exporter_free(memory);
}

int main(void)
{
    RUN(two_spans_one_chunk_tid_dm_and_language_only_on_first_runtime_id_and_process_id_on_local_root);
    RUN(partial_flush_at_n_remainder_on_root_finish_priority_present_in_both_chunks);
    RUN(manual_drop_on_a_child_gives_minus_one_on_chunk_root_and_dm_minus_four);
    RUN(tag_rewritten_string_to_number_leaves_one_form);
    RUN(double_finish_sends_once);
    RUN(finish_parent_before_child_chunk_waits);
    RUN(span_after_shutdown_works_not_sent_warning);
    RUN(link_and_event_attribute_flattening_and_rejection);
    RUN(in_memory_exporter_eviction_and_filter_by_trace_id);
    check_no_live_handles();
    return 0;
}
