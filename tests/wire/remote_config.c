/* Does what it is told on stdin, a line at a time, and answers each with a line: for tests of remote configuration on a tracer that runs.
 *
 *   poll               polls and waits
 *   span SERVICE       sends a span, flushes
 *   get NAME           prints value and origin of a setting
 *   subscribe PRODUCT  subscribes, all files are acknowledged
 *   slow PRODUCT       the same, in 0.7 seconds
 *   listen             events of remote configuration are noted, too
 *   collect WHAT       collects metrics of the runtime until there are "some", or for a second, and prints whether there are any
 *   service NAME       the tracer works with another service
 *   seen               prints and forgets what subscribers and listeners were told
 *   id                 prints the client's id
 *   fork LINE          forks; the child does the line
 *
 * The tracer is configured by the environment alone. */
#include "check.h"
#include <sys/wait.h>
#include <unistd.h>

static char seen[1 << 16];

static void note(const char *word, const char *text, size_t len)
{
    size_t used = strlen(seen);
    snprintf(seen + used, sizeof seen - used, "%s=%.*s;", word, (int)len, text);
}

static void on_changes(void *user_data, const ddtrace_rc_change *changes, size_t count, ddtrace_rc_result *results)
{
    static const char *const names[] = { "add", "update", "remove" };
    (void)user_data;
    (void)results;
    for (size_t i = 0; i < count; i++) {
        note(names[changes[i].operation], changes[i].config_id.ptr, changes[i].config_id.len);
        note("content", (const char *)changes[i].content, changes[i].content_len);
    }
}

static void on_changes_slowly(void *user_data, const ddtrace_rc_change *changes, size_t count, ddtrace_rc_result *results)
{
    on_changes(user_data, changes, count, results);
    usleep(700000);
}

static ddtrace_status on_event(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    (void)user_data;
    (void)result;
    note("event", event.ptr, event.len);
    for (size_t i = 0; i < len; i++) {
        char number[24];
        if (arguments[i].kind == DDTRACE_VALUE_STRING) {
            note("", arguments[i].content.string.ptr, arguments[i].content.string.len);
        } else {
            snprintf(number, sizeof number, "%d", (int)arguments[i].content.i64);
            note("", arguments[i].kind == DDTRACE_VALUE_I64 ? number : "-", arguments[i].kind == DDTRACE_VALUE_I64 ? strlen(number) : 1);
        }
    }
    return DDTRACE_OK;
}

static int has_runtime_metrics;

static void on_payload(void *user_data, const uint8_t *payload, size_t len)
{
    (void)user_data;
    for (size_t i = 0; i + 12 < len; i++)
        if (memcmp(payload + i, "process.cpu.", 12) == 0)
            __atomic_store_n(&has_runtime_metrics, 1, __ATOMIC_SEQ_CST);
}

/* Where there is to be none, waiting longer would prove no more. The first rounds are for a collection that was under way. */
static int collects(ddtrace_tracer *tracer, int waits)
{
    ddtrace_statsd *statsd = NULL;
    CHECK_OK(ddtrace_tracer_get_statsd(tracer, &statsd));
    CHECK_OK(ddtrace_statsd_set_sink(statsd, on_payload, NULL, NULL));
    for (int i = 0; i < (waits ? 400 : 25); i++) {
        if (i == 5)
            __atomic_store_n(&has_runtime_metrics, 0, __ATOMIC_SEQ_CST);
        CHECK_OK(ddtrace_tracer_collect_metrics(tracer));
        usleep(50000);
        CHECK_OK(ddtrace_statsd_flush(statsd, 60000));
        if (i >= 5 && __atomic_load_n(&has_runtime_metrics, __ATOMIC_SEQ_CST))
            break;
    }
    ddtrace_statsd_free(statsd);
    return __atomic_load_n(&has_runtime_metrics, __ATOMIC_SEQ_CST);
}

static void change_service(ddtrace_tracer *tracer, const char *service)
{
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), service, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_tracer_configure(tracer, config, 0, 20000, NULL));
    ddtrace_config_free(config);
}

static void on_config_change(void *user_data, const ddtrace_config_change *change)
{
    (void)user_data;
    note("changed", change->name.ptr, change->name.len);
}

static void one_span(ddtrace_tracer *tracer, const char *service)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    options.name = DDTRACE_TEXT("op");
    options.service.ptr = service;
    options.service.len = strlen(service);
    CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
}

static void subscribe(ddtrace_tracer *tracer, const char *product, int is_slow)
{
    ddtrace_rc_callbacks callbacks = DDTRACE_RC_CALLBACKS_INIT;
    callbacks.on_changes = is_slow ? on_changes_slowly : on_changes;
    CHECK_OK(ddtrace_rc_subscribe(tracer, product, DDTRACE_NTS, NULL, 0, &callbacks, NULL, NULL, NULL, NULL));
}

static void obey(ddtrace_tracer *tracer, char *line)
{
    char *argument = strchr(line, ' ');
    char text[8192] = "";
    if (argument != NULL)
        *argument++ = 0;
    if (strcmp(line, "poll") == 0) {
        ddtrace_status status = ddtrace_rc_poll(tracer, 10000);
        printf("%s\n", ddtrace_status_text(status));
    } else if (strcmp(line, "span") == 0 && argument != NULL) {
        one_span(tracer, argument);
        printf("ok\n");
    } else if (strcmp(line, "get") == 0 && argument != NULL) {
        size_t length = ddtrace_tracer_config_get(tracer, argument, DDTRACE_NTS, text, sizeof text);
        printf("%s %s\n", length == DDTRACE_ABSENT ? "-" : text, ddtrace_tracer_config_origin(tracer, argument, DDTRACE_NTS));
    } else if ((strcmp(line, "subscribe") == 0 || strcmp(line, "slow") == 0) && argument != NULL) {
        subscribe(tracer, argument, line[1] == 'l');
        printf("ok\n");
    } else if (strcmp(line, "listen") == 0) {
        static const char *const events[] = { "rc.applied", "rc.removed", "config.changed" };
        for (int i = 0; i < 3; i++)
            CHECK_OK(ddtrace_hub_on(events[i], DDTRACE_NTS, NULL, 0, on_event, NULL, NULL, NULL));
        printf("ok\n");
    } else if (strcmp(line, "collect") == 0 && argument != NULL) {
        printf("%s\n", collects(tracer, strcmp(argument, "some") == 0) ? "some" : "none");
    } else if (strcmp(line, "service") == 0 && argument != NULL) {
        change_service(tracer, argument);
        printf("ok\n");
    } else if (strcmp(line, "seen") == 0) {
        printf("%s\n", seen);
        seen[0] = 0;
    } else if (strcmp(line, "id") == 0) {
        CHECK_INT(ddtrace_rc_client_id(tracer, text, sizeof text), 36);
        printf("%s\n", text);
    } else if (strcmp(line, "fork") == 0 && argument != NULL) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            seen[0] = 0;
            one_span(tracer, "child");
            obey(tracer, argument);
            fflush(stdout);
            CHECK_OK(ddtrace_tracer_shutdown(tracer, 5000));
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    } else {
        printf("what?\n");
    }
    fflush(stdout);
}

int main(void)
{
    ddtrace_tracer *tracer = NULL;
    char line[1024];
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    CHECK_OK(ddtrace_tracer_on_config_change(tracer, on_config_change, NULL, NULL, NULL));
    CHECK_OK(ddtrace_flare_add_file(tracer, TEXT("binding.txt"), (const uint8_t *)"from the binding", 16, NULL));
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        obey(tracer, line);
    }
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    return 0;
}
