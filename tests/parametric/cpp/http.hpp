// A server for the driver of the tests, which asks one thing at a time: each connection has one request. (cpp-httplib does not read the bodies of
// GET requests, which two endpoints have.)
#ifndef HTTP_HPP
#define HTTP_HPP

#include <functional>
#include <string>

struct Request {
    std::string method, path, body;
};

struct Response {
    int status = 200;
    std::string body;
};

// Answers until `*stopping` is set, on the thread that calls it. False if it cannot listen.
bool serve(int port, const std::function<Response(const Request &)> &handle, const volatile int *stopping);

#endif
