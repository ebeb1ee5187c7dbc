// An HTTP server on cpp-httplib. Each request is a span that goes on with the trace of its caller.
//
//   server            listens on a free port of the loopback interface, and prints it
//   GET /items/7      an item, from a pretended database
//   GET /broken       a handler that throws
//   POST /stop        ends the server
#include <httplib.h>

#include <ddtrace.hpp>

#include <iostream>
#include <stdexcept>

namespace {

// Runs a handler in a span of the request.
httplib::Server::Handler traced(const ddtrace::tracer &tracer, const ddtrace::propagator &propagator, std::string route, httplib::Server::Handler handler) {
    return [&tracer, &propagator, route = std::move(route), handler = std::move(handler)](const httplib::Request &request, httplib::Response &response) {
        const ddtrace::context caller = propagator.extract(request.headers);
        const std::string resource = request.method + " " + route;
        const auto options = ddtrace::span_options("http.request").resource(resource).type("web").kind(ddtrace::span_kind::server).child_of(caller);
        try {
            tracer.trace(options, [&](ddtrace::span_view span) {
                span.set_tags({{"component", "cpp-httplib"}, {"http.method", request.method}, {"http.route", route}, {"http.url", request.path}});
                handler(request, response);
                span.set_tag("http.status_code", std::to_string(response.status < 0 ? 200 : response.status));
            });
        } catch (const std::exception &failure) {
            // The span has it already.
            response.status = 500;
            response.set_content(failure.what(), "text/plain");
        }
    };
}

// What it calls is a child, because the span of the request is active.
std::string find_item(const ddtrace::tracer &tracer, const std::string &id) {
    auto query = tracer.trace(ddtrace::span_options("db.query").resource("SELECT name FROM items WHERE id = ?").type("sql").kind(ddtrace::span_kind::client),
                              {{"db.system", "other_sql"}, {"db.row_count", 1}});
    return "item " + id;
}

} // namespace

int main() {
    auto made = ddtrace::tracer::create({{"DD_SERVICE", "cpp-server"}});
    if (!made) std::cerr << "without tracing: " << made.message() << '\n';
    const ddtrace::tracer tracer = std::move(made).value();
    const ddtrace::propagator propagator = ddtrace::propagator::create().value();

    httplib::Server server;
    server.Get(R"(/items/(\d+))", traced(tracer, propagator, "/items/{id}", [&](const httplib::Request &request, httplib::Response &response) {
                   response.set_content(find_item(tracer, request.matches[1]), "text/plain");
               }));
    server.Get("/broken", traced(tracer, propagator, "/broken", [](const httplib::Request &, httplib::Response &) { throw std::runtime_error("out of items"); }));
    server.Post("/stop", [&](const httplib::Request &, httplib::Response &) { server.stop(); });

    const int port = server.bind_to_any_port("127.0.0.1");
    if (port < 0) return std::cerr << "no port is free\n", 1;
    std::cout << port << std::endl;
    server.listen_after_bind();
    return tracer.shutdown(std::chrono::seconds(5)) ? 0 : 1;
}
