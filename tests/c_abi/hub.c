/* Events: listeners by name and by function, answers, errors, events of the library, executions. */
#include "recorder.h"

#include <pthread.h>
#include <unistd.h>

struct listener {
    int calls, freed, order;
    ddtrace_status answer;
    ddtrace_value result;
    char last[256];
};

static int calls_so_far;

static ddtrace_status listen(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    struct listener *listener = user_data;
    listener->calls++;
    listener->order = ++calls_so_far;
    int written = snprintf(listener->last, sizeof listener->last, "%.*s", (int)event.len, event.ptr);
    for (size_t i = 0; i < len; i++) {
        char *rest = listener->last + written;
        size_t left = sizeof listener->last - (size_t)written;
        switch (arguments[i].kind) {
        case DDTRACE_VALUE_I64: written += snprintf(rest, left, " %lld", (long long)arguments[i].content.i64); break;
        case DDTRACE_VALUE_BOOL: written += snprintf(rest, left, " %s", arguments[i].content.i64 ? "true" : "false"); break;
        case DDTRACE_VALUE_F64: written += snprintf(rest, left, " %.1f", arguments[i].content.f64); break;
        case DDTRACE_VALUE_STRING:
            written += snprintf(rest, left, " %.*s", (int)arguments[i].content.string.len, arguments[i].content.string.ptr);
            break;
        case DDTRACE_VALUE_NULL: written += snprintf(rest, left, " null"); break;
        default: written += snprintf(rest, left, arguments[i].content.pointer != NULL ? " pointer" : " NULL");
        }
    }
    *result = listener->result;
    return listener->answer;
}

static void count_free(void *user_data)
{
    ((struct listener *)user_data)->freed++;
}

static uint64_t on(const char *event, const char *name, struct listener *listener)
{
    uint64_t id = 0;
    CHECK_OK(ddtrace_hub_on(event, DDTRACE_NTS, name, name == NULL ? 0 : DDTRACE_NTS, listen, listener, count_free, &id));
    CHECK(id != 0);
    return id;
}

static ddtrace_value text_value(const char *text)
{
    ddtrace_value value = { DDTRACE_VALUE_STRING, 0, { 0 } };
    value.content.string.ptr = text;
    value.content.string.len = DDTRACE_NTS;
    return value;
}

static ddtrace_value number(int64_t number)
{
    ddtrace_value value = { DDTRACE_VALUE_I64, 0, { 0 } };
    value.content.i64 = number;
    return value;
}

static void listeners_are_called_in_order(void)
{
    struct listener a = { 0 }, b = { 0 }, c = { 0 };
    ddtrace_value arguments[3] = { number(7), text_value("text"), { DDTRACE_VALUE_NULL, 0, { 0 } } };
    CHECK(!ddtrace_hub_has_listeners(TEXT("e")));
    CHECK_OK(ddtrace_hub_dispatch(TEXT("e"), arguments, 3, 0));
    uint64_t first = on("e", "a", &a);
    on("e", NULL, &b);
    CHECK(ddtrace_hub_has_listeners(TEXT("e")) && !ddtrace_hub_has_listeners(TEXT("f")));
    CHECK_OK(ddtrace_hub_dispatch(TEXT("e"), arguments, 3, 0));
    CHECK_TEXT(a.last, "e 7 text null");
    CHECK(a.order < b.order);

    CHECK_INT(on("e", "a", &c), first);
    CHECK_INT(a.freed, 1);
    CHECK_OK(ddtrace_hub_dispatch(TEXT("e"), NULL, 0, 0));
    CHECK(c.order < b.order && a.calls == 1);
    on("e", NULL, &b);
    CHECK_INT(b.freed, 1);
    CHECK_OK(ddtrace_hub_off(first));
    CHECK_INT(c.freed, 1);
    CHECK_INT(ddtrace_hub_off(first), DDTRACE_ERR_NOT_FOUND);

    uint32_t id = 0;
    CHECK_OK(ddtrace_hub_event_id(TEXT("e"), &id));
    CHECK_OK(ddtrace_hub_dispatch_id(id, arguments, 1, 0));
    CHECK_TEXT(b.last, "e 7");
    CHECK_OK(ddtrace_hub_dispatch_id(4711, arguments, 1, 0));
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
    CHECK_INT(b.freed, 2);
    CHECK(!ddtrace_hub_has_listeners(TEXT("e")));
}

