/* The library's messages reach the host's callback, and the host's data is freed when it should be. */
#include "check.h"

struct log {
    int messages, freed, level;
    char last[4096];
};

static void collect(void *user_data, int32_t level, const char *message, size_t len)
{
    struct log *log = user_data;
    log->messages++;
    log->level = level;
    snprintf(log->last, sizeof log->last, "%.*s", (int)len, message);
}

static void count_free(void *user_data)
{
    struct log *log = user_data;
    log->freed++;
}

static void data_is_freed_once_when_the_callback_is_replaced(void)
{
    struct log first = { 0 }, second = { 0 };
    CHECK_OK(ddtrace_set_log_callback(collect, &first, count_free));
    CHECK_INT(first.freed, 0);
    CHECK_OK(ddtrace_set_log_callback(collect, &second, count_free));
    CHECK_INT(first.freed, 1);
    CHECK_OK(ddtrace_set_log_callback(NULL, NULL, NULL));
    CHECK_INT(first.freed, 1);
    CHECK_INT(second.freed, 1);
}

static void data_without_callback_is_freed_at_once(void)
{
    struct log log = { 0 };
    CHECK_OK(ddtrace_set_log_callback(NULL, &log, count_free));
    CHECK_INT(log.freed, 1);
}

static void callback_needs_no_function_that_frees(void)
{
    struct log log = { 0 };
    CHECK_OK(ddtrace_set_log_callback(collect, &log, NULL));
    CHECK_OK(ddtrace_set_log_callback(NULL, NULL, NULL));
}

int main(void)
{
    RUN(data_is_freed_once_when_the_callback_is_replaced);
    RUN(data_without_callback_is_freed_at_once);
    RUN(callback_needs_no_function_that_frees);
    return 0;
}
