/* Spans with a scope: one call to start and activate, one to end and restore. */
#include "recorder.h"

#include <pthread.h>

struct scope {
    ddtrace_span *span;
    uint64_t token;
    ddtrace_span_ids ids;
};

static struct scope enter(ddtrace_provider *provider, ddtrace_tracer *tracer, const char *name)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    struct scope scope;
    options.name.ptr = name;
    options.name.len = DDTRACE_NTS;
    CHECK_OK(ddtrace_provider_start_span(provider, tracer, &options, &scope.span, &scope.token, &scope.ids));
    return scope;
}

static ddtrace_span *current(ddtrace_provider *provider)
{
    ddtrace_span *span = NULL;
    ddtrace_status status = ddtrace_provider_current_span(provider, &span);
    CHECK(status == DDTRACE_OK || status == DDTRACE_ERR_NOT_FOUND);
    ddtrace_span_free(span);
    return span;
}

static void spans_nest_by_what_is_active(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span_end_options failed = DDTRACE_SPAN_END_OPTIONS_INIT;
    failed.error_type = DDTRACE_TEXT("Timeout");
    failed.error_message = DDTRACE_TEXT("after 2 s");
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    struct scope outer = enter(provider, recorder.tracer, "outer");
    CHECK(current(provider) == outer.span);
    struct scope inner = enter(provider, recorder.tracer, "inner");
    CHECK(current(provider) == inner.span);
    CHECK(inner.ids.parent_id == outer.ids.span_id && inner.ids.trace_id_low == outer.ids.trace_id_low);
    CHECK_OK(ddtrace_provider_end_span(provider, inner.token, inner.span, &failed));
    CHECK(current(provider) == outer.span);
    CHECK_OK(ddtrace_provider_end_span(provider, outer.token, outer.span, NULL));
    CHECK(current(provider) == NULL);
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"error.type\":\"Timeout\"");
    CHECK_INT(ddtrace_exporter_memory_count(recorder.memory), 2);
    free(json);
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void an_active_context_is_the_parent_and_comes_back(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span *remote = root_span(recorder.tracer, "elsewhere");
    ddtrace_context *context = NULL, *found = NULL;
    uint64_t token = 0;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_span_get_context(remote, &context));
    CHECK_OK(ddtrace_provider_activate_context(provider, context, &token));
    struct scope scope = enter(provider, recorder.tracer, "here");
    CHECK(scope.ids.parent_id == ids_of(remote).span_id);
    CHECK_OK(ddtrace_provider_end_span(provider, scope.token, scope.span, NULL));
    CHECK_OK(ddtrace_provider_current_context(provider, &found));
    ddtrace_context_free(found);
    CHECK_OK(ddtrace_provider_restore(provider, token));
    CHECK_STATUS(ddtrace_provider_current_context(provider, &found), DDTRACE_ERR_NOT_FOUND);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(remote, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void a_parent_that_is_given_wins(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    struct scope given;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    struct scope active = enter(provider, recorder.tracer, "active");
    ddtrace_span *parent = root_span(recorder.tracer, "parent");
    options.parent_span = parent;
    CHECK_OK(ddtrace_provider_start_span(provider, recorder.tracer, &options, &given.span, &given.token, &given.ids));
    CHECK(given.ids.parent_id == ids_of(parent).span_id);
    CHECK_OK(ddtrace_provider_end_span(provider, given.token, given.span, NULL));
    CHECK(current(provider) == active.span);
    CHECK_OK(ddtrace_span_end(parent, NULL));
    CHECK_OK(ddtrace_provider_end_span(provider, active.token, active.span, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void what_cannot_be_activated_is_not_started(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *tasks = NULL;
    struct scope scope = { NULL, 0, { 0, 0, 0, 0 } };
    CHECK_OK(ddtrace_provider_new_tasks(&tasks));
    CHECK_STATUS(ddtrace_provider_start_span(tasks, recorder.tracer, NULL, &scope.span, &scope.token, NULL), DDTRACE_ERR_STATE);
    CHECK(scope.span == NULL && scope.token == 0);
    CHECK_STATUS(ddtrace_provider_start_span(NULL, recorder.tracer, NULL, &scope.span, &scope.token, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_start_span(tasks, NULL, NULL, &scope.span, &scope.token, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_start_span(tasks, recorder.tracer, NULL, NULL, &scope.token, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_start_span(tasks, recorder.tracer, NULL, &scope.span, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0);
    CHECK_OK(ddtrace_provider_task_enter(tasks, 1, 0));
    scope = enter(tasks, recorder.tracer, "in.a.task");
    /* The span ends whatever becomes of the scope. */
    CHECK_STATUS(ddtrace_provider_end_span(tasks, scope.token + 1, scope.span, NULL), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_provider_task_leave(tasks, 1));
    CHECK_INT(recorder_count(recorder), 1);
    CHECK_STATUS(ddtrace_provider_end_span(NULL, 0, NULL, NULL), DDTRACE_ERR_NULL);
    ddtrace_provider_free(tasks);
    recorder_close(recorder);
}

struct shared {
    recorder recorder;
    ddtrace_provider *provider;
    ddtrace_context *captured;
};

/* A context that one thread captured is attached on another, for a while. */
static void *attached(void *argument)
{
    struct shared *shared = argument;
    uint64_t token = 0;
    CHECK(current(shared->provider) == NULL);
    CHECK_OK(ddtrace_provider_activate_context(shared->provider, shared->captured, &token));
    for (int i = 0; i < 100; i++) {
        struct scope scope = enter(shared->provider, shared->recorder.tracer, "work");
        CHECK_OK(ddtrace_provider_end_span(shared->provider, scope.token, scope.span, NULL));
    }
    CHECK_OK(ddtrace_provider_restore(shared->provider, token));
    CHECK(current(shared->provider) == NULL);
    return NULL;
}

static void contexts_are_captured_here_and_attached_on_other_threads(void)
{
    struct shared shared = { recorder_open(NULL), NULL, NULL };
    pthread_t threads[3];
    CHECK_OK(ddtrace_provider_thread_local(&shared.provider));
    struct scope root = enter(shared.provider, shared.recorder.tracer, "root");
    CHECK_OK(ddtrace_provider_current_context(shared.provider, &shared.captured));
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, attached, &shared), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK(current(shared.provider) == root.span);
    CHECK_OK(ddtrace_provider_end_span(shared.provider, root.token, root.span, NULL));
    ddtrace_context_free(shared.captured);
    CHECK_INT(recorder_count(shared.recorder), 301);
    ddtrace_provider_free(shared.provider);
    recorder_close(shared.recorder);
}

int main(void)
{
    RUN(spans_nest_by_what_is_active);
    RUN(an_active_context_is_the_parent_and_comes_back);
    RUN(a_parent_that_is_given_wins);
    RUN(what_cannot_be_activated_is_not_started);
    RUN(contexts_are_captured_here_and_attached_on_other_threads);
    check_no_live_handles();
    return 0;
}
