/* Filters: chunks that are changed or dropped before they are sent. */
#include "recorder.h"

#include <pthread.h>

struct setup {
    recorder recorder;
    int calls, freed;
    ddtrace_span *kept;
    ddtrace_chunk *chunk;
    ddtrace_status answer;
};

static struct setup setup_of(const char *const *settings)
{
    struct setup setup = { recorder_open(settings), 0, 0, NULL, NULL, DDTRACE_OK };
    return setup;
}

static void free_setup(void *user_data)
{
    ((struct setup *)user_data)->freed++;
}

typedef ddtrace_status filter_function(void *user_data, ddtrace_chunk *chunk);

static void add(struct setup *setup, filter_function *function)
{
    ddtrace_filter *filter = NULL;
    CHECK_OK(ddtrace_filter_new(function, setup, free_setup, &filter));
    CHECK_OK(ddtrace_tracer_add_filter(setup->recorder.tracer, filter));
    ddtrace_filter_free(filter);
}

static ddtrace_span *span_at(ddtrace_chunk *chunk, size_t index)
{
    ddtrace_span *span = NULL;
    CHECK_OK(ddtrace_chunk_span_at(chunk, index, &span));
    return span;
}

static void check_name(ddtrace_span *span, const char *expected)
{
    char name[64];
    ddtrace_span_get_name(span, name, sizeof name);
    CHECK_TEXT(name, expected);
}

static ddtrace_counters counters_of(struct setup *setup)
{
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(setup->recorder.tracer, &counters));
    return counters;
}

