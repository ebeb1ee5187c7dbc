// SPDX-License-Identifier: Apache-2.0
// Events of the library and of the program, and lambdas that listen to them.
#ifndef DDTRACE_EVENTS_HPP
#define DDTRACE_EVENTS_HPP

#include <ddtrace/hooks.hpp>

namespace ddtrace {
inline namespace v0 {

/// An argument of an event: nothing, a truth value, a number, text, or a handle. A view.
class event_value {
public:
    event_value() noexcept : raw_{} {}
    explicit event_value(const ddtrace_value &raw) noexcept : raw_(raw) {}
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T> || std::is_convertible_v<const T &, std::string_view>>>
    event_value(const T &value) noexcept : raw_{} {
        if constexpr (std::is_same_v<T, bool>) {
            raw_.kind = DDTRACE_VALUE_BOOL;
            raw_.content.i64 = value ? 1 : 0;
        } else if constexpr (std::is_integral_v<T>) {
            raw_.kind = DDTRACE_VALUE_I64;
            raw_.content.i64 = static_cast<std::int64_t>(value);
        } else if constexpr (std::is_floating_point_v<T>) {
            raw_.kind = DDTRACE_VALUE_F64;
            raw_.content.f64 = static_cast<double>(value);
        } else {
            raw_.kind = DDTRACE_VALUE_STRING;
            raw_.content.string = detail::str(value);
        }
    }

    bool empty() const noexcept { return raw_.kind == DDTRACE_VALUE_NULL; }
    /// 0 unless it is a truth value or a whole number.
    std::int64_t integer() const noexcept { return raw_.kind == DDTRACE_VALUE_BOOL || raw_.kind == DDTRACE_VALUE_I64 ? raw_.content.i64 : 0; }
    double number() const noexcept { return raw_.kind == DDTRACE_VALUE_F64 ? raw_.content.f64 : static_cast<double>(integer()); }
    std::string_view text() const noexcept { return raw_.kind == DDTRACE_VALUE_STRING ? detail::view(raw_.content.string) : std::string_view(); }
    /// The span of `trace.span_start` and `trace.span_finish`: ask for it only where the event has one there.
    span_view span() const noexcept { return span_view(raw_.kind == DDTRACE_VALUE_HANDLE ? static_cast<ddtrace_span *>(raw_.content.pointer) : nullptr); }
    const ddtrace_value &raw() const noexcept { return raw_; }

private:
    ddtrace_value raw_;
};
static_assert(sizeof(event_value) == sizeof(ddtrace_value), "arrays of arguments are passed as they are");

/// An event that is being published: valid during the call.
class event {
public:
    event(ddtrace_str name, const ddtrace_value *arguments, std::size_t count) noexcept : name_(name), arguments_(arguments), count_(count) {}

    std::string_view name() const noexcept { return detail::view(name_); }
    std::size_t size() const noexcept { return count_; }
    /// An argument; empty behind the last.
    event_value operator[](std::size_t index) const noexcept { return index < count_ ? event_value(arguments_[index]) : event_value(); }

private:
    ddtrace_str name_;
    const ddtrace_value *arguments_;
    std::size_t count_;
};

/// A lambda's place among the listeners: it listens as long as this lives.
class subscription {
public:
    subscription() noexcept = default;
    subscription(subscription &&other) noexcept : end_(std::exchange(other.end_, nullptr)), owner_(std::move(other.owner_)), id_(other.id_) {}
    subscription &operator=(subscription &&other) noexcept {
        if (this != &other) {
            (void)end();
            end_ = std::exchange(other.end_, nullptr);
            owner_ = std::move(other.owner_);
            id_ = other.id_;
        }
        return *this;
    }
    subscription(const subscription &) = delete;
    subscription &operator=(const subscription &) = delete;
    ~subscription() { (void)end(); }

    /// Listens no more.
    status end() noexcept {
        auto *const ending = std::exchange(end_, nullptr);
        if (ending == nullptr) return DDTRACE_ERR_NOT_FOUND;
        const tracer owner = std::move(owner_);
        return ending(owner.get(), id_);
    }
    /// Goes on listening for good.
    void detach() noexcept {
        end_ = nullptr;
        owner_ = tracer();
    }
    explicit operator bool() const noexcept { return end_ != nullptr; }

    /// What ends a subscription of the C API; the tracer may be empty.
    using ender = ddtrace_status (*)(ddtrace_tracer *, std::uint64_t);
    subscription(ender ending, tracer owner, std::uint64_t id) noexcept : end_(ending), owner_(std::move(owner)), id_(id) {}

private:
    ender end_ = nullptr;
    tracer owner_;
    std::uint64_t id_ = 0;
};

/// Calls `listen(event)` whenever this event is published, on the thread that publishes it. An exception, or another status than success, is the
/// failure of the listener. Events of the library are `trace.span_start`, `trace.span_finish`, `tracer.configured` and others.
template <class F>
result<subscription> on_event(std::string_view name, F &&listen) {
    using function = std::decay_t<F>;
    function *given = detail::give(std::forward<F>(listen));
    if (given == nullptr) return error(DDTRACE_ERR_LIMIT);
    std::uint64_t id = 0;
    const ddtrace_status code = ddtrace_hub_on(
        name.data(), name.size(), nullptr, 0,
        [](void *user_data, ddtrace_str published, const ddtrace_value *arguments, std::size_t count, ddtrace_value *) {
            return detail::guarded<ddtrace_status>("listener", DDTRACE_ERR_LISTENER,
                                                   [&] { return detail::status_of(*static_cast<function *>(user_data), event(published, arguments, count)); });
        },
        given, &detail::destroy<function>, &id);
    if (code != DDTRACE_OK) return error(code);
    return subscription([](ddtrace_tracer *, std::uint64_t listener) { return ddtrace_hub_off(listener); }, tracer(), id);
}

/// Publishes an event: `publish("cache.miss", {"users", 17})`.
inline status publish(std::string_view name, std::initializer_list<event_value> arguments = {}) noexcept {
    return ddtrace_hub_dispatch(name.data(), name.size(), reinterpret_cast<const ddtrace_value *>(arguments.begin()), arguments.size(), 0);
}

/// A setting that has changed, by remote configuration: valid during the call.
struct setting_change {
    std::string_view name, former, value, origin;
};

/// Calls `listen(setting_change)` when a setting of the tracer changes.
template <class F>
result<subscription> on_setting_change(const tracer &of, F &&listen) {
    using function = std::decay_t<F>;
    function *given = detail::give(std::forward<F>(listen));
    if (given == nullptr) return error(DDTRACE_ERR_LIMIT);
    std::uint64_t id = 0;
    const ddtrace_status code = ddtrace_tracer_on_config_change(
        of.get(),
        [](void *user_data, const ddtrace_config_change *change) {
            detail::guarded("listener", [&] {
                (*static_cast<function *>(user_data))(
                    setting_change{detail::view(change->name), detail::view(change->former), detail::view(change->value), detail::view(change->origin)});
            });
        },
        given, &detail::destroy<function>, &id);
    if (code != DDTRACE_OK) return error(code);
    return subscription(&ddtrace_tracer_remove_config_change, of.share(), id);
}

} // namespace v0
} // namespace ddtrace

#endif
