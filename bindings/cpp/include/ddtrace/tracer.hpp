// SPDX-License-Identifier: Apache-2.0
// Tracers: they make spans and send them.
#ifndef DDTRACE_TRACER_HPP
#define DDTRACE_TRACER_HPP

#include <ddtrace/config.hpp>
#include <ddtrace/scope.hpp>

#if defined(__GXX_RTTI) || defined(__cpp_rtti)
#include <cxxabi.h>
#include <cstdlib>
#include <typeinfo>
#endif

namespace ddtrace {
inline namespace v0 {

namespace detail {

inline std::uint32_t timeout_ms(std::chrono::milliseconds timeout) noexcept {
    if (timeout.count() <= 0) return 0;
    return timeout.count() < std::int64_t{UINT32_MAX} ? static_cast<std::uint32_t>(timeout.count()) : UINT32_MAX;
}

// The name of the exception that is being handled, where the program has types at run time.
inline std::string exception_type() {
#if DDTRACE_HAS_EXCEPTIONS && (defined(__GXX_RTTI) || defined(__cpp_rtti))
    if (const std::type_info *type = abi::__cxa_current_exception_type()) {
        int failed = 0;
        char *readable = abi::__cxa_demangle(type->name(), nullptr, nullptr, &failed);
        std::string name = readable != nullptr ? readable : type->name();
        std::free(readable);
        return name;
    }
#endif
    return "exception";
}

} // namespace detail

/// Makes spans and sends them. An empty tracer, such as one that could not be made, makes empty spans, which do nothing.
class tracer {
public:
    tracer() noexcept = default;
    /// Takes over a reference of the C API.
    explicit tracer(ddtrace_tracer *handle) noexcept : handle_(handle) {}

    /// A tracer with these settings; without any, the environment decides.
    static result<tracer> create(const config &settings) {
        if (!settings.problem().code().ok()) return settings.problem();
        return made_by([&](ddtrace_tracer **out, ddtrace_error **failure) { return ddtrace_tracer_new(settings.get(), out, failure); });
    }
    static result<tracer> create(std::initializer_list<setting> settings) { return create(config(settings)); }
    static result<tracer> create() { return made_by([](ddtrace_tracer **out, ddtrace_error **failure) { return ddtrace_tracer_new(nullptr, out, failure); }); }
    /// The default tracer of the process, made from the environment when it is first asked for.
    static result<tracer> global() { return made_by(&ddtrace_tracer_default); }
    /// The tracer of this name in this process.
    static result<tracer> named(std::string_view name) {
        return made_by([&](ddtrace_tracer **out, ddtrace_error **failure) { return ddtrace_tracer_get(name.data(), name.size(), out, failure); });
    }

    /// Starts a span, which is not active: its parent is the one that the options name. A tag that cannot be set is left out, and `told` says so.
    span start_span(const span_options &options, status *told = nullptr) const noexcept { return start(options.get(), told); }
    /// With tags: `tracer.start_span("db.query", {{"db.name", "shop"}, {"db.rows", 17}})`.
    span start_span(const span_options &options, tag_list tags, status *told = nullptr) const noexcept {
        ddtrace_span_options raw = options.get();
        raw.tags = tags.data();
        raw.tags_len = tags.size();
        return start(raw, told);
    }

    /// Starts a span below what is active on this thread, and makes it active until the scope ends.
    [[nodiscard]] scope trace(const span_options &options) const noexcept { return open(options.get()); }
    [[nodiscard]] scope trace(const span_options &options, tag_list tags) const noexcept {
        ddtrace_span_options raw = options.get();
        raw.tags = tags.data();
        raw.tags_len = tags.size();
        return open(raw);
    }
    /// Calls `work(span_view)` or `work()` in such a scope and returns its result. An exception that leaves it is recorded with type and message,
    /// and goes on.
    template <class F, class = std::enable_if_t<std::is_invocable_v<F, span_view> || std::is_invocable_v<F>>>
    decltype(auto) trace(const span_options &options, F &&work) const {
        scope running = trace(options);
#if DDTRACE_HAS_EXCEPTIONS
        try {
            return call(std::forward<F>(work), running);
        } catch (const std::exception &thrown) {
            (void)running.set_exception(detail::exception_type(), thrown.what());
            throw;
        } catch (...) {
            (void)running.set_exception(detail::exception_type(), {});
            throw;
        }
#else
        return call(std::forward<F>(work), running);
#endif
    }

    /// Waits until what is finished was sent, at most this long.
    status flush(std::chrono::milliseconds timeout = std::chrono::seconds(2)) const noexcept { return ddtrace_tracer_flush(get(), detail::timeout_ms(timeout)); }
    /// Sends what waits and ends; spans do nothing from here on.
    status shutdown(std::chrono::milliseconds timeout = std::chrono::seconds(2)) const noexcept {
        return ddtrace_tracer_shutdown(get(), detail::timeout_ms(timeout));
    }
    /// Other settings from now on.
    result<void> configure(const config &settings, std::uint32_t flags = 0, std::chrono::milliseconds timeout = std::chrono::seconds(2)) const {
        if (!settings.problem().code().ok()) return settings.problem();
        ddtrace_error *failure = nullptr;
        const ddtrace_status code = ddtrace_tracer_configure(get(), settings.get(), flags, detail::timeout_ms(timeout), &failure);
        return error::take(code, failure);
    }
    /// The value of a setting that this tracer has now.
    std::optional<std::string> setting_value(std::string_view key) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_tracer_config_get(get(), key.data(), key.size(), buf, cap); });
    }
    /// What this tracer counted.
    ddtrace_counters counters() const noexcept {
        ddtrace_counters counted{};
        counted.struct_size = sizeof counted;
        (void)ddtrace_tracer_counters(get(), &counted);
        return counted;
    }
    /// Does the library's work on this thread, where it was told to have none of its own. Returns when it wants to be called again.
    result<std::chrono::milliseconds> tick() const {
        std::uint32_t next = 0;
        const ddtrace_status code = ddtrace_tracer_tick(get(), &next);
        return {std::chrono::milliseconds(next), error(code)};
    }
    /// Decides now whether the trace is kept.
    status sample(span_view span) const noexcept { return ddtrace_tracer_sample(get(), span.get()); }
    status add_processor(const processor &added) const noexcept;
    status remove_processor(const processor &removed) const noexcept;
    status add_filter(const filter &added) const noexcept;
    status remove_filter(const filter &removed) const noexcept;
    /// Where its spans go, if not to the agent.
    ddtrace::exporter exporter() const noexcept;

    /// Calls `field(std::string_view name, std::string_view value)` with what a log line needs to be found with its trace: the active span's
    /// `dd.trace_id`, `dd.span_id`, and `dd.service`, `dd.version`, `dd.env`.
    template <class F>
    status each_log_field(F &&field) const {
        const shared_span active = current_span();
        const context elsewhere = active ? context() : current_context();
        return ddtrace_log_correlation(get(), active.get(), elsewhere.get(), &detail::visit_pair<std::remove_reference_t<F>>, detail::as_user_data(field));
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    /// Another reference to the same tracer.
    tracer share() const noexcept { return tracer(ddtrace_tracer_ref(get())); }
    ddtrace_tracer *get() const noexcept { return handle_.get(); }

private:
    template <class Make>
    static result<tracer> made_by(Make make) {
        ddtrace_tracer *made = nullptr;
        ddtrace_error *failure = nullptr;
        const ddtrace_status code = make(&made, &failure);
        return {tracer(code == DDTRACE_OK ? made : nullptr), error::take(code, failure)};
    }

    span start(const ddtrace_span_options &options, status *told) const noexcept {
        ddtrace_span *started = nullptr;
        const ddtrace_status code = ddtrace_span_start(get(), &options, &started, nullptr);
        if (told != nullptr) *told = code;
        return span(started);
    }

    scope open(const ddtrace_span_options &options) const noexcept {
        ddtrace_span *started = nullptr;
        std::uint64_t token = 0;
        (void)ddtrace_provider_start_span(detail::active_provider(), get(), &options, &started, &token, nullptr);
        return scope(started, token);
    }

    template <class F>
    static decltype(auto) call(F &&work, span_view running) {
        if constexpr (std::is_invocable_v<F, span_view>) {
            return std::forward<F>(work)(running);
        } else {
            return std::forward<F>(work)();
        }
    }

    detail::owned<ddtrace_tracer, ddtrace_tracer_free> handle_;
};

} // namespace v0
} // namespace ddtrace

#endif
