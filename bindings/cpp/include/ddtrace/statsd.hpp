// SPDX-License-Identifier: Apache-2.0
// Metrics, events and checks by DogStatsD.
#ifndef DDTRACE_STATSD_HPP
#define DDTRACE_STATSD_HPP

#include <ddtrace/tracer.hpp>

namespace ddtrace {
inline namespace v0 {

/// Tags of a metric, `key:value` or a word each: `{"env:test", "cached"}`. A view.
using metric_tags = std::initializer_list<text>;

/// How a client differs from what the settings say.
struct statsd_options {
    /// In front of all names, with a dot in between.
    std::string_view prefix;
    /// As DD_DOGSTATSD_URL has it.
    std::string_view address;
    /// DDTRACE_STATSD_AGGREGATION_*
    std::int32_t aggregation = DDTRACE_STATSD_AGGREGATION_BASIC;
    /// DDTRACE_STATSD_FLAG_*
    std::uint32_t flags = 0;
};

/// A client of DogStatsD. No call waits for the network but `flush` and `shutdown`. An empty one does nothing.
class statsd {
public:
    statsd() noexcept = default;
    explicit statsd(ddtrace_statsd *handle) noexcept : handle_(handle) {}

    static result<statsd> create(const config &settings, const statsd_options &options = {}, metric_tags tags = {}) {
        if (!settings.problem().code().ok()) return settings.problem();
        ddtrace_statsd_options raw{};
        raw.struct_size = sizeof raw;
        raw.prefix = detail::str(options.prefix);
        raw.address = detail::str(options.address);
        raw.tags = tags.begin();
        raw.tags_len = tags.size();
        raw.aggregation = options.aggregation;
        raw.flags = options.flags;
        ddtrace_statsd *made = nullptr;
        ddtrace_error *failure = nullptr;
        const ddtrace_status code = ddtrace_statsd_new(settings.get(), &raw, &made, &failure);
        return {statsd(code == DDTRACE_OK ? made : nullptr), error::take(code, failure)};
    }
    /// The client that a tracer has for its own metrics.
    static result<statsd> of(const tracer &owner) {
        ddtrace_statsd *made = nullptr;
        const ddtrace_status code = ddtrace_tracer_get_statsd(owner.get(), &made);
        return {statsd(code == DDTRACE_OK ? made : nullptr), error(code)};
    }

    status count(std::string_view name, double value = 1, metric_tags tags = {}, double rate = 1) const noexcept {
        return ddtrace_statsd_count(get(), name.data(), name.size(), value, tags.begin(), tags.size(), rate);
    }
    status gauge(std::string_view name, double value, metric_tags tags = {}) const noexcept {
        return ddtrace_statsd_gauge(get(), name.data(), name.size(), value, tags.begin(), tags.size(), 1);
    }
    status histogram(std::string_view name, double value, metric_tags tags = {}, double rate = 1) const noexcept {
        return ddtrace_statsd_histogram(get(), name.data(), name.size(), value, tags.begin(), tags.size(), rate);
    }
    status distribution(std::string_view name, double value, metric_tags tags = {}, double rate = 1) const noexcept {
        return ddtrace_statsd_distribution(get(), name.data(), name.size(), value, tags.begin(), tags.size(), rate);
    }
    /// A duration.
    status timing(std::string_view name, std::chrono::duration<double, std::milli> took, metric_tags tags = {}, double rate = 1) const noexcept {
        return ddtrace_statsd_timing(get(), name.data(), name.size(), took.count(), tags.begin(), tags.size(), rate);
    }
    /// Counts the different things that are seen.
    status set(std::string_view name, std::string_view seen, metric_tags tags = {}) const noexcept {
        return ddtrace_statsd_set(get(), name.data(), name.size(), seen.data(), seen.size(), tags.begin(), tags.size());
    }
    /// Something that happened, in words; `alert` is one of DDTRACE_EVENT_ALERT_*.
    status event(std::string_view title, std::string_view words, metric_tags tags = {}, std::int32_t alert = DDTRACE_EVENT_ALERT_INFO) const noexcept {
        ddtrace_statsd_event raw{};
        raw.struct_size = sizeof raw;
        raw.title = detail::str(title);
        raw.text = detail::str(words);
        raw.alert = alert;
        raw.tags = tags.begin();
        raw.tags_len = tags.size();
        return ddtrace_statsd_send_event(get(), &raw);
    }
    /// The state of a service; `state` is one of DDTRACE_CHECK_*.
    status check(std::string_view name, std::int32_t state, std::string_view message = {}, metric_tags tags = {}) const noexcept {
        ddtrace_statsd_check raw{};
        raw.struct_size = sizeof raw;
        raw.name = detail::str(name);
        raw.status = state;
        raw.message = detail::str(message);
        raw.tags = tags.begin();
        raw.tags_len = tags.size();
        return ddtrace_statsd_send_check(get(), &raw);
    }
    /// Hands each payload to `sink(std::string_view)` instead of the network.
    template <class F>
    status set_sink(F &&sink) const {
        using function = std::decay_t<F>;
        function *given = detail::give(std::forward<F>(sink));
        if (given == nullptr) return DDTRACE_ERR_LIMIT;
        return ddtrace_statsd_set_sink(
            get(),
            [](void *user_data, const std::uint8_t *payload, std::size_t size) {
                detail::guarded("sink", [&] { (*static_cast<function *>(user_data))(std::string_view(reinterpret_cast<const char *>(payload), size)); });
            },
            given, &detail::destroy<function>);
    }
    status flush(std::chrono::milliseconds timeout = std::chrono::seconds(2)) const noexcept {
        return ddtrace_statsd_flush(get(), detail::timeout_ms(timeout));
    }
    status shutdown(std::chrono::milliseconds timeout = std::chrono::seconds(2)) const noexcept {
        return ddtrace_statsd_shutdown(get(), detail::timeout_ms(timeout));
    }
    ddtrace_statsd_counters counters() const noexcept {
        ddtrace_statsd_counters counted{};
        counted.struct_size = sizeof counted;
        (void)ddtrace_statsd_get_counters(get(), &counted);
        return counted;
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    statsd share() const noexcept { return statsd(ddtrace_statsd_ref(get())); }
    ddtrace_statsd *get() const noexcept { return handle_.get(); }

private:
    detail::owned<ddtrace_statsd, ddtrace_statsd_free> handle_;
};

} // namespace v0
} // namespace ddtrace

#endif
