// Threads, forks, wrong use, large values, and memory over a million spans.
#include "recorded.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

namespace {

class Endurance : public Recorded {};

std::size_t resident_kib() {
    std::FILE *file = std::fopen("/proc/self/status", "r");
    if (file == nullptr) return 0;
    char line[256];
    unsigned long kib = 0;
    while (std::fgets(line, sizeof line, file) != nullptr) {
        if (std::sscanf(line, "VmRSS: %lu", &kib) == 1) break;
    }
    std::fclose(file);
    return kib;
}

TEST(Memory, AMillionSpansLeaveNothingBehind) {
    const auto tracer = ddtrace::tracer::create({{"LIBDDTRACE_EXPORTER", "null"}}).value();
    const auto work = [&](int traces) {
        for (int i = 0; i < traces; i++) {
            auto root = tracer.trace("root");
            for (int child = 1; child < 10; child++) auto span = tracer.trace("child", {{"component", "tests"}, {"number", child}});
        }
    };
    work(10000);
    const std::size_t before = resident_kib();
    work(100000);
    const std::size_t after = resident_kib();
    EXPECT_TRUE(tracer.flush(std::chrono::seconds(20)));
    EXPECT_GE(tracer.counters().spans_finished, 1100000u);
    EXPECT_LT(after, before + 16 * 1024) << "KiB before and after";
    EXPECT_LE(ddtrace_live_handles(DDTRACE_HANDLE_SPAN), 0u);
}

TEST(Memory, NoHandleStays) {
    const std::size_t before = ddtrace_live_handles(DDTRACE_HANDLE_ANY);
    {
        ddtrace::memory_exporter memory;
        ddtrace::config settings;
        ASSERT_TRUE(settings.set_exporter(memory.exporter()));
        const auto tracer = ddtrace::tracer::create(settings).value();
        const auto propagator = ddtrace::propagator::create().value();
        auto scope = tracer.trace("outer");
        auto span = tracer.start_span(ddtrace::span_options("inner").child_of(scope));
        auto shared = span.share();
        auto context = span.context();
        auto copy = context.share();
        auto refused = settings.set("DD_NO_SUCH_SETTING", "1");
        auto processor = ddtrace::processor::on_start([](ddtrace::span_view) {});
        auto filter = ddtrace::filter::create([](ddtrace::chunk) {});
        const ddtrace::activation active(context);
        std::map<std::string, std::string> headers;
        EXPECT_TRUE(propagator.inject(span, headers));
        EXPECT_TRUE(propagator.extract(headers));
    }
    // The thread's provider of the active span is the process's.
    EXPECT_LE(ddtrace_live_handles(DDTRACE_HANDLE_ANY), before + 1);
}

TEST_F(Endurance, ThreadsTraceSideBySide) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; thread++) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 250; i++) {
                auto root = tracer.trace("root", {{"thread", thread}});
                auto child = tracer.trace("child");
                EXPECT_EQ(child.ids().trace, root.ids().trace);
            }
        });
    }
    for (auto &thread : threads) thread.join();
    ASSERT_TRUE(tracer.flush(std::chrono::seconds(20)));
    EXPECT_EQ(memory.size(), 4000u);
    EXPECT_FALSE(ddtrace::current_span());
}

TEST_F(Endurance, AForkedChildTracesOn) {
    auto parent = tracer.trace("of the parent");
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // What the child does wrong, it tells by its status: assertions would be printed by both.
        int status = 0;
        memory.clear();
        const bool begun_before = parent.ids().span == ddtrace::current_span().ids().span;
        {
            auto span = tracer.trace("of the child");
            status |= span && span.ids().parent == parent.ids().span ? 0 : 1;
        }
        (void)parent.end();
        status |= tracer.flush(std::chrono::seconds(20)) ? 0 : 2;
        status |= memory.find("of the child") ? 0 : 4;
        status |= memory.find("of the parent") ? 8 : 0;
        status |= begun_before ? 0 : 16;
        _exit(status);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_TRUE(parent.end());
    EXPECT_EQ(sent("of the parent").name, "of the parent");
    EXPECT_FALSE(memory.find("of the child"));
}

