/* Settings: where they come from, which one wins, what is refused, and what a tracer made of them works with. */
#include "recorder.h"

#include <unistd.h>

static char *copy_of(ddtrace_str text)
{
    char *copy = malloc(text.len + 1);
    CHECK(copy != NULL);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* Compares the value in effect and its origin, or with NULL expects that there is none. */
static void check_setting(const ddtrace_config *config, const char *key, const char *expected, const char *origin)
{
    char value[256] = "####";
    size_t length = ddtrace_config_get(config, key, DDTRACE_NTS, value, sizeof value);
    if (expected == NULL) {
        CHECK(length == DDTRACE_ABSENT);
        CHECK_TEXT(value, "");
    } else {
        CHECK_TEXT(value, expected);
        CHECK_INT(length, strlen(expected));
    }
    if (origin == NULL)
        CHECK(ddtrace_config_origin(config, key, DDTRACE_NTS) == NULL);
    else
        CHECK_TEXT(ddtrace_config_origin(config, key, DDTRACE_NTS), origin);
}

static void code_beats_environment_beats_default(void)
{
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    check_setting(config, "DD_ENV", NULL, "default");
    setenv("DD_ENV", "from-environment", 1);
    check_setting(config, "DD_ENV", "from-environment", "env_var");
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT("from-code"), NULL));
    check_setting(config, "DD_ENV", "from-code", "code");
    CHECK_OK(ddtrace_config_unset(config, TEXT("DD_ENV")));
    check_setting(config, "DD_ENV", "from-environment", "env_var");
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT("again"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_ENV"), TEXT(""), NULL));
    check_setting(config, "DD_ENV", "from-environment", "env_var");
    unsetenv("DD_ENV");
    check_setting(config, "DD_TRACE_RATE_LIMIT", "100", "default");
    check_setting(config, "DD_TRACE_AGENT_URL", "http://127.0.0.1:9", "env_var");
    ddtrace_config_free(config);
}

static void unknown_names_are_not_found(void)
{
    ddtrace_config *config = NULL;
    ddtrace_error *error = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_STATUS(ddtrace_config_set(config, TEXT("DD_SERVCE"), TEXT("x"), &error), DDTRACE_ERR_NOT_FOUND);
    CHECK_STATUS(ddtrace_error_code(error), DDTRACE_ERR_NOT_FOUND);
    char *message = copy_of(ddtrace_error_message(error));
    CHECK_CONTAINS(message, "DD_SERVCE");
    CHECK_CONTAINS(message, "did you mean DD_SERVICE?");
    free(message);
    ddtrace_error_free(error);
    CHECK_STATUS(ddtrace_config_unset(config, TEXT("NOTHING")), DDTRACE_ERR_NOT_FOUND);
    check_setting(config, "NOTHING", NULL, NULL);
    ddtrace_config_free(config);
}

static void invalid_values_are_explained_and_change_nothing(void)
{
    ddtrace_config *config = NULL;
    ddtrace_error *error = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_SAMPLE_RATE"), TEXT("0.25"), &error));
    CHECK(error == NULL);
    CHECK_STATUS(ddtrace_config_set(config, TEXT("DD_TRACE_SAMPLE_RATE"), TEXT("1.5"), &error), DDTRACE_ERR_INVALID);
    char *message = copy_of(ddtrace_error_message(error));
    CHECK_CONTAINS(message, "DD_TRACE_SAMPLE_RATE");
    CHECK_CONTAINS(message, "1.5");
    CHECK_CONTAINS(message, "expected a number from 0 to 1");
    free(message);
    ddtrace_error_free(error);
    check_setting(config, "DD_TRACE_SAMPLE_RATE", "0.25", "code");
    /* Nobody has to ask why. */
    CHECK_STATUS(ddtrace_config_set(config, TEXT("DD_TRACE_SAMPLE_RATE"), TEXT("x"), NULL), DDTRACE_ERR_INVALID);
    ddtrace_config_free(config);
}

static void aliases_are_the_setting(void)
{
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_AGENT_PORT"), TEXT("9000"), NULL));
    check_setting(config, "DD_TRACE_AGENT_PORT", "9000", "code");
    CHECK_OK(ddtrace_config_unset(config, TEXT("DD_TRACE_AGENT_PORT")));
    check_setting(config, "DD_AGENT_PORT", "8126", "default");
    ddtrace_config_free(config);
}

struct record {
    int visits, services, values;
    char last[64];
};

static void note(void *user_data, ddtrace_str name, ddtrace_str value, ddtrace_str origin)
{
    struct record *record = user_data;
    record->visits++;
    record->values += value.ptr != NULL;
    CHECK(origin.len > 0);
    if (name.len != strlen("DD_SERVICE") || memcmp(name.ptr, "DD_SERVICE", name.len) != 0)
        return;
    record->services++;
    snprintf(record->last, sizeof record->last, "%.*s from %.*s", (int)value.len, value.ptr, (int)origin.len, origin.ptr);
}

static void every_value_that_was_seen_is_shown_the_one_in_effect_last(void)
{
    struct record record = { 0, 0, 0, "" };
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    setenv("DD_SERVICE", "of-environment", 1);
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("of-code"), NULL));
    CHECK_OK(ddtrace_config_each(config, note, &record));
    CHECK_TEXT(record.last, "of-code from code");
    CHECK(record.services >= 3);
    CHECK(record.visits > 40 && record.values > 20 && record.values < record.visits);
    unsetenv("DD_SERVICE");
    ddtrace_config_free(config);
}

struct environment {
    int asked, freed;
    const char *env;
};

