/*
 * The service behind the shop: products and orders. It continues the traces that its callers begin.
 *
 *   back [REQUESTS]    serves on a free port of 127.0.0.1, which it prints, until REQUESTS were served or SIGTERM comes
 *
 *   GET /products/ID     one product: from the cache, or from the table
 *   GET /search?q=TEXT   all products with TEXT in their name: reads the whole table, slowly
 *   POST /orders?item=ID takes one piece from the stock; fails where none is left
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "tracing.h"

#define SEARCH_LIMIT 20

struct back {
    struct tracing tracing;
    uint16_t port;
};

static void handle(void *user_data, const struct http_message *request, struct http_reply *reply);
static void show_product(const struct back *back, ddtrace_span *span, const struct http_message *request,
                         struct http_reply *reply);
static void search(const struct back *back, ddtrace_span *span, const struct http_message *request,
                   struct http_reply *reply);
static void take_order(const struct back *back, ddtrace_span *span, const struct http_message *request,
                       struct http_reply *reply);

static const struct route {
    const char *method, *path; /* a path with a slash at its end stands for all below it */
    const char *name;
    void (*run)(const struct back *, ddtrace_span *, const struct http_message *, struct http_reply *);
} routes[] = {
    {"GET", "/products/", "/products/{id}", show_product},
    {"GET", "/search", "/search", search},
    {"POST", "/orders", "/orders", take_order},
};

int main(int argc, char **argv) {
    static struct back back;
    unsigned long requests = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    http_block_stop_signals();
    int listener = http_listen(&back.port);
    if (listener < 0) {
        perror("back: cannot listen");
        return EXIT_FAILURE;
    }
    tracing_start(&back.tracing, "shop-back");
    printf("back listens on 127.0.0.1:%u\n", (unsigned)back.port);
    fflush(stdout);
    bool served = http_serve(listener, requests, handle, &back);
    close(listener);
    size_t forgotten = tracing_stop(&back.tracing, "back");
    return served && forgotten == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct route *find_route(const struct http_message *request) {
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const char *path = routes[i].path;
        size_t len = strlen(path);
        bool matches = path[len - 1] == '/' ? strncmp(request->start[1], path, len) == 0
                                            : strcmp(request->start[1], path) == 0;
        if (matches && strcmp(request->start[0], routes[i].method) == 0)
            return &routes[i];
    }
    return NULL;
}

static void handle(void *user_data, const struct http_message *request, struct http_reply *reply) {
    const struct back *back = user_data;
    const struct route *route = find_route(request);
    ddtrace_span *span = tracing_serve(&back->tracing, request, route ? route->name : "", back->port);

    /* The front service put the customer into the baggage, which came along with the trace. */
    char customer[64];
    if (ddtrace_span_get_baggage(span, "user.id", DDTRACE_NTS, customer, sizeof customer) < sizeof customer)
        tracing_tag(span, "usr.id", customer);

    reply->status = 404;
    if (route)
        route->run(back, span, request, reply);
    tracing_end_http(span, reply->status, 500);
}

/* A span around one statement. */
static ddtrace_span *start_query(const struct back *back, const ddtrace_span *parent, const char *statement) {
    ddtrace_span *span =
        tracing_child(&back->tracing, parent, "db.query", "sql", statement, DDTRACE_SPAN_KIND_CLIENT);
    tracing_tag(span, "db.system", "other_sql");
    tracing_tag(span, "db.name", "shop");
    return span;
}

static void end_query(ddtrace_span *span, size_t rows) {
    ddtrace_span_set_tag_i64(span, "db.row_count", DDTRACE_NTS, (int64_t)rows);
    ddtrace_span_end(span, NULL);
}

/* A hit is linked to the span that filled the entry, which mostly is one of another trace. */
static void link_to_filler(ddtrace_span *span, const ddtrace_span_ids *filled_by) {
    const ddtrace_tag why = {
        .key = DDTRACE_STR("link.reason"),
        .kind = DDTRACE_TAG_STRING,
        .value.string = DDTRACE_STR("filled the cache entry"),
    };
    ddtrace_link link = DDTRACE_LINK_INIT;
    link.trace_id_high = filled_by->trace_id_high;
    link.trace_id_low = filled_by->trace_id_low;
    link.span_id = filled_by->span_id;
    link.attributes = &why;
    link.attributes_len = 1;
    ddtrace_span_add_link(span, &link);
}

