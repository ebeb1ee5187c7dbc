/* Does what its arguments say, one after the other, and prints what they ask for. The tracer is configured by the environment alone.
 *
 *     header NAME VALUE      a header of the request that comes in
 *     extract                makes a context of the headers so far, and forgets them
 *     root NAME              starts a span below that context, or a new trace
 *     child NAME             starts a span below the one that was started last
 *     remote NAME            starts a span below the context of the one that was started last
 *     tag KEY VALUE, number KEY VALUE, resource TEXT, service TEXT, baggage KEY VALUE, override PRIORITY, keep PRODUCT
 *                            of the span that was started last
 *     inject, inject-context prints "NAME VALUE" for each header of the span that was started last, or of the context, and then "."
 *     end                    ends the span that was started last
 *     rules JSON RATE        what remote configuration asks for; "-" for nothing
 *     products MASK          which products work
 *     flush, sleep MILLISECONDS
 */
#include "check.h"

#include <time.h>

#define MOST 512

static ddtrace_tracer *tracer;
static ddtrace_propagator *propagator;
static ddtrace_context *context;
static ddtrace_str headers[MOST];
static size_t header_count;
static ddtrace_span *spans[MOST];
static size_t span_count;

static ddtrace_span *last(void)
{
    CHECK(span_count > 0);
    return spans[span_count - 1];
}

static void start(const char *name, const ddtrace_span *span, const ddtrace_context *parent)
{
    ddtrace_span_options options = DDTRACE_SPAN_OPTIONS_INIT;
    CHECK(span_count < MOST);
    options.name.ptr = name;
    options.name.len = DDTRACE_NTS;
    options.parent_span = span;
    options.parent_context = parent;
    CHECK_OK(ddtrace_span_start(tracer, &options, &spans[span_count++], NULL));
}

static void start_below_context_of_last(const char *name)
{
    ddtrace_context *of_last = NULL;
    CHECK_OK(ddtrace_span_get_context(last(), &of_last));
    start(name, NULL, of_last);
    ddtrace_context_free(of_last);
}

static void print_header(void *user_data, ddtrace_str name, ddtrace_str value)
{
    (void)user_data;
    printf("%.*s %.*s\n", (int)name.len, name.ptr, (int)value.len, value.ptr);
}

static void set_remote_sampling(const char *rules, const char *rate)
{
    double number = atof(rate);
    int has_rules = strcmp(rules, "-") != 0, has_rate = strcmp(rate, "-") != 0;
    CHECK_OK(ddtrace_tracer_set_remote_sampling(tracer, has_rules ? rules : NULL, has_rules ? DDTRACE_NTS : 0,
                                                has_rate ? &number : NULL, NULL));
}

static void sleep_for(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* Does one step; how many arguments it took. */
static int step(const char *what, char **given)
{
    if (strcmp(what, "header") == 0) {
        CHECK(header_count + 2 <= MOST);
        for (int i = 0; i < 2; i++) {
            headers[header_count].ptr = given[i];
            headers[header_count++].len = DDTRACE_NTS;
        }
        return 2;
    }
    if (strcmp(what, "extract") == 0) {
        ddtrace_context_free(context);
        CHECK_OK(ddtrace_propagator_extract(propagator, headers, header_count / 2, &context));
        header_count = 0;
        return 0;
    }
    if (strcmp(what, "root") == 0) return start(given[0], NULL, context), 1;
    if (strcmp(what, "child") == 0) return start(given[0], last(), NULL), 1;
    if (strcmp(what, "remote") == 0) return start_below_context_of_last(given[0]), 1;
    if (strcmp(what, "tag") == 0) {
        CHECK_OK(ddtrace_span_set_tag(last(), given[0], DDTRACE_NTS, given[1], DDTRACE_NTS));
        return 2;
    }
    if (strcmp(what, "number") == 0) {
        CHECK_OK(ddtrace_span_set_tag_f64(last(), given[0], DDTRACE_NTS, atof(given[1])));
        return 2;
    }
    if (strcmp(what, "baggage") == 0) {
        CHECK_OK(ddtrace_span_set_baggage(last(), given[0], DDTRACE_NTS, given[1], DDTRACE_NTS));
        return 2;
    }
    if (strcmp(what, "resource") == 0) CHECK_OK(ddtrace_span_set_resource(last(), given[0], DDTRACE_NTS));
    else if (strcmp(what, "service") == 0) CHECK_OK(ddtrace_span_set_service(last(), given[0], DDTRACE_NTS));
    else if (strcmp(what, "override") == 0) CHECK_OK(ddtrace_span_override_sampling(last(), atoi(given[0])));
    else if (strcmp(what, "keep") == 0) CHECK_OK(ddtrace_span_keep_for(last(), (uint32_t)atoi(given[0])));
    else if (strcmp(what, "products") == 0) ddtrace_set_active_products((uint32_t)atoi(given[0]));
    else if (strcmp(what, "sleep") == 0) sleep_for(atol(given[0]));
    else if (strcmp(what, "rules") == 0) return set_remote_sampling(given[0], given[1]), 2;
    else {
        if (strcmp(what, "inject") == 0) {
            CHECK_OK(ddtrace_propagator_inject_span_with(propagator, last(), print_header, NULL));
            puts(".");
        } else if (strcmp(what, "inject-context") == 0) {
            CHECK_OK(ddtrace_propagator_inject_context_with(propagator, context, print_header, NULL));
            puts(".");
        } else if (strcmp(what, "end") == 0) {
            CHECK_OK(ddtrace_span_end(last(), NULL));
            span_count--;
        } else if (strcmp(what, "flush") == 0) {
            CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
        } else {
            fprintf(stderr, "unknown step \"%s\"\n", what);
            exit(2);
        }
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    CHECK_OK(ddtrace_tracer_new(NULL, &tracer, NULL));
    CHECK_OK(ddtrace_propagator_new(NULL, &propagator, NULL));
    for (int i = 1; i < argc; i++) {
        /* The names of steps that lack arguments are followed by NULL, which no function takes. */
        i += step(argv[i], &argv[i + 1]);
    }
    while (span_count > 0)
        step("end", NULL);
    CHECK_OK(ddtrace_tracer_flush(tracer, 60000));
    ddtrace_context_free(context);
    ddtrace_propagator_free(propagator);
    CHECK_OK(ddtrace_tracer_shutdown(tracer, 60000));
    ddtrace_tracer_free(tracer);
    CHECK_INT(ddtrace_live_handles(DDTRACE_HANDLE_ANY), 0);
    return 0;
}
