// The active span: scopes, exceptions that pass through them, threads.
#include "recorded.hpp"

#include <stdexcept>
#include <thread>

namespace {

class Scopes : public Recorded {};

TEST_F(Scopes, NestAndEndWithTheirBlocks) {
    EXPECT_FALSE(ddtrace::current_span());
    {
        auto outer = tracer.trace("outer");
        EXPECT_EQ(ddtrace::current_span().ids().span, outer.ids().span);
        {
            auto inner = tracer.trace(ddtrace::span_options("inner").resource("r"), {{"k", "v"}});
            EXPECT_EQ(inner.ids().parent, outer.ids().span);
            EXPECT_EQ(ddtrace::current_span().ids().span, inner.ids().span);
            EXPECT_EQ(ddtrace::current_root_span().ids().span, outer.ids().span);
        }
        EXPECT_EQ(ddtrace::current_span().ids().span, outer.ids().span);
    }
    EXPECT_FALSE(ddtrace::current_span());
    EXPECT_EQ(sent("inner").tags.at("k"), "v");
    EXPECT_EQ(sent("inner").ids.trace, sent("outer").ids.trace);
}

TEST_F(Scopes, MoveAndEndOnce) {
    auto scope = tracer.trace("moved");
    auto other = std::move(scope);
    EXPECT_EQ(scope.end(), ddtrace::status(DDTRACE_ERR_NULL)); // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(ddtrace::current_span());
    EXPECT_TRUE(other.end());
    EXPECT_EQ(other.end(), ddtrace::status(DDTRACE_ERR_NULL));
    EXPECT_FALSE(ddtrace::current_span());
}

TEST_F(Scopes, CallsReturnWhatTheWorkReturns) {
    EXPECT_EQ(tracer.trace("answer", [](ddtrace::span_view span) { return span.set_tag("k", "v") ? 42 : 0; }), 42);
    bool called = false;
    tracer.trace("nothing", [&] { called = true; });
    EXPECT_TRUE(called);
    int value = 1;
    int &same = tracer.trace("reference", [&]() -> int & { return value; });
    EXPECT_EQ(&same, &value);
    EXPECT_EQ(sent("answer").tags.at("k"), "v");
}

TEST_F(Scopes, ExceptionsAreRecordedAndGoOn) {
    EXPECT_THROW(tracer.trace("throwing", [] { throw std::out_of_range("index 7"); }), std::out_of_range);
    const auto span = sent("throwing");
    EXPECT_TRUE(span.error);
    EXPECT_EQ(span.tags.at("error.type"), "std::out_of_range");
    EXPECT_EQ(span.tags.at("error.message"), "index 7");
    EXPECT_THROW(tracer.trace("number", [] { throw 7; }), int);
    EXPECT_EQ(sent("number").tags.at("error.type"), "int");
    EXPECT_FALSE(ddtrace::current_span());
}

TEST_F(Scopes, AnExceptionThatPassesIsAnError) {
    try {
        auto scope = tracer.trace("passed");
        throw std::runtime_error("on its way");
    } catch (const std::runtime_error &) {
        // A scope in a handler is no failure of its own.
        auto scope = tracer.trace("handler");
    }
    EXPECT_TRUE(sent("passed").error);
    EXPECT_FALSE(sent("handler").error);
}

TEST_F(Scopes, AThreadStartsEmptyAndTakesOverAContext) {
    auto scope = tracer.trace("request");
    const ddtrace::context handed = ddtrace::current_context();
    std::thread([&] {
        EXPECT_FALSE(ddtrace::current_span());
        {
            const ddtrace::activation active(handed);
            auto work = tracer.trace("work");
            EXPECT_EQ(work.ids().parent, scope.ids().span);
        }
        EXPECT_FALSE(ddtrace::current_context());
    }).join();
    EXPECT_EQ(ddtrace::current_span().ids().span, scope.ids().span);
}

TEST_F(Scopes, ActivationsOfSpans) {
    auto span = tracer.start_span("owned elsewhere");
    ddtrace::activation active(span);
    EXPECT_EQ(tracer.trace("child").ids().parent, span.ids().span);
    auto moved = std::move(active);
    EXPECT_EQ(active.end(), ddtrace::status(DDTRACE_ERR_INVALID)); // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(moved.end());
    EXPECT_FALSE(ddtrace::current_span());
    EXPECT_FALSE(span.is_finished());
}

TEST_F(Scopes, LogLinesGetTheActiveSpan) {
    std::map<std::string, std::string> fields;
    const auto read = [&] {
        fields.clear();
        EXPECT_TRUE(tracer.each_log_field([&](std::string_view name, std::string_view value) { fields.emplace(name, value); }));
    };
    read();
    EXPECT_EQ(fields.at("dd.trace_id"), "0");
    EXPECT_EQ(fields.at("dd.service"), "tests");
    auto scope = tracer.trace("logged");
    read();
    EXPECT_EQ(fields.at("dd.trace_id"), scope.ids().trace.hex());
    EXPECT_EQ(fields.at("dd.span_id"), std::to_string(scope.ids().span));
}

} // namespace
