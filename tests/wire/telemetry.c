/* Does what its arguments say, one after the other, with a tracer that the environment configures:
 *
 *   tracer            another tracer; the former one stays
 *   span              a span, finished at once
 *   sleep MS          a pause
 *   flush             the tracer's finished spans are sent
 *   shutdown          the tracer made last is shut down and freed
 *   fork              a child, which does what follows up to "wait"; the parent goes on behind that
 *   wait              the parent waits for the child
 *   die               the process ends without any word
 *
 * It prints the runtime id, and after a fork that of the child, when there is one. Tracers that are left are freed at the end. */
#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 8 };

static ddtrace_tracer *tracers[MOST];
static int count;

static void print_id(const char *who)
{
    char id[37];
    CHECK_INT(ddtrace_runtime_id(id, sizeof id), 36);
    printf("%s %s\n", who, id);
    fflush(stdout);
}

static void end_last(void)
{
    CHECK(count > 0);
    count--;
    /* Servers that fail are what some tests are about. */
    ddtrace_status status = ddtrace_tracer_shutdown(tracers[count], 5000);
    CHECK(status == DDTRACE_OK || status == DDTRACE_ERR_IO || status == DDTRACE_ERR_TIMEOUT);
    ddtrace_tracer_free(tracers[count]);
}

static void end_all(void)
{
    while (count > 0)
        end_last();
}

static void span(void)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *started = NULL;
    options.name.ptr = "operation";
    options.name.len = DDTRACE_NTS;
    CHECK_OK(ddtrace_span_start(tracers[count - 1], &options, &started, NULL));
    CHECK_OK(ddtrace_span_end(started, NULL));
}

/* Does one step; returns how many arguments it took. */
static int step(char **argument)
{
    const char *name = argument[0];
    if (strcmp(name, "tracer") == 0) {
        CHECK(count < MOST);
        CHECK_OK(ddtrace_tracer_new(NULL, &tracers[count], NULL));
        count++;
        print_id("process");
    } else if (strcmp(name, "span") == 0) {
        span();
    } else if (strcmp(name, "sleep") == 0) {
        CHECK(argument[1] != NULL);
        usleep((useconds_t)atoi(argument[1]) * 1000);
        return 2;
    } else if (strcmp(name, "flush") == 0) {
        CHECK_OK(ddtrace_tracer_flush(tracers[count - 1], 20000));
    } else if (strcmp(name, "shutdown") == 0) {
        end_last();
    } else if (strcmp(name, "die") == 0) {
        _exit(0);
    } else {
        fprintf(stderr, "no such step: %s\n", name);
        exit(1);
    }
    return 1;
}

int main(int argc, char **argv)
{
    int at = 1, is_child = 0;
    pid_t child = -1;
    while (at < argc) {
        if (strcmp(argv[at], "fork") == 0) {
            at++;
            child = fork();
            CHECK(child >= 0);
            is_child = child == 0;
            if (is_child)
                print_id("child");
            while (!is_child && at < argc && strcmp(argv[at], "wait") != 0)
                at++;
        } else if (strcmp(argv[at], "wait") == 0) {
            if (is_child) {
                end_all();
                return 0;
            }
            int status = 0;
            CHECK_INT(waitpid(child, &status, 0), child);
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            at++;
        } else {
            at += step(&argv[at]);
        }
    }
    end_all();
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
