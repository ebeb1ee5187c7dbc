// Spans: what is set on them, how they end, and their owners.
#include "recorded.hpp"

#include <thread>

namespace {

class Spans : public Recorded {};

TEST_F(Spans, CarryWhatTheirOptionsSay) {
    {
        auto span = tracer.start_span(ddtrace::span_options("http.request").service("shop").resource("GET /").type("web").kind(ddtrace::span_kind::server));
        ASSERT_TRUE(span);
        EXPECT_EQ(span.name(), "http.request");
        EXPECT_EQ(span.kind(), ddtrace::span_kind::server);
    }
    const auto span = sent("http.request");
    EXPECT_EQ(span.service, "shop");
    EXPECT_EQ(span.resource, "GET /");
    EXPECT_EQ(span.type, "web");
    EXPECT_EQ(span.tags.at("span.kind"), "server");
    EXPECT_EQ(span.tags.at("env"), "test");
    EXPECT_GT(span.duration.count(), 0);
    EXPECT_FALSE(span.error);
    EXPECT_EQ(span.sampling_priority, ddtrace::priority::auto_keep);
}

TEST_F(Spans, TakeTagsOfAllTypes) {
    const std::string owned = "a std::string";
    const std::vector<ddtrace::tag> more = {{"more", "of a vector"}};
    {
        auto span = tracer.start_span("typed", {{"text", "literal"}, {"owned", owned}, {"yes", true}, {"int", 42}, {"double", 1.5}, {"big", 18446744073709551615u}});
        EXPECT_TRUE(span.set_tag("view", std::string_view("a view")));
        EXPECT_TRUE(span.set_tag("float", 0.25f));
        EXPECT_TRUE(span.set_tag("long", -7L));
        EXPECT_TRUE(span.set_tag("no", false));
        EXPECT_TRUE(span.set_tags({ddtrace::tag::array("list", {{"", "first"}, {"", 2}}), ddtrace::tag::map("map", {{"key", "value"}})}));
        EXPECT_TRUE(span.set_tags(more));
        EXPECT_TRUE(span.set_tags({{"text", nullptr}}));
        EXPECT_EQ(span.get_tag("owned"), owned);
        EXPECT_EQ(span.get_tag("text"), std::nullopt);
        EXPECT_EQ(span.get_number("int"), 42);
        EXPECT_TRUE(span.remove_tag("owned"));
    }
    const auto span = sent("typed");
    EXPECT_EQ(span.tags.count("text") + span.tags.count("owned"), 0u);
    EXPECT_EQ(span.tags.at("view"), "a view");
    EXPECT_EQ(span.tags.at("yes"), "true");
    EXPECT_EQ(span.tags.at("no"), "false");
    EXPECT_EQ(span.numbers.at("int"), 42);
    EXPECT_EQ(span.numbers.at("long"), -7);
    EXPECT_EQ(span.numbers.at("double"), 1.5);
    EXPECT_EQ(span.numbers.at("float"), 0.25);
    EXPECT_EQ(span.numbers.at("big"), 18446744073709551616.0);
    EXPECT_EQ(span.tags.at("list.0"), "first");
    EXPECT_EQ(span.numbers.at("list.1"), 2);
    EXPECT_EQ(span.tags.at("map.key"), "value");
    EXPECT_EQ(span.tags.at("more"), "of a vector");
}

TEST_F(Spans, ShowLongTagsWhole) {
    const std::string text(5000, 'x');
    const auto span = tracer.start_span("long", {{"text", text}});
    EXPECT_EQ(span.get_tag("text"), text);
}

TEST_F(Spans, ChildrenNameTheirParent) {
    auto root = tracer.start_span("root");
    auto child = tracer.start_span(ddtrace::span_options("child").child_of(root));
    auto by_context = tracer.start_span(ddtrace::span_options("by context").child_of(root.context()));
    EXPECT_EQ(child.ids().parent, root.ids().span);
    EXPECT_EQ(child.ids().trace, root.ids().trace);
    EXPECT_EQ(by_context.ids().parent, root.ids().span);
    auto stranger = tracer.start_span("stranger");
    EXPECT_NE(stranger.ids().trace, root.ids().trace);
    EXPECT_EQ(stranger.ids().parent, 0u);
    EXPECT_EQ(root.ids().trace.hex().size(), 32u);
}

TEST_F(Spans, TimesCanBeGiven) {
    const auto start = std::chrono::system_clock::now() - std::chrono::seconds(5);
    auto span = tracer.start_span(ddtrace::span_options("timed").start(start));
    EXPECT_TRUE(span.end(start + std::chrono::seconds(2), {{"at.end", 1}}));
    const auto found = sent("timed");
    EXPECT_EQ(found.duration, std::chrono::seconds(2));
    EXPECT_EQ(found.start_ns, ddtrace::timestamp(start).ns);
    EXPECT_EQ(found.numbers.at("at.end"), 1);
}

TEST_F(Spans, ErrorsEventsAndLinks) {
    auto other = tracer.start_span("other");
    {
        auto span = tracer.start_span("failing");
        EXPECT_TRUE(span.set_exception("std::runtime_error", "disk full", "main.cpp:1"));
        EXPECT_TRUE(span.add_event("retry", {{"attempt", 2}}));
        EXPECT_TRUE(span.add_link(other, {{"why", "test"}}));
        EXPECT_TRUE(span.add_link(other.context()));
        EXPECT_TRUE(span.add_link(other.ids(), {}, "dd=s:1", 1u));
        EXPECT_TRUE(span.add_pointer("aws.s3.object", ddtrace::pointer_direction::downstream, "0123456789abcdef0123456789abcdef"));
        EXPECT_TRUE(span.is_error());
    }
    const auto span = sent("failing");
    EXPECT_TRUE(span.error);
    EXPECT_EQ(span.tags.at("error.type"), "std::runtime_error");
    EXPECT_EQ(span.tags.at("error.message"), "disk full");
    EXPECT_EQ(span.tags.at("error.stack"), "main.cpp:1");
    EXPECT_NE(span.json.find("retry"), std::string::npos) << span.json;
    EXPECT_NE(span.json.find("aws.s3.object"), std::string::npos) << span.json;
    {
        auto status = tracer.start_span("status");
        EXPECT_TRUE(status.set_status(ddtrace::span_status::error, "went wrong"));
        EXPECT_EQ(status.get_status(), ddtrace::span_status::error);
        EXPECT_TRUE(status.record_exception("E", "dealt with"));
    }
    EXPECT_TRUE(sent("status").error);
}

TEST_F(Spans, BaggageAndSampling) {
    auto span = tracer.start_span("root");
    EXPECT_TRUE(span.set_baggage("user", "ada"));
    EXPECT_EQ(span.get_baggage("user"), "ada");
    std::string seen;
    EXPECT_TRUE(span.each_baggage([&](std::string_view key, std::string_view value) { seen.append(key).append("=").append(value); }));
    EXPECT_EQ(seen, "user=ada");
    EXPECT_TRUE(span.remove_baggage("user"));
    EXPECT_EQ(span.get_baggage("user"), std::nullopt);
    EXPECT_TRUE(span.keep());
    EXPECT_EQ(span.context().sampling_priority(), ddtrace::priority::user_keep);
    EXPECT_TRUE(span.drop());
    EXPECT_EQ(span.context().sampling_priority(), ddtrace::priority::user_reject);
}

TEST_F(Spans, OwnersAreMovedAndEndOnce) {
    auto span = tracer.start_span("moved");
    auto other = std::move(span);
    EXPECT_FALSE(span); // NOLINT(bugprone-use-after-move): that it is harmless is the test.
    EXPECT_EQ(span.set_tag("k", "v"), ddtrace::status(DDTRACE_ERR_NULL));
    EXPECT_EQ(span.end(), ddtrace::status(DDTRACE_ERR_NULL));
    EXPECT_TRUE(other.set_tag("k", "v"));
    other = tracer.start_span("next");
    EXPECT_EQ(sent("moved").tags.at("k"), "v") << "a span that is assigned over has ended";
    EXPECT_TRUE(other.end());
    EXPECT_EQ(other.end(), ddtrace::status(DDTRACE_ERR_NULL));
    EXPECT_EQ(memory.size(), 1u) << "until it is flushed";
    EXPECT_EQ(sent("next").name, "next");
}

TEST_F(Spans, FinishedOnesCanBeReadAndNotChanged) {
    auto span = tracer.start_span("finished", {{"k", "v"}});
    EXPECT_TRUE(span.finish());
    EXPECT_TRUE(span.is_finished());
    EXPECT_EQ(span.finish(), ddtrace::status(DDTRACE_ERR_FINISHED));
    EXPECT_EQ(span.set_tag("k", "w"), ddtrace::status(DDTRACE_ERR_FINISHED));
    EXPECT_EQ(span.get_tag("k"), "v");
    auto child = tracer.start_span(ddtrace::span_options("child").child_of(span));
    EXPECT_EQ(child.ids().parent, span.ids().span);
}

TEST_F(Spans, AbandonedOnesAreCountedAndNotSent) {
    const auto before = tracer.counters().spans_abandoned;
    auto span = tracer.start_span("abandoned");
    span.abandon();
    EXPECT_FALSE(span);
    EXPECT_TRUE(tracer.flush(std::chrono::seconds(20)));
    EXPECT_FALSE(memory.find("abandoned"));
    EXPECT_EQ(tracer.counters().spans_abandoned, before + 1);
}

TEST_F(Spans, SharedOnesDoNotEnd) {
    ddtrace::shared_span shared;
    {
        auto span = tracer.start_span("shared", {{"k", "v"}});
        { auto passing = span.share(); }
        EXPECT_FALSE(span.is_finished());
        shared = span.share();
    }
    EXPECT_TRUE(shared.is_finished());
    EXPECT_EQ(shared.get_tag("k"), "v");
}

TEST_F(Spans, FinishWithTheirAncestors) {
    auto root = tracer.start_span("root");
    auto child = tracer.start_span(ddtrace::span_options("child").child_of(root));
    EXPECT_TRUE(child.finish_with_ancestors());
    EXPECT_TRUE(root.is_finished());
}

} // namespace
