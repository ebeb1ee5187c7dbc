/* What integrations ask of a tracer. */
#include "recorder.h"

static void statuses_are_errors_by_the_settings(void)
{
    const char *settings[] = { "DD_TRACE_HTTP_SERVER_ERROR_STATUSES", "500-599,404", NULL };
    recorder recorder = recorder_open(settings);
    CHECK(ddtrace_tracer_is_http_error(recorder.tracer, DDTRACE_SPAN_KIND_SERVER, 404));
    CHECK(!ddtrace_tracer_is_http_error(recorder.tracer, DDTRACE_SPAN_KIND_SERVER, 403));
    CHECK(ddtrace_tracer_is_http_error(recorder.tracer, DDTRACE_SPAN_KIND_CLIENT, 403));
    CHECK(!ddtrace_tracer_is_http_error(recorder.tracer, DDTRACE_SPAN_KIND_CLIENT, 500));
    CHECK(!ddtrace_tracer_is_http_error(recorder.tracer, DDTRACE_SPAN_KIND_PRODUCER, 500));
    CHECK(!ddtrace_tracer_is_http_error(recorder.tracer, DDTRACE_SPAN_KIND_SERVER, -1));
    CHECK(!ddtrace_tracer_is_http_error(NULL, DDTRACE_SPAN_KIND_SERVER, 500));

    ddtrace_span *span = root_span(recorder.tracer, "request");
    CHECK_OK(ddtrace_span_set_kind(span, DDTRACE_SPAN_KIND_SERVER));
    CHECK_OK(ddtrace_span_set_tag_i64(span, TEXT("http.status_code"), 503));
    CHECK(!ddtrace_span_is_error(span));
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK(ddtrace_span_is_error(span));
    check_tag(span, "error.message", NULL);
    ddtrace_span_free(span);
    recorder_close(recorder);
}

static const char *comment_of(ddtrace_span *span, uint32_t flags)
{
    static char text[512];
    size_t length = ddtrace_span_dbm_comment(span, flags, text, sizeof text);
    return length == DDTRACE_ABSENT ? NULL : text;
}

static ddtrace_span *statement(recorder recorder)
{
    ddtrace_span *span = root_span(recorder.tracer, "postgres.query");
    CHECK_OK(ddtrace_span_set_service(span, TEXT("orders")));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("db.name"), TEXT("shop%1")));
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("out.host"), TEXT("db/1")));
    return span;
}

static void statements_name_their_spans(void)
{
    const char *off[] = { "DD_ENV", "prod", NULL };
    const char *service[] = { "DD_ENV", "prod", "DD_VERSION", "1.2", "DD_DBM_PROPAGATION_MODE", "service", NULL };
    const char *full[] = { "DD_DBM_PROPAGATION_MODE", "full", "DD_TRACE_SAMPLE_RATE", "0", "DD_TRACE_PEER_SERVICE_DEFAULTS_ENABLED", "1", NULL };
    const char *dynamic[] = { "DD_DBM_PROPAGATION_MODE", "dynamic_service", NULL };
    char expected[512], hash[64];
    ddtrace_span_ids ids;
    recorder recorder = recorder_open(off);
    ddtrace_span *span = statement(recorder);
    CHECK(comment_of(span, 0) == NULL);
    ddtrace_span_free(span);
    recorder_close(recorder);

    recorder = recorder_open(service);
    span = statement(recorder);
    CHECK_TEXT(comment_of(span, 0), "/*dddb='shop%251',dddbs='orders',dde='prod',ddh='db/1',ddps='c-abi',ddpv='1.2'*/ ");
    CHECK_CONTAINS(comment_of(span, DDTRACE_DBM_DOUBLE_PERCENT), "dddb='shop%%251',");
    CHECK(comment_of(span, 77) == NULL && comment_of(NULL, 0) == NULL);
    check_tag(span, "_dd.propagated_hash", NULL);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);

    recorder = recorder_open(full);
    span = statement(recorder);
    CHECK_OK(ddtrace_span_get_ids(span, &ids));
    snprintf(expected, sizeof expected,
             "/*dddb='shop%%251',dddbs='shop%%251',ddh='db/1',ddps='c-abi',traceparent='00-%016llx%016llx-%016llx-00'*/ ",
             (unsigned long long)ids.trace_id_high, (unsigned long long)ids.trace_id_low, (unsigned long long)ids.span_id);
    CHECK_TEXT(comment_of(span, 0), expected);
    check_tag(span, "_dd.dbm_trace_injected", "true");
    CHECK_OK(ddtrace_span_finish(span, NULL));
    CHECK(comment_of(span, 0) == NULL);
    ddtrace_span_free(span);
    recorder_close(recorder);

    recorder = recorder_open(dynamic);
    span = statement(recorder);
    CHECK_CONTAINS(comment_of(span, 0), ",ddsh='");
    CHECK(ddtrace_span_get_tag(span, TEXT("_dd.propagated_hash"), hash, sizeof hash) != DDTRACE_ABSENT);
    CHECK_CONTAINS(comment_of(span, 0), hash);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

