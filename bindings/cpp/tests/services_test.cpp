// Settings, results, metrics, telemetry and remote configuration.
#include "recorded.hpp"

namespace {

TEST(Config, ReadsAndRefuses) {
    ddtrace::config settings;
    EXPECT_TRUE(settings.set("DD_SERVICE", "shop"));
    EXPECT_EQ(settings.get("DD_SERVICE"), "shop");
    EXPECT_EQ(settings.origin("DD_SERVICE"), "code");
    EXPECT_EQ(settings.get("DD_NO_SUCH_SETTING"), std::nullopt);
    const auto refused = settings.set("DD_TRACE_SAMPLE_RATE", "very often");
    EXPECT_FALSE(refused);
    EXPECT_EQ(refused.status(), ddtrace::status(DDTRACE_ERR_INVALID));
    EXPECT_NE(refused.message().find("very often"), std::string::npos) << refused.message();
    EXPECT_TRUE(settings.unset("DD_SERVICE"));
    EXPECT_NE(settings.origin("DD_SERVICE"), "code");
}

TEST(Config, AWrongSettingIsToldWhenTheTracerIsMade) {
    auto made = ddtrace::tracer::create({{"DD_NO_SUCH_SETTING", "1"}});
    EXPECT_FALSE(made);
    EXPECT_EQ(made.status(), ddtrace::status(DDTRACE_ERR_NOT_FOUND));
    EXPECT_NE(made.message().find("DD_NO_SUCH_SETTING"), std::string::npos) << made.message();
    // The program goes on without tracing.
    ddtrace::tracer &tracer = made.value();
    auto span = tracer.trace("nothing", {{"k", "v"}});
    EXPECT_FALSE(span);
    EXPECT_FALSE(span.set_tag("k", "v"));
    EXPECT_EQ(tracer.trace("still runs", [] { return 1; }), 1);
    EXPECT_FALSE(tracer.flush());
    EXPECT_FALSE(ddtrace::propagator::create({{"DD_NO_SUCH_SETTING", "1"}}));
}

TEST(Config, TracersCanBeFoundAndReconfigured) {
    auto one = ddtrace::tracer::named("cpp tests");
    auto same = ddtrace::tracer::named("cpp tests");
    ASSERT_TRUE(one && same);
    EXPECT_EQ(one->get(), same->get());
    ASSERT_TRUE(ddtrace::tracer::global());
    auto tracer = ddtrace::tracer::create({{"LIBDDTRACE_EXPORTER", "null"}, {"DD_SERVICE", "before"}}).value();
    EXPECT_EQ(tracer.setting_value("DD_SERVICE"), "before");
    EXPECT_TRUE(tracer.configure({{"LIBDDTRACE_EXPORTER", "null"}, {"DD_SERVICE", "after"}}));
    EXPECT_EQ(tracer.setting_value("DD_SERVICE"), "after");
    const ddtrace::tracer shared = tracer.share();
    EXPECT_TRUE(shared.trace("by another reference"));
}

TEST(Config, HostsCanDriveTheLibrary) {
    ddtrace::memory_exporter memory;
    ddtrace::config settings{{"LIBDDTRACE_HOST_DRIVEN", "true"}};
    ASSERT_TRUE(settings.set_exporter(memory.exporter()));
    auto tracer = ddtrace::tracer::create(settings).value();
    { auto span = tracer.trace("ticked"); }
    EXPECT_EQ(memory.size(), 0u);
    for (int i = 0; i < 100 && memory.size() == 0; i++) {
        ASSERT_TRUE(tracer.tick());
        (void)tracer.flush();
    }
    EXPECT_EQ(memory.size(), 1u);
}

TEST(Statsd, SendsWhatItIsTold) {
    std::string sent;
    auto made = ddtrace::statsd::create({}, {"shop", {}, DDTRACE_STATSD_AGGREGATION_OFF, DDTRACE_STATSD_FLAG_NO_TELEMETRY}, {"team:core"});
    ASSERT_TRUE(made) << made.message();
    const ddtrace::statsd statsd = std::move(made).value();
    ASSERT_TRUE(statsd.set_sink([&](std::string_view payload) { sent.append(payload).append("\n"); }));
    EXPECT_TRUE(statsd.count("orders", 2, {"kind:book", std::string("owned")}));
    EXPECT_TRUE(statsd.gauge("stock", 7));
    EXPECT_TRUE(statsd.timing("took", std::chrono::milliseconds(12)));
    EXPECT_TRUE(statsd.histogram("size", 1.5));
    EXPECT_TRUE(statsd.distribution("spread", 2.5));
    EXPECT_TRUE(statsd.set("users", "ada"));
    EXPECT_TRUE(statsd.event("Deployed", "version 2", {"env:test"}));
    EXPECT_TRUE(statsd.check("database", DDTRACE_CHECK_OK, "fine"));
    EXPECT_FALSE(statsd.count(""));
    ASSERT_TRUE(statsd.flush(std::chrono::seconds(20)));
    for (const char *line : {"shop.orders:2|c|#", "kind:book", "owned", "team:core", "shop.stock:7|g", "shop.took:12|ms", "shop.size:1.5|h", "shop.spread:2.5|d",
                             "shop.users:ada|s", "_e{8,9}:Deployed|version 2", "_sc|database|0"}) {
        EXPECT_NE(sent.find(line), std::string::npos) << line << " is not in\n" << sent;
    }
    EXPECT_EQ(statsd.counters().events, 1u);
    EXPECT_TRUE(statsd.shutdown(std::chrono::seconds(20)));
}

class Services : public Recorded {};

TEST_F(Services, TelemetryTakesWhatProgramsTell) {
    const ddtrace::telemetry telemetry(tracer);
    EXPECT_TRUE(telemetry.add_dependency("openssl", "3.0"));
    EXPECT_TRUE(telemetry.add_integration("httplib", "0.11"));
    EXPECT_TRUE(telemetry.add_endpoint("GET", "/users/{id}", "http.request", "GET /users/{id}"));
    EXPECT_TRUE(telemetry.set_product("appsec", false));
    EXPECT_TRUE(telemetry.add_setting("pool_size", "7"));
    EXPECT_TRUE(telemetry.count("tracers", "things", 1, {"kind:test"}));
    EXPECT_TRUE(telemetry.gauge("tracers", "level", 3));
    EXPECT_TRUE(telemetry.distribution("tracers", "spread", 3));
    EXPECT_TRUE(telemetry.log(DDTRACE_LOG_WARN, "a message"));
    EXPECT_EQ(ddtrace::telemetry(ddtrace::tracer()).add_dependency("x"), ddtrace::status(DDTRACE_ERR_NULL));
}

TEST_F(Services, SettingsCanBeWatched) {
    auto watching = ddtrace::on_setting_change(tracer, [](const ddtrace::setting_change &) {});
    ASSERT_TRUE(watching) << watching.message();
    EXPECT_TRUE(watching->end());
    EXPECT_FALSE(ddtrace::on_setting_change(ddtrace::tracer(), [](const ddtrace::setting_change &) {}));
}

// A response of the agent with one file, whose content is {"a":1}.
const std::string_view response =
    R"({"targets":")"
    "eyJzaWduZWQiOnsiX3R5cGUiOiJ0YXJnZXRzIiwiY3VzdG9tIjp7Im9wYXF1ZV9iYWNrZW5kX3N0YXRlIjoiZTMwPSJ9LCJleHBpcmVzIjoiMjA5OS0wMS0w"
    "MVQwMDowMDowMFoiLCJzcGVjX3ZlcnNpb24iOiIxLjAuMCIsInRhcmdldHMiOnsiZGF0YWRvZy8yL0xJVkVfREVCVUdHSU5HL2ExL2NvbmZpZyI6eyJjdXN0"
    "b20iOnsidiI6MX0sImhhc2hlcyI6eyJzaGEyNTYiOiIwMTVhYmQ3ZjVjYzU3YTJkZDk0Yjc1OTBmMDRhZDgwODQyNzM5MDVlZTMzZWM1Y2ViZWFlNjIyNzZh"
    "OTdmODYyIn0sImxlbmd0aCI6N319LCJ2ZXJzaW9uIjoxfSwic2lnbmF0dXJlcyI6W119"
    R"(","target_files":[{"path":"datadog/2/LIVE_DEBUGGING/a1/config","raw":"eyJhIjoxfQ=="}],"client_configs":["datadog/2/LIVE_DEBUGGING/a1/config"]})";

