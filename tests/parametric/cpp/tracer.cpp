// Endpoints about the tracer as a whole: flush, configuration, agent, remote configuration, crash; and those of what is not there.
#include "routes.hpp"

namespace {

json flush(State &state, const json &) {
    // That the agent cannot be reached is no error.
    (void)state.tracer.flush(std::chrono::seconds(10));
    state.forget();
    return {{"success", true}};
}

json config(State &state, const json &) {
    static const char *const names[] = {
        "dd_service", "dd_env", "dd_version", "dd_tags", "dd_trace_enabled", "dd_trace_debug", "dd_trace_sample_rate", "dd_trace_rate_limit",
        "dd_trace_propagation_style", "dd_trace_sample_ignore_parent", "dd_trace_otel_enabled", "dd_trace_agent_url", "dd_dogstatsd_host",
        "dd_dogstatsd_port", "dd_runtime_metrics_enabled", "dd_logs_injection", "dd_profiling_enabled", "dd_data_streams_enabled",
    };
    const auto value = [&state](const std::string &name) {
        const auto found = state.tracer.setting_value(name);
        return found ? json(*found) : json();
    };
    json found = {{"dd_log_level", value("DD_TRACE_LOG_LEVEL")}};
    for (const std::string name : names) {
        std::string variable = name;
        for (char &letter : variable) letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 32) : letter;
        found[name] = value(variable);
    }
    if (found["dd_trace_propagation_style"].is_null()) found["dd_trace_propagation_style"] = value("DD_TRACE_PROPAGATION_STYLE_EXTRACT");
    return {{"config", found}};
}

json ensure_agent_info(State &state, const json &) {
    (void)ddtrace_tracer_refresh_agent_info(state.tracer.get(), 5000);
    return {{"ready", true}};
}

std::optional<std::string> next_request(const State &state) {
    return ddtrace::detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_rc_next_request(state.tracer.get(), buf, cap); });
}

json apply_remote_config(State &state, const json &) {
    if (!next_request(state)) throw Failure{404, "remote configuration is off"};
    const ddtrace::status polled = ddtrace_rc_poll(state.tracer.get(), 10000);
    if (polled == DDTRACE_ERR_TIMEOUT) throw Failure{504, "no answer within 10 s"};
    if (!polled) throw Failure{500, std::string(polled.message())};
    const json request = json::parse(next_request(state).value_or("{}"), nullptr, false);
    json applied = json::array();
    const json states = request.value(json::json_pointer("/client/state/config_states"), json());
    for (const json &file : states) applied.push_back({{"config_id", file.at("id")}, {"product", file.at("product")}});
    return {{"applied_configs", applied}};
}

json crash(State &, const json &) {
    int *volatile nowhere = nullptr;
    *nowhere = 1;
    return nullptr;
}

} // namespace

void add_tracer_routes(Routes &routes) {
    routes["POST /trace/span/flush"] = flush;
    routes["POST /trace/stats/flush"] = flush;
    routes["POST /trace/otel/flush"] = flush;
    routes["GET /trace/config"] = config;
    routes["GET /trace/agent/ensure_agent_info"] = ensure_agent_info;
    routes["POST /trace/remote-config/apply"] = apply_remote_config;
    routes["GET /trace/crash"] = crash;
}

void add_missing_routes(Routes &routes) {
    static const std::pair<const char *, std::vector<const char *>> missing[] = {
        {"OpenTelemetry tracing API for C++",
         {"POST /trace/otel/start_span", "POST /trace/otel/end_span", "POST /trace/otel/set_attributes", "POST /trace/otel/set_name", "POST /trace/otel/set_status",
          "POST /trace/otel/add_event", "POST /trace/otel/record_exception", "POST /trace/otel/is_recording", "POST /trace/otel/span_context",
          "POST /trace/otel/otel_set_baggage", "GET /trace/otel/current_span"}},
        {"OpenTelemetry metrics",
         {"POST /metrics/otel/get_meter", "POST /metrics/otel/create_counter", "POST /metrics/otel/counter_add", "POST /metrics/otel/create_updowncounter",
          "POST /metrics/otel/updowncounter_add", "POST /metrics/otel/create_gauge", "POST /metrics/otel/gauge_record", "POST /metrics/otel/create_histogram",
          "POST /metrics/otel/histogram_record", "POST /metrics/otel/create_asynchronous_counter", "POST /metrics/otel/create_asynchronous_updowncounter",
          "POST /metrics/otel/create_asynchronous_gauge", "POST /metrics/otel/force_flush"}},
        {"OpenTelemetry logs", {"POST /otel/logger/create", "POST /otel/logger/write", "POST /log/otel/flush"}},
        {"feature flags", {"POST /ffe/start", "POST /ffe/evaluate"}},
        {"LLM observability", {"POST /llm_observability/trace", "POST /llm_observability/dataset/create", "POST /llm_observability/dataset/delete"}},
    };
    for (const auto &[product, paths] : missing) {
        const std::string message = std::string("the library has no ") + product + " yet";
        for (const char *path : paths) routes[path] = [message](State &, const json &) -> json { throw Failure{501, message}; };
    }
}
