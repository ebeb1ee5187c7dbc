#include "http.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace {

constexpr std::size_t largest_request = 64u << 20;

// Reads until the request is whole. False if it never is.
bool read_request(int connection, Request &request) {
    std::string text;
    std::size_t head = std::string::npos, length = 0;
    while (head == std::string::npos || text.size() < head + 4 + length) {
        char part[16384];
        const ssize_t count = recv(connection, part, sizeof part, 0);
        if (count <= 0 || text.size() > largest_request) return false;
        text.append(part, static_cast<std::size_t>(count));
        if (head != std::string::npos || (head = text.find("\r\n\r\n")) == std::string::npos) continue;
        std::string lower = text.substr(0, head);
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
        const std::size_t field = lower.find("\r\ncontent-length:");
        if (field != std::string::npos) length = std::strtoul(lower.c_str() + field + 17, nullptr, 10);
    }
    const std::size_t space = text.find(' '), end = text.find_first_of(" ?", space + 1);
    if (space == std::string::npos || end == std::string::npos || end > head) return false;
    request.method = text.substr(0, space);
    request.path = text.substr(space + 1, end - space - 1);
    request.body = text.substr(head + 4, length);
    return true;
}

void write_response(int connection, const Response &response) {
    const std::string text = "HTTP/1.1 " + std::to_string(response.status) + " -\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                             std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t count = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return;
        sent += static_cast<std::size_t>(count);
    }
}

} // namespace

bool serve(int port, const std::function<Response(const Request &)> &handle, const volatile int *stopping) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<in_port_t>(port));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 || listen(listener, 16) != 0) {
        close(listener);
        return false;
    }
    while (*stopping == 0) {
        pollfd waiting = {listener, POLLIN, 0};
        // A signal between the question above and this call is seen a moment later.
        if (poll(&waiting, 1, 100) <= 0) continue;
        const int connection = accept(listener, nullptr, nullptr);
        if (connection < 0) continue;
        const timeval patience = {30, 0};
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        Request request;
        if (read_request(connection, request)) write_response(connection, handle(request));
        close(connection);
    }
    close(listener);
    return true;
}
