/* Metrics, events and checks by DogStatsD, as a program in C sends them.
 *
 * leaks: of children, which leave what belongs to the parent alone
 *
 * The thread sanitizer has no threads in children of a process with threads.
 * modes: plain valgrind asan */
#include "recorder.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a client wanted to send. */
struct sent {
    char text[64 * 1024];
    size_t len;
    int freed;
};

static void keep(void *user_data, const uint8_t *payload, size_t len)
{
    struct sent *sent = user_data;
    CHECK(len > 0 && sent->len + len + 2 < sizeof sent->text);
    memcpy(sent->text + sent->len, payload, len);
    sent->len += len;
    sent->text[sent->len++] = '\n';
    sent->text[sent->len] = '\0';
}

static void free_sent(void *user_data)
{
    struct sent *sent = user_data;
    sent->freed++;
}

static ddtrace_statsd *client(const ddtrace_statsd_options *options, const char *const *settings)
{
    ddtrace_config *config = NULL;
    ddtrace_statsd *statsd = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i += 2)
        CHECK_OK(ddtrace_config_set(config, settings[i], DDTRACE_NTS, settings[i + 1], DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_statsd_new(config, options, &statsd, NULL));
    ddtrace_config_free(config);
    return statsd;
}

static const char *const NO_ORIGIN[] = { "DD_ORIGIN_DETECTION_ENABLED", "false", NULL };

static void every_kind_of_message_is_sent(void)
{
    static struct sent sent;
    static const ddtrace_str own[] = { DDTRACE_STR("team:shop") };
    static const ddtrace_str tags[] = { DDTRACE_STR("country:china"), { "beta", DDTRACE_NTS }, DDTRACE_STR_NONE };
    static const char *const settings[] = { "DD_ORIGIN_DETECTION_ENABLED", "false", "DD_ENV", "dev", "DD_SERVICE", "web",
                                            "DD_VERSION", "1.2", "DD_ENTITY_ID", "pod-7", NULL };
    ddtrace_statsd_options options = DDTRACE_STATSD_OPTIONS_INIT;
    ddtrace_metric metric = DDTRACE_METRIC_INIT;
    ddtrace_statsd_event event = DDTRACE_STATSD_EVENT_INIT;
    ddtrace_statsd_check check = DDTRACE_STATSD_CHECK_INIT;
    options.prefix = DDTRACE_TEXT("shop");
    options.tags = own;
    options.tags_len = 1;
    options.aggregation = DDTRACE_STATSD_AGGREGATION_OFF;
    options.flags = DDTRACE_STATSD_FLAG_NO_TELEMETRY;
    ddtrace_statsd *statsd = client(&options, settings);
    CHECK_OK(ddtrace_statsd_set_sink(statsd, keep, &sent, free_sent));

    CHECK_OK(ddtrace_statsd_count(statsd, TEXT("count"), 2, tags, 3, 1));
    CHECK_OK(ddtrace_statsd_gauge(statsd, "gauge", DDTRACE_NTS, 0.5, NULL, 0, 1));
    CHECK_OK(ddtrace_statsd_histogram(statsd, TEXT("histogram"), 240, NULL, 0, 1));
    CHECK_OK(ddtrace_statsd_distribution(statsd, TEXT("distribution"), -1.5, NULL, 0, 1));
    CHECK_OK(ddtrace_statsd_timing(statsd, TEXT("timing"), 12.25, NULL, 0, 1));
    CHECK_OK(ddtrace_statsd_set(statsd, TEXT("set"), TEXT("user|1"), NULL, 0));
    CHECK_OK(ddtrace_statsd_count_at(statsd, TEXT("count.at"), 15, NULL, 0, 1656581400));
    CHECK_OK(ddtrace_statsd_gauge_at(statsd, TEXT("gauge.at"), 15, NULL, 0, 1656581400));
    CHECK_OK(ddtrace_statsd_count(statsd, TEXT("never"), 1, NULL, 0, 0));
    metric.name = DDTRACE_TEXT("odd name");
    metric.kind = DDTRACE_METRIC_GAUGE;
    metric.value = 7;
    metric.cardinality = DDTRACE_CARDINALITY_LOW;
    metric.timestamp_s = 5;
    CHECK_OK(ddtrace_statsd_send(statsd, &metric));
    event.title = DDTRACE_TEXT("Deployed");
    event.text = DDTRACE_TEXT("two\nlines");
    event.alert = DDTRACE_EVENT_ALERT_SUCCESS;
    event.priority = DDTRACE_EVENT_PRIORITY_LOW;
    CHECK_OK(ddtrace_statsd_send_event(statsd, &event));
    check.name = DDTRACE_TEXT("Redis connection");
    check.status = DDTRACE_CHECK_CRITICAL;
    check.message = DDTRACE_TEXT("timed out");
    CHECK_OK(ddtrace_statsd_send_check(statsd, &check));
    CHECK_OK(ddtrace_statsd_flush(statsd, 20000));

    static const char common[] = "#dd.internal.entity_id:pod-7,env:dev,service:web,version:1.2,team:shop";
    static const char *const lines[] = {
        "shop.count:2|c|%s,country:china,beta\n", "shop.gauge:0.5|g|%s\n",   "shop.histogram:240|h|%s\n",
        "shop.distribution:-1.5|d|%s\n",          "shop.timing:12.25|ms|%s\n", "shop.set:user_1|s|%s\n",
        "shop.count.at:15|c|%s|T1656581400\n",    "shop.gauge.at:15|g|%s|T1656581400\n",
        "shop.odd_name:7|g|%s|T5|card:low\n",     "_e{8,10}:Deployed|two\\nlines|p:low|t:success|%s\n",
        "_sc|Redis connection|2|%s|m:timed out\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char line[256];
        snprintf(line, sizeof line, lines[i], common);
        CHECK_CONTAINS(sent.text, line);
    }
    CHECK(strstr(sent.text, "never") == NULL);
    ddtrace_statsd_counters counters = DDTRACE_STATSD_COUNTERS_INIT;
    CHECK_OK(ddtrace_statsd_get_counters(statsd, &counters));
    CHECK_INT(counters.metrics, 9);
    CHECK_INT(counters.events, 1);
    CHECK_INT(counters.checks, 1);
    CHECK(counters.packets_sent >= 1 && counters.packets_dropped == 0);
    CHECK_INT(counters.bytes_sent + counters.packets_sent, sent.len);
    ddtrace_statsd_free(statsd);
    CHECK_INT(sent.freed, 1);
}

