/* The active span: per thread, per task, and kept by the host.
 *
 * leaks: of children, which leave what belongs to the parent alone */
#include "recorder.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void spans_may_end_in_any_order(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span *a = root_span(recorder.tracer, "a"), *b = span_below(recorder.tracer, "b", a), *c = span_below(recorder.tracer, "c", b);
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, c, NULL));
    CHECK_OK(ddtrace_span_end(b, NULL));
    is_active(provider, c);
    CHECK_OK(ddtrace_span_end(c, NULL));
    is_active(provider, a);
    CHECK_OK(ddtrace_span_end(a, NULL));
    is_active(provider, NULL);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0);
    ddtrace_provider_free(provider);
    CHECK_INT(recorder_count(recorder), 3);
    recorder_close(recorder);
}

static void active_span_outlives_its_owners_reference(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "op"), *current = NULL;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, span, NULL));
    ddtrace_span_free(span);
    CHECK_OK(ddtrace_provider_current_span(provider, &current));
    CHECK_OK(ddtrace_span_set_tag(current, TEXT("still"), TEXT("here")));
    CHECK_OK(ddtrace_span_end(current, NULL));
    is_active(provider, NULL);
    ddtrace_provider_free(provider);
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"still\"");
    free(json);
    recorder_close(recorder);
}

static void root_is_found_after_its_end(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root), *top = NULL;
    uint64_t root_id = ids_of(root).span_id;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    CHECK_OK(ddtrace_provider_current_root_span(provider, &top));
    CHECK(ids_of(top).span_id == root_id && ddtrace_span_is_finished(top));
    CHECK_STATUS(ddtrace_span_set_tag(top, TEXT("too"), TEXT("late")), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_span_set_tag(root, TEXT("too"), TEXT("late")), DDTRACE_ERR_HANDLE);
    ddtrace_span_free(top);
    CHECK_OK(ddtrace_span_end(child, NULL));
    is_active(provider, NULL);
    ddtrace_provider_free(provider);
    CHECK_INT(recorder_count(recorder), 2);
    recorder_close(recorder);
}

struct elsewhere {
    recorder *recorder;
    ddtrace_provider *provider;
    ddtrace_context *context;
};

