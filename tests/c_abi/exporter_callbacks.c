/* Exporters of the program: what they are shown, what their answers mean, and when they end. */
#include "recorder.h"

#include <pthread.h>

struct sink {
    int chunks, spans, flushes, shut_down, freed, tags;
    ddtrace_status answer;
    ddtrace_status flush_answer;
    const char *refused;
    pthread_t thread;
    ddtrace_span *kept;
    ddtrace_tracer *tracer;
    int is_checked;
};

static void look_at_tag(void *user_data, const ddtrace_tag *tag)
{
    struct sink *sink = user_data;
    if (tag->key.len == 4 && memcmp(tag->key.ptr, "text", 4) == 0) {
        CHECK_INT(tag->kind, DDTRACE_TAG_STRING);
        CHECK(tag->value.string.len == 5 && memcmp(tag->value.string.ptr, "value", 5) == 0);
        sink->tags |= 1;
    }
    if (tag->key.len == 5 && memcmp(tag->key.ptr, "count", 5) == 0) {
        CHECK_INT(tag->kind, DDTRACE_TAG_I64);
        CHECK_INT(tag->value.i64, 7);
        sink->tags |= 2;
    }
    if (tag->key.len == 5 && memcmp(tag->key.ptr, "share", 5) == 0) {
        CHECK_INT(tag->kind, DDTRACE_TAG_F64);
        CHECK(tag->value.f64 == 0.5);
        sink->tags |= 4;
    }
    if (tag->key.len == 8 && memcmp(tag->key.ptr, "language", 8) == 0)
        sink->tags |= 8;
}

static void check_spans(struct sink *sink, ddtrace_chunk *chunk)
{
    char text[2048];
    int32_t priority = 0;
    ddtrace_span *root = NULL, *child = NULL;
    CHECK_INT(ddtrace_chunk_len(chunk), 2);
    CHECK_OK(ddtrace_chunk_get_priority(chunk, &priority));
    CHECK_INT(priority, 1);
    CHECK_OK(ddtrace_chunk_span_at(chunk, 0, &root));
    CHECK_OK(ddtrace_chunk_span_at(chunk, 1, &child));
    CHECK(ddtrace_span_is_finished(root) && ddtrace_span_get_duration(root) >= ddtrace_span_get_duration(child));
    CHECK(ddtrace_span_get_start(root) > 0 && ddtrace_span_is_error(child) && !ddtrace_span_is_error(root));
    ddtrace_span_ids ids = ids_of(child);
    CHECK(ids.parent_id == ids_of(root).span_id && ids.trace_id_high != 0 && ids_of(root).parent_id == 0);
    ddtrace_span_get_name(child, text, sizeof text);
    CHECK_TEXT(text, "child");
    ddtrace_span_get_service(root, text, sizeof text);
    CHECK_TEXT(text, "exported");
    ddtrace_span_get_resource(root, text, sizeof text);
    CHECK_TEXT(text, "root");
    ddtrace_span_get_type(child, text, sizeof text);
    CHECK_TEXT(text, "web");
    CHECK_INT(ddtrace_span_get_kind(child), DDTRACE_SPAN_KIND_CLIENT);
    check_tag(root, "env", "test");
    check_tag(root, "_dd.p.dm", "-0");
    check_tag(child, "_dd.p.dm", NULL);
    CHECK_OK(ddtrace_span_each_tag(root, look_at_tag, sink));
    CHECK_INT(sink->tags, 15);
    CHECK(ddtrace_span_to_json(child, text, sizeof text) < sizeof text);
    CHECK_CONTAINS(text, "\"an event\"");
    CHECK_CONTAINS(text, "\"links\":[{");
    /* It is only to be read. */
    CHECK_STATUS(ddtrace_span_set_tag(root, TEXT("k"), TEXT("v")), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_chunk_remove_at(chunk, 0), DDTRACE_ERR_STATE);
    CHECK_STATUS(ddtrace_chunk_drop(chunk), DDTRACE_ERR_STATE);
    sink->kept = ddtrace_span_ref(root);
    sink->is_checked = 1;
}