static void answers_are_kept(void)
{
    struct listener good = { 0 }, bad = { 0 }, odd = { 0 };
    good.result = text_value("fine");
    bad.answer = DDTRACE_ERR_INVALID;
    odd.result.kind = 99;
    ddtrace_event_results *results = NULL;
    ddtrace_event_result result;
    uint64_t id = on("e", "good", &good);
    on("e", "bad", &bad);
    on("e", "odd", &odd);
    CHECK_OK(ddtrace_hub_dispatch_with_results(TEXT("e"), NULL, 0, &results));
    CHECK_INT(ddtrace_event_results_count(results), 3);
    CHECK_OK(ddtrace_event_results_get(results, TEXT("good"), &result));
    CHECK_INT(result.response, DDTRACE_RESULT_OK);
    CHECK_INT(result.value.kind, DDTRACE_VALUE_STRING);
    CHECK(result.value.content.string.len == 4 && memcmp(result.value.content.string.ptr, "fine", 4) == 0);
    CHECK_OK(ddtrace_event_results_get_id(results, id, &result));
    CHECK_INT(result.response, DDTRACE_RESULT_OK);
    CHECK_OK(ddtrace_event_results_get(results, TEXT("bad"), &result));
    CHECK_INT(result.response, DDTRACE_RESULT_EXCEPTION);
    CHECK(result.error.len > 0);
    CHECK_OK(ddtrace_event_results_get(results, TEXT("odd"), &result));
    CHECK_INT(result.response, DDTRACE_RESULT_EXCEPTION);
    CHECK_OK(ddtrace_event_results_get(results, TEXT("absent"), &result));
    CHECK_INT(result.response, DDTRACE_RESULT_UNDEFINED);
    CHECK_INT(ddtrace_event_results_get(results, TEXT("good"), NULL), DDTRACE_ERR_NULL);
    ddtrace_event_results_free(results);
    CHECK_INT(ddtrace_event_results_get(results, TEXT("good"), &result), DDTRACE_ERR_HANDLE);
    ddtrace_event_results_free(results);
    ddtrace_event_results_free(NULL);
    CHECK_INT(ddtrace_event_results_count(NULL), 0);
    CHECK_OK(ddtrace_hub_dispatch_with_results(TEXT("nobody"), NULL, 0, &results));
    CHECK_OK(ddtrace_event_results_get(results, TEXT("good"), &result));
    CHECK_INT(result.response, DDTRACE_RESULT_UNDEFINED);
    ddtrace_event_results_free(results);

    CHECK_OK(ddtrace_hub_dispatch(TEXT("e"), NULL, 0, 0));
    CHECK_INT(ddtrace_hub_dispatch(TEXT("e"), NULL, 0, DDTRACE_DISPATCH_RAISE), DDTRACE_ERR_LISTENER);
    CHECK_OK(ddtrace_hub_reset(TEXT("e"), 0));
}

