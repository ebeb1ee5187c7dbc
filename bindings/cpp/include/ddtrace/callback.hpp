// SPDX-License-Identifier: Apache-2.0
// Lambdas as callbacks of the C API: the library owns them, and what they throw stays here.
#ifndef DDTRACE_CALLBACK_HPP
#define DDTRACE_CALLBACK_HPP

#include <ddtrace/result.hpp>

#include <atomic>
#include <cstdio>
#include <memory>
#include <new>
#include <type_traits>

#if DDTRACE_HAS_EXCEPTIONS
#include <exception>
#endif

namespace ddtrace {
inline namespace v0 {

/// Is told of an exception that a callback threw: which callback, and what the exception says. It must not throw.
using exception_handler = void (*)(const char *callback, const char *what);

namespace detail {

inline void print_exception(const char *callback, const char *what) {
    std::fprintf(stderr, "ddtrace: an exception was contained in the %s: %s\n", callback, what);
}

inline std::atomic<std::uint64_t> exceptions{0};
inline std::atomic<exception_handler> handler{&print_exception};

// A callback that throws does so for every span: the first ten are enough to read.
inline void contained(const char *callback, const char *what) noexcept {
    if (exceptions.fetch_add(1, std::memory_order_relaxed) >= 10) return;
    if (exception_handler told = handler.load(std::memory_order_acquire)) told(callback, what);
}

// Calls, and answers `otherwise` if the call throws: nothing may pass through the frames of the C API.
template <class Result, class Call>
Result guarded(const char *callback, Result otherwise, Call call) noexcept {
#if DDTRACE_HAS_EXCEPTIONS
    try {
        return call();
    } catch (const std::exception &thrown) {
        contained(callback, thrown.what());
    } catch (...) {
        contained(callback, "not a std::exception");
    }
    return otherwise;
#else
    (void)callback;
    (void)otherwise;
    return call();
#endif
}

template <class Call>
void guarded(const char *callback, Call call) noexcept {
    guarded(callback, 0, [&call] { return call(), 0; });
}

// Gives a function object to the library, which ends it with `destroy`. NULL when memory is out.
template <class F>
std::decay_t<F> *give(F &&function) {
    return new (std::nothrow) std::decay_t<F>(std::forward<F>(function));
}

template <class F>
void destroy(void *user_data) noexcept {
    guarded("destructor of a callback", [user_data] { delete static_cast<F *>(user_data); });
}

// A function object that is borrowed for the time of one call.
template <class F>
void *as_user_data(F &function) noexcept {
    return const_cast<void *>(static_cast<const volatile void *>(std::addressof(function)));
}

template <class F>
void visit_pair(void *user_data, ddtrace_str key, ddtrace_str value) noexcept {
    guarded("visitor", [&] { (*static_cast<F *>(user_data))(view(key), view(value)); });
}

// The answer of a callback that returns a status, or nothing, which is success.
template <class F, class... Arguments>
ddtrace_status status_of(F &function, Arguments &&...arguments) {
    if constexpr (std::is_void_v<std::invoke_result_t<F &, Arguments...>>) {
        function(std::forward<Arguments>(arguments)...);
        return DDTRACE_OK;
    } else {
        return status(function(std::forward<Arguments>(arguments)...)).code();
    }
}

} // namespace detail

/// How many exceptions of callbacks were contained in this process.
inline std::uint64_t contained_exceptions() noexcept { return detail::exceptions.load(std::memory_order_relaxed); }

/// Tells the first ten exceptions of callbacks to this function instead of stderr; `nullptr` tells nobody.
inline void on_contained_exception(exception_handler told) noexcept { detail::handler.store(told, std::memory_order_release); }

/// Sends the library's own messages to `log`, called as `log(int level, std::string_view message)` from any thread, instead of stderr.
template <class F>
status set_log(F &&log) {
    using function = std::decay_t<F>;
    function *given = detail::give(std::forward<F>(log));
    if (given == nullptr) return DDTRACE_ERR_LIMIT;
    return ddtrace_set_log_callback(
        [](void *user_data, std::int32_t level, const char *message, std::size_t length) {
            detail::guarded("log", [&] { (*static_cast<function *>(user_data))(static_cast<int>(level), std::string_view(message, length)); });
        },
        given, &detail::destroy<function>);
}

/// Sends the library's messages to stderr again.
inline status reset_log() noexcept { return ddtrace_set_log_callback(nullptr, nullptr, nullptr); }

} // namespace v0
} // namespace ddtrace

#endif
