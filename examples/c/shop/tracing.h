/*
 * What the services of the shop share of tracing: the tracer's life, and the spans around a request that is served
 * and one that is made. A trace goes from one process to the next in the headers.
 */
#ifndef SHOP_TRACING_H
#define SHOP_TRACING_H

#include <ddtrace.h>

#include "http.h"

struct tracing {
    ddtrace_tracer *tracer;
    ddtrace_propagator *propagator;
};

/* Starts tracing for a service. Says on stderr what is wrong if it cannot; the service works without, too. */
void tracing_start(struct tracing *tracing, const char *service);

/* Sends what waits, says what became of the spans, and answers how many handles were forgotten. */
size_t tracing_stop(struct tracing *tracing, const char *service);

/* A span inside this process. */
ddtrace_span *tracing_child(const struct tracing *tracing, const ddtrace_span *parent, const char *name,
                            const char *type, const char *resource, int32_t kind);

/* The span of a request that is served: the root, or the continuation of the caller's trace. */
ddtrace_span *tracing_serve(const struct tracing *tracing, const struct http_message *request, const char *route,
                            uint16_t port);

/* Makes a request inside a client span. Answers the status, or -1. `target` is the path with its query. */
int tracing_call(const struct tracing *tracing, const ddtrace_span *parent, uint16_t port, const char *method,
                 const char *route, const char *target, struct http_message *response);

/* Ends the span of a request, as failed from status 500 on (`failed_from` for a client, that may see it otherwise). */
void tracing_end_http(ddtrace_span *span, int status, int failed_from);

/* Sets a tag whose key and value end with a NUL. */
void tracing_tag(ddtrace_span *span, const char *key, const char *value);

#endif
