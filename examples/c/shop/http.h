/*
 * Just enough HTTP/1.1 for the shop: a server with a few threads, and a client. Loopback only, one request per
 * connection, every message bounded. It knows nothing of traces.
 */
#ifndef SHOP_HTTP_H
#define SHOP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_MAX_TEXT 32768
#define HTTP_MAX_HEADERS 64

/* Text of bounded size. What does not fit is left out, and `full` remembers it. */
struct http_text {
    size_t len;
    bool full;
    char bytes[HTTP_MAX_TEXT]; /* always ends with a NUL */
};

void http_text_clear(struct http_text *text);
void http_text_append(struct http_text *text, const char *bytes, size_t len);
void http_text_print(struct http_text *text, const char *format, ...);

struct http_header {
    const char *name, *value;
};

/* A request or a response that was read; everything points into `text`. */
struct http_message {
    const char *start[3]; /* request: method, path, version; response: version, status, reason */
    const char *query;    /* of a request, without the question mark; may be empty */
    struct http_header headers[HTTP_MAX_HEADERS];
    size_t headers_len;
    const char *body;
    struct http_text text;
};

/* The value of a header, or NULL. */
const char *http_header(const struct http_message *message, const char *name);

/* Copies the value of a query parameter, empty if it is not there. */
void http_query(const struct http_message *request, const char *key, char *value, size_t cap);

struct http_reply {
    int status;
    struct http_text body;
};

typedef void (*http_handler)(void *user_data, const struct http_message *request, struct http_reply *reply);

/* Listens on a free port of 127.0.0.1. Answers the socket, or -1. */
int http_listen(uint16_t *port);

/* Serves until `max_requests` (0: no limit) were accepted, or SIGTERM or SIGINT came; answers when all are done. */
bool http_serve(int listener, unsigned long max_requests, http_handler handler, void *user_data);

/* Blocks the signals that end http_serve. Call it before the first thread starts, so that all threads inherit it. */
void http_block_stop_signals(void);

/* Sends a request and reads the response. Answers its status, or -1 if none came. */
int http_call(uint16_t port, const struct http_text *request, struct http_message *response);

#endif
