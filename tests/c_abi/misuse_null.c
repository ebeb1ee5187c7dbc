/* NULL for every pointer of every function: a status, never a crash, and outputs stay as they were. */
#include "recorder.h"

#define IS_NULL(call) CHECK_STATUS(call, DDTRACE_ERR_NULL)

static const char *const no_text = NULL;

static void config_functions(void)
{
    ddtrace_config *config = NULL;
    char buffer[8];
    IS_NULL(ddtrace_config_new(NULL));
    CHECK_OK(ddtrace_config_new(&config));
    IS_NULL(ddtrace_config_set(NULL, TEXT("DD_SERVICE"), TEXT("x"), NULL));
    IS_NULL(ddtrace_config_set(config, no_text, 3, TEXT("x"), NULL));
    IS_NULL(ddtrace_config_set(config, TEXT("DD_SERVICE"), no_text, 3, NULL));
    IS_NULL(ddtrace_config_unset(NULL, TEXT("DD_SERVICE")));
    IS_NULL(ddtrace_config_unset(config, no_text, 3));
    ddtrace_config_get(NULL, TEXT("DD_SERVICE"), buffer, sizeof buffer);
    ddtrace_config_get(config, no_text, 3, buffer, sizeof buffer);
    ddtrace_config_get(config, TEXT("DD_SERVICE"), NULL, 100);
    ddtrace_config_origin(NULL, TEXT("DD_SERVICE"));
    ddtrace_config_origin(config, no_text, 3);
    IS_NULL(ddtrace_config_each(NULL, NULL, NULL));
    IS_NULL(ddtrace_config_each(config, NULL, NULL));
    IS_NULL(ddtrace_config_set_env_lookup(NULL, NULL, NULL, NULL));
    IS_NULL(ddtrace_config_set_exporter(NULL, NULL));
    IS_NULL(ddtrace_config_set_transport(NULL, NULL, NULL, NULL));
    ddtrace_config_free(config);
    ddtrace_config_free(NULL);
}

static void tracer_functions(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    char buffer[8];
    IS_NULL(ddtrace_tracer_new(NULL, NULL, NULL));
    IS_NULL(ddtrace_tracer_default(NULL, NULL));
    IS_NULL(ddtrace_tracer_get(TEXT("name"), NULL, NULL));
    CHECK(ddtrace_tracer_ref(NULL) == NULL);
    ddtrace_tracer_free(NULL);
    IS_NULL(ddtrace_tracer_flush(NULL, 1));
    IS_NULL(ddtrace_tracer_refresh_agent_info(NULL, 1));
    CHECK(ddtrace_tracer_get_agent_info(NULL, NULL, 0) == DDTRACE_ABSENT);
    IS_NULL(ddtrace_tracer_shutdown(NULL, 1));
    IS_NULL(ddtrace_tracer_tick(NULL, NULL));
    ddtrace_tracer_config_get(NULL, TEXT("DD_SERVICE"), buffer, sizeof buffer);
    IS_NULL(ddtrace_tracer_counters(NULL, &counters));
    IS_NULL(ddtrace_tracer_counters(recorder.tracer, NULL));
    IS_NULL(ddtrace_tracer_sample(NULL, NULL));
    IS_NULL(ddtrace_tracer_sample(recorder.tracer, NULL));
    recorder_close(recorder);
}

