// The hot path through the C++ binding, behind the command line of `benches/c`: bench hot WORKLOAD ITERATIONS. The work is that of
// benches/c/workload.c, call by call.
#include <ddtrace.hpp>

#include <cstdio>
#include <cstdlib>

extern "C" {
#include "../c/measure.h"
}

namespace {

constexpr int spans_per_trace = 10;
constexpr std::string_view root_name = "http.request", root_resource = "GET /api/v1/items/:id", service = "bench";
constexpr std::string_view child_name = "db.query", child_resource = "SELECT items";

const ddtrace::header headers[] = {
    {"x-datadog-trace-id", "5208516931917323556"},
    {"x-datadog-parent-id", "2459565876494606882"},
    {"x-datadog-sampling-priority", "1"},
    {"x-datadog-tags", "_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000"},
    {"traceparent", "00-640cfd8d0000000048485e8dbd8a1d24-2222222222222222-01"},
    {"tracestate", "dd=s:1;p:2222222222222222;t.dm:-1,vendor=opaque"},
};

void check(const char *call, ddtrace::status status) {
    if (status) return;
    const std::string_view message = status.message();
    std::fprintf(stderr, "%s: %.*s\n", call, static_cast<int>(message.size()), message.data());
    std::exit(1);
}

ddtrace::span_options root_options() { return ddtrace::span_options(root_name).service(service).resource(root_resource); }

ddtrace::span_options child_options(ddtrace::span_view parent) { return ddtrace::span_options(child_name).resource(child_resource).child_of(parent); }

void set_tags(ddtrace::span_view span) {
    check("set_tag", span.set_tag("component", "bench-server"));
    check("set_tag", span.set_tag("http.method", "GET"));
    check("set_tag", span.set_tag("http.route", "/api/v1/items/:id"));
    check("set_tag", span.set_tag("http.url", "https://shop.example/api/v1/items/42?page=3"));
    check("set_tag", span.set_tag("user.tier", "gold"));
    check("set_tag", span.set_tag("items.count", 17.0));
}

// Constant, as those of benches/c/tags.h are.
const ddtrace::tag tags[] = {
    {"component", "bench-server"},
    {"http.method", "GET"},
    {"http.route", "/api/v1/items/:id"},
    {"http.url", "https://shop.example/api/v1/items/42?page=3"},
    {"user.tier", "gold"},
    {"items.count", 17.0},
};

ddtrace::span start_with_tags(const ddtrace::tracer &tracer, const ddtrace::span_options &options) {
    ddtrace::status told;
    ddtrace::span span = tracer.start_span(options, tags, &told);
    check("start_span", told);
    return span;
}

void root(const ddtrace::tracer &tracer) {
    ddtrace::status told;
    ddtrace::span span = tracer.start_span(root_options(), &told);
    check("start_span", told);
    check("end", span.end());
}

// As programs do it: the parent is the active span.
void root_in_scope(const ddtrace::tracer &tracer) { check("end", tracer.trace(root_options()).end()); }

void trace_tag_by_tag(const ddtrace::tracer &tracer) {
    ddtrace::span root = tracer.start_span(root_options());
    set_tags(root);
    for (int i = 1; i < spans_per_trace; i++) {
        ddtrace::span child = tracer.start_span(child_options(root));
        set_tags(child);
        check("end", child.end());
    }
    check("end", root.end());
}

void trace_tags_at_start(const ddtrace::tracer &tracer) {
    ddtrace::span root = start_with_tags(tracer, root_options());
    for (int i = 1; i < spans_per_trace; i++) check("end", start_with_tags(tracer, child_options(root)).end());
    check("end", root.end());
}

void inject(const ddtrace::tracer &tracer, std::uint64_t iterations) {
    const ddtrace::propagator propagator = ddtrace::propagator::create().value();
    const ddtrace::span span = tracer.start_span(root_options());
    ddtrace::header_block block;
    for (std::uint64_t i = 0; i < iterations; i++) check("inject", propagator.inject(span, block));
}

void extract(std::uint64_t iterations) {
    const ddtrace::propagator propagator = ddtrace::propagator::create().value();
    for (std::uint64_t i = 0; i < iterations; i++) {
        if (propagator.extract(headers).get() == nullptr) check("extract", DDTRACE_ERR_NOT_FOUND);
    }
}

__attribute__((noinline)) bool measured_work(const ddtrace::tracer &tracer, std::string_view workload, std::uint64_t iterations) {
    if (workload == "W3") return inject(tracer, iterations), true;
    if (workload == "W4") return extract(iterations), true;
    void (*const unit)(const ddtrace::tracer &) = workload == "W1"        ? root
                                                  : workload == "W1scope" ? root_in_scope
                                                  : workload == "W2s"     ? trace_tag_by_tag
                                                  : workload == "W2b"     ? trace_tags_at_start
                                                                          : nullptr;
    if (unit == nullptr) return false;
    for (std::uint64_t i = 0; i < iterations; i++) unit(tracer);
    return true;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4 || std::string_view(argv[1]) != "hot") return std::fprintf(stderr, "expected: hot WORKLOAD ITERATIONS\n"), 2;
    const std::string_view workload = argv[2];
    const std::uint64_t iterations = std::strtoull(argv[3], nullptr, 10);
    ddtrace::result<ddtrace::tracer> made = ddtrace::tracer::create();
    check("tracer::create", made.status());
    const ddtrace::tracer tracer = std::move(made).value();
    if (!measured_work(tracer, workload, iterations / 10 + 1)) return std::fprintf(stderr, "unknown workload \"%s\"\n", argv[2]), 2;
    const reading before = measure_now();
    (void)measured_work(tracer, workload, iterations);
    const reading after = measure_now();
    check("shutdown", tracer.shutdown(std::chrono::seconds(5)));
    const ddtrace_counters counters = tracer.counters();
    const std::uint64_t spans = workload.substr(0, 2) == "W2" ? iterations * spans_per_trace : iterations;
    measure_print(&before, &after, spans, counters.spans_dropped + counters.spans_not_recorded);
    return 0;
}