TEST_F(Endurance, AHundredMegabytesAreCut) {
    const std::string large(100u << 20, 'x');
    {
        auto span = tracer.start_span("large", {{"in the list", large}});
        EXPECT_TRUE(span.set_tag("large", large));
        EXPECT_TRUE(span.set_resource(large));
        EXPECT_TRUE(span.set_baggage("k", "v"));
    }
    const auto span = sent("large");
    EXPECT_GT(span.tags.at("large").size(), 1000u);
    EXPECT_LT(span.tags.at("large").size(), 1u << 20);
    EXPECT_LT(span.resource.size(), 1u << 20);
}

TEST_F(Endurance, NotUtf8AndNulBytes) {
    { auto span = tracer.start_span("bytes", {{"latin", "caf\xe9"}, {"nul", std::string_view("a\0b", 3)}}); }
    EXPECT_EQ(sent("bytes").tags.at("latin"), "caf\xef\xbf\xbd");
    EXPECT_EQ(sent("bytes").tags.at("nul"), std::string("a\0b", 3));
}

TEST(Misuse, EmptyHandlesDoNothing) {
    ddtrace::tracer tracer;
    ddtrace::span span;
    ddtrace::scope scope;
    ddtrace::context context;
    EXPECT_FALSE(tracer.start_span("x"));
    EXPECT_FALSE(tracer.trace("x"));
    EXPECT_FALSE(span.set_tag("k", 1));
    EXPECT_FALSE(span.set_tags({{"k", "v"}}));
    EXPECT_FALSE(span.add_event("e"));
    EXPECT_FALSE(span.add_link(context));
    EXPECT_FALSE(span.finish());
    EXPECT_FALSE(span.share());
    EXPECT_FALSE(span.context());
    EXPECT_EQ(span.name(), "");
    EXPECT_EQ(span.ids().span, 0u);
    EXPECT_EQ(span.get_tag("k"), std::nullopt);
    EXPECT_EQ(span.to_json(), std::nullopt);
    EXPECT_FALSE(scope.end());
    EXPECT_FALSE(context.share());
    EXPECT_EQ(context.to_json(), std::nullopt);
    EXPECT_FALSE(tracer.add_processor(ddtrace::processor()));
    EXPECT_FALSE(tracer.exporter());
    EXPECT_EQ(tracer.counters().spans_started, 0u);
    EXPECT_FALSE(ddtrace::statsd().count("x"));
    const ddtrace::activation nothing{ddtrace::span_view()};
    EXPECT_FALSE(ddtrace::current_span());
}

TEST(Misuse, AfterShutdownCallsDoNothing) {
    ddtrace::memory_exporter memory;
    ddtrace::config settings;
    ASSERT_TRUE(settings.set_exporter(memory.exporter()));
    const auto tracer = ddtrace::tracer::create(settings).value();
    auto before = tracer.trace("before");
    EXPECT_TRUE(tracer.shutdown(std::chrono::seconds(20)));
    auto after = tracer.trace("after", {{"k", "v"}});
    after.set_tag("k", "w");
    (void)after.end();
    (void)before.end();
    (void)tracer.flush();
    (void)tracer.shutdown();
    EXPECT_FALSE(memory.find("after"));
}

TEST(Misuse, SpansOutliveTheirTracer) {
    ddtrace::span span;
    {
        const auto tracer = ddtrace::tracer::create({{"LIBDDTRACE_EXPORTER", "null"}}).value();
        span = tracer.start_span("survivor");
    }
    (void)span.set_tag("k", "v");
    EXPECT_TRUE(span.ids().span);
    (void)span.end();
}

} // namespace