TEST(RemoteConfig, FilesAreToldToALambda) {
    ddtrace::memory_exporter memory;
    ddtrace::config settings{{"DD_REMOTE_CONFIGURATION_ENABLED", "true"}, {"LIBDDTRACE_HOST_DRIVEN", "true"}};
    ASSERT_TRUE(settings.set_exporter(memory.exporter()));
    const auto tracer = ddtrace::tracer::create(settings).value();
    std::string told;
    auto made = ddtrace::subscribe_files(tracer, "LIVE_DEBUGGING", {}, [&](ddtrace::file_change change) -> std::string {
        told.append(change.product()).append(" ").append(change.config_id()).append(" ").append(std::to_string(change.version()));
        told.append(" ").append(change.content());
        return change.is_removal() ? "" : "not wanted here";
    });
    ASSERT_TRUE(made) << made.message();
    EXPECT_TRUE(made.value());
    EXPECT_FALSE(ddtrace::subscribe_files(tracer, "no/such product", {}, [](ddtrace::file_change) {}));
    ddtrace_error *failure = nullptr;
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(response.data());
    EXPECT_EQ(ddtrace_rc_process_response(tracer.get(), 200, bytes, response.size(), &failure), DDTRACE_OK) << ddtrace_error_message(failure).ptr;
    EXPECT_EQ(told, "LIVE_DEBUGGING a1 1 {\"a\":1}");
    const auto request = ddtrace::detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_rc_next_request(tracer.get(), buf, cap); });
    ASSERT_TRUE(request);
    EXPECT_NE(request->find("not wanted here"), std::string::npos) << *request;
    EXPECT_TRUE(made->end());
}

} // namespace