static void span_setters(void)
{
    ddtrace_tag tag = { DDTRACE_STR("k"), DDTRACE_TAG_STRING, 0, { DDTRACE_STR("v") } };
    ddtrace_link link = DDTRACE_LINK_INIT;
    IS_NULL(ddtrace_span_end(NULL, NULL));
    IS_NULL(ddtrace_span_finish(NULL, NULL));
    IS_NULL(ddtrace_span_finish_with_ancestors(NULL, 0));
    CHECK(ddtrace_span_ref(NULL) == NULL);
    ddtrace_span_free(NULL);
    IS_NULL(ddtrace_span_set_tag(NULL, TEXT("k"), TEXT("v")));
    IS_NULL(ddtrace_span_set_tag_f64(NULL, TEXT("k"), 1));
    IS_NULL(ddtrace_span_set_tag_i64(NULL, TEXT("k"), 1));
    IS_NULL(ddtrace_span_set_tag_bool(NULL, TEXT("k"), 1));
    IS_NULL(ddtrace_span_set_tags(NULL, &tag, 1));
    IS_NULL(ddtrace_span_set_packed_tags(NULL, (const uint8_t *)"x", 1));
    IS_NULL(ddtrace_span_unset_tag(NULL, TEXT("k")));
    IS_NULL(ddtrace_span_set_meta_struct(NULL, TEXT("k"), (const uint8_t *)"\xc0", 1));
    IS_NULL(ddtrace_span_set_name(NULL, TEXT("x")));
    IS_NULL(ddtrace_span_set_service(NULL, TEXT("x")));
    IS_NULL(ddtrace_span_set_resource(NULL, TEXT("x")));
    IS_NULL(ddtrace_span_set_type(NULL, TEXT("x")));
    IS_NULL(ddtrace_span_set_start(NULL, 1));
    IS_NULL(ddtrace_span_set_kind(NULL, 1));
    IS_NULL(ddtrace_span_set_status(NULL, 1, NULL, 0));
    IS_NULL(ddtrace_span_set_error(NULL, 1));
    IS_NULL(ddtrace_span_set_exception(NULL, NULL, 0, NULL, 0, NULL, 0));
    IS_NULL(ddtrace_span_record_exception(NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0));
    IS_NULL(ddtrace_span_add_event(NULL, TEXT("e"), 0, NULL, 0));
    IS_NULL(ddtrace_span_add_link(NULL, &link));
    IS_NULL(ddtrace_span_link_span(NULL, NULL, NULL, 0));
    IS_NULL(ddtrace_span_link_context(NULL, NULL, NULL, 0));
    IS_NULL(ddtrace_span_add_pointer(NULL, TEXT("k"), 0, TEXT("h")));
    IS_NULL(ddtrace_span_override_sampling(NULL, 1));
    IS_NULL(ddtrace_span_set_baggage(NULL, TEXT("k"), TEXT("v")));
    IS_NULL(ddtrace_span_unset_baggage(NULL, TEXT("k")));
    IS_NULL(ddtrace_span_clear_baggage(NULL));
    CHECK_OK(ddtrace_before_fork(NULL));
}

static void span_getters(void)
{
    ddtrace_span_ids ids;
    ddtrace_context *context = NULL;
    double number = 7;
    char text[8];
    CHECK_INT(ddtrace_span_get_tag(NULL, TEXT("k"), text, sizeof text) == 0
                  || ddtrace_span_get_tag(NULL, TEXT("k"), text, sizeof text) == DDTRACE_ABSENT, 1);
    IS_NULL(ddtrace_span_get_tag_f64(NULL, TEXT("k"), &number));
    CHECK(number == 7);
    ddtrace_span_get_name(NULL, text, sizeof text);
    ddtrace_span_get_service(NULL, text, sizeof text);
    ddtrace_span_get_resource(NULL, text, sizeof text);
    ddtrace_span_get_type(NULL, text, sizeof text);
    CHECK_INT(ddtrace_span_get_kind(NULL), 0);
    CHECK_INT(ddtrace_span_get_status(NULL), 0);
    CHECK(!ddtrace_span_is_error(NULL));
    CHECK(!ddtrace_span_is_finished(NULL));
    CHECK_INT(ddtrace_span_get_start(NULL), 0);
    CHECK_INT(ddtrace_span_get_duration(NULL), -1);
    IS_NULL(ddtrace_span_get_ids(NULL, &ids));
    IS_NULL(ddtrace_span_get_context(NULL, &context));
    CHECK(context == NULL);
    ddtrace_span_get_baggage(NULL, TEXT("k"), text, sizeof text);
    IS_NULL(ddtrace_span_each_baggage(NULL, NULL, NULL));
    ddtrace_span_to_json(NULL, text, sizeof text);
}

