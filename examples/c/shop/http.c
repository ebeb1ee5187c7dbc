#define _POSIX_C_SOURCE 200809L

#include "http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WORKERS 4
#define WAITING 16
#define PEER_TIMEOUT_SECONDS 5

struct server {
    http_handler handler;
    void *user_data;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting[WAITING]; /* accepted connections, a ring */
    size_t first, count;
    bool stopping;
};

static volatile sig_atomic_t stop_asked;

static void accept_until_stopped(struct server *server, int listener, unsigned long max_requests);
static void *work(void *server);
static void answer(const struct server *server, int connection);
static bool read_message(int connection, struct http_message *message);
static bool parse_head(struct http_message *message, char *head);
static bool send_all(int connection, const char *bytes, size_t len);
static void limit_waiting(int connection);

static void ask_to_stop(int signal_number) {
    (void)signal_number;
    stop_asked = 1;
}

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Server */

int http_listen(uint16_t *port) {
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0)
        return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        close(listener);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

void http_block_stop_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

bool http_serve(int listener, unsigned long max_requests, http_handler handler, void *user_data) {
    struct server server;
    pthread_t workers[WORKERS];
    size_t started = 0;
    memset(&server, 0, sizeof server);
    server.handler = handler;
    server.user_data = user_data;
    pthread_mutex_init(&server.lock, NULL);
    pthread_cond_init(&server.changed, NULL);
    while (started < WORKERS && pthread_create(&workers[started], NULL, work, &server) == 0)
        started++;
    if (started > 0)
        accept_until_stopped(&server, listener, max_requests);

    pthread_mutex_lock(&server.lock);
    server.stopping = true;
    pthread_cond_broadcast(&server.changed);
    pthread_mutex_unlock(&server.lock);
    for (size_t i = 0; i < started; i++)
        pthread_join(workers[i], NULL);
    pthread_cond_destroy(&server.changed);
    pthread_mutex_destroy(&server.lock);
    return started > 0;
}

static void accept_until_stopped(struct server *server, int listener, unsigned long max_requests) {
    sigset_t unblocked;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ask_to_stop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &unblocked);
    sigdelset(&unblocked, SIGTERM);
    sigdelset(&unblocked, SIGINT);

    for (unsigned long accepted = 0; max_requests == 0 || accepted < max_requests;) {
        fd_set ready;
        FD_ZERO(&ready);
        FD_SET(listener, &ready);
        /* The stop signals are open only inside this call, so none is missed. */
        int events = pselect(listener + 1, &ready, NULL, NULL, NULL, &unblocked);
        if (stop_asked)
            return;
        int connection = events > 0 ? accept(listener, NULL, NULL) : -1;
        if (connection < 0)
            continue;
        accepted++;
        pthread_mutex_lock(&server->lock);
        while (server->count == WAITING)
            pthread_cond_wait(&server->changed, &server->lock);
        server->waiting[(server->first + server->count++) % WAITING] = connection;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
    }
}

static void *work(void *user_data) {
    struct server *server = user_data;
    for (;;) {
        pthread_mutex_lock(&server->lock);
        while (server->count == 0 && !server->stopping)
            pthread_cond_wait(&server->changed, &server->lock);
        if (server->count == 0) {
            pthread_mutex_unlock(&server->lock);
            return NULL;
        }
        int connection = server->waiting[server->first];
        server->first = (server->first + 1) % WAITING;
        server->count--;
        pthread_cond_broadcast(&server->changed);
        pthread_mutex_unlock(&server->lock);
        answer(server, connection);
        close(connection);
    }
}

