/* The active span: per thread, per task, and kept by the host. */
#include "recorder.h"

#include <pthread.h>

static void is_active(ddtrace_provider *provider, ddtrace_span *expected)
{
    ddtrace_span *current = NULL;
    if (expected == NULL) {
        CHECK_STATUS(ddtrace_provider_current_span(provider, &current), DDTRACE_ERR_NOT_FOUND);
        CHECK(current == NULL);
        return;
    }
    CHECK_OK(ddtrace_provider_current_span(provider, &current));
    CHECK(ids_of(current).span_id == ids_of(expected).span_id);
    ddtrace_span_free(current);
}

static void activations_nest(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    uint64_t outer, inner;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root), *top = NULL;
    is_active(provider, NULL);
    CHECK_OK(ddtrace_provider_activate_span(provider, root, &outer));
    is_active(provider, root);
    CHECK_OK(ddtrace_provider_activate_span(provider, child, &inner));
    is_active(provider, child);
    CHECK_OK(ddtrace_provider_current_root_span(provider, &top));
    CHECK(ids_of(top).span_id == ids_of(root).span_id);
    ddtrace_span_free(top);
    CHECK_OK(ddtrace_provider_restore(provider, inner));
    is_active(provider, root);
    CHECK_OK(ddtrace_provider_restore(provider, outer));
    is_active(provider, NULL);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void context_may_be_active(void)
{
    ddtrace_provider *provider = NULL;
    ddtrace_span_ids ids = { 0, 11, 12, 0 }, back;
    ddtrace_context *context = NULL, *current = NULL;
    uint64_t token;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_context_new(&ids, NULL, NULL, 0, &context));
    CHECK_OK(ddtrace_provider_activate_context(provider, context, &token));
    is_active(provider, NULL);
    CHECK_OK(ddtrace_provider_current_context(provider, &current));
    CHECK_OK(ddtrace_context_get_ids(current, &back));
    CHECK(back.span_id == 12);
    ddtrace_context_free(current);
    CHECK_OK(ddtrace_provider_restore(provider, token));
    current = NULL;
    CHECK_STATUS(ddtrace_provider_current_context(provider, &current), DDTRACE_ERR_NOT_FOUND);
    CHECK(current == NULL);
    ddtrace_context_free(context);
    ddtrace_provider_free(provider);
}

static void *see_nothing(void *provider)
{
    is_active(provider, NULL);
    return NULL;
}

static void threads_do_not_see_each_others_spans(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "op");
    pthread_t thread;
    uint64_t token;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, span, &token));
    CHECK_INT(pthread_create(&thread, NULL, see_nothing, provider), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_OK(ddtrace_provider_restore(provider, token));
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void *activate_and_end(void *recorder_pointer)
{
    recorder *recorder = recorder_pointer;
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = root_span(recorder->tracer, "left active");
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_provider_free(provider);
    return NULL;
}

static void ended_thread_leaves_no_reference(void)
{
    recorder recorder = recorder_open(NULL);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, activate_and_end, &recorder), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0);
    recorder_close(recorder);
}

static void each_task_has_its_own_and_begins_with_its_parents(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *tasks = NULL;
    ddtrace_span *first = root_span(recorder.tracer, "first"), *second = root_span(recorder.tracer, "second");
    CHECK_OK(ddtrace_provider_new_tasks(&tasks));
    CHECK_OK(ddtrace_provider_task_enter(tasks, 1, 0));
    CHECK_OK(ddtrace_provider_activate_span(tasks, first, NULL));
    CHECK_OK(ddtrace_provider_task_enter(tasks, 2, 1));
    is_active(tasks, first);
    CHECK_OK(ddtrace_provider_activate_span(tasks, second, NULL));
    CHECK_OK(ddtrace_provider_task_enter(tasks, 1, 0));
    is_active(tasks, first);
    CHECK_OK(ddtrace_provider_task_enter(tasks, 2, 0));
    is_active(tasks, second);
    CHECK_INT(ddtrace_provider_task_count(tasks), 2);
    CHECK_OK(ddtrace_provider_task_leave(tasks, 2));
    CHECK_OK(ddtrace_provider_task_leave(tasks, 1));
    CHECK_INT(ddtrace_provider_task_count(tasks), 0);
    CHECK_OK(ddtrace_span_end(first, NULL));
    CHECK_OK(ddtrace_span_end(second, NULL));
    ddtrace_provider_free(tasks);
    recorder_close(recorder);
}

struct host {
    void *active;
    int gets, sets, freed;
};

static void *get(void *user_data)
{
    struct host *host = user_data;
    host->gets++;
    return host->active;
}

static void set(void *user_data, void *active)
{
    struct host *host = user_data;
    host->sets++;
    host->active = active;
}

static void free_host(void *user_data)
{
    struct host *host = user_data;
    host->freed++;
}

static void host_keeps_the_active_span(void)
{
    recorder recorder = recorder_open(NULL);
    struct host host = { NULL, 0, 0, 0 };
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "op");
    uint64_t token;
    CHECK_OK(ddtrace_provider_new_callbacks(get, set, &host, free_host, &provider));
    is_active(provider, NULL);
    CHECK_OK(ddtrace_provider_activate_span(provider, span, &token));
    CHECK(host.active != NULL && host.sets > 0);
    is_active(provider, span);
    CHECK_OK(ddtrace_provider_restore(provider, token));
    is_active(provider, NULL);
    CHECK(host.gets > 0);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_provider_free(provider);
    CHECK_INT(host.freed, 1);
    recorder_close(recorder);
}

int main(void)
{
    RUN(activations_nest);
    RUN(context_may_be_active);
    RUN(threads_do_not_see_each_others_spans);
    RUN(ended_thread_leaves_no_reference);
    RUN(each_task_has_its_own_and_begins_with_its_parents);
    RUN(host_keeps_the_active_span);
    check_no_live_handles();
    return 0;
}
