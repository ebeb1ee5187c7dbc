/* Metrics that the library itself sends: of the tracers' health, and of the runtime, by collectors of the program and its own.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char sent[256 * 1024];
static size_t sent_len;

static void keep(void *user_data, const uint8_t *payload, size_t len)
{
    (void)user_data;
    pthread_mutex_lock(&lock);
    CHECK(sent_len + len + 2 < sizeof sent);
    memcpy(sent + sent_len, payload, len);
    sent_len += len;
    sent[sent_len++] = '\n';
    sent[sent_len] = '\0';
    pthread_mutex_unlock(&lock);
}

static void forget_all(void)
{
    pthread_mutex_lock(&lock);
    sent[sent_len = 0] = '\0';
    pthread_mutex_unlock(&lock);
}

static int was_sent(const char *text)
{
    pthread_mutex_lock(&lock);
    int found = strstr(sent, text) != NULL;
    pthread_mutex_unlock(&lock);
    return found;
}

static void wait_for(ddtrace_tracer *tracer, ddtrace_statsd *statsd, const char *text)
{
    const struct timespec pause = { 0, 20000000 };
    for (int i = 0; i < 1000; i++) {
        CHECK_OK(ddtrace_tracer_collect_metrics(tracer));
        nanosleep(&pause, NULL);
        CHECK_OK(ddtrace_statsd_flush(statsd, 20000));
        if (was_sent(text))
            return;
    }
    CHECK_CONTAINS(sent, text);
}

static ddtrace_statsd *shared_client(ddtrace_tracer *tracer)
{
    ddtrace_statsd *statsd = NULL;
    CHECK_OK(ddtrace_tracer_get_statsd(tracer, &statsd));
    CHECK_OK(ddtrace_statsd_set_sink(statsd, keep, NULL, NULL));
    return statsd;
}

static void span(ddtrace_tracer *tracer)
{
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    options.name = DDTRACE_TEXT("op");
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
}

static void health_is_reported_and_complete_at_the_end(void)
{
    static const char *const settings[] = { "DD_TRACE_HEALTH_METRICS_ENABLED", "true", "DD_ENV", "dev", "DD_TAGS", "team:shop",
                                            "DD_VERSION", "1.2", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_statsd *statsd = shared_client(recorder.tracer), *second = NULL;
    for (int i = 0; i < 3; i++)
        span(recorder.tracer);
    wait_for(recorder.tracer, statsd, "datadog.tracer.spans_finished:3|c|");
    CHECK(was_sent("datadog.tracer.started:1|c|"));
    CHECK(was_sent("datadog.tracer.spans_started:3|c|"));
    wait_for(recorder.tracer, statsd, "datadog.tracer.queue.length:");
    CHECK_OK(ddtrace_tracer_flush(recorder.tracer, 20000));
    wait_for(recorder.tracer, statsd, "datadog.tracer.flush_duration:");
    CHECK(was_sent("datadog.tracer.flush_triggered:1|c|") && was_sent("reason:"));
    CHECK(was_sent(",env:dev,") || was_sent("#env:dev,"));
    CHECK(was_sent("service:c-abi") && was_sent("version:1.2") && was_sent("team:shop") && was_sent("lang:cpp"));
    CHECK(!was_sent("runtime-id:"));
    CHECK(!was_sent("process."));
    forget_all();
    span(recorder.tracer);
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    CHECK(was_sent("datadog.tracer.spans_finished:1|c|"));
    CHECK(was_sent("datadog.tracer.flush_traces:"));
    CHECK(was_sent("datadog.tracer.stopped:1|c|"));
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT("n"), 1, NULL, 0, 1), DDTRACE_ERR_SHUTDOWN);
    CHECK_STATUS(ddtrace_tracer_get_statsd(recorder.tracer, &second), DDTRACE_ERR_SHUTDOWN);
    CHECK_STATUS(ddtrace_tracer_set_runtime_metrics(recorder.tracer, 1), DDTRACE_ERR_SHUTDOWN);
    ddtrace_statsd_free(statsd);
    recorder_close(recorder);
    forget_all();
}

static void names_are_those_of_the_binding(void)
{
    static const char *const settings[] = { "DD_TRACE_HEALTH_METRICS_ENABLED", "true", "LIBDDTRACE_HEALTH_METRIC_NAMES", "python",
                                            NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_statsd *statsd = shared_client(recorder.tracer);
    span(recorder.tracer);
    wait_for(recorder.tracer, statsd, "datadog.tracer.buffer.accepted.traces:1|d|");
    CHECK(was_sent("datadog.tracer.buffer.accepted.spans:1|d|"));
    CHECK(!was_sent("spans_finished") && !was_sent("queue.length"));
    ddtrace_statsd_free(statsd);
    recorder_close(recorder);
    forget_all();
}

static void tags_follow_the_settings(void)
{
    static const char *const settings[] = { "DD_TRACE_HEALTH_METRICS_ENABLED", "true", "DD_ENV", "former", "DD_TAGS", "team:former",
                                            NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_config *config = NULL;
    ddtrace_statsd *statsd = shared_client(recorder.tracer);
    span(recorder.tracer);
    wait_for(recorder.tracer, statsd, "datadog.tracer.spans_finished:1|c|");
    CHECK(was_sent("env:former") && was_sent("team:former"));
    CHECK_OK(ddtrace_statsd_count(statsd, TEXT("before"), 1, NULL, 0, 1));
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_HEALTH_METRICS_ENABLED"), TEXT("true"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT("later"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TAGS"), TEXT("team:later"), NULL));
    CHECK_OK(ddtrace_config_set_exporter(config, recorder.memory));
    CHECK_OK(ddtrace_tracer_configure(recorder.tracer, config, 0, 20000, NULL));
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_statsd_count(statsd, TEXT("after"), 1, NULL, 0, 1));
    CHECK_OK(ddtrace_statsd_flush(statsd, 20000));
    CHECK(was_sent("before:1|c|#env:former,") && was_sent("after:1|c|#env:later,"));
    forget_all();
    span(recorder.tracer);
    wait_for(recorder.tracer, statsd, "datadog.tracer.spans_finished:1|c|");
    CHECK(was_sent("env:later") && was_sent("team:later") && !was_sent("former"));
    ddtrace_statsd_free(statsd);
    recorder_close(recorder);
    forget_all();
}

struct program {
    int calls, fails, freed;
};

static size_t collect(void *user_data, ddtrace_metric *out, size_t cap)
{
    static const ddtrace_str tags[] = { DDTRACE_STR("heap:young") };
    struct program *program = user_data;
    CHECK(cap >= 3 && out[0].struct_size == sizeof *out);
    __atomic_add_fetch(&program->calls, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&program->fails, __ATOMIC_SEQ_CST))
        return DDTRACE_ABSENT;
    out[0].name = DDTRACE_TEXT("runtime.toy.heap");
    out[0].kind = DDTRACE_METRIC_GAUGE;
    out[0].value = 12.5;
    out[0].tags = tags;
    out[0].tags_len = 1;
    out[1].name = DDTRACE_TEXT("runtime.toy.collections");
    out[1].value = 2;
    out[2].kind = 77; /* no such kind: left out */
    return 3;
}