static void answer(const struct server *server, int connection) {
    struct http_message *request = malloc(sizeof *request);
    struct http_reply *reply = malloc(sizeof *reply);
    char head[128];
    limit_waiting(connection);
    if (request && reply && read_message(connection, request)) {
        char *query = strchr(request->start[1], '?');
        if (query)
            *query++ = '\0';
        request->query = query ? query : "";
        reply->status = 500;
        http_text_clear(&reply->body);
        server->handler(server->user_data, request, reply);
        int len = snprintf(head, sizeof head, "HTTP/1.1 %d -\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                           reply->status, reply->body.len);
        if (send_all(connection, head, (size_t)len))
            send_all(connection, reply->body.bytes, reply->body.len);
    }
    free(reply);
    free(request);
}

/* Client */

int http_call(uint16_t port, const struct http_text *request, struct http_message *response) {
    struct sockaddr_in address = loopback(port);
    int status = -1;
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection < 0)
        return -1;
    limit_waiting(connection);
    if (!request->full && connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
        send_all(connection, request->bytes, request->len) && read_message(connection, response))
        status = atoi(response->start[1]);
    close(connection);
    return status;
}

/* Messages */

/* Reads the head, and as much body as Content-Length announces. */
static bool read_message(int connection, struct http_message *message) {
    struct http_text *text = &message->text;
    char *end_of_head = NULL;
    size_t wanted = 0;
    http_text_clear(text);
    while (!end_of_head || text->len < wanted) {
        ssize_t got = recv(connection, text->bytes + text->len, sizeof text->bytes - 1 - text->len, 0);
        if (got <= 0)
            return false; /* closed, silent for too long, or too large */
        text->len += (size_t)got;
        text->bytes[text->len] = '\0';
        if (end_of_head || !(end_of_head = strstr(text->bytes, "\r\n\r\n")))
            continue;
        *end_of_head = '\0';
        message->body = end_of_head + 4;
        if (!parse_head(message, text->bytes))
            return false;
        const char *length = http_header(message, "Content-Length");
        unsigned long announced = length ? strtoul(length, NULL, 10) : 0;
        if (announced >= sizeof text->bytes)
            return false;
        wanted = (size_t)(message->body - text->bytes) + announced;
    }
    return true;
}

static bool parse_head(struct http_message *message, char *head) {
    char *rest_of_line = NULL, *rest = NULL;
    char *line = strtok_r(head, "\r\n", &rest);
    message->headers_len = 0;
    for (size_t i = 0; i < 3; i++) {
        message->start[i] = line ? strtok_r(i == 0 ? line : NULL, " ", &rest_of_line) : NULL;
        if (!message->start[i])
            return false;
    }
    while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL && message->headers_len < HTTP_MAX_HEADERS) {
        char *value = strchr(line, ':');
        if (!value)
            return false;
        *value++ = '\0';
        message->headers[message->headers_len++] = (struct http_header){line, value + strspn(value, " \t")};
    }
    return true;
}

const char *http_header(const struct http_message *message, const char *name) {
    for (size_t i = 0; i < message->headers_len; i++)
        if (strcasecmp(message->headers[i].name, name) == 0)
            return message->headers[i].value;
    return NULL;
}

void http_query(const struct http_message *request, const char *key, char *value, size_t cap) {
    size_t key_len = strlen(key);
    value[0] = '\0';
    for (const char *item = request->query; *item; item += strcspn(item, "&"), item += *item == '&') {
        if (strncmp(item, key, key_len) != 0 || item[key_len] != '=')
            continue;
        const char *found = item + key_len + 1;
        snprintf(value, cap, "%.*s", (int)strcspn(found, "&"), found);
        return;
    }
}

static bool send_all(int connection, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = send(connection, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static void limit_waiting(int connection) {
    struct timeval timeout = {PEER_TIMEOUT_SECONDS, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

/* Text */

void http_text_clear(struct http_text *text) {
    text->len = 0;
    text->full = false;
    text->bytes[0] = '\0';
}

void http_text_append(struct http_text *text, const char *bytes, size_t len) {
    if (text->full || len >= sizeof text->bytes - text->len) {
        text->full = true;
        return;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void http_text_print(struct http_text *text, const char *format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof line)
        text->full = true;
    else
        http_text_append(text, line, (size_t)len);
}