static void second_pointers_of_span_functions(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    IS_NULL(ddtrace_span_start(NULL, NULL, &span, NULL));
    CHECK(span == NULL);
    IS_NULL(ddtrace_span_start(recorder.tracer, NULL, NULL, NULL));
    /* What cannot be read is left out, and the span is there all the same. */
    options.name.len = 4;
    IS_NULL(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    options.name.len = 0;
    options.tags_len = 1;
    IS_NULL(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    options.tags_len = 0;
    options.packed_tags_len = 9;
    IS_NULL(ddtrace_span_start(recorder.tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_OK(ddtrace_span_start(recorder.tracer, NULL, &span, NULL));
    IS_NULL(ddtrace_span_set_tag(span, no_text, 1, TEXT("v")));
    IS_NULL(ddtrace_span_set_tag(span, TEXT("k"), no_text, 1));
    IS_NULL(ddtrace_span_set_tag(span, no_text, DDTRACE_NTS, TEXT("v")));
    IS_NULL(ddtrace_span_set_tags(span, NULL, 1));
    CHECK_OK(ddtrace_span_set_tags(span, NULL, 0));
    IS_NULL(ddtrace_span_set_packed_tags(span, NULL, 1));
    CHECK_OK(ddtrace_span_set_packed_tags(span, NULL, 0));
    IS_NULL(ddtrace_span_get_tag_f64(span, TEXT("k"), NULL));
    IS_NULL(ddtrace_span_set_meta_struct(span, TEXT("k"), NULL, 1));
    IS_NULL(ddtrace_span_get_ids(span, NULL));
    IS_NULL(ddtrace_span_get_context(span, NULL));
    IS_NULL(ddtrace_span_add_link(span, NULL));
    IS_NULL(ddtrace_span_link_span(span, NULL, NULL, 0));
    IS_NULL(ddtrace_span_link_context(span, NULL, NULL, 0));
    IS_NULL(ddtrace_span_add_event(span, TEXT("e"), 0, NULL, 1));
    IS_NULL(ddtrace_span_each_baggage(span, NULL, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void context_functions(void)
{
    ddtrace_span_ids ids = { 0, 1, 2, 0 };
    ddtrace_context *context = NULL, *other = NULL;
    int32_t priority = 5;
    char text[8];
    IS_NULL(ddtrace_context_new(NULL, NULL, NULL, 0, &context));
    IS_NULL(ddtrace_context_new(&ids, NULL, NULL, 0, NULL));
    IS_NULL(ddtrace_context_new(&ids, NULL, NULL, 4, &context));
    CHECK(context == NULL);
    CHECK(ddtrace_context_ref(NULL) == NULL);
    ddtrace_context_free(NULL);
    IS_NULL(ddtrace_context_get_ids(NULL, &ids));
    ddtrace_context_is_empty(NULL);
    CHECK(!ddtrace_context_is_remote(NULL));
    IS_NULL(ddtrace_context_get_priority(NULL, &priority));
    CHECK_INT(priority, 5);
    IS_NULL(ddtrace_context_set_priority(NULL, 1));
    ddtrace_context_get_origin(NULL, text, sizeof text);
    ddtrace_context_get_tag(NULL, TEXT("k"), text, sizeof text);
    IS_NULL(ddtrace_context_with_baggage_item(NULL, TEXT("k"), TEXT("v"), &other));
    IS_NULL(ddtrace_context_set_baggage(NULL, TEXT("k"), TEXT("v")));
    ddtrace_context_get_baggage(NULL, TEXT("k"), text, sizeof text);
    IS_NULL(ddtrace_context_unset_baggage(NULL, TEXT("k")));
    IS_NULL(ddtrace_context_clear_baggage(NULL));
    IS_NULL(ddtrace_context_each_baggage(NULL, NULL, NULL));
    CHECK_OK(ddtrace_context_new(&ids, NULL, NULL, 0, &context));
    IS_NULL(ddtrace_context_get_ids(context, NULL));
    IS_NULL(ddtrace_context_get_priority(context, NULL));
    IS_NULL(ddtrace_context_with_baggage_item(context, TEXT("k"), TEXT("v"), NULL));
    ddtrace_context_free(context);
}

static void propagator_functions(void)
{
    ddtrace_propagator *propagator = NULL;
    ddtrace_context *context = NULL;
    size_t needed = 0;
    char buffer[8];
    IS_NULL(ddtrace_propagator_new(NULL, NULL, NULL));
    CHECK_OK(ddtrace_propagator_new(NULL, &propagator, NULL));
    CHECK(ddtrace_propagator_ref(NULL) == NULL);
    ddtrace_propagator_free(NULL);
    IS_NULL(ddtrace_propagator_extract(NULL, NULL, 0, &context));
    IS_NULL(ddtrace_propagator_extract(propagator, NULL, 1, &context));
    IS_NULL(ddtrace_propagator_extract(propagator, NULL, 0, NULL));
    IS_NULL(ddtrace_propagator_extract_with(propagator, NULL, NULL, &context));
    IS_NULL(ddtrace_propagator_inject_span(NULL, NULL, buffer, sizeof buffer, &needed));
    IS_NULL(ddtrace_propagator_inject_span(propagator, NULL, buffer, sizeof buffer, &needed));
    IS_NULL(ddtrace_propagator_inject_context(propagator, NULL, buffer, sizeof buffer, &needed));
    IS_NULL(ddtrace_propagator_inject_span_with(propagator, NULL, NULL, NULL));
    IS_NULL(ddtrace_propagator_inject_context_with(propagator, NULL, NULL, NULL));
    ddtrace_propagator_free(propagator);
}

static void provider_functions(void)
{
    ddtrace_provider *provider = NULL;
    ddtrace_span *span = NULL;
    ddtrace_context *context = NULL;
    IS_NULL(ddtrace_provider_thread_local(NULL));
    IS_NULL(ddtrace_provider_new_tasks(NULL));
    IS_NULL(ddtrace_provider_new_callbacks(NULL, NULL, NULL, NULL, &provider));
    CHECK(provider == NULL);
    ddtrace_provider_free(NULL);
    IS_NULL(ddtrace_provider_activate_span(NULL, NULL, NULL));
    IS_NULL(ddtrace_provider_activate_context(NULL, NULL, NULL));
    IS_NULL(ddtrace_provider_restore(NULL, 0));
    IS_NULL(ddtrace_provider_current_span(NULL, &span));
    IS_NULL(ddtrace_provider_current_root_span(NULL, &span));
    IS_NULL(ddtrace_provider_current_context(NULL, &context));
    IS_NULL(ddtrace_provider_task_enter(NULL, 1, 0));
    IS_NULL(ddtrace_provider_task_leave(NULL, 1));
    CHECK_INT(ddtrace_provider_task_count(NULL), 0);
}

static void exporter_error_and_exchange_functions(void)
{
    ddtrace_exporter *exporter = NULL;
    char text[8];
    IS_NULL(ddtrace_exporter_console_new(DDTRACE_CONSOLE_JSON, 2, NULL));
    IS_NULL(ddtrace_exporter_file_new(TEXT("/dev/null"), NULL, NULL));
    IS_NULL(ddtrace_exporter_file_new(NULL, 4, &exporter, NULL));
    IS_NULL(ddtrace_exporter_memory_new(0, NULL));
    IS_NULL(ddtrace_exporter_null_new(NULL));
    CHECK(exporter == NULL);
    CHECK(ddtrace_exporter_ref(NULL) == NULL);
    ddtrace_exporter_free(NULL);
    ddtrace_exporter_memory_json(NULL, 0, 0, text, sizeof text);
    CHECK_INT(ddtrace_exporter_memory_count(NULL), 0);
    IS_NULL(ddtrace_exporter_memory_clear(NULL));
    ddtrace_error_code(NULL);
    CHECK_INT(ddtrace_error_message(NULL).len, 0);
    ddtrace_error_free(NULL);
    CHECK_INT(ddtrace_exchange_method(NULL).len, 0);
    CHECK_INT(ddtrace_exchange_path(NULL).len, 0);
    CHECK_INT(ddtrace_exchange_body(NULL).len, 0);
    IS_NULL(ddtrace_exchange_each_header(NULL, NULL, NULL));
    IS_NULL(ddtrace_exchange_respond_header(NULL, TEXT("n"), TEXT("v")));
    IS_NULL(ddtrace_exchange_complete(NULL, 200, NULL, 0));
    IS_NULL(ddtrace_exchange_fail(NULL, NULL, 0));
    CHECK_INT(ddtrace_runtime_id(NULL, 0), 36);
    ddtrace_id_generate128(NULL, NULL);
}

int main(void)
{
    RUN(config_functions);
    RUN(tracer_functions);
    RUN(span_setters);
    RUN(span_getters);
    RUN(second_pointers_of_span_functions);
    RUN(context_functions);
    RUN(propagator_functions);
    RUN(provider_functions);
    RUN(exporter_error_and_exchange_functions);
    check_no_live_handles();
    return 0;
}