static ddtrace_status take(void *user_data, ddtrace_chunk *chunk)
{
    struct sink *sink = user_data;
    ddtrace_span *first = NULL;
    char name[64];
    CHECK_INT(sink->shut_down, 0);
    CHECK_OK(ddtrace_chunk_span_at(chunk, 0, &first));
    ddtrace_span_get_name(first, name, sizeof name);
    __atomic_fetch_add(&sink->chunks, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&sink->spans, (int)ddtrace_chunk_len(chunk), __ATOMIC_RELAXED);
    sink->thread = pthread_self();
    if (strcmp(name, "root") == 0)
        check_spans(sink, chunk);
    if (sink->refused != NULL && strcmp(name, sink->refused) == 0)
        return DDTRACE_ERR_IO;
    return sink->answer;
}

static ddtrace_status take_flush(void *user_data)
{
    struct sink *sink = user_data;
    __atomic_fetch_add(&sink->flushes, 1, __ATOMIC_RELAXED);
    return sink->flush_answer;
}

static void take_shutdown(void *user_data)
{
    ((struct sink *)user_data)->shut_down++;
}

static void take_free(void *user_data)
{
    ((struct sink *)user_data)->freed++;
}

static ddtrace_exporter *exporter_of(struct sink *sink)
{
    ddtrace_exporter_callbacks callbacks = DDTRACE_EXPORTER_CALLBACKS_INIT;
    ddtrace_exporter *exporter = NULL;
    callbacks.export_chunk = take;
    callbacks.flush = take_flush;
    callbacks.shutdown = take_shutdown;
    CHECK_OK(ddtrace_exporter_new_callbacks(&callbacks, sink, take_free, &exporter));
    return exporter;
}

static ddtrace_tracer *tracer_with(ddtrace_exporter *exporter, int is_host_driven)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("exported"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT("test"), NULL));
    if (is_host_driven)
        CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_HOST_DRIVEN"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set_exporter(config, exporter));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    return tracer;
}

static ddtrace_counters counters_of(ddtrace_tracer *tracer)
{
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    return counters;
}

static const struct sink EMPTY;

static void finished_spans_are_shown_whole_in_the_background(void)
{
    struct sink sink = EMPTY;
    ddtrace_exporter *exporter = exporter_of(&sink);
    ddtrace_tracer *tracer = tracer_with(exporter, 0);
    ddtrace_exporter_free(exporter);
    ddtrace_span *root = root_span(tracer, "root"), *child = span_below(tracer, "child", root);
    CHECK_OK(ddtrace_span_set_tag(root, TEXT("text"), TEXT("value")));
    CHECK_OK(ddtrace_span_set_tag_i64(root, TEXT("count"), 7));
    CHECK_OK(ddtrace_span_set_tag_f64(root, TEXT("share"), 0.5));
    CHECK_OK(ddtrace_span_set_error(child, 1));
    CHECK_OK(ddtrace_span_set_type(child, TEXT("web")));
    CHECK_OK(ddtrace_span_set_kind(child, DDTRACE_SPAN_KIND_CLIENT));
    CHECK_OK(ddtrace_span_add_event(child, TEXT("an event"), 1, NULL, 0));
    CHECK_OK(ddtrace_span_link_span(child, root, NULL, 0));
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_INT(sink.chunks, 1);
    CHECK_INT(sink.spans, 2);
    CHECK_INT(sink.flushes, 1);
    CHECK_INT(sink.is_checked, 1);
    CHECK(!pthread_equal(sink.thread, pthread_self()));
    check_tag(sink.kept, "text", "value");
    ddtrace_span_free(sink.kept);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    CHECK_INT(sink.shut_down, 1);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(sink.shut_down, 1);
    CHECK_INT(sink.freed, 1);
}