static void stacks_keep_their_most_recent_frames(void)
{
    const char *settings[] = { "DD_TRACE_SPAN_TRACEBACK_MAX_SIZE", "2", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_str frames[3] = { DDTRACE_STR("outer"), DDTRACE_STR("middle"), DDTRACE_STR("inner") };
    char text[64];
    CHECK_INT(ddtrace_tracer_limit_stack(recorder.tracer, frames, 3, 0, text, sizeof text), 12);
    CHECK_TEXT(text, "middle\ninner");
    CHECK_INT(ddtrace_tracer_limit_stack(recorder.tracer, frames, 3, 1, text, sizeof text), 12);
    CHECK_TEXT(text, "outer\nmiddle");
    CHECK_INT(ddtrace_tracer_limit_stack(recorder.tracer, NULL, 0, 0, text, sizeof text), 0);
    CHECK_INT(ddtrace_tracer_limit_stack(recorder.tracer, NULL, 3, 0, text, sizeof text), DDTRACE_ABSENT);
    CHECK_INT(ddtrace_tracer_limit_stack(NULL, frames, 3, 0, text, sizeof text), DDTRACE_ABSENT);
    recorder_close(recorder);
}

static void note(void *user_data, ddtrace_str service)
{
    strncat(user_data, service.ptr, service.len);
    strcat(user_data, ";");
}

static void services_other_than_the_configured_one_are_remembered(void)
{
    recorder recorder = recorder_open(NULL);
    static const char *const services[] = { "b", "c-abi", "a", "b" };
    char seen[64] = "";
    for (size_t i = 0; i < 4; i++) {
        ddtrace_span *span = root_span(recorder.tracer, "op");
        CHECK_OK(ddtrace_span_set_service(span, services[i], DDTRACE_NTS));
        CHECK_OK(ddtrace_span_end(span, NULL));
    }
    CHECK_OK(ddtrace_tracer_add_extra_service(recorder.tracer, TEXT("pinned")));
    CHECK_OK(ddtrace_tracer_add_extra_service(recorder.tracer, TEXT("c-abi")));
    CHECK_OK(ddtrace_tracer_each_extra_service(recorder.tracer, note, seen));
    CHECK_TEXT(seen, "b;a;pinned;");
    CHECK_STATUS(ddtrace_tracer_each_extra_service(recorder.tracer, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_tracer_each_extra_service(NULL, note, seen), DDTRACE_ERR_NULL);
    recorder_close(recorder);
}

static void the_process_describes_itself(void)
{
    recorder recorder = recorder_open(NULL);
    char tags[512];
    CHECK(ddtrace_tracer_get_process_tags(recorder.tracer, tags, sizeof tags) < sizeof tags);
    CHECK_CONTAINS(tags, "entrypoint.type:executable");
    CHECK_CONTAINS(tags, "entrypoint.name:instrument");
    CHECK_CONTAINS(tags, "svc.user:true");
    CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "op"), NULL));
    char *json = recorder_json(recorder);
    CHECK_CONTAINS(json, "\"_dd.tags.process\":\"entrypoint.");
    free(json);
    recorder_close(recorder);

    const char *settings[] = { "DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED", "false", NULL };
    recorder = recorder_open(settings);
    CHECK_INT(ddtrace_tracer_get_process_tags(recorder.tracer, tags, sizeof tags), DDTRACE_ABSENT);
    recorder_close(recorder);
}

static void objects_are_named_by_their_hash(void)
{
    ddtrace_str parts[3] = { DDTRACE_STR("some-bucket"), DDTRACE_STR("some-key.data"), DDTRACE_STR("ab12ef34") };
    char hash[64];
    CHECK_INT(ddtrace_pointer_hash(parts, 3, hash, sizeof hash), 32);
    CHECK_TEXT(hash, "e721375466d4116ab551213fdea08413");
    CHECK_INT(ddtrace_pointer_hash(NULL, 3, hash, sizeof hash), DDTRACE_ABSENT);
}

/* A field that cannot be read is left out, and the others are set. */
static void one_bad_field_spares_the_others(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    char text[16];
    options.name = DDTRACE_TEXT("op");
    options.resource.ptr = NULL;
    options.resource.len = 5;
    options.type = DDTRACE_TEXT("web");
    CHECK_STATUS(ddtrace_span_start(recorder.tracer, &options, &span, NULL), DDTRACE_ERR_NULL);
    CHECK(span != NULL);
    ddtrace_span_get_name(span, text, sizeof text);
    CHECK_TEXT(text, "op");
    ddtrace_span_get_type(span, text, sizeof text);
    CHECK_TEXT(text, "web");
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

int main(void)
{
    RUN(statuses_are_errors_by_the_settings);
    RUN(statements_name_their_spans);
    RUN(stacks_keep_their_most_recent_frames);
    RUN(services_other_than_the_configured_one_are_remembered);
    RUN(the_process_describes_itself);
    RUN(objects_are_named_by_their_hash);
    RUN(one_bad_field_spares_the_others);
    check_no_live_handles();
    return 0;
}
