// The headers without exceptions and without types at run time: compiled with -fno-exceptions -fno-rtti, and run.
#include <ddtrace.hpp>

#include <cstdio>
#include <unordered_map>

#define CHECK(condition) \
    if (!(condition)) return std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition), 1

int main() {
    ddtrace::memory_exporter memory;
    ddtrace::config settings{{"DD_SERVICE", "tests"}};
    CHECK(settings.set_exporter(memory.exporter()));
    auto made = ddtrace::tracer::create(settings);
    CHECK(made);
    const ddtrace::tracer tracer = std::move(made).value();
    CHECK(!ddtrace::tracer::create({{"DD_NO_SUCH_SETTING", "1"}}));

    auto processor = ddtrace::processor::on_start([](ddtrace::span_view span) { span.set_tag("processed", true); });
    auto filter = ddtrace::filter::create([](ddtrace::chunk chunk) { (void)chunk[0].set_tag("filtered", true); });
    int heard = 0;
    auto listening = ddtrace::on_event("trace.span_finish", [&](const ddtrace::event &) { heard++; });
    CHECK(tracer.add_processor(processor.value()) && tracer.add_filter(filter.value()) && listening);

    const auto propagator = ddtrace::propagator::create().value();
    std::unordered_map<std::string, std::string> headers;
    CHECK(tracer.trace("call", [&](ddtrace::span_view span) { return propagator.inject(span, headers).ok(); }));
    {
        auto scope = tracer.trace(ddtrace::span_options("scope").child_of(propagator.extract(headers)), {{"k", "v"}});
        CHECK(scope.add_event("event", {{"k", 1}}));
    }
    CHECK(tracer.flush(std::chrono::seconds(20)));
    const auto span = memory.find("scope");
    CHECK(span && memory.find("call"));
    CHECK(span->tags.at("processed") == "true" && span->tags.at("k") == "v");
    CHECK(span->ids.parent == memory.find("call")->ids.span);
    CHECK(heard == 2);
    CHECK(tracer.shutdown(std::chrono::seconds(20)));
    return 0;
}
