/* The agent finds this process by a sealed file in memory: one, whatever is made, and another one in a forked child.
 *
 * leaks: of children, which leave what belongs to the parent alone */
#define _GNU_SOURCE
#include "recorder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define PREFIX "/memfd:datadog-tracer-info-"

/* How many such files are open; the content of the last one. */
static int files(char *content, size_t *length)
{
    int found = 0;
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[300], target[300] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
        if (readlink(path, target, sizeof target - 1) < 0 || strncmp(target, PREFIX, strlen(PREFIX)) != 0)
            continue;
        found++;
        CHECK_INT(strlen(target), strlen(PREFIX) + 8 + strlen(" (deleted)"));
        int descriptor = atoi(entry->d_name);
        CHECK(descriptor > STDERR_FILENO);
        CHECK_INT(fcntl(descriptor, F_GET_SEALS), F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW);
        CHECK_INT(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
        *length = (size_t)pread(descriptor, content, 4096, 0);
    }
    closedir(directory);
    return found;
}

static bool contains(const char *content, size_t length, const char *text)
{
    return memmem(content, length, text, strlen(text)) != NULL;
}

static void there_is_one_file(void)
{
    const char *settings[] = { "DD_ENV", "staging", NULL };
    char content[4096], another[4096];
    size_t length = 0, length_of_another = 0;
    recorder first = recorder_open(settings);
    CHECK_INT(files(content, &length), 1);
    CHECK_INT((unsigned char)content[0] & 0xf0, 0x80);
    CHECK(contains(content, length, "\xae" "schema_version\x02"));
    CHECK(contains(content, length, "\xaftracer_language\xa3" "cpp"));
    CHECK(contains(content, length, "\xacservice_name\xa5" "c-abi"));
    CHECK(contains(content, length, "\xabservice_env\xa7staging"));
    CHECK(contains(content, length, "entrypoint.name:"));
    CHECK(contains(content, length, "\xa8hostname"));
    CHECK(!contains(content, length, "service_version"));
    recorder second = recorder_open(NULL);
    CHECK_INT(files(another, &length_of_another), 1);
    CHECK(!contains(another, length_of_another, "staging"));
    recorder_close(second);
    recorder_close(first);
    CHECK_INT(files(another, &length_of_another), 1);
}

static void process_tags_may_be_left_out(void)
{
    const char *settings[] = { "DD_EXPERIMENTAL_PROPAGATE_PROCESS_TAGS_ENABLED", "false", NULL };
    char content[4096];
    size_t length = 0;
    recorder recorder = recorder_open(settings);
    CHECK_INT(files(content, &length), 1);
    CHECK(!contains(content, length, "process_tags"));
    recorder_close(recorder);
}

static void other_settings_are_written(void)
{
    char content[4096];
    size_t length = 0;
    ddtrace_config *config = NULL;
    recorder recorder = recorder_open(NULL);
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, TEXT("DD_SERVICE"), TEXT("renamed"), NULL));
    CHECK_OK(ddtrace_config_set_exporter(config, recorder.memory));
    CHECK_OK(ddtrace_tracer_configure(recorder.tracer, config, 0, 20000, NULL));
    ddtrace_config_free(config);
    CHECK_INT(files(content, &length), 1);
    CHECK(contains(content, length, "\xacservice_name\xa7renamed"));
    recorder_close(recorder);
}

static void a_child_has_its_own(void)
{
    char content[4096], of_child[4096];
    size_t length = 0, length_of_child = 0;
    int status = 0;
    recorder recorder = recorder_open(NULL);
    CHECK_INT(files(content, &length), 1);
    pid_t child = fork();
    if (child == 0) {
        CHECK_OK(ddtrace_span_end(root_span(recorder.tracer, "in the child"), NULL));
        CHECK_INT(files(of_child, &length_of_child), 1);
        CHECK(length_of_child == length && memcmp(content, of_child, length) != 0);
        _exit(0);
    }
    CHECK(child > 0);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    CHECK_INT(files(of_child, &length_of_child), 1);
    CHECK(length_of_child == length && memcmp(content, of_child, length) == 0);
    recorder_close(recorder);
}

static void a_file_that_the_program_closed_is_not_closed_again(void)
{
    char content[4096];
    size_t length = 0;
    recorder first = recorder_open(NULL);
    for (int descriptor = 3; descriptor < 64; descriptor++)
        if (fcntl(descriptor, F_GET_SEALS) >= 0)
            close(descriptor);
    int own[16];
    for (int i = 0; i < 16; i++)
        CHECK((own[i] = open("/dev/null", O_RDONLY)) >= 0);
    const char *settings[] = { "DD_ENV", "other", NULL };
    recorder second = recorder_open(settings);
    for (int i = 0; i < 16; i++)
        CHECK_INT(close(own[i]), 0);
    CHECK_INT(files(content, &length), 1);
    recorder_close(second);
    recorder_close(first);
}

int main(void)
{
    RUN(there_is_one_file);
    RUN(process_tags_may_be_left_out);
    RUN(other_settings_are_written);
    RUN(a_child_has_its_own);
    RUN(a_file_that_the_program_closed_is_not_closed_again);
    return 0;
}
