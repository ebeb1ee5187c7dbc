/* One tracer per name in a process, all of them the default tracer, for as long as somebody has a reference. */
#include "recorder.h"

#include <pthread.h>

#define THREADS 8

static ddtrace_tracer *named(const char *name)
{
    ddtrace_tracer *tracer = NULL;
    ddtrace_error *error = NULL;
    CHECK_OK(ddtrace_tracer_get(name, DDTRACE_NTS, &tracer, &error));
    CHECK(tracer != NULL && error == NULL);
    return tracer;
}

static ddtrace_tracer *default_one(void)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_default(&tracer, NULL));
    CHECK(tracer != NULL);
    return tracer;
}

static void *get_by_name(void *name)
{
    return named(name);
}

static void *get_default(void *unused)
{
    (void)unused;
    return default_one();
}

static void race(void *(*get)(void *), void *argument)
{
    pthread_t threads[THREADS];
    void *tracers[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, get, argument), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_join(threads[i], &tracers[i]), 0);
    for (int i = 1; i < THREADS; i++)
        CHECK(tracers[i] == tracers[0]);
    for (int i = 0; i < THREADS; i++)
        ddtrace_tracer_free(tracers[i]);
}

static void get_tracer_race_returns_one_instance(void)
{
    char name[] = "race";
    for (int round = 0; round < 20; round++) {
        race(get_by_name, name);
        CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_TRACER), 0);
        race(get_default, NULL);
        CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_TRACER), 0);
    }
}

static void each_call_adds_a_reference(void)
{
    ddtrace_tracer *first = named("plugin"), *second = named("plugin"), *other = named("another");
    CHECK(first == second);
    CHECK(first != other);
    ddtrace_tracer_free(second);
    CHECK_OK(ddtrace_span_end(root_span(first, "op"), NULL));
    ddtrace_tracer_free(first);
    CHECK_STATUS(ddtrace_tracer_flush(first, 1000), DDTRACE_ERR_HANDLE);
    CHECK(ddtrace_tracer_ref(first) == NULL);
    ddtrace_tracer_free(first);
    CHECK_OK(ddtrace_span_end(root_span(other, "op"), NULL));
    ddtrace_tracer_free(other);
}

static void named_tracers_share_the_default_ones_pipeline(void)
{
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    ddtrace_tracer *plugin = named("plugin"), *other = default_one();
    ddtrace_exporter *of_plugin = NULL, *of_other = NULL;
    CHECK_OK(ddtrace_span_end(root_span(plugin, "of.the.plugin"), NULL));
    CHECK_OK(ddtrace_span_end(root_span(other, "of.the.default"), NULL));
    CHECK_OK(ddtrace_tracer_counters(plugin, &counters));
    CHECK_INT(counters.spans_finished, 2);
    CHECK_OK(ddtrace_tracer_get_exporter(plugin, &of_plugin));
    CHECK_OK(ddtrace_tracer_get_exporter(other, &of_other));
    CHECK_INT(ddtrace_exporter_memory_count(of_plugin), 2);
    CHECK_OK(ddtrace_exporter_memory_clear(of_other));
    CHECK_INT(ddtrace_exporter_memory_count(of_plugin), 0);
    ddtrace_exporter_free(of_plugin);
    ddtrace_exporter_free(of_other);
    /* The named one keeps the default one. */
    ddtrace_tracer_free(other);
    CHECK_OK(ddtrace_span_end(root_span(plugin, "op"), NULL));
    other = default_one();
    CHECK_OK(ddtrace_tracer_counters(other, &counters));
    CHECK_INT(counters.spans_finished, 3);
    ddtrace_tracer_free(other);
    ddtrace_tracer_free(plugin);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_TRACER), 0);
}

static void empty_name_is_the_default_ones(void)
{
    ddtrace_tracer *tracers[4] = { default_one(), named(""), named("default"), NULL };
    CHECK_OK(ddtrace_tracer_get(NULL, 0, &tracers[3], NULL));
    for (int i = 1; i < 4; i++)
        CHECK(tracers[i] == tracers[0]);
    for (int i = 0; i < 4; i++)
        ddtrace_tracer_free(tracers[i]);
}

static void shutdown_is_of_all_of_them(void)
{
    ddtrace_tracer *plugin = named("plugin"), *other = default_one();
    CHECK_OK(ddtrace_tracer_shutdown(plugin, 20000));
    CHECK_STATUS(ddtrace_tracer_flush(other, 20000), DDTRACE_ERR_SHUTDOWN);
    ddtrace_tracer_free(plugin);
    ddtrace_tracer_free(other);
    /* Nobody has a reference, so the next caller gets one that works. */
    plugin = named("plugin");
    CHECK_OK(ddtrace_tracer_flush(plugin, 20000));
    ddtrace_tracer_free(plugin);
}

static void names_are_bounded(void)
{
    static ddtrace_tracer *tracers[1024];
    static char long_name[1025];
    ddtrace_tracer *one_more = NULL;
    ddtrace_error *error = NULL;
    char name[32];
    memset(long_name, 'x', sizeof long_name);
    CHECK_STATUS(ddtrace_tracer_get(long_name, sizeof long_name, &one_more, &error), DDTRACE_ERR_INVALID);
    CHECK(ddtrace_error_message(error).len > 0);
    ddtrace_error_free(error);
    CHECK_OK(ddtrace_tracer_get(long_name, sizeof long_name - 1, &one_more, NULL));
    ddtrace_tracer_free(one_more);
    /* Names of tracers that ended make room. The default one is kept, because making it takes its time. */
    ddtrace_tracer *kept = default_one();
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "gone %d", i);
        ddtrace_tracer_free(named(name));
    }
    for (int i = 0; i < 1024; i++) {
        snprintf(name, sizeof name, "kept %d", i);
        tracers[i] = named(name);
    }
    CHECK_STATUS(ddtrace_tracer_get(TEXT("one more"), &one_more, &error), DDTRACE_ERR_LIMIT);
    CHECK_STATUS(ddtrace_error_code(error), DDTRACE_ERR_LIMIT);
    ddtrace_error_free(error);
    CHECK(named("kept 7") == tracers[7]);
    ddtrace_tracer_free(tracers[7]);
    for (int i = 0; i < 1024; i++)
        ddtrace_tracer_free(tracers[i]);
    ddtrace_tracer_free(named("one more"));
    ddtrace_tracer_free(kept);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_TRACER), 0);
}

int main(void)
{
    setenv("LIBDDTRACE_EXPORTER", "memory", 1);
    RUN(get_tracer_race_returns_one_instance);
    RUN(each_call_adds_a_reference);
    RUN(named_tracers_share_the_default_ones_pipeline);
    RUN(empty_name_is_the_default_ones);
    RUN(shutdown_is_of_all_of_them);
    RUN(names_are_bounded);
    check_no_live_handles();
    return 0;
}
