// SPDX-License-Identifier: Apache-2.0
// Settings in code.
#ifndef DDTRACE_CONFIG_HPP
#define DDTRACE_CONFIG_HPP

#include <ddtrace/callback.hpp>

#include <initializer_list>

namespace ddtrace {
inline namespace v0 {

class exporter;
class filter;
class processor;

/// A setting and its value, as they would stand in the environment.
using setting = std::pair<std::string_view, std::string_view>;

/// Settings for tracers, propagators and clients. What is not set here, the environment and the defaults decide. Names are those of the
/// environment: `DD_SERVICE`, `DD_TRACE_SAMPLING_RULES`, `LIBDDTRACE_EXPORTER`.
class config {
public:
    config() noexcept {
        ddtrace_config *made = nullptr;
        if (ddtrace_config_new(&made) == DDTRACE_OK) handle_.reset(made);
    }
    /// With settings; what is wrong with one of them is told when a tracer is made.
    config(std::initializer_list<setting> settings) : config() {
        for (const setting &one : settings) (void)set(one.first, one.second);
    }

    /// Sets a setting. A value that is none leaves the former one; the first such error is also kept for `problem`.
    result<void> set(std::string_view key, std::string_view value) {
        ddtrace_error *failure = nullptr;
        const ddtrace_status code = ddtrace_config_set(get(), key.data(), key.size(), value.data(), value.size(), &failure);
        error told = error::take(code, failure);
        if (code != DDTRACE_OK && problem_.code().ok()) problem_ = told;
        return told;
    }
    status unset(std::string_view key) noexcept { return ddtrace_config_unset(get(), key.data(), key.size()); }
    /// The value in effect: of the code, the environment, or the default.
    std::optional<std::string> get(std::string_view key) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_config_get(get(), key.data(), key.size(), buf, cap); });
    }
    /// Where that value comes from, such as `code`, `env_var`, `default`.
    std::string_view origin(std::string_view key) const noexcept {
        const char *name = ddtrace_config_origin(get(), key.data(), key.size());
        return name == nullptr ? std::string_view() : std::string_view(name);
    }
    /// Calls `visit(std::string_view warning)` for what the user should know of the settings.
    template <class F>
    status each_warning(F &&visit) const {
        using function = std::remove_reference_t<F>;
        return ddtrace_config_each_warning(
            get(), [](void *user_data, ddtrace_str text) { detail::guarded("visitor", [&] { (*static_cast<function *>(user_data))(detail::view(text)); }); },
            detail::as_user_data(visit));
    }
    /// Sends spans to this exporter.
    status set_exporter(const exporter &to) noexcept;
    status add_processor(const processor &added) noexcept;
    status add_filter(const filter &added) noexcept;

    /// The first setting that was refused.
    const error &problem() const noexcept { return problem_; }
    ddtrace_config *get() const noexcept { return handle_.get(); }

private:
    detail::owned<ddtrace_config, ddtrace_config_free> handle_;
    error problem_;
};

} // namespace v0
} // namespace ddtrace

#endif