static void values_are_added_up(void)
{
    static struct sent sent;
    ddtrace_statsd *statsd = client(NULL, NO_ORIGIN);
    CHECK_OK(ddtrace_statsd_set_sink(statsd, keep, &sent, free_sent));
    for (int i = 0; i < 1000; i++) {
        CHECK_OK(ddtrace_statsd_count(statsd, TEXT("count"), 1, NULL, 0, 0.1));
        CHECK_OK(ddtrace_statsd_gauge(statsd, TEXT("gauge"), i, NULL, 0, 1));
    }
    ddtrace_statsd *second = ddtrace_statsd_ref(statsd);
    CHECK(second == statsd);
    ddtrace_statsd_free(second);
    CHECK_INT(sent.len, 0);
    CHECK_OK(ddtrace_statsd_shutdown(statsd, 20000));
    CHECK_CONTAINS(sent.text, "count:1000|c");
    CHECK_CONTAINS(sent.text, "gauge:999|g");
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT("count"), 1, NULL, 0, 1), DDTRACE_ERR_SHUTDOWN);
    CHECK_OK(ddtrace_statsd_flush(statsd, 0));
    ddtrace_statsd_free(statsd);
    CHECK_INT(sent.freed, 1);
}

static void bad_input_has_a_status(void)
{
    static struct sent sent;
    static char large[70000];
    ddtrace_statsd *statsd = client(NULL, NULL), *none = NULL;
    ddtrace_metric metric = DDTRACE_METRIC_INIT;
    ddtrace_statsd_event event = DDTRACE_STATSD_EVENT_INIT;
    ddtrace_statsd_check check = DDTRACE_STATSD_CHECK_INIT;
    ddtrace_statsd_options options = DDTRACE_STATSD_OPTIONS_INIT;
    ddtrace_error *error = NULL;
    const ddtrace_str hole[] = { { NULL, 3 } };
    memset(large, 'x', sizeof large);
    CHECK_OK(ddtrace_statsd_set_sink(statsd, keep, &sent, NULL));

    CHECK_STATUS(ddtrace_statsd_count(NULL, TEXT("n"), 1, NULL, 0, 1), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_statsd_count(statsd, NULL, 3, 1, NULL, 0, 1), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT("n"), 1, NULL, 2, 1), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT("n"), 1, hole, 1, 1), DDTRACE_ERR_NULL);
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT(""), 1, NULL, 0, 1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT("n"), 0.0 / 0.0 * 1, NULL, 0, 1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_gauge(statsd, TEXT("n"), 1e308 * 10, NULL, 0, 1), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_count_at(statsd, TEXT("n"), 1, NULL, 0, 0), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_gauge_at(statsd, TEXT("n"), 1, NULL, 0, -5), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_set(statsd, TEXT("n"), TEXT(""), NULL, 0), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_set(statsd, TEXT("n"), large, sizeof large, NULL, 0), DDTRACE_ERR_LIMIT);
    CHECK_STATUS(ddtrace_statsd_send(statsd, NULL), DDTRACE_ERR_NULL);
    metric.name = DDTRACE_TEXT("n");
    metric.kind = 6;
    CHECK_STATUS(ddtrace_statsd_send(statsd, &metric), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_send_event(statsd, &event), DDTRACE_ERR_INVALID);
    event.title = DDTRACE_TEXT("t");
    event.alert = 4;
    CHECK_STATUS(ddtrace_statsd_send_event(statsd, &event), DDTRACE_ERR_INVALID);
    event.alert = 0;
    event.priority = -1;
    CHECK_STATUS(ddtrace_statsd_send_event(statsd, &event), DDTRACE_ERR_INVALID);
    event.priority = 0;
    event.text.ptr = large;
    event.text.len = 8192;
    CHECK_STATUS(ddtrace_statsd_send_event(statsd, &event), DDTRACE_ERR_LIMIT);
    check.name = DDTRACE_TEXT("c");
    check.status = 4;
    CHECK_STATUS(ddtrace_statsd_send_check(statsd, &check), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_get_counters(statsd, NULL), DDTRACE_ERR_NULL);
    CHECK(ddtrace_statsd_get_address(NULL, NULL, 0) == DDTRACE_ABSENT);
    CHECK_STATUS(ddtrace_statsd_flush(NULL, 0), DDTRACE_ERR_NULL);
    CHECK(ddtrace_statsd_ref(NULL) == NULL);
    ddtrace_statsd_free(NULL);
    CHECK_OK(ddtrace_statsd_flush(statsd, 20000));
    CHECK_INT(sent.len, 0);

    options.address = DDTRACE_TEXT("ftp://agent");
    CHECK_STATUS(ddtrace_statsd_new(NULL, &options, &none, &error), DDTRACE_ERR_INVALID);
    CHECK(none == NULL && ddtrace_error_message(error).len > 20);
    ddtrace_error_free(error);
    options.address = (ddtrace_str)DDTRACE_STR_NONE;
    options.aggregation = 9;
    CHECK_STATUS(ddtrace_statsd_new(NULL, &options, &none, NULL), DDTRACE_ERR_INVALID);
    CHECK_STATUS(ddtrace_statsd_new(NULL, NULL, NULL, NULL), DDTRACE_ERR_NULL);
    ddtrace_statsd_free(statsd);
    CHECK_STATUS(ddtrace_statsd_count(statsd, TEXT("n"), 1, NULL, 0, 1), DDTRACE_ERR_HANDLE);
    ddtrace_statsd_free(statsd);
}