static void free_program(void *user_data)
{
    struct program *program = user_data;
    program->freed++;
}

static void metrics_of_the_runtime_are_collected(void)
{
    static const char *const settings[] = { "DD_RUNTIME_METRICS_ENABLED", "true", "DD_RUNTIME_METRICS_RUNTIME_ID_ENABLED", "true",
                                            NULL };
    struct program program = { 0, 0, 0 };
    char expected[128], runtime_id[64];
    uint64_t id = 0;
    recorder recorder = recorder_open(settings);
    ddtrace_statsd *statsd = shared_client(recorder.tracer);
    CHECK_OK(ddtrace_runtime_metrics_add_collector(TEXT("toy"), collect, &program, free_program, &id));
    CHECK_INT(ddtrace_runtime_id(runtime_id, sizeof runtime_id), 36);
    wait_for(recorder.tracer, statsd, "runtime.toy.heap:12.5|g|");
    wait_for(recorder.tracer, statsd, "process.cpu.time.user:");
    snprintf(expected, sizeof expected, "runtime-id:%s", runtime_id);
    CHECK(was_sent(expected) && was_sent("heap:young") && was_sent("language:cpp"));
    /* A flush may come in the middle of a collection. */
    static const char *const others[] = { "runtime.toy.collections:", "process.mem.rss:", "process.thread_count:",
                                          "process.open_file_descriptors:", "process.cpu.ctx_switch.voluntary:" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        wait_for(recorder.tracer, statsd, others[i]);
    CHECK(!was_sent("datadog.tracer."));

    /* Switched off, then on again. */
    CHECK_OK(ddtrace_tracer_set_runtime_metrics(recorder.tracer, 0));
    CHECK_OK(ddtrace_statsd_flush(statsd, 20000));
    int calls = __atomic_load_n(&program.calls, __ATOMIC_SEQ_CST);
    const struct timespec pause = { 0, 100000000 };
    for (int i = 0; i < 3; i++) {
        CHECK_OK(ddtrace_tracer_collect_metrics(recorder.tracer));
        nanosleep(&pause, NULL);
    }
    CHECK(__atomic_load_n(&program.calls, __ATOMIC_SEQ_CST) <= calls + 1);
    CHECK_OK(ddtrace_tracer_set_runtime_metrics(recorder.tracer, 1));
    forget_all();
    wait_for(recorder.tracer, statsd, "runtime.toy.heap:");

    /* One that fails three times in a row is left alone. */
    calls = __atomic_load_n(&program.calls, __ATOMIC_SEQ_CST);
    __atomic_store_n(&program.fails, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 20; i++) {
        CHECK_OK(ddtrace_tracer_collect_metrics(recorder.tracer));
        nanosleep(&pause, NULL);
    }
    CHECK(__atomic_load_n(&program.calls, __ATOMIC_SEQ_CST) <= calls + 4);
    CHECK_INT(program.freed, 0);
    CHECK_OK(ddtrace_runtime_metrics_remove_collector(id));
    CHECK_STATUS(ddtrace_runtime_metrics_remove_collector(id), DDTRACE_ERR_NOT_FOUND);
    ddtrace_statsd_free(statsd);
    recorder_close(recorder);
    CHECK_INT(program.freed, 1);
    forget_all();
}

struct seen {
    int metrics, finished, p0;
};

static void see(void *user_data, const ddtrace_metric *metric)
{
    struct seen *seen = user_data;
    seen->metrics++;
    CHECK(metric->name.len > 0 && metric->tags_len <= 2);
    if (metric->name.len == 14 && memcmp(metric->name.ptr, "spans_finished", 14) == 0)
        seen->finished = (int)metric->value;
}

static void health_can_be_looked_at(void)
{
    struct seen seen = { 0, 0, 0 };
    recorder recorder = recorder_open(NULL);
    for (int i = 0; i < 4; i++)
        span(recorder.tracer);
    CHECK_OK(ddtrace_tracer_each_health_metric(recorder.tracer, see, &seen));
    CHECK_INT(seen.finished, 4);
    CHECK(seen.metrics > 15);
    CHECK_STATUS(ddtrace_tracer_each_health_metric(recorder.tracer, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_tracer_each_health_metric(NULL, see, &seen), DDTRACE_ERR_NULL);
    recorder_close(recorder);
}

static void bad_input_has_a_status(void)
{
    struct program program = { 0, 0, 0 };
    uint64_t ids[80];
    int count = 0;
    ddtrace_status status;
    CHECK_STATUS(ddtrace_tracer_get_statsd(NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_tracer_set_runtime_metrics(NULL, 1), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_tracer_collect_metrics(NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_runtime_metrics_add_collector(TEXT("none"), NULL, &program, free_program, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(program.freed, 1);
    while ((status = ddtrace_runtime_metrics_add_process_collector(&ids[count])) == DDTRACE_OK)
        CHECK(++count < 80);
    CHECK_STATUS(status, DDTRACE_ERR_LIMIT);
    CHECK_INT(count, 64);
    while (count > 0)
        CHECK_OK(ddtrace_runtime_metrics_remove_collector(ids[--count]));
    CHECK(ddtrace_container_id(NULL, 0) == DDTRACE_ABSENT || ddtrace_entity_id(NULL, 0) != DDTRACE_ABSENT);
}

static int threads_of_this_process(void)
{
    int threads = 0;
    DIR *directory = opendir("/proc/self/task");
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        threads += entry->d_name[0] != '.';
    closedir(directory);
    return threads;
}

static void a_host_that_drives_gets_no_thread(void)
{
    static const char *const settings[] = { "LIBDDTRACE_HOST_DRIVEN", "true", "DD_TRACE_HEALTH_METRICS_ENABLED", "true",
                                            "DD_RUNTIME_METRICS_ENABLED", "true", "DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false",
                                            NULL };
    int before = threads_of_this_process();
    recorder recorder = recorder_open(settings);
    ddtrace_statsd *statsd = shared_client(recorder.tracer);
    span(recorder.tracer);
    CHECK_OK(ddtrace_tracer_collect_metrics(recorder.tracer));
    CHECK_OK(ddtrace_tracer_tick(recorder.tracer, NULL));
    CHECK_OK(ddtrace_statsd_flush(statsd, 0));
    CHECK(was_sent("datadog.tracer.spans_finished:1|c|") && was_sent("process.thread_count:"));
    CHECK_INT(threads_of_this_process(), before);
    ddtrace_statsd_free(statsd);
    recorder_close(recorder);
    forget_all();
}

static void a_child_reports_for_itself(void)
{
    static const char *const settings[] = { "DD_TRACE_HEALTH_METRICS_ENABLED", "true", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_statsd *statsd = shared_client(recorder.tracer);
    int status = -1;
    for (int i = 0; i < 5; i++)
        span(recorder.tracer);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        forget_all();
        span(recorder.tracer);
        ddtrace_statsd *own = shared_client(recorder.tracer);
        CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
        CHECK(was_sent("datadog.tracer.spans_finished:1|c|") && was_sent("datadog.tracer.started:1|c|"));
        ddtrace_statsd_free(own);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    ddtrace_statsd_free(statsd);
    recorder_close(recorder);
    CHECK(was_sent("datadog.tracer.spans_finished:5|c|"));
    forget_all();
}

int main(void)
{
    RUN(health_is_reported_and_complete_at_the_end);
    RUN(names_are_those_of_the_binding);
    RUN(tags_follow_the_settings);
    RUN(metrics_of_the_runtime_are_collected);
    RUN(health_can_be_looked_at);
    RUN(bad_input_has_a_status);
    RUN(a_host_that_drives_gets_no_thread);
    RUN(a_child_reports_for_itself);
    check_no_live_handles();
    return 0;
}
