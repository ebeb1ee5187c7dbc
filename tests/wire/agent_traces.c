/* Makes the traces that its arguments describe, one each: fields `key=value` separated by semicolons. `name`, `service`, `resource`, `type`
 * and `origin` are the root's, `error` marks it as failed, `child` adds a span below it: `measured`, `plain`, or of the kind `internal`; all other
 * keys are tags. The arguments `flush` and `refresh` do what they say.
 *
 * The tracer is configured by the environment alone. */
#include "check.h"

typedef struct field {
    const char *key, *value;
} field;

enum { MOST_FIELDS = 16 };

static const char *value_of(const field *fields, int count, const char *key)
{
    for (int i = 0; i < count; i++)
        if (strcmp(fields[i].key, key) == 0)
            return fields[i].value;
    return NULL;
}

static int split(char *text, field *fields)
{
    int count = 0;
    for (char *part = strtok(text, ";"); part != NULL && count < MOST_FIELDS; part = strtok(NULL, ";")) {
        char *equals = strchr(part, '=');
        CHECK(equals != NULL);
        *equals = '\0';
        fields[count].key = part;
        fields[count++].value = equals + 1;
    }
    return count;
}

static int is_tag(const char *key)
{
    static const char *const others[] = { "name", "service", "resource", "type", "origin", "error", "child" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0)
            return 0;
    return 1;
}

static ddtrace_str text(const char *given)
{
    ddtrace_str made = { given, given == NULL ? 0 : DDTRACE_NTS };
    return made;
}

static void child_of(ddtrace_tracer *tracer, const ddtrace_span *root, const char *how)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *child = NULL;
    options.name = text("child");
    options.parent_span = root;
    if (strcmp(how, "measured") == 0) options.flags = DDTRACE_SPAN_FLAG_MEASURED;
    if (strcmp(how, "internal") == 0) options.kind = DDTRACE_SPAN_KIND_INTERNAL;
    CHECK_OK(ddtrace_span_start(tracer, &options, &child, NULL));
    CHECK_OK(ddtrace_span_end(child, NULL));
}

static void trace(ddtrace_tracer *tracer, char *described)
{
    field fields[MOST_FIELDS];
    int count = split(described, fields);
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_context *remote = NULL;
    ddtrace_span *root = NULL;
    const char *origin = value_of(fields, count, "origin"), *child = value_of(fields, count, "child");
    options.name = text(value_of(fields, count, "name"));
    options.service = text(value_of(fields, count, "service"));
    options.resource = text(value_of(fields, count, "resource"));
    options.type = text(value_of(fields, count, "type"));
    if (origin != NULL) {
        ddtrace_span_ids ids = { 0, 77, 0, 0 };
        ids.span_id = 78;
        CHECK_OK(ddtrace_context_new(&ids, NULL, origin, DDTRACE_NTS, &remote));
        options.parent_context = remote;
    }
    CHECK_OK(ddtrace_span_start(tracer, &options, &root, NULL));
    for (int i = 0; i < count; i++)
        if (is_tag(fields[i].key))
            CHECK_OK(ddtrace_span_set_tag(root, fields[i].key, DDTRACE_NTS, fields[i].value, DDTRACE_NTS));
    if (value_of(fields, count, "error") != NULL)
        CHECK_OK(ddtrace_span_set_exception(root, TEXT("Error"), TEXT("failed"), TEXT("")));
    if (child != NULL)
        child_of(tracer, root, child);
    CHECK_OK(ddtrace_span_end(root, NULL));
    ddtrace_context_free(remote);
}

int main(int argc, char **argv)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "flush") == 0) CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
        else if (strcmp(argv[i], "refresh") == 0) CHECK_OK(ddtrace_tracer_refresh_agent_info(tracer, 60000));
        else trace(tracer, argv[i]);
    }
    CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_counters counters = DDTRACE_COUNTERS_INIT;
    CHECK_OK(ddtrace_tracer_counters(tracer, &counters));
    printf("{\"sent\": %" PRIu64 ", \"dropped\": %" PRIu64 ", \"rejected\": %" PRIu64 ", \"filtered\": %" PRIu64 "}\n", counters.chunks_sent,
           counters.chunks_dropped, counters.chunks_rejected, counters.chunks_filtered_by_agent);
    ddtrace_tracer_free(tracer);
    return 0;
}
