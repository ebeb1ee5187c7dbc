/* What is counted of headers, by style, wherever in the process they were read and written.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACEPARENT "00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01"

static ddtrace_propagator *propagator(const char *extract, const char *inject)
{
    ddtrace_config *config = NULL;
    ddtrace_propagator *made = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_PROPAGATION_STYLE_EXTRACT"), extract, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_PROPAGATION_STYLE_INJECT"), inject, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_BAGGAGE_MAX_ITEMS"), TEXT("2"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_BAGGAGE_MAX_BYTES"), TEXT("40"), NULL));
    CHECK_OK(ddtrace_propagator_new(config, &made, NULL));
    ddtrace_config_free(config);
    return made;
}

static ddtrace_counters counted(recorder recorder)
{
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(recorder.tracer, &counters));
    return counters;
}

static void extract(ddtrace_propagator *headers, const ddtrace_str *pairs, size_t length)
{
    ddtrace_context *context = NULL;
    CHECK_OK(ddtrace_propagator_extract(headers, pairs, length, &context));
    ddtrace_context_free(context);
}

static void extracted_and_malformed_by_style(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator("datadog,tracecontext,b3multi,b3,baggage", "datadog");
    ddtrace_str good[] = { DDTRACE_STR("x-datadog-trace-id"),  DDTRACE_STR("81985529216486895"),
                           DDTRACE_STR("x-datadog-parent-id"), DDTRACE_STR("7"),
                           DDTRACE_STR("traceparent"),         DDTRACE_STR(TRACEPARENT),
                           DDTRACE_STR("baggage"),             DDTRACE_STR("user=alice") };
    ddtrace_str bad[] = { DDTRACE_STR("traceparent"), DDTRACE_STR("00-nonsense"), DDTRACE_STR("b3"), DDTRACE_STR("no-id"),
                          DDTRACE_STR("baggage"), DDTRACE_STR("no value") };
    ddtrace_counters before = counted(recorder), after;
    extract(headers, good, 4);
    extract(headers, good, 3);
    after = counted(recorder);
    CHECK_INT(after.extracted_datadog - before.extracted_datadog, 2);
    CHECK_INT(after.extracted_tracecontext - before.extracted_tracecontext, 2);
    CHECK_INT(after.extracted_baggage - before.extracted_baggage, 1);
    CHECK_INT(after.extracted_b3multi - before.extracted_b3multi, 0);
    CHECK_INT(after.extracted_b3 - before.extracted_b3, 0);
    CHECK_INT(after.malformed_tracecontext - before.malformed_tracecontext, 0);
    before = after;
    extract(headers, bad, 3);
    after = counted(recorder);
    CHECK_INT(after.malformed_tracecontext - before.malformed_tracecontext, 1);
    CHECK_INT(after.malformed_b3 - before.malformed_b3, 1);
    CHECK_INT(after.malformed_baggage - before.malformed_baggage, 1);
    CHECK_INT(after.malformed_datadog - before.malformed_datadog, 0);
    CHECK_INT(after.extracted_tracecontext - before.extracted_tracecontext, 0);
    CHECK_INT(after.injected_datadog - before.injected_datadog, 0);
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void nothing(void *user_data, ddtrace_str name, ddtrace_str value)
{
    CHECK(user_data == NULL && name.len > 0 && value.ptr != NULL);
}

static void injected_by_style_once_for_each_time_that_they_were_handed_over(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator("datadog", "datadog,b3,b3multi,baggage");
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_counters before = counted(recorder), after;
    char buffer[1024];
    size_t needed = 0;
    CHECK_STATUS(ddtrace_propagator_inject_span(headers, span, NULL, 0, &needed), DDTRACE_ERR_BUFFER);
    CHECK_INT(counted(recorder).injected_datadog - before.injected_datadog, 0);
    CHECK_OK(ddtrace_propagator_inject_span(headers, span, buffer, sizeof buffer, &needed));
    CHECK_OK(ddtrace_span_set_baggage(span, TEXT("a"), TEXT("1")));
    CHECK_OK(ddtrace_propagator_inject_span_with(headers, span, nothing, NULL));
    after = counted(recorder);
    CHECK_INT(after.injected_datadog - before.injected_datadog, 2);
    CHECK_INT(after.injected_b3 - before.injected_b3, 2);
    CHECK_INT(after.injected_b3multi - before.injected_b3multi, 2);
    CHECK_INT(after.injected_baggage - before.injected_baggage, 1);
    CHECK_INT(after.injected_tracecontext - before.injected_tracecontext, 0);
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void baggage_that_was_cut_by_the_reason(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator("baggage", "baggage");
    ddtrace_str many[] = { DDTRACE_STR("baggage"), DDTRACE_STR("a=1,b=2,c=3") };
    ddtrace_str is_long[] = { DDTRACE_STR("baggage"), DDTRACE_STR("a=1,b=0123456789012345678901234567890123456789") };
    ddtrace_counters before = counted(recorder), after;
    extract(headers, many, 1);
    after = counted(recorder);
    CHECK_INT(after.baggage_items_exceeded - before.baggage_items_exceeded, 1);
    CHECK_INT(after.baggage_bytes_exceeded - before.baggage_bytes_exceeded, 0);
    extract(headers, is_long, 1);
    after = counted(recorder);
    CHECK_INT(after.baggage_items_exceeded - before.baggage_items_exceeded, 1);
    CHECK_INT(after.baggage_bytes_exceeded - before.baggage_bytes_exceeded, 1);
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void *extract_often(void *headers)
{
    ddtrace_str pairs[] = { DDTRACE_STR("b3"), DDTRACE_STR("0123456789abcdef-00f067aa0ba902b7-1") };
    for (int i = 0; i < 200; i++)
        extract(headers, pairs, 1);
    return NULL;
}

static void threads_are_added_up_also_those_that_ended(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator("b3", "b3");
    uint64_t before = counted(recorder).extracted_b3;
    for (int round = 0; round < 2; round++) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            CHECK_INT(pthread_create(&threads[i], NULL, extract_often, headers), 0);
        for (int i = 0; i < 4; i++)
            CHECK_INT(pthread_join(threads[i], NULL), 0);
    }
    CHECK_INT(counted(recorder).extracted_b3 - before, 2 * 4 * 200);
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

static void a_forked_child_counts_anew(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_propagator *headers = propagator("b3", "b3");
    extract_often(headers);
    uint64_t before = counted(recorder).extracted_b3;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(60);
        CHECK_INT(counted(recorder).extracted_b3, 0);
        extract_often(headers);
        CHECK_INT(counted(recorder).extracted_b3, 200);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_INT(counted(recorder).extracted_b3, before);
    ddtrace_propagator_free(headers);
    recorder_close(recorder);
}

int main(void)
{
    RUN(extracted_and_malformed_by_style);
    RUN(injected_by_style_once_for_each_time_that_they_were_handed_over);
    RUN(baggage_that_was_cut_by_the_reason);
    RUN(threads_are_added_up_also_those_that_ended);
    RUN(a_forked_child_counts_anew);
    check_no_live_handles();
    return 0;
}
