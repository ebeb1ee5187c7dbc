/* Version, features and status texts: what needs no tracer. */
#include "check.h"

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

int main(void)
{
    RUN(library_is_the_one_of_the_header);
    RUN(version_number_orders_versions);
    RUN(features_are_found_by_name);
    RUN(every_status_has_a_text);
    return 0;
}
