/* Files of stable configuration, and messages in files. */
#include "recorder.h"

#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/ddtrace-stable-XXXXXX";

static char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const char *content)
{
    FILE *file = fopen(path_of(name), "w");
    CHECK(file != NULL);
    CHECK(fputs(content, file) >= 0);
    CHECK_INT(fclose(file), 0);
}

static void count(void *user_data, ddtrace_str warning)
{
    CHECK(warning.len > 0);
    ++*(int *)user_data;
}

static void check_setting(const ddtrace_config *config, const char *name, const char *value, const char *origin)
{
    char text[64];
    CHECK_INT(ddtrace_config_get(config, name, DDTRACE_NTS, text, sizeof text), strlen(value));
    CHECK_TEXT(text, value);
    CHECK_TEXT(ddtrace_config_origin(config, name, DDTRACE_NTS), origin);
}

static void files_are_a_source_of_settings(void)
{
    ddtrace_config *config = NULL;
    int warnings = 0;
    write_file("local.yaml", "apm_configuration_default:\n  DD_ENV: local\n  DD_VERSION: local\n  DD_SERVICE: local\n");
    write_file("fleet.yaml", "config_id: f1\nrules:\n- configuration: {DD_SERVICE: 'fleet-{{ language }}'}\n");
    CHECK_INT(setenv("_DD_SC_LOCAL_FILE_OVERRIDE", path_of("local.yaml"), 1), 0);
    CHECK_INT(setenv("_DD_SC_MANAGED_FILE_OVERRIDE", path_of("fleet.yaml"), 1), 0);
    CHECK_INT(setenv("DD_VERSION", "env", 1), 0);
    CHECK_INT(setenv("DD_SERVICE", "env", 1), 0);
    CHECK_OK(ddtrace_config_new(&config));
    check_setting(config, "DD_ENV", "local", "local_stable_config");
    check_setting(config, "DD_VERSION", "env", "env_var");
    check_setting(config, "DD_SERVICE", "fleet-cpp", "fleet_stable_config");
    CHECK_OK(ddtrace_config_each_warning(config, count, &warnings));
    CHECK_INT(warnings, 0);

    write_file("fleet.yaml", "?? ??; ??\t\n\n --- `\nx: {");
    check_setting(config, "DD_SERVICE", "env", "env_var");
    CHECK_OK(ddtrace_config_each_warning(config, count, &warnings));
    CHECK_INT(warnings, 1);
    CHECK_INT(ddtrace_config_each_warning(config, NULL, NULL), DDTRACE_ERR_NULL);
    ddtrace_config_free(config);
    unsetenv("_DD_SC_LOCAL_FILE_OVERRIDE");
    unsetenv("_DD_SC_MANAGED_FILE_OVERRIDE");
}

static void messages_are_written_to_a_file(void)
{
    char name[64], line[512] = "";
    const char *settings[] = {
        "DD_TRACE_LOG_DIRECTORY", directory, "DD_TRACE_LOG_STREAM_HANDLER", "false", "DD_TRACE_LOG_LEVEL", "debug", NULL,
    };
    CHECK_INT(setenv("DD_TRACE_SAMPLE_RATE", "7", 1), 0);
    CHECK_INT(setenv("DD_WEATHER_TODAY", "sunny", 1), 0);
    recorder recorder = recorder_open(settings);
    snprintf(name, sizeof name, "ddtrace_cpp_%d.log", (int)getpid());
    FILE *file = fopen(path_of(name), "r");
    CHECK(file != NULL);
    int rate = 0, unknown = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        rate += strstr(line, "Z [dd.trace] WARN environment variable DD_TRACE_SAMPLE_RATE: \"7\" is ignored") != NULL;
        unknown += strstr(line, "Z [dd.trace] DEBUG environment variable DD_WEATHER_TODAY is not a setting") != NULL;
    }
    fclose(file);
    CHECK_INT(rate, 1);
    CHECK_INT(unknown, 1);
    recorder_close(recorder);
    CHECK_INT(unlink(path_of(name)), 0);
    unsetenv("DD_TRACE_SAMPLE_RATE");

    const char *absent[] = { "DD_TRACE_LOG_DIRECTORY", "/nowhere/at/all", NULL };
    recorder = recorder_open(absent);
    recorder_close(recorder);
}

int main(void)
{
    CHECK(mkdtemp(directory) != NULL);
    RUN(files_are_a_source_of_settings);
    RUN(messages_are_written_to_a_file);
    unlink(path_of("local.yaml"));
    unlink(path_of("fleet.yaml"));
    rmdir(directory);
    return 0;
}