/* A root with two children and everything that a span may have. */
static void trace(struct setup *setup)
{
    ddtrace_span *root = root_span(setup->recorder.tracer, "root");
    ddtrace_span *first = span_below(setup->recorder.tracer, "first", root);
    ddtrace_span *second = span_below(setup->recorder.tracer, "second", root);
    CHECK_OK(ddtrace_span_set_tag(first, TEXT("secret"), TEXT("1234")));
    CHECK_OK(ddtrace_span_set_tag_f64(first, TEXT("share"), 0.5));
    CHECK_OK(ddtrace_span_add_event(first, TEXT("event"), 1, NULL, 0));
    CHECK_OK(ddtrace_span_link_span(second, root, NULL, 0));
    CHECK_OK(ddtrace_span_set_service(second, TEXT("elsewhere")));
    CHECK_OK(ddtrace_span_end(second, NULL));
    CHECK_OK(ddtrace_span_end(first, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
}

static ddtrace_status change_all(void *user_data, ddtrace_chunk *chunk)
{
    struct setup *setup = user_data;
    int32_t priority;
    setup->calls++;
    CHECK_INT(ddtrace_chunk_len(chunk), 3);
    CHECK_STATUS(ddtrace_chunk_get_priority(chunk, &priority), DDTRACE_ERR_NOT_FOUND);
    ddtrace_span *root = span_at(chunk, 0), *first = span_at(chunk, 1), *second = span_at(chunk, 2);
    check_name(root, "root");
    check_name(first, "first");
    check_name(second, "second");
    CHECK(span_at(chunk, 1) == first);
    CHECK(ddtrace_span_is_finished(first));
    CHECK(ddtrace_span_get_duration(first) >= 0);
    CHECK(ids_of(first).parent_id == ids_of(root).span_id && ids_of(first).trace_id_low == ids_of(root).trace_id_low);
    check_tag(first, "secret", "1234");
    check_tag(first, "_dd.base_service", NULL);
    check_tag(second, "_dd.base_service", "c-abi");
    CHECK_OK(ddtrace_span_set_tag(first, TEXT("secret"), TEXT("****")));
    CHECK_OK(ddtrace_span_set_tag_f64(first, TEXT("share"), 0.25));
    CHECK_OK(ddtrace_span_set_resource(root, TEXT("renamed")));
    CHECK_OK(ddtrace_span_set_error(root, 1));
    CHECK_OK(ddtrace_span_add_event(root, TEXT("filtered"), 2, NULL, 0));
    for (int i = 0; i < 60; i++) {
        char key[32], value[64];
        snprintf(key, sizeof key, "added.%d", i);
        snprintf(value, sizeof value, "a value that makes the span larger than its slot, %d", i);
        CHECK_OK(ddtrace_span_set_tag(second, key, DDTRACE_NTS, value, DDTRACE_NTS));
    }
    /* Finishing again does nothing, and the handle is the chunk's. */
    CHECK_OK(ddtrace_span_finish(first, NULL));
    return DDTRACE_OK;
}

static void spans_of_a_chunk_are_changed(void)
{
    struct setup setup = setup_of(NULL);
    add(&setup, change_all);
    trace(&setup);
    char *json = recorder_json(setup.recorder);
    CHECK_INT(setup.calls, 1);
    CHECK_CONTAINS(json, "\"secret\":\"****\"");
    CHECK(strstr(json, "1234") == NULL);
    CHECK_CONTAINS(json, "\"share\":0.25");
    CHECK_CONTAINS(json, "\"resource\":\"renamed\"");
    CHECK_CONTAINS(json, "\"error\":1");
    CHECK_CONTAINS(json, "\"name\":\"event\"");
    CHECK_CONTAINS(json, "\"name\":\"filtered\"");
    CHECK_CONTAINS(json, "\"links\":[{");
    CHECK_CONTAINS(json, "\"added.59\"");
    CHECK_INT(ddtrace_exporter_memory_count(setup.recorder.memory), 3);
    CHECK_INT(counters_of(&setup).spans_filtered, 0);
    free(json);
    recorder_close(setup.recorder);
    CHECK_INT(setup.freed, 1);
}

static ddtrace_status remove_children(void *user_data, ddtrace_chunk *chunk)
{
    ((struct setup *)user_data)->calls++;
    ddtrace_span *last = span_at(chunk, 2);
    CHECK_OK(ddtrace_chunk_remove_at(chunk, 1));
    CHECK(span_at(chunk, 1) == last);
    CHECK_OK(ddtrace_chunk_remove_at(chunk, 1));
    CHECK_STATUS(ddtrace_span_set_tag(last, TEXT("k"), TEXT("v")), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_chunk_remove_at(chunk, 1), DDTRACE_ERR_NOT_FOUND);
    CHECK_STATUS(ddtrace_chunk_span_at(chunk, 1, &last), DDTRACE_ERR_NOT_FOUND);
    CHECK_INT(ddtrace_chunk_len(chunk), 1);
    return DDTRACE_OK;
}

static void removed_spans_are_not_sent_and_counted(void)
{
    struct setup setup = setup_of(NULL);
    add(&setup, remove_children);
    trace(&setup);
    char *json = recorder_json(setup.recorder);
    CHECK_INT(ddtrace_exporter_memory_count(setup.recorder.memory), 1);
    CHECK_CONTAINS(json, "\"root\"");
    CHECK_CONTAINS(json, "\"_sampling_priority_v1\":1");
    ddtrace_counters counters = counters_of(&setup);
    CHECK_INT(counters.spans_filtered, 2);
    CHECK_INT(counters.chunks_filtered, 0);
    CHECK_INT(counters.spans_sent, 1);
    CHECK_INT(counters.spans_dropped, 0);
    free(json);
    recorder_close(setup.recorder);
}

static ddtrace_status remove_all(void *user_data, ddtrace_chunk *chunk)
{
    ((struct setup *)user_data)->calls++;
    while (ddtrace_chunk_len(chunk) > 0)
        CHECK_OK(ddtrace_chunk_remove_at(chunk, 0));
    return DDTRACE_OK;
}

static ddtrace_status drop(void *user_data, ddtrace_chunk *chunk)
{
    ((struct setup *)user_data)->calls++;
    CHECK_OK(ddtrace_chunk_drop(chunk));
    return DDTRACE_OK;
}

static void chunks_are_dropped_and_counted(filter_function *function)
{
    struct setup setup = setup_of(NULL);
    add(&setup, function);
    add(&setup, drop);
    trace(&setup);
    CHECK_INT(recorder_count(setup.recorder), 0);
    ddtrace_counters counters = counters_of(&setup);
    CHECK_INT(counters.chunks_filtered, 1);
    CHECK_INT(counters.spans_filtered, 3);
    CHECK_INT(counters.chunks_dropped, 0);
    /* Later filters do not see what is dropped. */
    CHECK_INT(setup.calls, 1);
    CHECK_INT(counters.buffered_bytes < 65536, 1);
    recorder_close(setup.recorder);
}

static void dropped_chunks_are_counted(void)
{
    chunks_are_dropped_and_counted(drop);
}

static void chunks_without_spans_are_dropped(void)
{
    chunks_are_dropped_and_counted(remove_all);
}

static ddtrace_status fail(void *user_data, ddtrace_chunk *chunk)
{
    struct setup *setup = user_data;
    setup->calls++;
    CHECK_OK(ddtrace_span_set_tag(span_at(chunk, 0), TEXT("half"), TEXT("done")));
    CHECK_OK(ddtrace_chunk_remove_at(chunk, 1));
    CHECK_OK(ddtrace_chunk_drop(chunk));
    return setup->answer;
}

static ddtrace_status tag_root(void *user_data, ddtrace_chunk *chunk)
{
    ((struct setup *)user_data)->calls++;
    CHECK_INT(ddtrace_chunk_len(chunk), 3);
    check_tag(span_at(chunk, 0), "half", NULL);
    CHECK_OK(ddtrace_span_set_tag(span_at(chunk, 0), TEXT("second.filter"), TEXT("ran")));
    return DDTRACE_OK;
}

static void a_filter_that_fails_changes_nothing(void)
{
    struct setup setup = setup_of(NULL);
    setup.answer = DDTRACE_ERR_INVALID;
    add(&setup, fail);
    add(&setup, tag_root);
    trace(&setup);
    char *json = recorder_json(setup.recorder);
    CHECK_INT(setup.calls, 2);
    CHECK_INT(ddtrace_exporter_memory_count(setup.recorder.memory), 3);
    CHECK(strstr(json, "half") == NULL);
    CHECK_CONTAINS(json, "\"second.filter\":\"ran\"");
    CHECK_CONTAINS(json, "\"name\":\"event\"");
    free(json);
    recorder_close(setup.recorder);
}

static ddtrace_status mark_for_the_rule(void *user_data, ddtrace_chunk *chunk)
{
    (void)user_data;
    CHECK_OK(ddtrace_span_set_tag(span_at(chunk, 0), TEXT("drop"), TEXT("me")));
    return DDTRACE_OK;
}

static ddtrace_status keep_by_hand(void *user_data, ddtrace_chunk *chunk)
{
    (void)user_data;
    CHECK_OK(ddtrace_span_set_tag(span_at(chunk, 1), TEXT("manual.keep"), TEXT("")));
    return DDTRACE_OK;
}

static void sampling_comes_after_filters(void)
{
    static const char *const settings[] = { "DD_TRACE_SAMPLING_RULES", "[{\"tags\":{\"drop\":\"me\"},\"sample_rate\":0}]", NULL };
    struct setup setup = setup_of(settings);
    add(&setup, mark_for_the_rule);
    trace(&setup);
    char *json = recorder_json(setup.recorder);
    CHECK_CONTAINS(json, "\"_sampling_priority_v1\":-1");
    free(json);
    CHECK_OK(ddtrace_exporter_memory_clear(setup.recorder.memory));
    add(&setup, keep_by_hand);
    trace(&setup);
    json = recorder_json(setup.recorder);
    CHECK_CONTAINS(json, "\"_sampling_priority_v1\":2");
    free(json);
    recorder_close(setup.recorder);
}

static ddtrace_status use_library(void *user_data, ddtrace_chunk *chunk)
{
    struct setup *setup = user_data;
    ddtrace_tracer *tracer = setup->recorder.tracer;
    setup->calls++;
    ddtrace_span *span = span_at(chunk, 0);
    /* A trace of its own, and one that goes on below a span of the chunk: neither is shown to the filter. */
    CHECK_OK(ddtrace_span_end(root_span(tracer, "own.trace"), NULL));
    ddtrace_span *below = span_below(tracer, "below", span);
    CHECK(ids_of(below).trace_id_low == ids_of(span).trace_id_low && ids_of(below).parent_id == ids_of(span).span_id);
    CHECK_OK(ddtrace_span_end(below, NULL));
    ddtrace_context *context = NULL;
    CHECK_OK(ddtrace_span_get_context(span, &context));
    ddtrace_context_free(context);
    setup->kept = ddtrace_span_ref(span);
    setup->chunk = chunk;
    return DDTRACE_OK;
}

static void filters_may_use_the_library(void)
{
    struct setup setup = setup_of(NULL);
    add(&setup, use_library);
    CHECK_OK(ddtrace_span_end(root_span(setup.recorder.tracer, "root"), NULL));
    CHECK_INT(setup.calls, 1);
    CHECK_INT(recorder_count(setup.recorder), 3);
    ddtrace_span *span = NULL;
    /* What was kept can be read, and changes nothing any more. */
    check_name(setup.kept, "root");
    CHECK_STATUS(ddtrace_span_set_tag(setup.kept, TEXT("k"), TEXT("v")), DDTRACE_ERR_FINISHED);
    ddtrace_span_free(setup.kept);
    CHECK_INT(ddtrace_chunk_len(setup.chunk), 0);
    CHECK_STATUS(ddtrace_chunk_span_at(setup.chunk, 0, &span), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_chunk_drop(setup.chunk), DDTRACE_ERR_HANDLE);
    recorder_close(setup.recorder);
}

static ddtrace_status count(void *user_data, ddtrace_chunk *chunk)
{
    struct setup *setup = user_data;
    setup->calls += (int)ddtrace_chunk_len(chunk);
    CHECK_OK(ddtrace_span_set_tag(span_at(chunk, 0), TEXT("filtered"), TEXT("yes")));
    return DDTRACE_OK;
}

static void parts_of_traces_are_filtered_and_those_that_end_by_being_freed(void)
{
    static const char *const settings[] = { "DD_TRACE_PARTIAL_FLUSH_MIN_SPANS", "2", NULL };
    struct setup setup = setup_of(settings);
    add(&setup, count);
    ddtrace_span *root = root_span(setup.recorder.tracer, "root");
    CHECK_OK(ddtrace_span_end(span_below(setup.recorder.tracer, "one", root), NULL));
    CHECK_OK(ddtrace_span_end(span_below(setup.recorder.tracer, "two", root), NULL));
    CHECK_INT(setup.calls, 2);
    CHECK_OK(ddtrace_span_end(span_below(setup.recorder.tracer, "three", root), NULL));
    ddtrace_span_free(root);
    CHECK_INT(setup.calls, 3);
    char *json = recorder_json(setup.recorder);
    CHECK_CONTAINS(json, "partial_flush\":2");
    CHECK_INT(ddtrace_exporter_memory_count(setup.recorder.memory), 3);
    free(json);
    recorder_close(setup.recorder);
}

static void large_chunks_are_filtered(void)
{
    static const char *const settings[] = { "DD_TRACE_PARTIAL_FLUSH_ENABLED", "false", NULL };
    struct setup setup = setup_of(settings);
    add(&setup, count);
    ddtrace_span *root = root_span(setup.recorder.tracer, "root");
    for (int i = 0; i < 500; i++) {
        ddtrace_span *span = span_below(setup.recorder.tracer, "child", root);
        CHECK_OK(ddtrace_span_set_tag(span, TEXT("text"), TEXT("so that the chunk is larger than a block of the thread can be")));
        CHECK_OK(ddtrace_span_end(span, NULL));
    }
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_INT(setup.calls, 501);
    CHECK_INT(recorder_count(setup.recorder), 501);
    recorder_close(setup.recorder);
}

static void a_filter_of_a_configuration_is_removed(void)
{
    struct setup setup = setup_of(NULL);
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    ddtrace_filter *filter = NULL;
    CHECK_OK(ddtrace_filter_new(count, &setup, free_setup, &filter));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("null"), NULL));
    CHECK_OK(ddtrace_config_add_filter(config, filter));
    CHECK_STATUS(ddtrace_config_add_filter(config, filter), DDTRACE_ERR_STATE);
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_INT(setup.calls, 1);
    CHECK_OK(ddtrace_tracer_remove_filter(tracer, filter));
    CHECK_STATUS(ddtrace_tracer_remove_filter(tracer, filter), DDTRACE_ERR_NOT_FOUND);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_INT(setup.calls, 1);
    CHECK_OK(ddtrace_tracer_add_filter(tracer, filter));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_INT(setup.calls, 2);
    ddtrace_filter_free(filter);
    ddtrace_tracer_free(tracer);
    CHECK_INT(setup.freed, 1);
    CHECK_STATUS(ddtrace_filter_new(NULL, &setup, free_setup, &filter), DDTRACE_ERR_NULL);
    CHECK_INT(setup.freed, 2);
    recorder_close(setup.recorder);
}

