/* A sink for traces on the loopback interface: it takes what an agent or an OTLP collector takes, counts it, and answers at once.
 *
 *   sink count SECONDS    answers
 *   sink silent SECONDS   accepts, reads, never answers
 *
 * Prints the port that the kernel chose, and ends after SECONDS or with its parent. One thread, so that it costs the measured
 * process little of a small machine. Counts: GET /bench, from zero again: POST /bench/reset. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

#define EVENTS 64

static int listen_on_loopback(uint16_t *port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 128) != 0) return -1;
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) return -1;
    *port = ntohs(address.sin_port);
    return listener;
}

static bool watch(int epoll, int fd, void *who) {
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = who };
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void accept_all(int epoll, int listener, bool answers) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection *new = connection_new(fd, answers);
        if (new == NULL || !watch(epoll, fd, new)) {
            if (new != NULL) connection_free(new);
            else close(fd);
        }
    }
}

static int serve(int epoll, int listener, bool answers) {
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR) return 1;
        for (int i = 0; i < ready; i++) {
            connection *peer = events[i].data.ptr;
            if (peer == NULL) accept_all(epoll, listener, answers);
            else if (!connection_read(peer)) connection_free(peer);
        }
    }
}

int main(int argc, char **argv) {
    bool silent = argc == 3 && strcmp(argv[1], "silent") == 0;
    if (argc != 3 || (!silent && strcmp(argv[1], "count") != 0) || atoi(argv[2]) <= 0)
        return fprintf(stderr, "expected: sink count|silent SECONDS\n"), 2;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    alarm((unsigned)atoi(argv[2]));
    uint16_t port = 0;
    int listener = listen_on_loopback(&port);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || epoll < 0 || !watch(epoll, listener, NULL)) return perror("sink"), 1;
    printf("%u\n", port);
    fflush(stdout);
    return serve(epoll, listener, !silent);
}