static void addresses_can_be_asked_for(void)
{
    static const char *const settings[] = { "DD_DOGSTATSD_HOST", "192.168.10.1", "DD_DOGSTATSD_PORT", "8150", NULL };
    char text[100];
    ddtrace_statsd_options options = DDTRACE_STATSD_OPTIONS_INIT;
    ddtrace_statsd *statsd = client(NULL, settings);
    CHECK_INT(ddtrace_statsd_get_address(statsd, text, sizeof text), 23);
    CHECK_TEXT(text, "udp://192.168.10.1:8150");
    ddtrace_statsd_free(statsd);
    options.address = DDTRACE_TEXT("/var/run/dsd.socket");
    statsd = client(&options, settings);
    ddtrace_statsd_get_address(statsd, text, sizeof text);
    CHECK_TEXT(text, "unix:///var/run/dsd.socket");
    ddtrace_statsd_free(statsd);
}

static int receiver(struct sockaddr_un *address)
{
    int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct timeval patience = { 20, 0 };
    CHECK(descriptor >= 0);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "/tmp/ddtrace-statsd-%d", (int)getpid());
    unlink(address->sun_path);
    CHECK_INT(bind(descriptor, (struct sockaddr *)address, sizeof *address), 0);
    CHECK_INT(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return descriptor;
}

