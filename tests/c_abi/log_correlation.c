/* What a log line says to be found with its trace. */
#include "recorder.h"

static const char *const NAMES[] = { "dd.trace_id", "dd.span_id", "dd.service", "dd.version", "dd.env" };

struct fields {
    int count;
    char values[5][64];
};

static void take_field(void *user_data, ddtrace_str name, ddtrace_str value)
{
    struct fields *fields = user_data;
    CHECK(fields->count < 5 && value.len < sizeof fields->values[0]);
    CHECK(name.len == strlen(NAMES[fields->count]) && memcmp(name.ptr, NAMES[fields->count], name.len) == 0);
    memcpy(fields->values[fields->count], value.ptr, value.len);
    fields->values[fields->count++][value.len] = '\0';
}

static struct fields fields_of(const ddtrace_tracer *tracer, const ddtrace_span *span, const ddtrace_context *context)
{
    struct fields fields;
    memset(&fields, 0, sizeof fields);
    CHECK_OK(ddtrace_log_correlation(tracer, span, context, take_field, &fields));
    CHECK_INT(fields.count, 5);
    return fields;
}

static void span_and_its_context_have_the_same_fields(void)
{
    const char *const settings[] = { "DD_VERSION", "1.2.3", "DD_ENV", "prod", NULL };
    recorder recorder = recorder_open(settings);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_context *context = NULL;
    ddtrace_span_ids ids = ids_of(span);
    char expected[64];
    CHECK_OK(ddtrace_span_get_context(span, &context));
    for (int round = 0; round < 2; round++) {
        struct fields fields = fields_of(recorder.tracer, round == 0 ? span : NULL, round == 0 ? NULL : context);
        snprintf(expected, sizeof expected, "%016" PRIx64 "%016" PRIx64, ids.trace_id_high, ids.trace_id_low);
        CHECK_TEXT(fields.values[0], expected);
        snprintf(expected, sizeof expected, "%" PRIu64, ids.span_id);
        CHECK_TEXT(fields.values[1], expected);
        CHECK_TEXT(fields.values[2], "c-abi");
        CHECK_TEXT(fields.values[3], "1.2.3");
        CHECK_TEXT(fields.values[4], "prod");
    }
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_finish(span, NULL));
    snprintf(expected, sizeof expected, "%" PRIu64, ids.span_id);
    CHECK_TEXT(fields_of(recorder.tracer, span, NULL).values[1], expected);
    ddtrace_span_free(span);
    recorder_close(recorder);
}

static void narrow_ids_are_decimal(void)
{
    const char *const settings[] = { "DD_TRACE_128_BIT_TRACEID_LOGGING_ENABLED", "false", NULL };
    const ddtrace_span_ids narrow = { 0, UINT64_MAX, 12, 0 }, wide = { 1, 34, 12, 0 };
    recorder recorder = recorder_open(NULL), lower_half = recorder_open(settings);
    ddtrace_context *context = NULL;
    CHECK_OK(ddtrace_context_new(&narrow, NULL, NULL, 0, &context));
    CHECK_TEXT(fields_of(recorder.tracer, NULL, context).values[0], "18446744073709551615");
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_context_new(&wide, NULL, NULL, 0, &context));
    CHECK_TEXT(fields_of(recorder.tracer, NULL, context).values[0], "00000000000000010000000000000022");
    CHECK_TEXT(fields_of(lower_half.tracer, NULL, context).values[0], "34");
    CHECK_TEXT(fields_of(lower_half.tracer, NULL, context).values[1], "12");
    ddtrace_context_free(context);
    recorder_close(recorder);
    recorder_close(lower_half);
}