static void what_is_refused_counts_as_dropped(void)
{
    struct sink sink = EMPTY;
    ddtrace_exporter *exporter = exporter_of(&sink);
    ddtrace_tracer *tracer = tracer_with(exporter, 0);
    sink.refused = "refused";
    for (int i = 0; i < 3; i++)
        CHECK_OK(ddtrace_span_end(root_span(tracer, i == 1 ? "refused" : "taken"), NULL));
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 20000), DDTRACE_ERR_IO);
    ddtrace_counters counters = counters_of(tracer);
    CHECK_INT(counters.chunks_sent, 2);
    CHECK_INT(counters.spans_sent, 2);
    CHECK_INT(counters.chunks_dropped, 1);
    CHECK_INT(counters.spans_dropped, 1);
    sink.refused = NULL;
    sink.flush_answer = DDTRACE_ERR_IO;
    CHECK_OK(ddtrace_span_end(root_span(tracer, "lost"), NULL));
    CHECK_STATUS(ddtrace_tracer_flush(tracer, 20000), DDTRACE_ERR_IO);
    CHECK_INT(counters_of(tracer).spans_dropped, 2);
    sink.flush_answer = DDTRACE_OK;
    CHECK_OK(ddtrace_span_end(root_span(tracer, "taken"), NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_INT(counters_of(tracer).spans_sent, 3);
    ddtrace_exporter_free(exporter);
    ddtrace_tracer_free(tracer);
}

static void it_ends_with_the_last_tracer_that_feeds_it(void)
{
    struct sink sink = EMPTY;
    ddtrace_exporter *exporter = exporter_of(&sink);
    ddtrace_tracer *first = tracer_with(exporter, 0), *second = tracer_with(exporter, 0);
    CHECK_OK(ddtrace_span_end(root_span(first, "one"), NULL));
    CHECK_OK(ddtrace_tracer_shutdown(first, 20000));
    ddtrace_tracer_free(first);
    CHECK_INT(sink.shut_down, 0);
    CHECK_OK(ddtrace_span_end(root_span(second, "two"), NULL));
    ddtrace_tracer_free(second);
    CHECK_INT(sink.spans, 2);
    CHECK_INT(sink.shut_down, 1);
    /* A tracer that comes later finds it shut down. */
    ddtrace_tracer *third = tracer_with(exporter, 0);
    CHECK_OK(ddtrace_span_end(root_span(third, "three"), NULL));
    CHECK_STATUS(ddtrace_tracer_flush(third, 20000), DDTRACE_ERR_IO);
    CHECK_INT(sink.spans, 2);
    ddtrace_tracer_free(third);
    CHECK_INT(sink.shut_down, 1);
    CHECK_INT(sink.freed, 0);
    ddtrace_exporter_free(exporter);
    CHECK_INT(sink.freed, 1);
}

static void a_tracer_goes_over_to_another_exporter(void)
{
    struct sink former = EMPTY, next = EMPTY;
    ddtrace_exporter *exporter = exporter_of(&former), *other = exporter_of(&next);
    ddtrace_tracer *tracer = tracer_with(exporter, 0);
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_span_end(root_span(tracer, "one"), NULL));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set_exporter(config, other));
    CHECK_OK(ddtrace_tracer_configure(tracer, config, 0, 20000, NULL));
    ddtrace_config_free(config);
    CHECK_INT(former.spans, 1);
    CHECK_INT(former.shut_down, 1);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "two"), NULL));
    ddtrace_tracer_free(tracer);
    CHECK_INT(next.spans, 1);
    CHECK_INT(next.shut_down, 1);
    ddtrace_exporter_free(exporter);
    ddtrace_exporter_free(other);
    CHECK_INT(former.freed + next.freed, 2);
}

static void in_host_driven_mode_it_runs_where_the_host_ticks(void)
{
    struct sink sink = EMPTY;
    ddtrace_exporter *exporter = exporter_of(&sink);
    ddtrace_tracer *tracer = tracer_with(exporter, 1);
    ddtrace_exporter_free(exporter);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 0));
    CHECK_INT(sink.chunks, 1);
    CHECK(pthread_equal(sink.thread, pthread_self()));
    ddtrace_tracer_free(tracer);
    CHECK_INT(sink.shut_down, 1);
}

