/* Processors: what they are told, when, and what they may do. */
#include "recorder.h"

#include <pthread.h>

struct log {
    char text[4096];
    ddtrace_tracer *tracer;
    int started, finished, shut_down, freed;
};

static void note(struct log *log, const char *what, ddtrace_span *span)
{
    char name[64];
    ddtrace_span_get_name(span, name, sizeof name);
    size_t used = strlen(log->text);
    snprintf(log->text + used, sizeof log->text - used, "%s %s;", what, name);
}

static void count_start(void *user_data, ddtrace_span *span)
{
    struct log *log = user_data;
    note(log, "start", span);
    log->started++;
    CHECK(!ddtrace_span_is_finished(span));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("set.at.start"), TEXT("yes")));
}

static void count_finish(void *user_data, ddtrace_span *span)
{
    struct log *log = user_data;
    note(log, "finish", span);
    log->finished++;
    CHECK(ddtrace_span_is_finished(span));
    CHECK(ddtrace_span_get_duration(span) >= 0);
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("set.at.finish"), TEXT("yes")));
    CHECK_STATUS(ddtrace_span_finish(span, NULL), DDTRACE_ERR_FINISHED);
}

static void count_shutdown(void *user_data)
{
    ((struct log *)user_data)->shut_down++;
}

static void count_free(void *user_data)
{
    ((struct log *)user_data)->freed++;
}

static ddtrace_processor *processor_of(struct log *log)
{
    ddtrace_processor_callbacks callbacks = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    ddtrace_processor *processor = NULL;
    callbacks.on_start = count_start;
    callbacks.on_finish = count_finish;
    callbacks.shutdown = count_shutdown;
    CHECK_OK(ddtrace_processor_new(&callbacks, log, count_free, &processor));
    return processor;
}

static void processors_see_spans_start_and_finish_and_may_change_them(void)
{
    struct log log = { "", NULL, 0, 0, 0, 0 };
    recorder recorder = recorder_open(NULL);
    ddtrace_processor *processor = processor_of(&log);
    CHECK_OK(ddtrace_tracer_add_processor(recorder.tracer, processor));
    ddtrace_span *root = root_span(recorder.tracer, "root"), *child = span_below(recorder.tracer, "child", root);
    check_tag(child, "set.at.start", "yes");
    CHECK_OK(ddtrace_span_end(child, NULL));
    CHECK_OK(ddtrace_span_finish(root, NULL));
    check_tag(root, "set.at.finish", "yes");
    CHECK_STATUS(ddtrace_span_set_tag(root, TEXT("late"), TEXT("no")), DDTRACE_ERR_FINISHED);
    CHECK_STATUS(ddtrace_span_finish(root, NULL), DDTRACE_ERR_FINISHED);
    ddtrace_span_free(root);
    CHECK_TEXT(log.text, "start root;start child;finish child;finish root;");
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"set.at.start\":\"yes\"");
    CHECK_CONTAINS(json, "\"set.at.finish\":\"yes\"");
    free(json);
    ddtrace_processor_free(processor);
    CHECK_INT(log.shut_down, 0);
    CHECK_OK(ddtrace_tracer_shutdown(recorder.tracer, 20000));
    CHECK_INT(log.shut_down, 1);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "after"), NULL));
    CHECK_INT(log.started, 2);
    recorder_close(recorder);
    CHECK_INT(log.shut_down, 1);
    CHECK_INT(log.freed, 1);
}

static void processors_of_a_configuration_come_first_and_in_their_order(void)
{
    struct log first = { "", NULL, 0, 0, 0, 0 };
    ddtrace_processor *one = processor_of(&first), *two = processor_of(&first);
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("null"), NULL));
    CHECK_OK(ddtrace_config_add_processor(config, one));
    CHECK_STATUS(ddtrace_config_add_processor(config, one), DDTRACE_ERR_STATE);
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    CHECK_STATUS(ddtrace_tracer_add_processor(tracer, one), DDTRACE_ERR_STATE);
    CHECK_OK(ddtrace_tracer_add_processor(tracer, two));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_TEXT(first.text, "start op;start op;finish op;finish op;");
    CHECK_OK(ddtrace_tracer_remove_processor(tracer, one));
    CHECK_STATUS(ddtrace_tracer_remove_processor(tracer, one), DDTRACE_ERR_NOT_FOUND);
    first.text[0] = '\0';
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_TEXT(first.text, "start op;finish op;");
    /* A configuration brings its processors along; what was added to the tracer stays. */
    first.text[0] = '\0';
    CHECK_OK(ddtrace_tracer_configure(tracer, config, 0, 20000, NULL));
    CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
    CHECK_TEXT(first.text, "start op;start op;finish op;finish op;");
    ddtrace_config_free(config);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 20000));
    CHECK_STATUS(ddtrace_tracer_add_processor(tracer, one), DDTRACE_ERR_SHUTDOWN);
    CHECK_INT(first.shut_down, 2);
    ddtrace_tracer_free(tracer);
    ddtrace_processor_free(one);
    ddtrace_processor_free(two);
    CHECK_INT(first.freed, 2);
}

static void trace_inside(void *user_data, ddtrace_span *span)
{
    struct log *log = user_data;
    note(log, "finish", span);
    CHECK_OK(ddtrace_span_end(root_span(log->tracer, "inside"), NULL));
    CHECK_OK(ddtrace_span_end(span_below(log->tracer, "below", span), NULL));
}

