/* The start-up line: on stderr when a tracer is made, whatever the log level, and harmless where stderr is closed. */
#include "recorder.h"

#include <sys/wait.h>
#include <unistd.h>

static void make_tracer(const char *startup_logs, const char *level)
{
    ddtrace_config *config = NULL;
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_STARTUP_LOGS"), startup_logs, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_LOG_LEVEL"), level, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("started"), NULL));
    CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_EXPORTER"), TEXT("null"), NULL));
    CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
    ddtrace_config_free(config);
    ddtrace_tracer_free(tracer);
}

/* What is on stderr once a tracer is made; to be freed. */
static char *stderr_of(const char *startup_logs, const char *level)
{
    int ends[2], former = dup(STDERR_FILENO);
    char *text = calloc(1, 16384);
    CHECK(text != NULL && former >= 0);
    CHECK_INT(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    make_tracer(startup_logs, level);
    dup2(former, STDERR_FILENO);
    close(former);
    CHECK(read(ends[0], text, 16383) >= 0);
    close(ends[0]);
    return text;
}

static void line_is_written_at_every_level(void)
{
    static const char *const levels[] = { "off", "error", "debug" };
    char id[64];
    CHECK_INT(ddtrace_runtime_id(id, sizeof id), 36);
    for (int i = 0; i < 3; i++) {
        char *text = stderr_of("true", levels[i]);
        CHECK_CONTAINS(text, "DATADOG TRACER CONFIGURATION - {");
        CHECK_CONTAINS(text, "\"service\":\"started\"");
        CHECK_CONTAINS(text, DDTRACE_VERSION);
        CHECK_CONTAINS(text, id);
        CHECK(text[strlen(text) - 1] == '\n');
        free(text);
    }
}

static void line_is_not_written_if_not_wanted(void)
{
    char *text = stderr_of("false", "debug");
    CHECK(strstr(text, "CONFIGURATION") == NULL);
    free(text);
}

static int occurrences(const char *text, const char *part)
{
    int found = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

/* Two tracers of an agent that is not there, each with a trace. */
static char *stderr_without_agent(const char *startup_logs)
{
    int ends[2], former = dup(STDERR_FILENO);
    char *text = calloc(1, 32768);
    CHECK(text != NULL && former >= 0);
    CHECK_INT(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    for (int i = 0; i < 2; i++) {
        ddtrace_config *config = NULL;
        ddtrace_tracer *tracer = NULL;
        CHECK_OK(ddtrace_config_new(&config));
        CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_STARTUP_LOGS"), startup_logs, DDTRACE_NTS, NULL));
        CHECK_OK(ddtrace_config_set(config, TEXT("DD_TRACE_AGENT_URL"), TEXT("http://127.0.0.1:1"), NULL));
        CHECK_OK(ddtrace_config_set(config, TEXT("LIBDDTRACE_SHUTDOWN_TIMEOUT_MS"), TEXT("100"), NULL));
        CHECK_OK(ddtrace_tracer_new(config, &tracer, NULL));
        ddtrace_config_free(config);
        CHECK_OK(ddtrace_span_end(root_span(tracer, "op"), NULL));
        ddtrace_tracer_flush(tracer, 1000);
        ddtrace_tracer_free(tracer);
    }
    dup2(former, STDERR_FILENO);
    close(former);
    CHECK(read(ends[0], text, 32767) >= 0);
    close(ends[0]);
    return text;
}

static void an_agent_that_is_not_there_is_told_of_once(void)
{
    char *text = stderr_without_agent("false");
    CHECK_INT(occurrences(text, "Agent not reachable"), 0);
    free(text);
    text = stderr_without_agent("true");
    CHECK_INT(occurrences(text, "DATADOG TRACER DIAGNOSTIC - Agent not reachable at http://127.0.0.1:1: "), 1);
    CHECK_INT(occurrences(text, "DATADOG TRACER CONFIGURATION - {"), 2);
    /* The tracers before have asked this agent already. */
    CHECK_INT(occurrences(text, "\"agent_error\":\"cannot"), 2);
    free(text);
}

static void what_the_line_says_can_be_read(void)
{
    const char *settings[] = { "DD_ENV", "test", "DD_API_KEY", "secret0123", NULL };
    recorder recorder = recorder_open(settings);
    char text[16384];
    size_t length = ddtrace_tracer_startup_json(recorder.tracer, text, sizeof text);
    CHECK_INT(length, strlen(text));
    CHECK_CONTAINS(text, "\"env\":\"test\"");
    CHECK_CONTAINS(text, "\"environment_variables\":{");
    CHECK_CONTAINS(text, "\"log_injection_enabled\":false");
    CHECK(strstr(text, "secret0123") == NULL);
    CHECK_INT(ddtrace_tracer_startup_json(NULL, text, sizeof text), DDTRACE_ABSENT);
    recorder_close(recorder);
}

static void closed_stderr_harms_nobody(void)
{
    for (int broken = 0; broken < 2; broken++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            int ends[2];
            if (broken == 0) {
                close(STDERR_FILENO);
            } else {
                /* Nobody reads, and SIGPIPE is deadly. */
                if (pipe(ends) != 0)
                    _exit(2);
                close(ends[0]);
                dup2(ends[1], STDERR_FILENO);
            }
            make_tracer("true", "debug");
            _exit(0);
        }
        int status = -1;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK_INT(status, 0);
    }
}

int main(void)
{
    RUN(line_is_written_at_every_level);
    RUN(line_is_not_written_if_not_wanted);
    RUN(an_agent_that_is_not_there_is_told_of_once);
    RUN(what_the_line_says_can_be_read);
    RUN(closed_stderr_harms_nobody);
    check_no_live_handles();
    return 0;
}
