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
 *   leave             the process ends by itself, with its tracers
 *   add               a dependency, an integration, an endpoint, a setting and a product are told of
 *   metric KIND       a value of the metric "own.KIND", of this kind
 *   log LEVEL         a message of this level
 *   inject            the headers of a span are written
 *   tagged COMPONENT  a span of an integration
 *   parts             a trace of ten spans, one of which ends later than the others
 *   continue          a span of a trace that began elsewhere
 *   set NAME VALUE    the tracer works with this setting, and no other from code
 *   ask INTEGRATION   what the settings say of an integration, for which code has named a service
 *   broken            an integration that does not work
 *   collector MS      a collector of runtime metrics is asked, which takes so long; below ten seconds that is waited for
 *   variables         what the environment of another program should have is printed
 *   listen            requests of telemetry and settings that change are printed
 *   tell TIMEOUT      telemetry is flushed; it says whether it was taken
 *   stats             telemetry's numbers are printed
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

static void add(void)
{
    ddtrace_tracer *tracer = tracers[count - 1];
    ddtrace_integration integration = DDTRACE_INTEGRATION_INIT;
    ddtrace_endpoint endpoint = DDTRACE_ENDPOINT_INIT;
    CHECK_OK(ddtrace_telemetry_add_dependency(tracer, TEXT("openssl"), TEXT("3.0")));
    integration.name = DDTRACE_TEXT("redis");
    integration.enabled = 1;
    integration.auto_enabled = 2;
    CHECK_OK(ddtrace_telemetry_add_integration(tracer, &integration));
    endpoint.operation_name = DDTRACE_TEXT("http.request");
    endpoint.resource_name = DDTRACE_TEXT("GET /users/{id}");
    CHECK_OK(ddtrace_telemetry_add_endpoint(tracer, &endpoint));
    CHECK_OK(ddtrace_telemetry_add_config(tracer, TEXT("DD_TRACE_SAMPLE_RATE"), TEXT("0.5"), TEXT("code"), NULL, 0));
    CHECK_OK(ddtrace_telemetry_set_product(tracer, TEXT("appsec"), 1, NULL, 0, 0, NULL, 0));
}

static void inject(void)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    ddtrace_propagator *propagator = NULL;
    char headers[4096];
    size_t needed = 0;
    options.name = DDTRACE_TEXT("injected");
    CHECK_OK(ddtrace_span_start(tracers[count - 1], &options, &span, NULL));
    CHECK_OK(ddtrace_propagator_new(NULL, &propagator, NULL));
    CHECK_OK(ddtrace_propagator_inject_span(propagator, span, headers, sizeof headers, &needed));
    ddtrace_propagator_free(propagator);
    CHECK_OK(ddtrace_span_end(span, NULL));
}

static ddtrace_span *start(ddtrace_span *parent)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *started = NULL;
    options.name = DDTRACE_TEXT("operation");
    options.parent_span = parent;
    CHECK_OK(ddtrace_span_start(tracers[count - 1], &options, &started, NULL));
    return started;
}

static void tagged(const char *component)
{
    ddtrace_span *span = start(NULL);
    CHECK_OK(ddtrace_span_set_tag(span, TEXT("component"), component, DDTRACE_NTS));
    CHECK_OK(ddtrace_span_end(span, NULL));
}

static void in_parts(void)
{
    ddtrace_span *root = start(NULL);
    for (int i = 0; i < 9; i++)
        CHECK_OK(ddtrace_span_end(start(root), NULL));
    CHECK_OK(ddtrace_span_end(root, NULL));
}

static void set(const char *name, const char *value)
{
    ddtrace_config *config = NULL;
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_set(config, name, DDTRACE_NTS, value, DDTRACE_NTS, NULL));
    CHECK_OK(ddtrace_tracer_configure(tracers[count - 1], config, 0, 20000, NULL));
    ddtrace_config_free(config);
}

static void ask(const char *integration)
{
    ddtrace_config *config = NULL;
    char text[64];
    CHECK_OK(ddtrace_config_new(&config));
    CHECK_OK(ddtrace_config_integration_set(config, integration, DDTRACE_NTS, TEXT("service"), TEXT("coded"), NULL));
    CHECK_INT(ddtrace_config_integration_get(config, integration, DDTRACE_NTS, TEXT("service"), text, sizeof text), 5);
    ddtrace_config_integration_get(config, integration, DDTRACE_NTS, TEXT("enabled"), text, sizeof text);
    ddtrace_config_free(config);
}

static void print_variable(void *user_data, ddtrace_str name, ddtrace_str value)
{
    (void)user_data;
    printf("variable %.*s=%.*s\n", (int)name.len, name.ptr, (int)value.len, value.ptr);
}

static void print_value(const ddtrace_value *value)
{
    if (value->kind == DDTRACE_VALUE_STRING)
        printf(" %.*s", (int)value->content.string.len, value->content.string.ptr);
    else if (value->kind == DDTRACE_VALUE_I64)
        printf(" %d", (int)value->content.i64);
    else
        printf(" -");
}

static ddtrace_status print_event(void *user_data, ddtrace_str event, const ddtrace_value *arguments, size_t len, ddtrace_value *result)
{
    (void)user_data;
    (void)result;
    flockfile(stdout);
    printf("event %.*s", (int)event.len, event.ptr);
    for (size_t i = 0; i < len; i++)
        print_value(&arguments[i]);
    printf("\n");
    funlockfile(stdout);
    return DDTRACE_OK;
}