static ddtrace_status trace_inside(void *user_data, ddtrace_chunk *chunk)
{
    struct sink *sink = user_data;
    ddtrace_span *span = NULL;
    CHECK_OK(ddtrace_chunk_span_at(chunk, 0, &span));
    if (__atomic_fetch_add(&sink->chunks, 1, __ATOMIC_RELAXED) == 0)
        CHECK_OK(ddtrace_span_end(span_below(sink->tracer, "export", span), NULL));
    return DDTRACE_OK;
}

static void exporters_may_trace_what_they_do(void)
{
    struct sink sink = EMPTY;
    ddtrace_exporter_callbacks callbacks = DDTRACE_EXPORTER_CALLBACKS_INIT;
    ddtrace_exporter *exporter = NULL;
    callbacks.export_chunk = trace_inside;
    CHECK_OK(ddtrace_exporter_new_callbacks(&callbacks, &sink, NULL, &exporter));
    ddtrace_tracer *tracer = sink.tracer = tracer_with(exporter, 0);
    ddtrace_exporter_free(exporter);
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_OK(ddtrace_tracer_flush(tracer, 20000));
    CHECK_INT(__atomic_load_n(&sink.chunks, __ATOMIC_RELAXED), 2);
    ddtrace_tracer_free(tracer);
}

static void *make_spans(void *argument)
{
    ddtrace_tracer *tracer = argument;
    int rounds = strcmp(getenv("TEST_SLOW"), "1") == 0 ? 100 : 500;
    for (int i = 0; i < rounds; i++)
        CHECK_OK(ddtrace_span_end(root_span(tracer, "busy"), NULL));
    return NULL;
}

static void many_threads_and_tracers_feed_one(void)
{
    struct sink sink = EMPTY;
    ddtrace_exporter *exporter = exporter_of(&sink);
    ddtrace_tracer *tracers[2] = { tracer_with(exporter, 0), tracer_with(exporter, 0) };
    pthread_t threads[4];
    ddtrace_exporter_free(exporter);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, make_spans, tracers[i % 2]), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 2; i++)
        CHECK_OK(ddtrace_tracer_shutdown(tracers[i], 20000));
    for (int i = 0; i < 2; i++)
        ddtrace_tracer_free(tracers[i]);
    CHECK_INT(sink.spans, 4 * (strcmp(getenv("TEST_SLOW"), "1") == 0 ? 100 : 500));
    CHECK_INT(sink.shut_down, 1);
}

static void what_is_wrong_is_told(void)
{
    ddtrace_exporter_callbacks callbacks = DDTRACE_EXPORTER_CALLBACKS_INIT;
    ddtrace_exporter *exporter = NULL;
    ddtrace_span *span = NULL;
    struct sink sink = EMPTY;
    int32_t priority = 0;
    CHECK_STATUS(ddtrace_exporter_new_callbacks(&callbacks, &sink, take_free, &exporter), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_exporter_new_callbacks(NULL, &sink, take_free, &exporter), DDTRACE_ERR_NULL);
    callbacks.export_chunk = take;
    CHECK_STATUS(ddtrace_exporter_new_callbacks(&callbacks, &sink, take_free, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(sink.freed, 3);
    CHECK_INT(ddtrace_chunk_len(NULL), 0);
    CHECK_STATUS(ddtrace_chunk_span_at(NULL, 0, &span), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_chunk_get_priority(NULL, &priority), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_chunk_remove_at(NULL, 0), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_chunk_drop(NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_span_each_tag(NULL, look_at_tag, NULL), DDTRACE_ERR_NULL);
}

int main(void)
{
    RUN(finished_spans_are_shown_whole_in_the_background);
    RUN(what_is_refused_counts_as_dropped);
    RUN(it_ends_with_the_last_tracer_that_feeds_it);
    RUN(a_tracer_goes_over_to_another_exporter);
    RUN(in_host_driven_mode_it_runs_where_the_host_ticks);
    RUN(exporters_may_trace_what_they_do);
    RUN(many_threads_and_tracers_feed_one);
    RUN(what_is_wrong_is_told);
    check_no_live_handles();
    return 0;
}