/* The child below ends normally, so that the leak sanitizer would look at what it leaves alone. */
static int is_child;

#ifdef __SANITIZE_ADDRESS__
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return is_child; }
#endif

/* What the parent had gathered is the parent's; a child that ends normally sends its own. */
static void parent_and_child_send_their_own(void)
{
    struct sockaddr_un address;
    int descriptor = receiver(&address), status = -1, seen = 0;
    ddtrace_statsd_options options = DDTRACE_STATSD_OPTIONS_INIT;
    options.address.ptr = address.sun_path;
    options.address.len = DDTRACE_NTS;
    ddtrace_statsd *statsd = client(&options, NO_ORIGIN);
    CHECK_OK(ddtrace_statsd_count(statsd, TEXT("parent"), 1, NULL, 0, 1));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        is_child = 1;
        alarm(60);
        for (int i = 0; i < 3; i++)
            CHECK_OK(ddtrace_statsd_count(statsd, TEXT("child"), 1, NULL, 0, 1));
        /* Not given back: it is sent at exit. */
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_OK(ddtrace_statsd_flush(statsd, 20000));
    while (seen != 3) {
        char text[4096];
        ssize_t len = recv(descriptor, text, sizeof text - 1, 0);
        CHECK(len > 0);
        text[len] = '\0';
        if (strcmp(text, "child:3|c") == 0)
            seen |= 1;
        else if (strcmp(text, "parent:1|c") == 0)
            seen |= 2;
        else
            CHECK_TEXT(text, "one of the two");
    }
    ddtrace_statsd_free(statsd);
    close(descriptor);
    unlink(address.sun_path);
}

static void nothing_is_sent_where_it_is_switched_off(void)
{
    static struct sent sent;
    static const char *const settings[] = { "DD_DOGSTATSD_DISABLE", "yes", NULL };
    ddtrace_statsd *statsd = client(NULL, settings);
    CHECK_OK(ddtrace_statsd_set_sink(statsd, keep, &sent, NULL));
    CHECK_OK(ddtrace_statsd_count(statsd, TEXT("n"), 1, NULL, 0, 1));
    CHECK_OK(ddtrace_statsd_flush(statsd, 20000));
    CHECK_INT(sent.len, 0);
    ddtrace_statsd_free(statsd);
}

int main(void)
{
    RUN(every_kind_of_message_is_sent);
    RUN(values_are_added_up);
    RUN(bad_input_has_a_status);
    RUN(addresses_can_be_asked_for);
    RUN(parent_and_child_send_their_own);
    RUN(nothing_is_sent_where_it_is_switched_off);
    check_no_live_handles();
    return 0;
}