struct busy {
    struct setup *setup;
    int rounds;
};

static ddtrace_status change_some(void *user_data, ddtrace_chunk *chunk)
{
    (void)user_data;
    size_t length = ddtrace_chunk_len(chunk);
    if (length == 2)
        CHECK_OK(ddtrace_chunk_remove_at(chunk, 1));
    CHECK_OK(ddtrace_span_set_tag(span_at(chunk, 0), TEXT("k"), TEXT("v")));
    return DDTRACE_OK;
}

static void *make_spans(void *argument)
{
    struct busy *busy = argument;
    for (int i = 0; i < busy->rounds; i++) {
        ddtrace_span *root = root_span(busy->setup->recorder.tracer, "root");
        CHECK_OK(ddtrace_span_end(span_below(busy->setup->recorder.tracer, "child", root), NULL));
        CHECK_OK(ddtrace_span_end(root, NULL));
    }
    return NULL;
}

static void filters_come_and_go_while_spans_finish(void)
{
    struct setup setup = setup_of(NULL);
    struct busy busy = { &setup, strcmp(getenv("TEST_SLOW"), "1") == 0 ? 200 : 800 };
    ddtrace_filter *filter = NULL;
    pthread_t threads[3];
    CHECK_OK(ddtrace_filter_new(change_some, &setup, NULL, &filter));
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, make_spans, &busy), 0);
    for (int i = 0; i < 200; i++) {
        CHECK_OK(ddtrace_tracer_add_filter(setup.recorder.tracer, filter));
        CHECK_OK(ddtrace_span_end(root_span(setup.recorder.tracer, "op"), NULL));
        CHECK_OK(ddtrace_tracer_remove_filter(setup.recorder.tracer, filter));
    }
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    size_t kept = recorder_count(setup.recorder);
    CHECK_INT(kept + counters_of(&setup).spans_filtered, 3 * 2 * busy.rounds + 200);
    ddtrace_filter_free(filter);
    recorder_close(setup.recorder);
}

int main(void)
{
    RUN(spans_of_a_chunk_are_changed);
    RUN(removed_spans_are_not_sent_and_counted);
    RUN(dropped_chunks_are_counted);
    RUN(chunks_without_spans_are_dropped);
    RUN(a_filter_that_fails_changes_nothing);
    RUN(sampling_comes_after_filters);
    RUN(filters_may_use_the_library);
    RUN(parts_of_traces_are_filtered_and_those_that_end_by_being_freed);
    RUN(large_chunks_are_filtered);
    RUN(a_filter_of_a_configuration_is_removed);
    RUN(filters_come_and_go_while_spans_finish);
    check_no_live_handles();
    return 0;
}
