/* Spans as most programs use them: start, name, tag, finish, read back. */
#include "recorder.h"

static void two_calls_make_a_whole_span(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_tag tag = { DDTRACE_STR("http.method"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("GET") } };
    ddtrace_tag last = { DDTRACE_STR("last"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("yes") } };
    ddtrace_span_options start = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;
    ddtrace_str name = DDTRACE_STR("http.request"), resource = DDTRACE_STR("GET /"), type = DDTRACE_STR("web");
    ddtrace_str service = DDTRACE_STR("shop"), later = DDTRACE_STR("GET /cart");
    ddtrace_span *span = NULL;
    ddtrace_span_ids ids;
    start.name = name;
    start.resource = resource;
    start.type = type;
    start.service = service;
    start.start_ns = 1700000000000000000;
    start.kind = DDTRACE_SPAN_KIND_SERVER;
    start.tags = &tag;
    start.tags_len = 1;
    CHECK_OK(ddtrace_span_start(recorder.tracer, &start, &span, &ids));
    CHECK(ids.span_id != 0 && ids.trace_id_low != 0 && ids.parent_id == 0);
    end.resource = later;
    end.end_ns = 1700000000000001000;
    end.tags = &last;
    end.tags_len = 1;
    CHECK_OK(ddtrace_span_end(span, &end));

    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"name\":\"http.request\"");
    CHECK_CONTAINS(json, "\"service\":\"shop\"");
    CHECK_CONTAINS(json, "\"resource\":\"GET /cart\"");
    CHECK_CONTAINS(json, "\"type\":\"web\"");
    CHECK_CONTAINS(json, "\"start\":1700000000000000000");
    CHECK_CONTAINS(json, "\"duration\":1000");
    CHECK_CONTAINS(json, "\"http.method\":\"GET\"");
    CHECK_CONTAINS(json, "\"last\":\"yes\"");
    CHECK_CONTAINS(json, "\"kind\":\"server\"");
    free(json);
    recorder_close(recorder);
}

static void names_can_be_changed_until_the_end(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "first");
    char text[64];
    CHECK_INT(ddtrace_span_get_name(span, text, sizeof text), 5);
    CHECK_TEXT(text, "first");
    ddtrace_span_get_resource(span, text, sizeof text);
    CHECK_TEXT(text, "first");
    ddtrace_span_get_service(span, text, sizeof text);
    CHECK_TEXT(text, "c-abi");
    CHECK_OK(ddtrace_span_set_name(span, TEXT("second")));
    CHECK_OK(ddtrace_span_set_resource(span, TEXT("what")));
    CHECK_OK(ddtrace_span_set_service(span, TEXT("who")));
    CHECK_OK(ddtrace_span_set_type(span, TEXT("db")));
    ddtrace_span_get_name(span, text, sizeof text);
    CHECK_TEXT(text, "second");
    ddtrace_span_get_resource(span, text, sizeof text);
    CHECK_TEXT(text, "what");
    ddtrace_span_get_service(span, text, sizeof text);
    CHECK_TEXT(text, "who");
    ddtrace_span_get_type(span, text, sizeof text);
    CHECK_TEXT(text, "db");
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void getters_follow_the_rule_of_snprintf(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "longer than four");
    char text[5] = "####";
    CHECK_INT(ddtrace_span_get_name(span, NULL, 0), 16);
    CHECK_INT(ddtrace_span_get_name(span, text, 5), 16);
    CHECK_TEXT(text, "long");
    text[0] = '#';
    CHECK_INT(ddtrace_span_get_name(span, text, 0), 16);
    CHECK_INT(text[0], '#');
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void child_belongs_to_its_parent(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    ddtrace_span *child = span_below(recorder.tracer, "child", root);
    ddtrace_span_ids root_ids = ids_of(root), child_ids = ids_of(child);
    CHECK(child_ids.trace_id_low == root_ids.trace_id_low && child_ids.trace_id_high == root_ids.trace_id_high);
    CHECK(child_ids.parent_id == root_ids.span_id);
    CHECK(child_ids.span_id != root_ids.span_id);
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 0);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_INT(recorder_count(recorder), 2);
    recorder_close(recorder);
}

