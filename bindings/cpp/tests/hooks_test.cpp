// Lambdas as processors, samplers, filters, exporters and listeners, and what they throw.
#include "recorded.hpp"

#include <atomic>
#include <stdexcept>

namespace {

class Hooks : public Recorded {
protected:
    Hooks() { ddtrace::on_contained_exception(nullptr); }
    ~Hooks() override { ddtrace::on_contained_exception([](const char *, const char *) {}); }

    std::uint64_t contained = ddtrace::contained_exceptions();
};

TEST_F(Hooks, ProcessorsSeeStartsAndFinishes) {
    auto owned = std::make_unique<std::string>("a lambda owns it");
    auto made = ddtrace::processor::create([owned = std::move(owned)](ddtrace::span_view span) { span.set_tag("start", *owned); },
                                           [](ddtrace::span_view span) { span.set_tag("finish", span.duration().count() > 0); });
    ASSERT_TRUE(made) << made.message();
    ASSERT_TRUE(tracer.add_processor(made.value()));
    { auto span = tracer.trace("processed"); }
    EXPECT_EQ(sent("processed").tags.at("start"), "a lambda owns it");
    EXPECT_EQ(sent("processed").tags.at("finish"), "true");
    ASSERT_TRUE(tracer.remove_processor(made.value()));
    { auto span = tracer.trace("not processed"); }
    EXPECT_EQ(sent("not processed").tags.count("start"), 0u);
}

TEST_F(Hooks, LambdasAreFreedWhenNobodyNeedsThem) {
    auto guard = std::make_shared<int>(0);
    {
        auto made = ddtrace::processor::on_start([guard](ddtrace::span_view) { ++*guard; });
        ASSERT_TRUE(tracer.add_processor(made.value()));
        { auto span = tracer.trace("counted"); }
        ASSERT_TRUE(tracer.remove_processor(made.value()));
        { auto span = tracer.trace("not counted"); }
    }
    EXPECT_EQ(*guard, 1);
    EXPECT_EQ(guard.use_count(), 1);
}

TEST_F(Hooks, SamplersDecideAtTheRoot) {
    auto made = ddtrace::processor::sampler([](ddtrace::span_view root) -> std::optional<bool> {
        if (root.name() == "health") return false;
        if (root.name() == "checkout") return true;
        return std::nullopt;
    });
    ASSERT_TRUE(tracer.add_processor(made.value()));
    for (const char *name : {"health", "checkout", "other"}) {
        auto root = tracer.trace(name);
        auto child = tracer.trace("health");
    }
    EXPECT_EQ(sent("checkout").sampling_priority, ddtrace::priority::user_keep);
    EXPECT_EQ(sent("other").sampling_priority, ddtrace::priority::auto_keep);
    auto root = tracer.start_span("health");
    EXPECT_EQ(root.context().sampling_priority(), ddtrace::priority::user_reject);
}

TEST_F(Hooks, FiltersChangeAndDrop) {
    auto made = ddtrace::filter::create([](ddtrace::chunk chunk) {
        if (chunk[0].name() == "unwanted") chunk.drop();
        for (std::size_t i = chunk.size(); i-- > 0;) {
            if (chunk[i].name() == "noise") chunk.remove(i);
        }
        if (chunk.size() > 0) chunk[0].set_tag("filtered", chunk.size());
        EXPECT_FALSE(chunk[chunk.size()]);
    });
    ASSERT_TRUE(made) << made.message();
    ASSERT_TRUE(tracer.add_filter(made.value()));
    { auto span = tracer.trace("unwanted"); }
    {
        auto span = tracer.trace("wanted");
        auto noise = tracer.trace("noise");
    }
    EXPECT_EQ(sent("wanted").numbers.at("filtered"), 1);
    EXPECT_FALSE(memory.find("unwanted"));
    EXPECT_FALSE(memory.find("noise"));
    EXPECT_EQ(tracer.counters().spans_filtered, 2u);
    ASSERT_TRUE(tracer.remove_filter(made.value()));
}

TEST_F(Hooks, WhatTheyThrowIsContainedAndCounted) {
    auto processor = ddtrace::processor::create([](ddtrace::span_view) { throw std::runtime_error("start"); }, [](ddtrace::span_view) { throw 1; });
    auto filter = ddtrace::filter::create([](ddtrace::chunk chunk) {
        chunk[0].set_tag("half", "done");
        throw std::runtime_error("filter");
    });
    ASSERT_TRUE(tracer.add_processor(processor.value()));
    ASSERT_TRUE(tracer.add_filter(filter.value()));
    { auto span = tracer.trace("survivor"); }
    EXPECT_EQ(sent("survivor").tags.count("half"), 0u) << "a filter that throws has changed nothing";
    EXPECT_EQ(ddtrace::contained_exceptions(), contained + 3);
    ASSERT_TRUE(tracer.remove_processor(processor.value()));
    ASSERT_TRUE(tracer.remove_filter(filter.value()));
    EXPECT_TRUE(tracer.start_span("visited", {{"k", "v"}}).each_tag([](ddtrace::tag_view) { throw 1; }));
    EXPECT_GT(ddtrace::contained_exceptions(), contained + 3);
}

TEST_F(Hooks, ListenersHearOfSpansUntilTheyEnd) {
    int heard = 0;
    auto made = ddtrace::on_event("trace.span_finish", [&](const ddtrace::event &event) { heard += event[0].span().name() == "heard"; });
    ASSERT_TRUE(made) << made.message();
    ddtrace::subscription listening = std::move(made).value();
    { auto span = tracer.trace("heard"); }
    EXPECT_EQ(heard, 1);
    EXPECT_TRUE(listening.end());
    EXPECT_FALSE(listening.end());
    { auto span = tracer.trace("heard"); }
    EXPECT_EQ(heard, 1);
}

TEST_F(Hooks, ProgramsPublishEventsOfTheirOwn) {
    std::string told;
    const auto listening = ddtrace::on_event("cache.miss", [&](const ddtrace::event &event) {
        told = std::string(event.name()) + " " + std::string(event[0].text()) + " " + std::to_string(event[1].integer()) + (event[2].empty() ? "" : "?");
        if (event[1].integer() < 0) throw std::runtime_error("below zero");
    });
    EXPECT_TRUE(ddtrace::publish("cache.miss", {"users", 17}));
    EXPECT_EQ(told, "cache.miss users 17");
    EXPECT_TRUE(ddtrace::publish("cache.miss", {"users", -1})) << "the failure of a listener is not the publisher's";
    EXPECT_EQ(ddtrace::contained_exceptions(), contained + 1);
    EXPECT_TRUE(ddtrace::publish("nobody listens"));
}

TEST(Exporters, LambdasTakeChunks) {
    std::atomic<int> spans{0};
    auto made = ddtrace::exporter::create([&](ddtrace::chunk chunk) -> ddtrace::status {
        for (std::size_t i = 0; i < chunk.size(); i++) {
            if (chunk[i].name() == "refused") return DDTRACE_ERR_IO;
            if (chunk[i].name() == "thrown") throw std::runtime_error("exporter");
            spans++;
        }
        return {};
    });
    ASSERT_TRUE(made) << made.message();
    ddtrace::on_contained_exception(nullptr);
    ddtrace::config settings;
    ASSERT_TRUE(settings.set_exporter(made.value()));
    const auto tracer = ddtrace::tracer::create(settings).value();
    for (const char *name : {"taken", "refused", "thrown"}) tracer.start_span(name).end();
    EXPECT_FALSE(tracer.flush(std::chrono::seconds(20))) << "not everything was taken";
    EXPECT_EQ(spans, 1);
    EXPECT_EQ(tracer.counters().spans_sent, 1u);
    EXPECT_EQ(tracer.counters().spans_dropped, 2u);
    EXPECT_TRUE(tracer.shutdown(std::chrono::seconds(20)));
}

TEST(Exporters, OfTheLibrary) {
    EXPECT_TRUE(ddtrace::exporter::null());
    EXPECT_TRUE(ddtrace::exporter::console(ddtrace::console_format::tree, 2));
    const auto nowhere = ddtrace::exporter::file("/no/such/directory/spans.json");
    EXPECT_FALSE(nowhere);
    EXPECT_FALSE(nowhere.message().empty());
    const auto tracer = ddtrace::tracer::create({{"LIBDDTRACE_EXPORTER", "memory"}}).value();
    { auto span = tracer.trace("kept"); }
    const auto json = tracer.exporter().memory_json();
    ASSERT_TRUE(json);
    EXPECT_NE(json->find("\"kept\""), std::string::npos);
}

TEST(Exporters, MemoryKeepsTheNewest) {
    ddtrace::memory_exporter memory(3);
    ddtrace::config settings;
    ASSERT_TRUE(settings.set_exporter(memory.exporter()));
    const auto tracer = ddtrace::tracer::create(settings).value();
    for (int i = 0; i < 5; i++) tracer.start_span("span", {{"i", i}}).end();
    ASSERT_TRUE(tracer.flush(std::chrono::seconds(20)));
    ASSERT_EQ(memory.size(), 3u);
    EXPECT_EQ(memory.spans().front().numbers.at("i"), 2);
    memory.clear();
    EXPECT_EQ(memory.size(), 0u);
}

TEST(Log, GoesToALambda) {
    std::string seen;
    ASSERT_TRUE(ddtrace::set_log([&](int, std::string_view message) { seen.append(message).append("\n"); }));
    {
        const auto tracer = ddtrace::tracer::create({{"LIBDDTRACE_EXPORTER", "null"}, {"DD_TRACE_LOGGING_RATE", "0"}}).value();
        auto unfinished = tracer.start_span("left open");
        EXPECT_TRUE(tracer.shutdown(std::chrono::seconds(20)));
    }
    ASSERT_TRUE(ddtrace::reset_log());
    EXPECT_NE(seen.find("left open"), std::string::npos) << seen;
}

} // namespace
