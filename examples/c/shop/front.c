/*
 * The shop that customers see. Every request begins a trace here (or continues the customer's), which goes on in the
 * service behind.
 *
 *   front BACK_PORT [REQUESTS]   serves on a free port of 127.0.0.1, which it prints, until REQUESTS were served or
 *                                SIGTERM comes
 *
 *   GET /cart?items=ID,ID…   the products in a cart, and their sum
 *   GET /search?q=TEXT       products with TEXT in their name
 *   POST /checkout?item=ID   orders one product
 *
 * A request may name its customer: &user=NAME.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracing.h"

struct front {
    struct tracing tracing;
    uint16_t port, back_port;
};

static void handle(void *user_data, const struct http_message *request, struct http_reply *reply);
static void show_cart(const struct front *front, ddtrace_span *span, const struct http_message *request,
                      struct http_reply *reply);
static void search(const struct front *front, ddtrace_span *span, const struct http_message *request,
                   struct http_reply *reply);
static void check_out(const struct front *front, ddtrace_span *span, const struct http_message *request,
                      struct http_reply *reply);

static const struct route {
    const char *method, *path;
    void (*run)(const struct front *, ddtrace_span *, const struct http_message *, struct http_reply *);
} routes[] = {
    {"GET", "/cart", show_cart},
    {"GET", "/search", search},
    {"POST", "/checkout", check_out},
};

int main(int argc, char **argv) {
    static struct front front;
    unsigned long back_port = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long requests = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (back_port == 0 || back_port > UINT16_MAX) {
        fprintf(stderr, "usage: front BACK_PORT [REQUESTS]\n");
        return EXIT_FAILURE;
    }
    front.back_port = (uint16_t)back_port;
    http_block_stop_signals();
    int listener = http_listen(&front.port);
    if (listener < 0) {
        perror("front: cannot listen");
        return EXIT_FAILURE;
    }
    tracing_start(&front.tracing, "shop-front");
    printf("front listens on 127.0.0.1:%u\n", (unsigned)front.port);
    fflush(stdout);
    bool served = http_serve(listener, requests, handle, &front);
    close(listener);
    size_t forgotten = tracing_stop(&front.tracing, "front");
    return served && forgotten == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct route *find_route(const struct http_message *request) {
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(request->start[0], routes[i].method) == 0 && strcmp(request->start[1], routes[i].path) == 0)
            return &routes[i];
    return NULL;
}

static void handle(void *user_data, const struct http_message *request, struct http_reply *reply) {
    const struct front *front = user_data;
    const struct route *route = find_route(request);
    char customer[64];
    ddtrace_span *span = tracing_serve(&front->tracing, request, route ? route->path : "", front->port);
    http_query(request, "user", customer, sizeof customer);
    if (*customer) {
        tracing_tag(span, "usr.id", customer);
        ddtrace_span_set_baggage(span, "user.id", DDTRACE_NTS, customer, DDTRACE_NTS);
    }
    reply->status = 404;
    if (route)
        route->run(front, span, request, reply);
    tracing_end_http(span, reply->status, 500);
}

/* Hands a failure of the service behind on to the customer. */
static void fail(ddtrace_span *span, int back_status, struct http_reply *reply) {
    char why[64];
    snprintf(why, sizeof why, "the service behind answered %d", back_status);
    if (back_status < 0)
        snprintf(why, sizeof why, "the service behind does not answer");
    ddtrace_span_set_status(span, DDTRACE_SPAN_STATUS_ERROR, why, DDTRACE_NTS);
    reply->status = 502;
    http_text_clear(&reply->body);
    http_text_print(&reply->body, "sorry, this did not work\n");
}

static void add_priced_event(ddtrace_span *span, unsigned items, unsigned cents) {
    const ddtrace_tag attributes[] = {
        {.key = DDTRACE_STR("cart.items"), .kind = DDTRACE_TAG_I64, .value.i64 = items},
        {.key = DDTRACE_STR("cart.total"), .kind = DDTRACE_TAG_F64, .value.f64 = cents / 100.0},
        {.key = DDTRACE_STR("currency"), .kind = DDTRACE_TAG_STRING, .value.string = DDTRACE_STR("EUR")},
    };
    ddtrace_span_add_event(span, "cart.priced", DDTRACE_NTS, 0, attributes, sizeof attributes / sizeof *attributes);
}

/* Asks the service behind for one product. Answers its status. */
static int fetch_product(const struct front *front, const ddtrace_span *parent, unsigned long id, unsigned *cents,
                         struct http_text *line) {
    char target[64];
    struct http_message answer;
    snprintf(target, sizeof target, "/products/%lu", id);
    int status = tracing_call(&front->tracing, parent, front->back_port, "GET", "/products/{id}", target, &answer);
    if (status != 200)
        return status;
    const char *name = strchr(answer.body, ' ');
    char *end = NULL;
    *cents = name ? (unsigned)strtoul(name, &end, 10) : 0;
    http_text_print(line, "%8u.%02u%s", *cents / 100, *cents % 100, end ? end : "\n");
    return status;
}

static void show_cart(const struct front *front, ddtrace_span *span, const struct http_message *request,
                      struct http_reply *reply) {
    char items[128];
    unsigned count = 0, total = 0;
    http_query(request, "items", items, sizeof items);
    ddtrace_span *render =
        tracing_child(&front->tracing, span, "cart.render", "template", "cart", DDTRACE_SPAN_KIND_INTERNAL);
    reply->status = 200;
    for (char *next = items; *next && reply->status == 200; next += *next == ',') {
        unsigned cents = 0;
        int status = fetch_product(front, render, strtoul(next, &next, 10), &cents, &reply->body);
        next += strcspn(next, ",");
        if (status != 200) {
            fail(span, status, reply);
            break;
        }
        total += cents;
        count++;
    }
    if (reply->status == 200) {
        add_priced_event(render, count, total);
        http_text_print(&reply->body, "%8u.%02u in all\n", total / 100, total % 100);
    }
    ddtrace_span_end(render, NULL);
}

static void search(const struct front *front, ddtrace_span *span, const struct http_message *request,
                   struct http_reply *reply) {
    char text[64], target[128];
    struct http_message answer;
    http_query(request, "q", text, sizeof text);
    snprintf(target, sizeof target, "/search?q=%s", text);
    int status = tracing_call(&front->tracing, span, front->back_port, "GET", "/search", target, &answer);
    if (status != 200) {
        fail(span, status, reply);
        return;
    }
    reply->status = 200;
    http_text_append(&reply->body, answer.body, strlen(answer.body));
}

static void check_out(const struct front *front, ddtrace_span *span, const struct http_message *request,
                      struct http_reply *reply) {
    char item[16], target[64];
    struct http_message answer;
    http_query(request, "item", item, sizeof item);
    snprintf(target, sizeof target, "/orders?item=%s", item);
    int status = tracing_call(&front->tracing, span, front->back_port, "POST", "/orders", target, &answer);
    if (status != 201) {
        fail(span, status, reply);
        return;
    }
    reply->status = 201;
    http_text_append(&reply->body, answer.body, strlen(answer.body));
}