static void bad_input_is_refused(void)
{
    struct listener listener = { 0 };
    ddtrace_value odd = { 99, 0, { 0 } };
    uint32_t number;
    ddtrace_event_results *results = NULL;
    CHECK_INT(ddtrace_hub_on(TEXT(""), NULL, 0, listen, &listener, count_free, NULL), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_hub_on(NULL, 3, NULL, 0, listen, &listener, count_free, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_hub_on(TEXT("e"), NULL, 0, NULL, &listener, count_free, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(listener.freed, 3);
    on("e", NULL, &listener);
    CHECK_INT(ddtrace_hub_dispatch(TEXT("e"), NULL, 1, 0), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_hub_dispatch(TEXT("e"), &odd, 1, 0), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_hub_dispatch_with_results(TEXT("e"), &odd, 1, &results), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_hub_dispatch_with_results(TEXT("e"), NULL, 0, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_hub_event_id(TEXT(""), &number), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_hub_event_id(TEXT("e"), NULL), DDTRACE_ERR_NULL);
    CHECK(!ddtrace_hub_has_listeners(NULL, 0));
    CHECK_INT(listener.calls, 0);
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
}

static ddtrace_status free_itself(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    uint64_t *id = user_data;
    (void)event, (void)arguments, (void)len, (void)result;
    CHECK_OK(ddtrace_hub_off(*id));
    *id = 0;
    return ddtrace_hub_dispatch(TEXT("itself"), NULL, 0, 0);
}

static void a_listener_may_remove_itself(void)
{
    uint64_t id = 0;
    CHECK_OK(ddtrace_hub_on(TEXT("itself"), NULL, 0, free_itself, &id, NULL, &id));
    CHECK_OK(ddtrace_hub_dispatch(TEXT("itself"), NULL, 0, DDTRACE_DISPATCH_RAISE));
    CHECK_INT(id, 0);
}

static ddtrace_status tag_span(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    (void)user_data, (void)event, (void)result;
    CHECK(len == 1 && arguments[0].kind == DDTRACE_VALUE_HANDLE);
    return ddtrace_span_set_tag(arguments[0].content.pointer, TEXT("listener"), TEXT("was here"));
}

static void spans_are_events_while_somebody_listens(void)
{
    struct listener start = { 0 }, finish = { 0 }, chunk = { 0 };
    recorder before = recorder_open(NULL);
    on("trace.span_start", NULL, &start);
    CHECK_OK(ddtrace_hub_on(TEXT("trace.span_start"), TEXT("tag"), tag_span, NULL, NULL, NULL));
    on("trace.span_finish", NULL, &finish);
    on("trace.chunk_ready", NULL, &chunk);
    recorder after = recorder_open(NULL);
    ddtrace_tracer *tracers[2] = { before.tracer, after.tracer };
    for (int i = 0; i < 2; i++) {
        ddtrace_span *span = root_span(tracers[i], "op");
        CHECK_INT(start.calls, i + 1);
        check_tag(span, "listener", "was here");
        CHECK_OK(ddtrace_span_end(span, NULL));
        CHECK_INT(finish.calls, i + 1);
        CHECK_INT(chunk.calls, i + 1);
    }
    CHECK_TEXT(start.last, "trace.span_start pointer");
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
    CHECK_OK(ddtrace_span_end(root_span(before.tracer, "op"), NULL));
    CHECK_INT(start.calls, 2);
    CHECK_INT(chunk.calls, 2);
    recorder_close(before);
    recorder_close(after);
}

static void flushes_are_events(void)
{
    struct listener flush = { 0 };
    recorder recorder = recorder_open(NULL);
    on("writer.flush", NULL, &flush);
    CHECK_OK(ddtrace_tracer_flush(recorder.tracer, 20000));
    CHECK_TEXT(flush.last, "writer.flush true");
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
    recorder_close(recorder);
}

static void note_value(void *user_data, const ddtrace_value *value)
{
    *(int64_t *)user_data = value->kind == DDTRACE_VALUE_I64 ? value->content.i64 : -1;
}

static void executions_are_a_tree(void)
{
    struct listener started = { 0 }, ended = { 0 };
    ddtrace_execution *root = NULL, *query = NULL, *deferred = NULL;
    ddtrace_value seven = number(7), eight = number(8);
    int64_t seen = 0;
    on("context.started.query", NULL, &started);
    on("context.ended.query", NULL, &ended);
    CHECK_OK(ddtrace_execution_enter(TEXT(""), NULL, 0, &root));
    CHECK_OK(ddtrace_execution_enter(TEXT("query"), root, 0, &query));
    CHECK_TEXT(started.last, "context.started.query pointer");
    CHECK_OK(ddtrace_execution_set(root, TEXT("k"), &seven));
    CHECK_OK(ddtrace_execution_set_new(query, TEXT("own"), &eight));
    CHECK_INT(ddtrace_execution_set_new(query, TEXT("own"), &eight), DDTRACE_ERR_STATE);
    CHECK_INT(ddtrace_execution_get(query, TEXT("k"), 0, note_value, &seen), DDTRACE_ERR_NOT_FOUND);
    CHECK_OK(ddtrace_execution_get(query, TEXT("k"), 1, note_value, &seen));
    CHECK_INT(seen, 7);
    CHECK_OK(ddtrace_execution_discard(query, TEXT("k"), 1));
    CHECK_INT(ddtrace_execution_get(query, TEXT("k"), 1, note_value, &seen), DDTRACE_ERR_NOT_FOUND);
    CHECK_INT(ddtrace_execution_set_parent(query, root), DDTRACE_ERR_STATE);
    CHECK_INT(ddtrace_execution_set_parent(root, query), DDTRACE_ERR_STATE);
    CHECK_OK(ddtrace_execution_exit(query, TEXT("broken")));
    CHECK_OK(ddtrace_execution_exit(query, NULL, 0));
    CHECK_INT(ended.calls, 1);
    CHECK_TEXT(ended.last, "context.ended.query pointer broken");

    CHECK_OK(ddtrace_execution_enter(TEXT("query"), NULL, DDTRACE_EXECUTION_DEFER_END, &deferred));
    CHECK_OK(ddtrace_execution_exit(deferred, NULL, 0));
    CHECK_INT(ended.calls, 1);
    CHECK_OK(ddtrace_execution_end(deferred, NULL, 0));
    CHECK_OK(ddtrace_execution_end(deferred, NULL, 0));
    CHECK_INT(ended.calls, 2);
    CHECK_TEXT(ended.last, "context.ended.query pointer null");
    ddtrace_execution_free(deferred);
    started.answer = DDTRACE_ERR_IO;
    CHECK_INT(ddtrace_execution_enter(TEXT("query"), NULL, DDTRACE_DISPATCH_RAISE, &deferred), DDTRACE_ERR_LISTENER);

    ddtrace_execution_free(root);
    ddtrace_execution_free(query);
    CHECK_INT(ddtrace_execution_exit(query, NULL, 0), DDTRACE_ERR_HANDLE);
    CHECK_INT(ddtrace_execution_set(NULL, TEXT("k"), &seven), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_execution_enter(TEXT("x"), NULL, 0, NULL), DDTRACE_ERR_NULL);
    ddtrace_execution_free(NULL);
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
}

static void integrations_are_events(void)
{
    struct listener patched = { 0 };
    ddtrace_integration integration = DDTRACE_INTEGRATION_INIT;
    static const char *const settings[] = { "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false", NULL };
    recorder recorder = recorder_open(settings);
    on("integration.patched", NULL, &patched);
    integration.name = DDTRACE_TEXT("curl");
    integration.enabled = 1;
    CHECK_OK(ddtrace_telemetry_add_integration(recorder.tracer, &integration));
    CHECK_TEXT(patched.last, "integration.patched curl true");
    integration.error = DDTRACE_TEXT("no such symbol");
    CHECK_OK(ddtrace_telemetry_add_integration(recorder.tracer, &integration));
    CHECK_TEXT(patched.last, "integration.patched curl false");
    CHECK_OK(ddtrace_hub_reset(NULL, 0, 0));
    recorder_close(recorder);
}

static void *publish(void *unused)
{
    (void)unused;
    for (int i = 0; i < 500; i++)
        CHECK_OK(ddtrace_hub_dispatch(TEXT("busy"), NULL, 0, 0));
    return NULL;
}

static ddtrace_status quiet(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    (void)event, (void)arguments, (void)len, (void)result;
    return *(char *)user_data == 'x' ? DDTRACE_OK : DDTRACE_ERR_INVALID;
}

static void threads_publish_while_listeners_come_and_go(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, publish, NULL), 0);
    for (int i = 0; i < 200; i++) {
        char *data = malloc(1);
        uint64_t id = 0;
        CHECK(data != NULL);
        *data = 'x';
        CHECK_OK(ddtrace_hub_on(TEXT("busy"), NULL, 0, quiet, data, free, &id));
        if (i % 3 != 0)
            CHECK_OK(ddtrace_hub_off(id));
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK_OK(ddtrace_hub_reset(TEXT("busy"), 0));
}

int main(void)
{
    RUN(listeners_are_called_in_order);
    RUN(answers_are_kept);
    RUN(bad_input_is_refused);
    RUN(a_listener_may_remove_itself);
    RUN(spans_are_events_while_somebody_listens);
    RUN(flushes_are_events);
    RUN(integrations_are_events);
    RUN(executions_are_a_tree);
    RUN(threads_publish_while_listeners_come_and_go);
    check_no_live_handles();
    return 0;
}