static void children_of_a_finished_span_join_its_trace(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    CHECK_OK(ddtrace_span_finish(root, NULL));
    CHECK_INT(recorder_count(recorder), 1);
    ddtrace_span *late = span_below(recorder.tracer, "late", root);
    CHECK(ids_of(late).trace_id_low == ids_of(root).trace_id_low);
    CHECK_OK(ddtrace_span_end(late, NULL));
    ddtrace_span_free(root);
    CHECK_INT(recorder_count(recorder), 2);
    recorder_close(recorder);
}

static void finished_span_can_be_read_and_not_written(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    char text[16];
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("key"), TEXT("value")));
    CHECK(!ddtrace_span_is_finished(span));
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK(ddtrace_span_is_finished(span));
    CHECK(ddtrace_span_get_duration(span) >= 0);
    CHECK_STATUS(ddtrace_span_set_tag(span, TEXT("key"), TEXT("other")), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_span_set_name(span, TEXT("other")), DDTRACE_ERR_FINISHED);
    check_tag(span, "key", "value");
    ddtrace_span_get_name(span, text, sizeof text);
    CHECK_TEXT(text, "op");
    ddtrace_span_free(span);
    CHECK_INT(recorder_count(recorder), 1);
    recorder_close(recorder);
}

static void abandoned_span_is_counted_and_never_sent(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    ddtrace_span *root = root_span(recorder.tracer, "root");
    ddtrace_span_free(span_below(recorder.tracer, "abandoned", root));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(recorder_count(recorder), 1);
    CHECK_OK(ddtrace_tracer_counters(recorder.tracer, &counters));
    CHECK_INT(counters.spans_started, 2);
    CHECK_INT(counters.spans_finished, 1);
    CHECK_INT(counters.spans_abandoned, 1);
    recorder_close(recorder);
}

static void all_unfinished_ancestors_finish_at_once(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *root = root_span(recorder.tracer, "root");
    ddtrace_span *middle = span_below(recorder.tracer, "middle", root);
    ddtrace_span *leaf = span_below(recorder.tracer, "leaf", middle);
    CHECK_OK(ddtrace_span_finish_with_ancestors(leaf, 0));
    CHECK(ddtrace_span_is_finished(root) && ddtrace_span_is_finished(middle) && ddtrace_span_is_finished(leaf));
    ddtrace_span_free(leaf);
    ddtrace_span_free(root);
    ddtrace_span_free(middle);
    CHECK_INT(recorder_count(recorder), 3);
    recorder_close(recorder);
}

static void errors_mark_the_span(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    CHECK(!ddtrace_span_is_error(span));
    CHECK_OK(ddtrace_span_set_exception(span, TEXT("IOError"), TEXT("disk full"), TEXT("main.c:7")));
    CHECK(ddtrace_span_is_error(span));
    check_tag(span, "error.type", "IOError");
    check_tag(span, "error.message", "disk full");
    check_tag(span, "error.stack", "main.c:7");
    CHECK_OK(ddtrace_span_set_error(span, 0));
    CHECK(!ddtrace_span_is_error(span));

    ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;
    ddtrace_str message = DDTRACE_STR("at the end");
    end.error_message = message;
    CHECK_OK(ddtrace_span_end(span, &end));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"error\":1");
    CHECK_CONTAINS(json, "\"error.message\":\"at the end\"");
    free(json);
    recorder_close(recorder);
}

static void json_of_a_live_span_shows_it(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    size_t length = ddtrace_span_to_json(span, NULL, 0);
    char *json = malloc(length + 1);
    CHECK(json != NULL);
    CHECK_INT(ddtrace_span_to_json(span, json, length + 1), length);
    CHECK_CONTAINS(json, "\"name\":\"op\"");
    free(json);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

int main(void)
{
    RUN(two_calls_make_a_whole_span);
    RUN(names_can_be_changed_until_the_end);
    RUN(getters_follow_the_rule_of_snprintf);
    RUN(child_belongs_to_its_parent);
    RUN(children_of_a_finished_span_join_its_trace);
    RUN(finished_span_can_be_read_and_not_written);
    RUN(abandoned_span_is_counted_and_never_sent);
    RUN(all_unfinished_ancestors_finish_at_once);
    RUN(errors_mark_the_span);
    RUN(json_of_a_live_span_shows_it);
    check_no_live_handles();
    return 0;
}
