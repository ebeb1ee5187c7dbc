// An HTTP client on libcurl. Each request is a span, which the server's goes on with.
//
//   client URL...     gets each of them, all in one trace, and prints the answers
#include <curl/curl.h>

#include <ddtrace.hpp>

#include <iostream>
#include <memory>

namespace {

std::size_t append(char *data, std::size_t size, std::size_t count, void *body) {
    static_cast<std::string *>(body)->append(data, size * count);
    return size * count;
}

struct Headers {
    curl_slist *list = nullptr;

    Headers() = default;
    Headers(const Headers &) = delete;
    Headers &operator=(const Headers &) = delete;
    ~Headers() { curl_slist_free_all(list); }
    // How the propagator puts a header in.
    void operator()(std::string_view name, std::string_view value) {
        const std::string line = std::string(name) + ": " + std::string(value);
        if (curl_slist *longer = curl_slist_append(list, line.c_str())) list = longer;
    }
};

std::string get(const ddtrace::tracer &tracer, const ddtrace::propagator &propagator, const std::string &url) {
    auto span = tracer.trace(ddtrace::span_options("http.request").resource("GET").type("http").kind(ddtrace::span_kind::client),
                             {{"component", "libcurl"}, {"http.method", "GET"}, {"http.url", url}});
    Headers headers;
    propagator.inject(span, headers);

    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
    std::string body;
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "127.0.0.1");
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
    const CURLcode outcome = curl_easy_perform(curl.get());
    if (outcome != CURLE_OK) {
        span.set_exception("curl", curl_easy_strerror(outcome));
        return curl_easy_strerror(outcome);
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    span.set_tag("http.status_code", std::to_string(status));
    if (status >= 400) span.set_error();
    return body;
}

} // namespace

int main(int argc, char **argv) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    auto made = ddtrace::tracer::create({{"DD_SERVICE", "cpp-client"}});
    if (!made) std::cerr << "without tracing: " << made.message() << '\n';
    const ddtrace::tracer tracer = std::move(made).value();
    const ddtrace::propagator propagator = ddtrace::propagator::create().value();
    {
        auto run = tracer.trace("client.run", {{"requests", argc - 1}});
        for (int i = 1; i < argc; i++) std::cout << get(tracer, propagator, argv[i]) << '\n';
    }
    const bool sent = tracer.shutdown(std::chrono::seconds(5)).ok();
    curl_global_cleanup();
    return sent ? 0 : 1;
}
