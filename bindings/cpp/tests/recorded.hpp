// A tracer whose spans are kept in memory, for one test.
#ifndef RECORDED_HPP
#define RECORDED_HPP

#include <gtest/gtest.h>

#include <ddtrace.hpp>

class Recorded : public ::testing::Test {
protected:
    explicit Recorded(std::initializer_list<ddtrace::setting> more = {}) {
        ddtrace::config settings{{"DD_SERVICE", "tests"}, {"DD_ENV", "test"}, {"DD_TRACE_STARTUP_LOGS", "false"}};
        for (const ddtrace::setting &one : more) EXPECT_TRUE(settings.set(one.first, one.second));
        EXPECT_TRUE(settings.set_exporter(memory.exporter()));
        auto made = ddtrace::tracer::create(settings);
        EXPECT_TRUE(made) << made.message();
        tracer = std::move(made).value();
    }
    ~Recorded() override { EXPECT_TRUE(tracer.shutdown()); }

    // The newest span of this name, after what is finished was handed over.
    ddtrace::finished_span sent(std::string_view name) {
        EXPECT_TRUE(tracer.flush(std::chrono::seconds(20)));
        const auto found = memory.find(name);
        EXPECT_TRUE(found) << "no span " << name;
        return found.value_or(ddtrace::finished_span());
    }

    ddtrace::memory_exporter memory;
    ddtrace::tracer tracer;
};

#endif
