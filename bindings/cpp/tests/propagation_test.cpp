// Propagation over all kinds of carriers.
#include "recorded.hpp"

#include <list>
#include <unordered_map>

namespace {

class Propagation : public Recorded {
protected:
    ddtrace::propagator propagator = ddtrace::propagator::create({{"DD_TRACE_PROPAGATION_STYLE", "datadog,tracecontext,baggage"}}).value();
    std::map<std::string, std::string> incoming = {
        {"x-datadog-trace-id", "5208516931917323556"}, {"x-datadog-parent-id", "2459565876494606882"}, {"x-datadog-sampling-priority", "2"},
        {"x-datadog-origin", "synthetics"}, {"baggage", "user=ada"}, {"accept", "*/*"},
    };

    void expect_incoming(const ddtrace::context &context) {
        EXPECT_TRUE(context);
        EXPECT_TRUE(context.is_remote());
        EXPECT_EQ(context.ids().trace.low, 5208516931917323556u);
        EXPECT_EQ(context.ids().span, 2459565876494606882u);
        EXPECT_EQ(context.sampling_priority(), ddtrace::priority::user_keep);
        EXPECT_EQ(context.origin(), "synthetics");
        EXPECT_EQ(context.get_baggage("user"), "ada");
    }
};

TEST_F(Propagation, ExtractsFromMapsAndSequences) {
    expect_incoming(propagator.extract(incoming));
    expect_incoming(propagator.extract(std::unordered_map<std::string, std::string>(incoming.begin(), incoming.end())));
    expect_incoming(propagator.extract(std::multimap<std::string, std::string>(incoming.begin(), incoming.end())));
    expect_incoming(propagator.extract(std::list<std::pair<std::string_view, const char *>>{
        {"X-Datadog-Trace-Id", "5208516931917323556"}, {"X-DATADOG-PARENT-ID", "2459565876494606882"}, {"x-datadog-sampling-priority", "2"},
        {"x-datadog-origin", "synthetics"}, {"Baggage", "user=ada"}}));
    const auto literal = propagator.extract({{"x-datadog-trace-id", "7"}, {"x-datadog-parent-id", "8"}});
    EXPECT_EQ(literal.ids().trace.low, 7u);
}

TEST_F(Propagation, ExtractsByFunctions) {
    expect_incoming(propagator.extract([&](std::string_view name) -> const char * {
        const auto found = incoming.find(std::string(name));
        return found == incoming.end() ? nullptr : found->second.c_str();
    }));
    expect_incoming(propagator.extract([&](std::string_view name) -> std::optional<std::string> {
        const auto found = incoming.find(std::string(name));
        return found == incoming.end() ? std::nullopt : std::optional(found->second);
    }));
    expect_incoming(propagator.extract([&](std::string_view name) -> std::string_view {
        const auto found = incoming.find(std::string(name));
        return found == incoming.end() ? std::string_view() : std::string_view(found->second);
    }));
}

TEST_F(Propagation, FindsTheHeadersAmongMany) {
    for (int i = 0; i < 500; i++) incoming.emplace("a-header-" + std::to_string(i), "value");
    expect_incoming(propagator.extract(incoming));
}

TEST_F(Propagation, WithoutHeadersTheContextIsEmpty) {
    const auto context = propagator.extract(std::map<std::string, std::string>());
    EXPECT_FALSE(context);
    EXPECT_EQ(context.ids().span, 0u);
    auto span = tracer.start_span(ddtrace::span_options("new").child_of(context));
    EXPECT_EQ(span.ids().parent, 0u);
}

TEST_F(Propagation, InjectsIntoAllKindsOfCarriers) {
    auto span = tracer.start_span("client");
    const std::string parent = std::to_string(span.ids().span);
    std::map<std::string, std::string> map = {{"x-datadog-parent-id", "of before"}, {"accept", "*/*"}};
    EXPECT_TRUE(propagator.inject(span, map));
    EXPECT_EQ(map.at("x-datadog-parent-id"), parent);
    EXPECT_EQ(map.at("accept"), "*/*");
    EXPECT_EQ(map.at("traceparent").substr(3, 32), span.ids().trace.hex());

    std::multimap<std::string, std::string> multimap = {{"x-datadog-parent-id", "of before"}};
    EXPECT_TRUE(propagator.inject(span.context(), multimap));
    EXPECT_EQ(multimap.count("x-datadog-parent-id"), 1u);
    EXPECT_EQ(multimap.find("x-datadog-parent-id")->second, parent);

    std::vector<std::pair<std::string, std::string>> sequence;
    EXPECT_TRUE(propagator.inject(span, sequence));
    EXPECT_EQ(sequence.size() + 1, map.size());

    std::size_t told = 0;
    EXPECT_TRUE(propagator.inject(span, [&](std::string_view name, std::string_view value) { told += map.at(std::string(name)) == value; }));
    EXPECT_EQ(told, sequence.size());
}

TEST_F(Propagation, MuchBaggageFits) {
    auto span = tracer.start_span("client");
    const std::string value(3000, 'b');
    ASSERT_TRUE(span.set_baggage("large", value));
    ddtrace::header_block block;
    ASSERT_TRUE(propagator.inject(span, block));
    EXPECT_GT(block.size(), value.size());
    const auto back = propagator.extract(block);
    EXPECT_EQ(back.get_baggage("large"), value);
    // The place is used again.
    auto small = tracer.start_span("small");
    ASSERT_TRUE(propagator.inject(small, block));
    EXPECT_LT(block.size(), 1024u);
    EXPECT_EQ(propagator.extract(block).ids().span, small.ids().span);
}

TEST_F(Propagation, ATraceGoesThroughTwoServices) {
    std::map<std::string, std::string> headers;
    {
        auto client = tracer.trace("client");
        client.set_baggage("user", "ada");
        EXPECT_TRUE(propagator.inject(client, headers));
    }
    { auto server = tracer.trace(ddtrace::span_options("server").child_of(propagator.extract(headers))); }
    EXPECT_EQ(sent("server").ids.parent, sent("client").ids.span);
    EXPECT_EQ(sent("server").ids.trace, sent("client").ids.trace);
}

TEST_F(Propagation, ContextsAreValues) {
    auto made = ddtrace::context::create({{1, 2}, 3, 0}, ddtrace::priority::auto_keep, "synthetics");
    ASSERT_TRUE(made) << made.message();
    ddtrace::context context = std::move(made).value();
    EXPECT_EQ(context.ids().trace.hex(), "00000000000000010000000000000002");
    EXPECT_EQ(context.sampling_priority(), ddtrace::priority::auto_keep);
    EXPECT_TRUE(context.set_baggage("k", "v"));
    const auto json = context.to_json();
    ASSERT_TRUE(json);
    auto back = ddtrace::context::from_json(*json);
    ASSERT_TRUE(back) << back.message();
    EXPECT_EQ(back->get_baggage("k"), "v");
    EXPECT_FALSE(ddtrace::context::from_json("no JSON"));
    const ddtrace::context other = std::move(context);
    EXPECT_FALSE(context); // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(context.set_baggage("k", "v"), ddtrace::status(DDTRACE_ERR_NULL));
    EXPECT_EQ(context.sampling_priority(), std::nullopt);
}

TEST(Propagator, AnEmptyOneDoesNothing) {
    const ddtrace::propagator none;
    std::map<std::string, std::string> headers = {{"x-datadog-trace-id", "1"}, {"x-datadog-parent-id", "1"}};
    EXPECT_FALSE(none.extract(headers));
    EXPECT_FALSE(none.inject(ddtrace::span_view(), headers));
    EXPECT_EQ(headers.size(), 2u);
}

} // namespace