static void ids_are_zero_without_span_or_tracing(void)
{
    const char *const settings[] = { "DD_TRACE_ENABLED", "false", NULL };
    recorder recorder = recorder_open(NULL), disabled = recorder_open(settings);
    ddtrace_span *span = root_span(disabled.tracer, "op");
    struct fields fields = fields_of(recorder.tracer, NULL, NULL);
    CHECK_TEXT(fields.values[0], "0");
    CHECK_TEXT(fields.values[1], "0");
    CHECK_TEXT(fields.values[2], "c-abi");
    CHECK_TEXT(fields.values[3], "");
    fields = fields_of(disabled.tracer, span, NULL);
    CHECK_TEXT(fields.values[0], "0");
    CHECK_TEXT(fields.values[1], "0");
    CHECK_TEXT(fields.values[2], "c-abi");
    ddtrace_span_free(span);
    recorder_close(recorder);
    recorder_close(disabled);
}

static void fields_fit_into_one_buffer(void)
{
    recorder recorder = recorder_open(NULL);
    char buffer[512], small[8];
    const char *at = buffer;
    size_t needed = 0, again = 0;
    CHECK_OK(ddtrace_log_correlation_buffer(recorder.tracer, NULL, NULL, buffer, sizeof buffer, &needed));
    CHECK(needed > 50 && needed < sizeof buffer);
    for (int i = 0; i < 5; i++) {
        CHECK_TEXT(at, NAMES[i]);
        at += strlen(at) + 1;
        CHECK_TEXT(at, i < 2 ? "0" : i == 2 ? "c-abi" : "");
        at += strlen(at) + 1;
    }
    CHECK_INT(at - buffer, needed);
    CHECK_STATUS(ddtrace_log_correlation_buffer(recorder.tracer, NULL, NULL, NULL, 0, &again), DDTRACE_ERR_BUFFER);
    CHECK_INT(again, needed);
    CHECK_STATUS(ddtrace_log_correlation_buffer(recorder.tracer, NULL, NULL, small, sizeof small, &again), DDTRACE_ERR_BUFFER);
    CHECK_INT(again, needed);
    CHECK_OK(ddtrace_log_correlation_buffer(recorder.tracer, NULL, NULL, buffer, needed, &again));
    recorder_close(recorder);
}

static void misuse_is_answered(void)
{
    recorder recorder = recorder_open(NULL);
    ddtrace_span *span = root_span(recorder.tracer, "op");
    ddtrace_context *context = NULL;
    struct fields fields;
    char buffer[512];
    size_t needed = 7;
    memset(&fields, 0, sizeof fields);
    CHECK_OK(ddtrace_span_get_context(span, &context));
    CHECK_STATUS(ddtrace_log_correlation(NULL, span, NULL, take_field, &fields), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_log_correlation(recorder.tracer, span, NULL, NULL, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_log_correlation((ddtrace_tracer *)span, span, NULL, take_field, &fields), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_log_correlation(recorder.tracer, (ddtrace_span *)context, NULL, take_field, &fields), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_log_correlation(recorder.tracer, NULL, (ddtrace_context *)span, take_field, &fields), DDTRACE_ERR_HANDLE);
    CHECK_STATUS(ddtrace_log_correlation(recorder.tracer, span, context, take_field, &fields), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_log_correlation_buffer(recorder.tracer, span, NULL, NULL, 10, &needed), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_log_correlation_buffer(recorder.tracer, span, NULL, buffer, sizeof buffer, NULL), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_log_correlation_buffer(NULL, span, NULL, buffer, sizeof buffer, &needed), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_log_correlation_buffer(recorder.tracer, span, context, buffer, sizeof buffer, &needed), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_log_correlation_buffer(recorder.tracer, span, NULL, buffer, SIZE_MAX, &needed), DDTRACE_ERR_INVALID);
    CHECK_INT(fields.count, 0);
    CHECK_INT(needed, 7);
    ddtrace_context_free(context);
    CHECK_OK(ddtrace_span_end(span, NULL));
    recorder_close(recorder);
}

int main(void)
{
    RUN(span_and_its_context_have_the_same_fields);
    RUN(narrow_ids_are_decimal);
    RUN(ids_are_zero_without_span_or_tracing);
    RUN(fields_fit_into_one_buffer);
    RUN(misuse_is_answered);
    check_no_live_handles();
    return 0;
}