static const char *look_up(void *user_data, const char *name)
{
    struct environment *environment = user_data;
    environment->asked++;
    return strcmp(name, "DD_ENV") == 0 ? environment->env : NULL;
}

static void free_environment(void *user_data)
{
    struct environment *environment = user_data;
    environment->freed++;
}

static void host_may_have_an_environment_of_its_own(void)
{
    struct environment first = { 0, 0, "first" }, second = { 0, 0, "second" }, refused = { 0, 0, "" };
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    setenv("DD_ENV", "of-the-process", 1);
    CHECK_OK(ddtrace_config_set_env_lookup(config, look_up, &first, free_environment));
    CHECK_INT(first.freed, 0);
    check_setting(config, "DD_ENV", "first", "env_var");
    CHECK(first.asked > 20);
    CHECK_OK(ddtrace_config_set_env_lookup(config, look_up, &second, free_environment));
    CHECK_INT(first.freed, 1);
    check_setting(config, "DD_ENV", "second", "env_var");
    second.env = "\xff";
    check_setting(config, "DD_ENV", NULL, "default");
    CHECK_STATUS(ddtrace_config_set_env_lookup(config, NULL, &refused, free_environment), DDTRACE_ERR_NULL);
    CHECK_INT(refused.freed, 1);
    CHECK_STATUS(ddtrace_config_set_env_lookup(NULL, look_up, &refused, free_environment), DDTRACE_ERR_NULL);
    CHECK_INT(refused.freed, 2);
    ddtrace_config_free(config);
    CHECK_INT(second.freed, 1);
    CHECK_INT(first.freed, 1);
    unsetenv("DD_ENV");
}

static void tracer_keeps_the_settings_that_it_was_made_with(void)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    char value[64];
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("before"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("null"), NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("after"), NULL));
    ddtrace_config_free(config);
    CHECK_INT(ddtrace_tracer_config_get(tracer, TEXT("DD_SERVICE"), value, sizeof value), 6);
    CHECK_TEXT(value, "before");
    CHECK_INT(ddtrace_tracer_config_get(tracer, TEXT("DD_SERVICE"), value, 4), 6);
    CHECK_TEXT(value, "bef");
    CHECK(ddtrace_tracer_config_get(tracer, TEXT("DD_VERSION"), value, sizeof value) == DDTRACE_ABSENT);
    CHECK(ddtrace_tracer_config_get(tracer, TEXT("NOTHING"), value, sizeof value) == DDTRACE_ABSENT);
    ddtrace_tracer_free(tracer);
    CHECK(ddtrace_tracer_config_get(tracer, TEXT("DD_SERVICE"), value, sizeof value) == DDTRACE_ABSENT);
}

static void tracer_that_cannot_be_made_is_explained(void)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    ddtrace_error *error = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("file:/no/such/place"), NULL));
    CHECK_STATUS(ddtrace_tracer_new(config, &tracer, &error), DDTRACE_ERR_IO);
    CHECK(tracer == NULL);
    char *message = copy_of(ddtrace_error_message(error));
    CHECK_CONTAINS(message, "LIBDDTRACE_EXPORTER");
    CHECK_CONTAINS(message, "/no/such/place");
    free(message);
    ddtrace_error_free(error);
    ddtrace_config_free(config);
    CHECK_STATUS(ddtrace_tracer_new(config, &tracer, &error), DDTRACE_ERR_HANDLE);
    message = copy_of(ddtrace_error_message(error));
    CHECK_CONTAINS(message, "config");
    free(message);
    ddtrace_error_free(error);
}

static void collect(void *user_data, int32_t level, const char *message, size_t len)
{
    char *seen = user_data;
    CHECK_INT(level, DDTRACE_LOG_WARN);
    snprintf(seen + strlen(seen), 2000 - strlen(seen), "%.*s\n", (int)len, message);
}

static void ignored_values_are_warned_of_once(void)
{
    static char seen[2000];
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_set_log_callback(collect, seen, NULL));
    setenv("LIBDDTRACE_EXPORTER", "null", 1);
    setenv("DD_TRACE_SAMPLE_RATE", "all of them", 1);
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    ddtrace_tracer_free(tracer);
    CHECK_CONTAINS(seen, "DD_TRACE_SAMPLE_RATE");
    CHECK_CONTAINS(seen, "all of them");
    seen[0] = '\0';
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    ddtrace_tracer_free(tracer);
    CHECK_TEXT(seen, "");
    setenv("DD_TRACE_LOG_LEVEL", "off", 1);
    setenv("DD_TRACE_SAMPLE_RATE", "some", 1);
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    ddtrace_tracer_free(tracer);
    CHECK_TEXT(seen, "");
    CHECK_OK(ddtrace_set_log_callback(NULL, NULL, NULL));
    unsetenv("DD_TRACE_LOG_LEVEL");
    unsetenv("DD_TRACE_SAMPLE_RATE");
    unsetenv("LIBDDTRACE_EXPORTER");
}

int main(void)
{
    RUN(code_beats_environment_beats_default);
    RUN(unknown_names_are_not_found);
    RUN(invalid_values_are_explained_and_change_nothing);
    RUN(aliases_are_the_setting);
    RUN(every_value_that_was_seen_is_shown_the_one_in_effect_last);
    RUN(host_may_have_an_environment_of_its_own);
    RUN(tracer_keeps_the_settings_that_it_was_made_with);
    RUN(tracer_that_cannot_be_made_is_explained);
    RUN(ignored_values_are_warned_of_once);
    check_no_live_handles();
    return 0;
}
