#define _GNU_SOURCE
#include "http.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../c/agent_info.h"
#include "otlp.h"

#define HEAD_LIMIT 16384
#define BODY_LIMIT (64u << 20)
#define DISCARD_AT_ONCE (1u << 20)

struct connection {
    int fd;
    bool answers;
    char head[HEAD_LIMIT + 1];
    size_t head_length;
    bool in_body;
    size_t body_left;
    /* Kept only where the spans have to be counted in the body (OTLP). */
    uint8_t *body;
    size_t body_length, body_capacity;
};

static struct {
    uint64_t requests, trace_requests, trace_bytes, traces, otlp_spans, stats_requests;
} counts;

connection *connection_new(int fd, bool answers) {
    connection *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->fd = fd;
    self->answers = answers;
    return self;
}

void connection_free(connection *self) {
    close(self->fd);
    free(self->body);
    free(self);
}

static bool is(const connection *self, const char *method_and_path) {
    size_t length = strlen(method_and_path);
    return strncmp(self->head, method_and_path, length) == 0 && strchr(" ?", self->head[length]) != NULL;
}

static bool is_otlp(const connection *self) { return is(self, "POST /v1/traces"); }

static bool is_agent_traces(const connection *self) {
    static const char *const PATHS[] = { "/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.7/traces", "/v1.0/traces" };
    const char *path = strchr(self->head, ' ');
    for (size_t i = 0; path != NULL && i < sizeof PATHS / sizeof *PATHS; i++)
        if (strncmp(path + 1, PATHS[i], strlen(PATHS[i])) == 0) return true;
    return false;
}

/* The value of a header, or NULL. `name` ends with a colon. */
static const char *header(const connection *self, const char *name) {
    for (const char *line = strstr(self->head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0) return line + strlen(name);
    }
    return NULL;
}

static uint64_t number(const char *text) { return text == NULL ? 0 : strtoull(text, NULL, 10); }

static bool send_all(int fd, const char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);
        if (sent <= 0) return false; /* answers are small: a full socket means that nobody reads */
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool answer(const connection *self, const char *status, const char *type, const char *body) {
    char text[2048];
    int length = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status, type, strlen(body), body);
    return length > 0 && (size_t)length < sizeof text && send_all(self->fd, text, (size_t)length);
}

static bool answer_counts(const connection *self) {
    char body[512];
    snprintf(body, sizeof body,
             "{\"requests\":%" PRIu64 ",\"trace_requests\":%" PRIu64 ",\"trace_bytes\":%" PRIu64 ",\"traces\":%" PRIu64
             ",\"otlp_spans\":%" PRIu64 ",\"stats_requests\":%" PRIu64 "}",
             counts.requests, counts.trace_requests, counts.trace_bytes, counts.traces, counts.otlp_spans, counts.stats_requests);
    return answer(self, "200 OK", "application/json", body);
}

static bool finish_request(connection *self) {
    if (is(self, "GET /bench")) return answer_counts(self);
    if (is(self, "POST /bench/reset")) return memset(&counts, 0, sizeof counts), answer_counts(self);
    if (!self->answers) return true;
    counts.requests++;
    if (is(self, "GET /info")) return answer(self, "200 OK", "application/json", AGENT_INFO);
    if (is_otlp(self)) {
        counts.otlp_spans += otlp_spans(self->body, self->body_length);
        return answer(self, "200 OK", "application/x-protobuf", "");
    }
    if (is_agent_traces(self)) {
        counts.traces += number(header(self, "X-Datadog-Trace-Count:"));
        return answer(self, "200 OK", "application/json", AGENT_RATES);
    }
    counts.stats_requests += is(self, "POST /v0.6/stats");
    return answer(self, "200 OK", "application/json", "{}");
}

static bool keep(connection *self, const char *data, size_t length) {
    if (self->body_length + length > self->body_capacity) {
        size_t capacity = (self->body_length + length) * 2;
        uint8_t *grown = capacity > BODY_LIMIT ? NULL : realloc(self->body, capacity);
        if (grown == NULL) return false;
        self->body = grown;
        self->body_capacity = capacity;
    }
    memcpy(self->body + self->body_length, data, length);
    self->body_length += length;
    return true;
}

/* The head is whole: what follows it in the buffer is body, and perhaps the next request. */
static bool begin_body(connection *self, const char *end_of_head) {
    if (header(self, "Transfer-Encoding:") != NULL) return answer(self, "411 Length Required", "text/plain", ""), false;
    const char *expect = header(self, "Expect:");
    if (expect != NULL && !send_all(self->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return false;
    self->body_left = number(header(self, "Content-Length:"));
    self->body_length = 0;
    self->in_body = true;
    if (is_otlp(self) || is_agent_traces(self)) {
        counts.trace_requests++;
        counts.trace_bytes += self->body_left;
    }
    size_t head_size = (size_t)(end_of_head - self->head);
    size_t rest = self->head_length - head_size;
    size_t of_body = rest < self->body_left ? rest : self->body_left;
    if (is_otlp(self) && !keep(self, end_of_head, of_body)) return false;
    self->body_left -= of_body;
    if (self->body_left > 0) return true;
    if (!finish_request(self)) return false;
    self->in_body = false;
    self->head_length = rest - of_body;
    memmove(self->head, end_of_head + of_body, self->head_length);
    return true;
}

static bool advance_heads(connection *self) {
    while (!self->in_body) {
        self->head[self->head_length] = '\0';
        const char *end = strstr(self->head, "\r\n\r\n");
        if (end == NULL) return self->head_length < HEAD_LIMIT;
        if (!begin_body(self, end + 4)) return false;
    }
    return true;
}

/* Bytes that nobody looks at are dropped inside the kernel (MSG_TRUNC), not copied out first. */
static ssize_t take_body(connection *self) {
    char buffer[65536];
    size_t most = self->body_left < DISCARD_AT_ONCE ? self->body_left : DISCARD_AT_ONCE;
    if (!is_otlp(self)) return recv(self->fd, NULL, most, MSG_TRUNC);
    ssize_t got = recv(self->fd, buffer, most < sizeof buffer ? most : sizeof buffer, 0);
    return got > 0 && !keep(self, buffer, (size_t)got) ? 0 : got;
}

static ssize_t take_head(connection *self) {
    ssize_t got = recv(self->fd, self->head + self->head_length, HEAD_LIMIT - self->head_length, 0);
    if (got > 0) self->head_length += (size_t)got;
    return got;
}

bool connection_read(connection *self) {
    for (;;) {
        ssize_t got = self->in_body ? take_body(self) : take_head(self);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) return false;
        if (!self->in_body) {
            if (!advance_heads(self)) return false;
            continue;
        }
        self->body_left -= (size_t)got;
        if (self->body_left > 0) continue;
        if (!finish_request(self)) return false;
        self->in_body = false;
        self->head_length = 0;
    }
}