static void *work_elsewhere(void *user_data)
{
    struct elsewhere *elsewhere = user_data;
    ddtrace_context *current = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    ddtrace_span_ids wanted, seen;
    uint64_t token;
    CHECK_OK(ddtrace_context_get_ids(elsewhere->context, &wanted));
    CHECK_OK(ddtrace_provider_activate_context(elsewhere->provider, elsewhere->context, &token));
    CHECK_OK(ddtrace_provider_current_context(elsewhere->provider, &current));
    options.parent_context = current;
    CHECK_OK(ddtrace_span_start(elsewhere->recorder->tracer, &options, &span, &seen));
    CHECK(seen.trace_id_low == wanted.trace_id_low && seen.parent_id == wanted.span_id);
    ddtrace_context_free(current);
    CHECK_OK(ddtrace_provider_activate_span(elsewhere->provider, span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    is_active(elsewhere->provider, NULL);
    current = NULL;
    CHECK_OK(ddtrace_provider_current_context(elsewhere->provider, &current));
    CHECK(current == elsewhere->context); /* active again, for the rest of its scope */
    ddtrace_context_free(current);
    CHECK_OK(ddtrace_provider_restore(elsewhere->provider, token));
    CHECK_STATUS(ddtrace_provider_current_context(elsewhere->provider, &current), DDTRACE_ERR_NOT_FOUND);
    return NULL;
}

static void context_carries_a_trace_to_another_thread(void)
{
    recorder recorder = recorder_open(NULL);
    struct elsewhere elsewhere = { &recorder, NULL, NULL };
    ddtrace_span *span = root_span(recorder.tracer, "here");
    pthread_t thread;
    CHECK_OK(ddtrace_provider_thread_local(&elsewhere.provider));
    CHECK_OK(ddtrace_provider_activate_span(elsewhere.provider, span, NULL));
    CHECK_OK(ddtrace_provider_current_context(elsewhere.provider, &elsewhere.context));
    CHECK_INT(pthread_create(&thread, NULL, work_elsewhere, &elsewhere), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    is_active(elsewhere.provider, span);
    ddtrace_context_free(elsewhere.context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_provider_free(elsewhere.provider);
    CHECK_INT(recorder_count(recorder), 2);
    recorder_close(recorder);
}

static void *leave_spans_active(void *user_data)
{
    struct elsewhere *elsewhere = user_data;
    ddtrace_span *root = root_span(elsewhere->recorder->tracer, "root"), *child = span_below(elsewhere->recorder->tracer, "child", root);
    uint64_t token;
    CHECK_OK(ddtrace_provider_activate_span(elsewhere->provider, root, &token));
    CHECK_OK(ddtrace_provider_activate_span(elsewhere->provider, child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    ddtrace_span_free(child); /* unfinished: abandoned when the thread's slot lets go of it */
    return NULL;
}

static void thread_releases_its_slot_when_it_ends(void)
{
    recorder recorder = recorder_open(NULL);
    struct elsewhere elsewhere = { &recorder, NULL, NULL };
    ddtrace_counters counters;
    pthread_t thread;
    memset(&counters, 0, sizeof counters);
    counters.struct_size = sizeof counters;
    CHECK_OK(ddtrace_provider_thread_local(&elsewhere.provider));
    CHECK_INT(pthread_create(&thread, NULL, leave_spans_active, &elsewhere), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0);
    CHECK_INT(recorder_count(recorder), 1); /* the root was finished, and is not lost with its child */
    CHECK_OK(ddtrace_tracer_counters(recorder.tracer, &counters));
    CHECK_INT(counters.spans_abandoned, 1);
    ddtrace_provider_free(elsewhere.provider);
    recorder_close(recorder);
}

static void a_thousand_tasks_entered_and_left_task_count_zero(void)
{
    enum { TASKS = 1000 };
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *tasks = NULL;
    ddtrace_span *server = root_span(recorder.tracer, "server"), *spans[TASKS];
    CHECK_OK(ddtrace_provider_new_tasks(&tasks));
    CHECK_OK(ddtrace_provider_task_enter(tasks, 1, 0));
    CHECK_OK(ddtrace_provider_activate_span(tasks, server, NULL));
    for (uint64_t i = 0; i < TASKS; i++) {
        CHECK_OK(ddtrace_provider_task_enter(tasks, 2 + i, 1));
        is_active(tasks, server);
        spans[i] = span_below(recorder.tracer, "task", server);
        CHECK_OK(ddtrace_provider_activate_span(tasks, spans[i], NULL));
    }
    CHECK_INT(ddtrace_provider_task_count(tasks), TASKS + 1);
    for (uint64_t i = 0; i < TASKS; i++) {
        CHECK_OK(ddtrace_provider_task_enter(tasks, 2 + i, 0));
        is_active(tasks, spans[i]);
        CHECK_OK(ddtrace_span_end(spans[i], NULL));
        is_active(tasks, server);
        CHECK_OK(ddtrace_provider_task_leave(tasks, 2 + i));
        is_active(tasks, NULL);
    }
    CHECK_OK(ddtrace_provider_task_leave(tasks, 1));
    CHECK_INT(ddtrace_provider_task_count(tasks), 0);
    CHECK_OK(ddtrace_span_end(server, NULL));
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0);
    ddtrace_provider_free(tasks);
    recorder_close(recorder);
}

static void wrong_tokens_change_nothing(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL, *other = NULL;
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    uint64_t outer = 0, inner = 0, foreign = 0;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_thread_local(&other));
    CHECK_OK(ddtrace_provider_activate_span(provider, root, &outer));
    CHECK_OK(ddtrace_provider_activate_span(provider, child, &inner));
    CHECK_OK(ddtrace_provider_activate_span(other, root, &foreign));
    CHECK(outer != 0 && inner != 0 && foreign != 0 && outer >> 53 == 0 && inner >> 53 == 0);
    const uint64_t wrong[] = { 0, 1, UINT64_MAX, foreign, inner + 1 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_STATUS(ddtrace_provider_restore(provider, wrong[i]), DDTRACE_ERR_INVALID);
        is_active(provider, child);
    }
    CHECK_OK(ddtrace_provider_restore(provider, outer)); /* ends the inner scope too */
    is_active(provider, NULL);
    CHECK_STATUS(ddtrace_provider_restore(provider, inner), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_provider_restore(provider, outer), DDTRACE_ERR_INVALID);
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
    ddtrace_provider_free(other);
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void misuse_is_answered(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL, *tasks = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "op"), *gone = root_span(recorder.tracer, "gone"), *current = NULL;
    ddtrace_context *context = NULL;
    uint64_t token = 77;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_new_tasks(&tasks));
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_OK(ddtrace_span_end(gone, NULL));
    CHECK_OK(ddtrace_provider_activate_span(provider, span, NULL));
    CHECK_STATUS(ddtrace_provider_activate_span(provider, gone, &token), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_provider_activate_span(provider, (ddtrace_span *)context, &token), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_provider_activate_context(provider, (ddtrace_context *)span, &token), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_provider_activate_span((ddtrace_provider *)span, span, &token), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_provider_current_span((ddtrace_provider *)context, &current), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_provider_current_span(provider, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_current_root_span(provider, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_current_context(provider, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(token, 77);
    is_active(provider, span);

    CHECK_STATUS(ddtrace_provider_task_enter(provider, 1, 0), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_provider_task_leave(provider, 1), DDTRACE_ERR_INVALID);
    CHECK_INT(ddtrace_provider_task_count(provider), 0);
    CHECK_STATUS(ddtrace_provider_task_enter(tasks, 0, 0), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_provider_task_leave(tasks, 5), DDTRACE_ERR_NOT_FOUND);
    CHECK_STATUS(ddtrace_provider_activate_span(tasks, span, NULL), DDTRACE_ERR_STATE);
    CHECK_STATUS(ddtrace_provider_activate_span(tasks, span, &token), DDTRACE_ERR_STATE);
    CHECK_STATUS(ddtrace_provider_restore(tasks, 1), DDTRACE_ERR_INVALID);
    is_active(tasks, NULL);

    ddtrace_provider_free((ddtrace_provider *)span);
    ddtrace_provider_free(tasks);
    ddtrace_provider_free(tasks);
    CHECK_STATUS(ddtrace_provider_task_enter(tasks, 1, 0), DDTRACE_ERR_HANDLE);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void spans_of_disabled_tracing_are_active_too(void)
{
    const char *const settings[] = { "DD_TRACE_ENABLED", "false", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "op"), *top = NULL;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, span, NULL));
    is_active(provider, span);
    CHECK_OK(ddtrace_provider_current_root_span(provider, &top));
    CHECK(top == span);
    ddtrace_span_free(top);
    CHECK_OK(ddtrace_span_end(span, NULL));
    is_active(provider, NULL);
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void fork_decides_the_active_trace(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_context *context = NULL;
    int32_t priority = -7, status = -1;
    uint64_t token;
    CHECK_OK(ddtrace_provider_thread_local(&provider));
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_STATUS(ddtrace_context_get_priority(context, &priority), DDTRACE_ERR_NOT_FOUND);
    CHECK_OK(ddtrace_provider_activate_span(provider, span, &token));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK_OK(ddtrace_context_get_priority(context, &priority));
        is_active(provider, span);
        CHECK_OK(ddtrace_provider_restore(provider, token));
        is_active(provider, NULL);
        _exit(0);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(ddtrace_context_get_priority(context, &priority));
    is_active(provider, span);
    CHECK_OK(ddtrace_provider_restore(provider, token));
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_provider_free(provider);
    recorder_close(recorder);
}

static void host_without_functions_is_refused_and_its_data_freed(void)
{
    struct host host = { NULL, 0, 0, 0 };
    ddtrace_provider *provider = NULL;
    CHECK_STATUS(ddtrace_provider_new_callbacks(NULL, set, &host, free_host, &provider), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_new_callbacks(get, NULL, &host, free_host, &provider), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_provider_new_callbacks(get, set, &host, free_host, NULL), DDTRACE_ERR_NULL);
    CHECK(provider == NULL);
    CHECK_INT(host.freed, 3);
}

static void span_in_the_hosts_slot_is_kept_and_cleaned_up(void)
{
    recorder recorder = recorder_open(NULL);
    struct host host = { NULL, 0, 0, 0 };
    ddtrace_provider *provider = NULL;
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    CHECK_OK(ddtrace_provider_new_callbacks(get, set, &host, NULL, &provider));
    CHECK_OK(ddtrace_provider_activate_span(provider, child, NULL));
    CHECK(host.active == child);
    CHECK_OK(ddtrace_span_end(child, NULL));
    is_active(provider, root);
    CHECK(host.active == root);
    CHECK_OK(ddtrace_span_end(root, NULL));
    is_active(provider, NULL);
    CHECK(host.active == NULL);
    ddtrace_provider_free(provider);
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
    RUN(spans_may_end_in_any_order);
    RUN(active_span_outlives_its_owners_reference);
    RUN(root_is_found_after_its_end);
    RUN(context_carries_a_trace_to_another_thread);
    RUN(thread_releases_its_slot_when_it_ends);
    RUN(a_thousand_tasks_entered_and_left_task_count_zero);
    RUN(wrong_tokens_change_nothing);
    RUN(misuse_is_answered);
    RUN(spans_of_disabled_tracing_are_active_too);
    RUN(fork_decides_the_active_trace);
    RUN(host_without_functions_is_refused_and_its_data_freed);
    RUN(span_in_the_hosts_slot_is_kept_and_cleaned_up);
    check_no_live_handles();
    return 0;
}
