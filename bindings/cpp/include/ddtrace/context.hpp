// SPDX-License-Identifier: Apache-2.0
// Contexts: what a trace carries from one service to the next.
#ifndef DDTRACE_CONTEXT_HPP
#define DDTRACE_CONTEXT_HPP

#include <ddtrace/callback.hpp>
#include <ddtrace/tag.hpp>

namespace ddtrace {
inline namespace v0 {

/// An id of a trace: 128 bits in two halves.
struct trace_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// 32 lowercase hexadecimal digits.
    std::string hex() const {
        static constexpr char digits[] = "0123456789abcdef";
        std::string text(32, '0');
        for (unsigned i = 0; i < 16; i++) {
            text[15 - i] = digits[high >> (4 * i) & 15];
            text[31 - i] = digits[low >> (4 * i) & 15];
        }
        return text;
    }
    friend bool operator==(const trace_id &one, const trace_id &other) noexcept { return one.high == other.high && one.low == other.low; }
    friend bool operator!=(const trace_id &one, const trace_id &other) noexcept { return !(one == other); }
};

/// The ids of a span; all 0 where there is none.
struct span_ids {
    ddtrace::trace_id trace;
    std::uint64_t span = 0;
    /// 0 for the root of a trace.
    std::uint64_t parent = 0;
};

/// Sampling priorities. What is above 0 is kept.
namespace priority {
inline constexpr std::int32_t user_reject = -1;
inline constexpr std::int32_t auto_reject = 0;
inline constexpr std::int32_t auto_keep = 1;
inline constexpr std::int32_t user_keep = 2;
} // namespace priority

/// What a trace carries from one service to the next: ids, sampling decision, origin, propagated tags, baggage. Read out of headers by a
/// `propagator`, or taken from a span. An empty context, such as one that was moved from, does nothing.
class context {
public:
    context() noexcept = default;
    /// Takes over a reference of the C API.
    explicit context(ddtrace_context *handle) noexcept : handle_(handle) {}

    /// A context made of ids that came by another way than headers.
    static result<context> create(const span_ids &ids, std::optional<std::int32_t> sampling_priority = std::nullopt, std::string_view origin = {}) {
        const ddtrace_span_ids raw = {ids.trace.high, ids.trace.low, ids.span, ids.parent};
        ddtrace_context *made = nullptr;
        const ddtrace_status code =
            ddtrace_context_new(&raw, sampling_priority ? &*sampling_priority : nullptr, origin.data(), origin.size(), &made);
        return {context(made), error(code)};
    }
    /// A context that `to_json` wrote.
    static result<context> from_json(std::string_view json) {
        ddtrace_context *made = nullptr;
        const ddtrace_status code = ddtrace_context_from_json(json.data(), json.size(), &made);
        return {context(made), error(code)};
    }

    /// Whether there is a valid parent in it. Without, it may still carry baggage.
    explicit operator bool() const noexcept { return !ddtrace_context_is_empty(get()) && get() != nullptr; }
    /// Whether it came from another process.
    bool is_remote() const noexcept { return ddtrace_context_is_remote(get()); }
    span_ids ids() const noexcept {
        ddtrace_span_ids raw{};
        if (ddtrace_context_get_ids(get(), &raw) != DDTRACE_OK) return {};
        return {{raw.trace_id_high, raw.trace_id_low}, raw.span_id, raw.parent_id};
    }
    /// The sampling priority, if it is decided.
    std::optional<std::int32_t> sampling_priority() const noexcept {
        std::int32_t decided = 0;
        if (ddtrace_context_get_priority(get(), &decided) != DDTRACE_OK) return std::nullopt;
        return decided;
    }
    status set_sampling_priority(std::int32_t decided) noexcept { return ddtrace_context_set_priority(get(), decided); }
    std::optional<std::string> origin() const {
        return detail::read_text([this](char *buf, std::size_t cap) { return ddtrace_context_get_origin(get(), buf, cap); });
    }
    /// A propagated tag, `_dd.p.…`.
    std::optional<std::string> get_tag(std::string_view key) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_context_get_tag(get(), key.data(), key.size(), buf, cap); });
    }
    /// The W3C tracestate that would be injected.
    std::optional<std::string> tracestate() const {
        return detail::read_text([this](char *buf, std::size_t cap) { return ddtrace_context_get_tracestate(get(), buf, cap); });
    }
    std::optional<std::string> to_json() const {
        return detail::read_text([this](char *buf, std::size_t cap) { return ddtrace_context_to_json(get(), buf, cap); });
    }

    status set_baggage(std::string_view key, std::string_view value) noexcept {
        return ddtrace_context_set_baggage(get(), key.data(), key.size(), value.data(), value.size());
    }
    std::optional<std::string> get_baggage(std::string_view key) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_context_get_baggage(get(), key.data(), key.size(), buf, cap); });
    }
    status remove_baggage(std::string_view key) noexcept { return ddtrace_context_unset_baggage(get(), key.data(), key.size()); }
    status clear_baggage() noexcept { return ddtrace_context_clear_baggage(get()); }
    /// Calls `visit(std::string_view key, std::string_view value)` for each item.
    template <class F>
    status each_baggage(F &&visit) const {
        return ddtrace_context_each_baggage(get(), &detail::visit_pair<std::remove_reference_t<F>>, detail::as_user_data(visit));
    }

    /// Another reference to the same context.
    context share() const noexcept { return context(ddtrace_context_ref(get())); }
    ddtrace_context *get() const noexcept { return handle_.get(); }

private:
    detail::owned<ddtrace_context, ddtrace_context_free> handle_;
};

} // namespace v0
} // namespace ddtrace

#endif