static bool product_from_cache(const struct back *back, const ddtrace_span *parent, unsigned id,
                               struct product *product) {
    char key[32];
    ddtrace_span_ids filled_by;
    snprintf(key, sizeof key, "GET product:%u", id);
    ddtrace_span *span = tracing_child(&back->tracing, parent, "cache.get", "cache", key, DDTRACE_SPAN_KIND_INTERNAL);
    bool hit = cache_get(id, product, &filled_by);
    ddtrace_span_set_tag_bool(span, "cache.hit", DDTRACE_NTS, hit);
    ddtrace_span_set_tag_i64(span, "db.row_count", DDTRACE_NTS, hit);
    if (hit)
        link_to_filler(span, &filled_by);
    ddtrace_span_end(span, NULL);
    return hit;
}

static bool product_from_table(const struct back *back, const ddtrace_span *parent, unsigned id,
                               struct product *product) {
    ddtrace_span_ids ids = {0, 0, 0, 0};
    ddtrace_span *span = start_query(back, parent, "SELECT id, name, cents, stock FROM products WHERE id = ?");
    bool found = store_select(id, product) == STORE_OK;
    if (found && ddtrace_span_get_ids(span, &ids) == DDTRACE_OK)
        cache_put(product, &ids);
    end_query(span, found);
    return found;
}

static void show_product(const struct back *back, ddtrace_span *span, const struct http_message *request,
                         struct http_reply *reply) {
    struct product product;
    unsigned id = (unsigned)strtoul(request->start[1] + strlen("/products/"), NULL, 10);
    ddtrace_span_set_tag_i64(span, "product.id", DDTRACE_NTS, id);
    if (!product_from_cache(back, span, id, &product) && !product_from_table(back, span, id, &product))
        return;
    reply->status = 200;
    http_text_print(&reply->body, "%u %u %s\n", product.id, product.cents, product.name);
}

static void search(const struct back *back, ddtrace_span *span, const struct http_message *request,
                   struct http_reply *reply) {
    char text[64];
    struct product found[SEARCH_LIMIT];
    http_query(request, "q", text, sizeof text);
    ddtrace_span *query = start_query(back, span, "SELECT id, name, cents, stock FROM products WHERE name LIKE ?");
    size_t rows = store_search(text, found, SEARCH_LIMIT);
    end_query(query, rows);
    reply->status = 200;
    for (size_t i = 0; i < rows; i++)
        http_text_print(&reply->body, "%u %u %s\n", found[i].id, found[i].cents, found[i].name);
}

static void fail_query(ddtrace_span *query, unsigned id) {
    const char *type = "shop.ConstraintViolation";
    const ddtrace_tag row = {.key = DDTRACE_STR("product.id"), .kind = DDTRACE_TAG_I64, .value.i64 = id};
    char message[96];
    snprintf(message, sizeof message, "products.stock must not become negative (id %u)", id);
    /* The event says what happened when; the error tags say how the span ended. */
    ddtrace_span_record_exception(query, type, DDTRACE_NTS, message, DDTRACE_NTS, NULL, 0, &row, 1);
    ddtrace_span_set_exception(query, type, DDTRACE_NTS, message, DDTRACE_NTS, NULL, 0);
}

static void take_order(const struct back *back, ddtrace_span *span, const struct http_message *request,
                       struct http_reply *reply) {
    char item[16];
    http_query(request, "item", item, sizeof item);
    unsigned id = (unsigned)strtoul(item, NULL, 10);
    ddtrace_span *query = start_query(back, span, "UPDATE products SET stock = stock - 1 WHERE id = ?");
    enum store_result result = store_take(id);
    if (result == STORE_CONSTRAINT) {
        fail_query(query, id);
        ddtrace_span_set_status(span, DDTRACE_SPAN_STATUS_ERROR, "the order was not taken", DDTRACE_NTS);
        reply->status = 500;
    } else if (result == STORE_OK) {
        cache_forget(id);
        reply->status = 201;
        http_text_print(&reply->body, "ordered %u\n", id);
    }
    end_query(query, result == STORE_OK);
}
