// A parametric app on the C++ binding: an HTTP server that exposes its API, so that the same tests can drive every language. See ../README.md.
#include "http.hpp"
#include "routes.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

volatile int stopping = 0;

void stop(int) { stopping = 1; }

Response answer(State &state, const Routes &routes, const Request &request) {
    const auto found = routes.find(request.method + " " + request.path);
    if (found == routes.end()) return {404, R"({"error": "there is no such endpoint"})"};
    try {
        const json given = request.body.empty() ? json::object() : json::parse(request.body);
        return {200, found->second(state, given).dump(-1, ' ', false, json::error_handler_t::replace)};
    } catch (const Failure &failure) {
        return {failure.status, json{{"error", failure.message}}.dump()};
    } catch (const std::exception &failure) {
        return {400, json{{"error", failure.what()}}.dump(-1, ' ', false, json::error_handler_t::replace)};
    }
}

} // namespace

// Arguments are the tests', for the library to see.
int main() {
    std::signal(SIGTERM, &stop);
    std::signal(SIGINT, &stop);
    auto made = ddtrace::tracer::create();
    if (!made) return std::fprintf(stderr, "no tracer: %s\n", made.message().c_str()), 1;
    State state(std::move(made).value());
    Routes routes;
    add_datadog_routes(routes);
    add_tracer_routes(routes);
    add_missing_routes(routes);
    const char *const port = std::getenv("APM_TEST_CLIENT_SERVER_PORT");
    if (!serve(port == nullptr ? 8080 : std::atoi(port), [&](const Request &request) { return answer(state, routes, request); }, &stopping))
        return std::perror("cannot listen"), 1;
    (void)state.tracer.shutdown(std::chrono::seconds(2));
    return 0;
}