static void listen_to_events(void)
{
    CHECK_OK(ddtrace_hub_on(TEXT("telemetry.sent"), NULL, 0, print_event, NULL, NULL, NULL));
    CHECK_OK(ddtrace_hub_on(TEXT("config.changed"), NULL, 0, print_event, NULL, NULL, NULL));
}

static int has_collected;

static size_t collect_slowly(void *user_data, ddtrace_metric *out, size_t cap)
{
    (void)out;
    (void)cap;
    usleep(*(useconds_t *)user_data * 1000);
    __atomic_store_n(&has_collected, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void ask_collector(int milliseconds)
{
    static useconds_t patience;
    uint64_t id = 0;
    patience = (useconds_t)milliseconds;
    CHECK_OK(ddtrace_runtime_metrics_add_collector(TEXT("toy"), collect_slowly, &patience, NULL, &id));
    CHECK_OK(ddtrace_tracer_collect_metrics(tracers[count - 1]));
    for (int i = 0; i < 2000 && milliseconds < 10000 && !__atomic_load_n(&has_collected, __ATOMIC_SEQ_CST); i++)
        usleep(10000);
}

static void break_one(void)
{
    ddtrace_integration integration = DDTRACE_INTEGRATION_INIT;
    integration.name = DDTRACE_TEXT("kafka");
    integration.error = DDTRACE_TEXT("ImportError: something of the user's");
    CHECK_OK(ddtrace_telemetry_add_integration(tracers[count - 1], &integration));
}

static void go_on(void)
{
    static const ddtrace_str headers[] = { DDTRACE_STR("x-datadog-trace-id"), DDTRACE_STR("7"), DDTRACE_STR("x-datadog-parent-id"),
                                           DDTRACE_STR("8") };
    ddtrace_propagator *propagator = NULL;
    ddtrace_context *context = NULL;
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    ddtrace_span *span = NULL;
    CHECK_OK(ddtrace_propagator_new(NULL, &propagator, NULL));
    CHECK_OK(ddtrace_propagator_extract(propagator, headers, 2, &context));
    options.name = DDTRACE_TEXT("continued");
    options.parent_context = context;
    CHECK_OK(ddtrace_span_start(tracers[count - 1], &options, &span, NULL));
    CHECK_OK(ddtrace_span_end(span, NULL));
    ddtrace_context_free(context);
    ddtrace_propagator_free(propagator);
}

static void print_stats(void)
{
    ddtrace_telemetry_stats stats = DDTRACE_TELEMETRY_STATS_INIT;
    CHECK_OK(ddtrace_telemetry_get_stats(tracers[count - 1], &stats));
    printf("stats requests=%d delivered=%d failed=%d dropped=%d accepted=%d\n", (int)stats.requests, (int)stats.requests_delivered,
           (int)stats.requests_failed, (int)stats.dropped, (int)stats.is_accepted);
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
        CHECK_OK(ddtrace_tracer_flush(tracers[count - 1], 60000));
    } else if (strcmp(name, "shutdown") == 0) {
        end_last();
    } else if (strcmp(name, "add") == 0) {
        add();
    } else if (strcmp(name, "inject") == 0) {
        inject();
    } else if (strcmp(name, "tagged") == 0 || strcmp(name, "ask") == 0) {
        CHECK(argument[1] != NULL);
        (strcmp(name, "ask") == 0 ? ask : tagged)(argument[1]);
        return 2;
    } else if (strcmp(name, "collector") == 0) {
        CHECK(argument[1] != NULL);
        ask_collector(atoi(argument[1]));
        return 2;
    } else if (strcmp(name, "parts") == 0) {
        in_parts();
    } else if (strcmp(name, "continue") == 0) {
        go_on();
    } else if (strcmp(name, "set") == 0) {
        CHECK(argument[1] != NULL && argument[2] != NULL);
        set(argument[1], argument[2]);
        return 3;
    } else if (strcmp(name, "broken") == 0) {
        break_one();
    } else if (strcmp(name, "variables") == 0) {
        CHECK_OK(ddtrace_telemetry_each_session_variable(tracers[count - 1], print_variable, NULL));
    } else if (strcmp(name, "listen") == 0) {
        listen_to_events();
    } else if (strcmp(name, "metric") == 0) {
        CHECK(argument[1] != NULL);
        char own[16];
        snprintf(own, sizeof own, "own.%.4s", argument[1]);
        CHECK_OK(ddtrace_telemetry_record(tracers[count - 1], TEXT("appsec"), own, DDTRACE_NTS, atoi(argument[1]), 2, NULL, 0, 1));
        return 2;
    } else if (strcmp(name, "log") == 0) {
        CHECK(argument[1] != NULL);
        CHECK_OK(ddtrace_telemetry_log(tracers[count - 1], atoi(argument[1]), TEXT("a message"), NULL, 0, TEXT("a:b"), 0));
        return 2;
    } else if (strcmp(name, "tell") == 0) {
        CHECK(argument[1] != NULL);
        printf("told %d\n", (int)ddtrace_telemetry_flush(tracers[count - 1], (uint32_t)atoi(argument[1])));
        return 2;
    } else if (strcmp(name, "stats") == 0) {
        print_stats();
    } else if (strcmp(name, "leave") == 0) {
        exit(0);
    } else if (strcmp(name, "die") == 0) {
        fflush(stdout);
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
