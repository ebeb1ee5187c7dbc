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
    RUN(closed_stderr_harms_nobody);
    check_no_live_handles();
    return 0;
}
