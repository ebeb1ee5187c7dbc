// SPDX-License-Identifier: Apache-2.0
// What a program, or an integration, tells about itself by instrumentation telemetry.
#ifndef DDTRACE_TELEMETRY_HPP
#define DDTRACE_TELEMETRY_HPP

#include <ddtrace/statsd.hpp>

namespace ddtrace {
inline namespace v0 {

/// Tells the backend about dependencies, integrations, products, and counts things. A view of its tracer, which must live longer.
class telemetry {
public:
    explicit telemetry(const tracer &of) noexcept : tracer_(of.get()) {}

    status add_dependency(std::string_view name, std::string_view version = {}) const noexcept {
        return ddtrace_telemetry_add_dependency(tracer_, name.data(), name.size(), version.data(), version.size());
    }
    /// An integration with a library; with an error it does not work.
    status add_integration(std::string_view name, std::string_view version = {}, bool enabled = true, std::string_view error = {}) const noexcept {
        ddtrace_integration raw{};
        raw.struct_size = sizeof raw;
        raw.name = detail::str(name);
        raw.version = detail::str(version);
        raw.error = detail::str(error);
        raw.enabled = enabled ? 1 : 0;
        return ddtrace_telemetry_add_integration(tracer_, &raw);
    }
    /// An HTTP endpoint of the program.
    status add_endpoint(std::string_view method, std::string_view path, std::string_view operation, std::string_view resource) const noexcept {
        ddtrace_endpoint raw{};
        raw.struct_size = sizeof raw;
        raw.type = DDTRACE_TEXT("REST");
        raw.method = detail::str(method);
        raw.path = detail::str(path);
        raw.operation_name = detail::str(operation);
        raw.resource_name = detail::str(resource);
        return ddtrace_telemetry_add_endpoint(tracer_, &raw);
    }
    status set_product(std::string_view product, bool enabled, std::string_view version = {}) const noexcept {
        return ddtrace_telemetry_set_product(tracer_, product.data(), product.size(), enabled ? 1 : 0, version.data(), version.size(), 0, nullptr, 0);
    }
    /// A setting of the program.
    status add_setting(std::string_view name, std::string_view value, std::string_view origin = "code") const noexcept {
        return ddtrace_telemetry_add_config(tracer_, name.data(), name.size(), value.data(), value.size(), origin.data(), origin.size(), nullptr, 0);
    }
    status count(std::string_view space, std::string_view name, double value = 1, metric_tags tags = {}) const noexcept {
        return record(DDTRACE_TELEMETRY_COUNT, space, name, value, tags);
    }
    status gauge(std::string_view space, std::string_view name, double value, metric_tags tags = {}) const noexcept {
        return record(DDTRACE_TELEMETRY_GAUGE, space, name, value, tags);
    }
    status distribution(std::string_view space, std::string_view name, double value, metric_tags tags = {}) const noexcept {
        return record(DDTRACE_TELEMETRY_DISTRIBUTION, space, name, value, tags);
    }
    /// A message; `level` is one of DDTRACE_LOG_*.
    status log(std::int32_t level, std::string_view message, std::string_view stack = {}, std::uint32_t flags = 0) const noexcept {
        return ddtrace_telemetry_log(tracer_, level, message.data(), message.size(), stack.data(), stack.size(), nullptr, 0, flags);
    }
    status flush(std::chrono::milliseconds timeout = std::chrono::seconds(2)) const noexcept {
        return ddtrace_telemetry_flush(tracer_, detail::timeout_ms(timeout));
    }
    ddtrace_telemetry_stats stats() const noexcept {
        ddtrace_telemetry_stats counted{};
        counted.struct_size = sizeof counted;
        (void)ddtrace_telemetry_get_stats(tracer_, &counted);
        return counted;
    }

private:
    status record(std::int32_t kind, std::string_view space, std::string_view name, double value, metric_tags tags) const noexcept {
        return ddtrace_telemetry_record(tracer_, space.data(), space.size(), name.data(), name.size(), kind, value, tags.begin(), tags.size(), 1);
    }

    ddtrace_tracer *tracer_;
};

} // namespace v0
} // namespace ddtrace

#endif
