// SPDX-License-Identifier: Apache-2.0
// The active span of a thread, and scopes in which one is active.
#ifndef DDTRACE_SCOPE_HPP
#define DDTRACE_SCOPE_HPP

#include <ddtrace/span.hpp>

#if DDTRACE_HAS_EXCEPTIONS
#include <exception>
#endif

namespace ddtrace {
inline namespace v0 {

namespace detail {

// One provider for the process: what is active on a thread is the same for all code of the program. It is never freed, so that threads
// that outlive main find it.
inline ddtrace_provider *active_provider() noexcept {
    static ddtrace_provider *const provider = [] {
        ddtrace_provider *made = nullptr;
        return ddtrace_provider_thread_local(&made) == DDTRACE_OK ? made : nullptr;
    }();
    return provider;
}

inline int exceptions_under_way() noexcept {
#if DDTRACE_HAS_EXCEPTIONS
    return std::uncaught_exceptions();
#else
    return 0;
#endif
}

} // namespace detail

/// The active span of this thread; empty if there is none.
inline shared_span current_span() noexcept {
    ddtrace_span *found = nullptr;
    return shared_span(ddtrace_provider_current_span(detail::active_provider(), &found) == DDTRACE_OK ? found : nullptr);
}

/// The first span of the active span's trace in this process; empty if there is none.
inline shared_span current_root_span() noexcept {
    ddtrace_span *found = nullptr;
    return shared_span(ddtrace_provider_current_root_span(detail::active_provider(), &found) == DDTRACE_OK ? found : nullptr);
}

/// The context of what is active on this thread: to be injected, or activated on another thread.
inline context current_context() noexcept {
    ddtrace_context *found = nullptr;
    return context(ddtrace_provider_current_context(detail::active_provider(), &found) == DDTRACE_OK ? found : nullptr);
}

/// A span that is active on this thread as long as this object lives, and ends with it. What spans are started by `tracer::trace` meanwhile
/// are its children. A scope that ends because an exception passes says that the operation failed. It has to end on its own thread.
class scope : public span_view {
public:
    scope() noexcept = default;
    scope(scope &&other) noexcept
        : span_view(std::exchange(other.handle_, nullptr)), token_(other.token_), exceptions_(other.exceptions_) {}
    scope &operator=(scope &&other) noexcept {
        if (this != &other) {
            end();
            handle_ = std::exchange(other.handle_, nullptr);
            token_ = other.token_;
            exceptions_ = other.exceptions_;
        }
        return *this;
    }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;
    ~scope() {
        if (handle_ != nullptr) (void)end();
    }

    /// Ends the span now; what was active before is active again.
    status end() noexcept {
        ddtrace_span *ended = std::exchange(handle_, nullptr);
        if (ended == nullptr) return DDTRACE_ERR_NULL;
        if (detail::exceptions_under_way() <= exceptions_) return ddtrace_provider_end_span(detail::active_provider(), token_, ended, nullptr);
        ddtrace_span_end_options options{};
        options.struct_size = sizeof options;
        options.error = 1;
        return ddtrace_provider_end_span(detail::active_provider(), token_, ended, &options);
    }

private:
    friend class tracer;
    scope(ddtrace_span *started, std::uint64_t token) noexcept
        : span_view(started), token_(token), exceptions_(detail::exceptions_under_way()) {}

    std::uint64_t token_ = 0;
    int exceptions_ = 0;
};

/// Makes a span or context that somebody else owns active on this thread as long as this object lives: how a trace goes on in another thread.
class activation {
public:
    explicit activation(span_view active) noexcept {
        if (ddtrace_provider_activate_span(detail::active_provider(), active.get(), &token_) != DDTRACE_OK) token_ = 0;
    }
    explicit activation(const context &active) noexcept {
        if (ddtrace_provider_activate_context(detail::active_provider(), active.get(), &token_) != DDTRACE_OK) token_ = 0;
    }
    activation(activation &&other) noexcept : token_(std::exchange(other.token_, 0)) {}
    activation &operator=(activation &&other) noexcept {
        if (this != &other) {
            (void)end();
            token_ = std::exchange(other.token_, 0);
        }
        return *this;
    }
    activation(const activation &) = delete;
    activation &operator=(const activation &) = delete;
    ~activation() { (void)end(); }

    /// Brings back what was active before.
    status end() noexcept {
        const std::uint64_t token = std::exchange(token_, 0);
        return token == 0 ? DDTRACE_ERR_INVALID : ddtrace_provider_restore(detail::active_provider(), token);
    }

private:
    std::uint64_t token_ = 0;
};

} // namespace v0
} // namespace ddtrace

#endif
