// The header serves C++ as it is: linkage, initialisers, constants.
#include "check.h"

#include <type_traits>

static_assert(std::is_standard_layout<ddtrace_span_options>::value, "a plain struct");
static_assert(std::is_same<ddtrace_status, int32_t>::value, "a plain number");

static void initialisers_clear_all_but_the_size()
{
    ddtrace_span_options start = DDTRACE_SPAN_OPTIONS_INIT;
    CHECK(start.struct_size == sizeof(start));
    CHECK(start.name.ptr == nullptr && start.packed_tags == nullptr && start.packed_tags_len == 0);

    ddtrace_span_end_options end = DDTRACE_SPAN_END_OPTIONS_INIT;
    CHECK(end.struct_size == sizeof(end));
    CHECK(end.error_stack.ptr == nullptr && end.tags_len == 0);

    ddtrace_str text = DDTRACE_STR("text");
    CHECK_INT(text.len, 4);
}

static void functions_have_c_linkage()
{
    CHECK_TEXT(ddtrace_version(), DDTRACE_VERSION);
    CHECK_TEXT(ddtrace_status_text(DDTRACE_ERR_NULL), "a required pointer is NULL");
}

int main()
{
    RUN(initialisers_clear_all_but_the_size);
    RUN(functions_have_c_linkage);
    return 0;
}