static void what_a_processor_traces_is_not_told_to_processors(void)
{
    struct log log = { "", NULL, 0, 0, 0, 0 };
    recorder recorder = recorder_open(NULL);
    ddtrace_processor_callbacks callbacks = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    ddtrace_processor *processor = NULL;
    callbacks.on_finish = trace_inside;
    log.tracer = recorder.tracer;
    CHECK_OK(ddtrace_processor_new(&callbacks, &log, NULL, &processor));
    CHECK_OK(ddtrace_tracer_add_processor(recorder.tracer, processor));
    ddtrace_processor_free(processor);
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "outside"), NULL));
    CHECK_TEXT(log.text, "finish outside;");
    CHECK_INT(recorder_count(recorder), 3);
    recorder_close(recorder);
}

static void spans_that_record_nothing_are_not_told_of(void)
{
    struct log log = { "", NULL, 0, 0, 0, 0 };
    static const char *const settings[] = { "DD_TRACE_ENABLED", "false", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_processor *processor = processor_of(&log);
    CHECK_OK(ddtrace_tracer_add_processor(recorder.tracer, processor));
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
    CHECK_INT(log.started + log.finished, 0);
    ddtrace_processor_free(processor);
    recorder_close(recorder);
}

static void a_processor_of_two_tracers_ends_with_the_second(void)
{
    struct log log = { "", NULL, 0, 0, 0, 0 };
    recorder first = recorder_open(NULL), second = recorder_open(NULL);
    ddtrace_processor *processor = processor_of(&log);
    CHECK_OK(ddtrace_tracer_add_processor(first.tracer, processor));
    CHECK_OK(ddtrace_tracer_add_processor(second.tracer, processor));
    recorder_close(first);
    CHECK_INT(log.shut_down, 0);
    CHECK_OK(ddtrace_span_end(root_span(second.tracer, "op"), NULL));
    CHECK_INT(log.finished, 1);
    recorder_close(second);
    CHECK_INT(log.shut_down, 1);
    ddtrace_processor_free(processor);
}

struct busy {
    recorder recorder;
    ddtrace_processor *processor;
    long started, finished;
    int rounds;
};

static void add_start(void *user_data, ddtrace_span *span)
{
    struct busy *busy = user_data;
    (void)span;
    __atomic_fetch_add(&busy->started, 1, __ATOMIC_RELAXED);
}

static void add_finish(void *user_data, ddtrace_span *span)
{
    struct busy *busy = user_data;
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("n"), 1));
    __atomic_fetch_add(&busy->finished, 1, __ATOMIC_RELAXED);
}

static void *make_spans(void *argument)
{
    struct busy *busy = argument;
    for (int i = 0; i < busy->rounds; i++) {
        ddtrace_span *root = root_span(busy->recorder.tracer, "root");
        CHECK_OK(ddtrace_span_end(span_below(busy->recorder.tracer, "child", root), NULL));
        CHECK_OK(ddtrace_span_end(root, NULL));
    }
    return NULL;
}

static void processors_come_and_go_while_spans_finish(void)
{
    ddtrace_processor_callbacks callbacks = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    struct busy busy = { recorder_open(NULL), NULL, 0, 0, strcmp(getenv("TEST_SLOW"), "1") == 0 ? 200 : 800 };
    pthread_t threads[3];
    callbacks.on_start = add_start;
    callbacks.on_finish = add_finish;
    CHECK_OK(ddtrace_processor_new(&callbacks, &busy, NULL, &busy.processor));
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, make_spans, &busy), 0);
    for (int i = 0; i < 200; i++) {
        CHECK_OK(ddtrace_tracer_add_processor(busy.recorder.tracer, busy.processor));
        CHECK_OK(ddtrace_span_end(root_span(busy.recorder.tracer, "op"), NULL));
        CHECK_OK(ddtrace_tracer_remove_processor(busy.recorder.tracer, busy.processor));
    }
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK(busy.started >= 200 && busy.finished >= 200);
    CHECK_INT(recorder_count(busy.recorder), 3 * 2 * busy.rounds + 200);
    ddtrace_processor_free(busy.processor);
    recorder_close(busy.recorder);
}

static void what_is_wrong_is_told(void)
{
    ddtrace_processor_callbacks callbacks = DDTRACE_PROCESSOR_CALLBACKS_INIT;
    ddtrace_processor *processor = NULL;
    struct log log = { "", NULL, 0, 0, 0, 0 };
    CHECK_STATUS(ddtrace_processor_new(NULL, &log, count_free, &processor), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_processor_new(&callbacks, &log, count_free, NULL), DDTRACE_ERR_NULL);
    CHECK_INT(log.freed, 2);
    CHECK(ddtrace_processor_ref(NULL) == NULL);
    CHECK_STATUS(ddtrace_tracer_add_processor(NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_OK(ddtrace_processor_new(&callbacks, NULL, NULL, &processor));
    CHECK(ddtrace_processor_ref(processor) == processor);
    CHECK_STATUS(ddtrace_tracer_add_processor((ddtrace_tracer *)processor, processor), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_config_add_processor(NULL, processor), DDTRACE_ERR_NULL);
    ddtrace_processor_free(processor);
    ddtrace_processor_free(processor);
    ddtrace_processor_free(processor);
    ddtrace_processor_free(NULL);
    callbacks.struct_size = 3;
    CHECK_STATUS(ddtrace_processor_new(&callbacks, NULL, NULL, &processor), DDTRACE_ERR_INVALID);
}

int main(void)
{
    RUN(processors_see_spans_start_and_finish_and_may_change_them);
    RUN(processors_of_a_configuration_come_first_and_in_their_order);
    RUN(what_a_processor_traces_is_not_told_to_processors);
    RUN(spans_that_record_nothing_are_not_told_of);
    RUN(a_processor_of_two_tracers_ends_with_the_second);
    RUN(processors_come_and_go_while_spans_finish);
    RUN(what_is_wrong_is_told);
    check_no_live_handles();
    return 0;
}
