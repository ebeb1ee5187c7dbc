/* Sends metrics as its arguments say, through a client that the environment configures; then ends without giving it back.
 *
 *     METRICS           how many counts of 1, and as many histograms
 *     flush | exit      whether it flushes at its end
 *     health            with a tracer that makes three spans */
#include "check.h"

#include <string.h>

static void spans(void)
{
    ddtrace_tracer *tracer = NULL;
    CHECK_OK(ddtrace_tracer_default(&tracer, NULL));
    for (int i = 0; i < 3; i++) {
        ddtrace_span *span = NULL;
        ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
        options.name = DDTRACE_TEXT("op");
        CHECK_OK(ddtrace_span_start(tracer, &options, &span, NULL));
        CHECK_OK(ddtrace_span_end(span, NULL));
    }
    ddtrace_tracer_free(tracer);
}

int main(int count, char **arguments)
{
    static const ddtrace_str tags[] = { DDTRACE_STR("route:/a|b,c"), DDTRACE_STR("gr\xc3\xbcn") };
    ddtrace_statsd *statsd = NULL;
    char address[256];
    CHECK(count >= 3);
    int metrics = atoi(arguments[1]);
    CHECK_OK(ddtrace_statsd_new(NULL, NULL, &statsd, NULL));
    for (int i = 0; i < metrics; i++) {
        CHECK_OK(ddtrace_statsd_count(statsd, TEXT("requests"), 1, tags, 2, 1));
        CHECK_OK(ddtrace_statsd_histogram(statsd, TEXT("time"), i, NULL, 0, 1));
    }
    if (metrics > 0) {
        CHECK_OK(ddtrace_statsd_gauge(statsd, TEXT("level"), 0.5, NULL, 0, 1));
        CHECK_OK(ddtrace_statsd_timing(statsd, TEXT("took"), 12.5, NULL, 0, 1));
        CHECK_OK(ddtrace_statsd_set(statsd, TEXT("users"), TEXT("u1"), NULL, 0));
        ddtrace_statsd_event event = DDTRACE_STATSD_EVENT_INIT;
        ddtrace_statsd_check check = DDTRACE_STATSD_CHECK_INIT;
        event.title = DDTRACE_TEXT("Deployed");
        event.text = DDTRACE_TEXT("a|b\nc");
        check.name = DDTRACE_TEXT("database");
        check.status = DDTRACE_CHECK_WARNING;
        CHECK_OK(ddtrace_statsd_send_event(statsd, &event));
        CHECK_OK(ddtrace_statsd_send_check(statsd, &check));
    }
    if (count > 3 && strcmp(arguments[3], "health") == 0)
        spans();
    CHECK(ddtrace_statsd_get_address(statsd, address, sizeof address) < sizeof address);
    printf("%s\n", address);
    if (strcmp(arguments[2], "flush") == 0) {
        CHECK_OK(ddtrace_statsd_flush(statsd, 60000));
        ddtrace_statsd_counters counters = DDTRACE_STATSD_COUNTERS_INIT;
        CHECK_OK(ddtrace_statsd_get_counters(statsd, &counters));
        printf("%d %d\n", (int)counters.packets_sent, (int)counters.packets_dropped);
        ddtrace_statsd_free(statsd);
    }
    return 0;
}
