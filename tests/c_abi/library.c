/* Version, features, status texts, ids and live handles: what needs no tracer. */
#include "check.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void library_is_the_one_of_the_header(void)
{
    CHECK_TEXT(ddtrace_version(), DDTRACE_VERSION);
    CHECK_INT(ddtrace_version_num(), DDTRACE_VERSION_NUM);
    CHECK_INT(ddtrace_abi_version(), DDTRACE_ABI_VERSION);
}

static void version_number_orders_versions(void)
{
    CHECK_INT(DDTRACE_VERSION_NUM >> 16, DDTRACE_VERSION_MAJOR);
    CHECK_INT((DDTRACE_VERSION_NUM >> 8) & 0xff, DDTRACE_VERSION_MINOR);
    CHECK_INT(DDTRACE_VERSION_NUM & 0xff, DDTRACE_VERSION_PATCH);
}

static void features_are_found_by_name(void)
{
    CHECK(ddtrace_has_feature("tracing", DDTRACE_NTS));
    CHECK(ddtrace_has_feature("tracing and more", 7));
    CHECK(!ddtrace_has_feature("trac", DDTRACE_NTS));
    CHECK(!ddtrace_has_feature("", 0));
    CHECK(!ddtrace_has_feature(NULL, 0));
    CHECK(!ddtrace_has_feature(NULL, 7));
    CHECK(!ddtrace_has_feature(NULL, DDTRACE_NTS));
    CHECK(!ddtrace_has_feature("\xff\xfe", 2));
    CHECK(!ddtrace_has_feature("tracing", SIZE_MAX - 1));
}

static void every_status_has_a_text(void)
{
    for (ddtrace_status status = DDTRACE_OK; status <= DDTRACE_ERR_PANIC; status++) {
        CHECK(strlen(ddtrace_status_text(status)) > 1);
        CHECK(strcmp(ddtrace_status_text(status), "unknown status") != 0);
    }
    CHECK_TEXT(ddtrace_status_text(DDTRACE_OK), "ok");
    CHECK_TEXT(ddtrace_status_text(-1), "unknown status");
    CHECK_TEXT(ddtrace_status_text(INT32_MIN), "unknown status");
    CHECK_TEXT(ddtrace_status_text(INT32_MAX), "unknown status");
}

static void ids_are_drawn(void)
{
    uint64_t last = 0, high = 1, low = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t id = ddtrace_id_generate64();
        CHECK(id != 0 && id != last);
        last = id;
    }
    struct timespec before, after; /* time() would be a tick behind */
    CHECK_INT(clock_gettime(CLOCK_REALTIME, &before), 0);
    ddtrace_id_generate128(&high, &low);
    CHECK_INT(clock_gettime(CLOCK_REALTIME, &after), 0);
    CHECK((time_t)(high >> 32) >= before.tv_sec && (time_t)(high >> 32) <= after.tv_sec);
    CHECK((high & 0xffffffff) == 0 && low != 0);
    ddtrace_id_generate128(NULL, &low);
    ddtrace_id_generate128(&high, NULL);
    ddtrace_id_generate128(NULL, NULL);
}

static void each_process_has_a_runtime_id(void)
{
    char id[64], again[64], cut[9] = "########";
    CHECK_INT(ddtrace_runtime_id(id, sizeof id), 36);
    CHECK_INT(strlen(id), 36);
    CHECK_INT(ddtrace_runtime_id(again, sizeof again), 36);
    CHECK_TEXT(again, id);
    CHECK_INT(ddtrace_runtime_id(cut, sizeof cut), 36);
    CHECK(strncmp(cut, id, 8) == 0 && cut[8] == '\0');
    CHECK_INT(ddtrace_runtime_id(NULL, 0), 36);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char mine[64];
        ddtrace_runtime_id(mine, sizeof mine);
        _exit(strlen(mine) == 36 && strcmp(mine, id) != 0 ? 0 : 1);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}

static void live_handles_are_counted_by_kind(void)
{
    ddtrace_config *configs[3] = { NULL, NULL, NULL };
    ddtrace_exporter *exporter = NULL;
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    for (int i = 0; i < 3; i++)
        CHECK_OK(ddtrace_config_new(&configs[i]));
    CHECK_OK(ddtrace_exporter_null_new(&exporter));
    CHECK(ddtrace_exporter_ref(exporter) == exporter);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_CONFIG), 3);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_EXPORTER), 1);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 4);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0);
    CHECK_INT(ddtrace_live_handles(-1) + ddtrace_live_handles(10) + ddtrace_live_handles(32), 0);
    for (int i = 0; i < 3; i++)
        ddtrace_config_free(configs[i]);
    ddtrace_exporter_free(exporter);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 1);
    ddtrace_exporter_free(exporter);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
}

int main(void)
{
    RUN(library_is_the_one_of_the_header);
    RUN(version_number_orders_versions);
    RUN(features_are_found_by_name);
    RUN(every_status_has_a_text);
    RUN(ids_are_drawn);
    RUN(each_process_has_a_runtime_id);
    RUN(live_handles_are_counted_by_kind);
    return 0;
}
