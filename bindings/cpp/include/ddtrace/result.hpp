// SPDX-License-Identifier: Apache-2.0
// Texts, statuses and results: how calls take text, and how they tell what went wrong without exceptions.
#ifndef DDTRACE_RESULT_HPP
#define DDTRACE_RESULT_HPP

#include <ddtrace.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Whether callbacks may throw: without exceptions there is nothing to contain.
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define DDTRACE_HAS_EXCEPTIONS 1
#else
#define DDTRACE_HAS_EXCEPTIONS 0
#endif

namespace ddtrace {
inline namespace v0 {

/// A text in a list that the library reads, such as the tags of a metric: a view, made from anything that is text.
struct text : ddtrace_str {
    text() noexcept : ddtrace_str{nullptr, 0} {}
    text(std::string_view view) noexcept : ddtrace_str{view.data(), view.size()} {}
    text(const std::string &string) noexcept : text(std::string_view(string)) {}
    text(const char *literal) noexcept : text(literal == nullptr ? std::string_view() : std::string_view(literal)) {}

    std::string_view view() const noexcept { return {ptr, len}; }
};

/// The outcome of a call: true if it did what was asked, else one of DDTRACE_ERR_*.
class status {
public:
    constexpr status() noexcept = default;
    constexpr status(ddtrace_status code) noexcept : code_(code) {}

    constexpr bool ok() const noexcept { return code_ == DDTRACE_OK; }
    constexpr explicit operator bool() const noexcept { return ok(); }
    constexpr ddtrace_status code() const noexcept { return code_; }
    /// A few English words.
    std::string_view message() const noexcept { return ddtrace_status_text(code_); }

    friend constexpr bool operator==(status one, status other) noexcept { return one.code_ == other.code_; }
    friend constexpr bool operator!=(status one, status other) noexcept { return one.code_ != other.code_; }

private:
    ddtrace_status code_ = DDTRACE_OK;
};

/// Why a call failed: its status, and a message that says what was wrong, what was seen and what was expected.
class error {
public:
    error() = default;
    error(status code) : code_(code), message_(code.ok() ? std::string_view() : code.message()) {}

    status code() const noexcept { return code_; }
    const std::string &message() const noexcept { return message_; }

    /// Takes over an error of the C API, which may be NULL.
    static error take(ddtrace_status code, ddtrace_error *taken) {
        error made{status(code)};
        if (taken == nullptr) return made;
        const ddtrace_str words = ddtrace_error_message(taken);
        if (code != DDTRACE_OK) made.message_.assign(words.ptr == nullptr ? "" : words.ptr, words.len);
        ddtrace_error_free(taken);
        return made;
    }

private:
    status code_;
    std::string message_;
};

/// A value, or the error that stands in its place. All values of this library have an empty form that does nothing, so `value()` may be
/// used without asking: after a failure, tracing is off and the program goes on.
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : value_(std::move(value)) {}
    result(T value, error failure) : value_(std::move(value)), error_(std::move(failure)) {}
    result(error failure) : value_(), error_(std::move(failure)) {}

    bool ok() const noexcept { return error_.code().ok(); }
    explicit operator bool() const noexcept { return ok(); }
    ddtrace::status status() const noexcept { return error_.code(); }
    const std::string &message() const noexcept { return error_.message(); }

    T &value() & noexcept { return value_; }
    const T &value() const & noexcept { return value_; }
    T &&value() && noexcept { return std::move(value_); }
    T &operator*() & noexcept { return value_; }
    T &&operator*() && noexcept { return std::move(value_); }
    T *operator->() noexcept { return &value_; }

private:
    T value_;
    error error_;
};

/// Success, or the error.
template <>
class [[nodiscard]] result<void> {
public:
    result() = default;
    result(error failure) : error_(std::move(failure)) {}

    bool ok() const noexcept { return error_.code().ok(); }
    explicit operator bool() const noexcept { return ok(); }
    ddtrace::status status() const noexcept { return error_.code(); }
    const std::string &message() const noexcept { return error_.message(); }

private:
    error error_;
};

namespace detail {

inline ddtrace_str str(std::string_view view) noexcept { return {view.data(), view.size()}; }
inline std::string_view view(ddtrace_str given) noexcept { return given.ptr == nullptr ? std::string_view() : std::string_view(given.ptr, given.len); }

// Copies out a text by the rule of snprintf. It may grow between two calls.
template <class Read>
std::optional<std::string> read_text(Read read) {
    char small[256];
    std::size_t length = read(small, sizeof small);
    if (length == DDTRACE_ABSENT) return std::nullopt;
    if (length < sizeof small) return std::string(small, length);
    std::string large;
    do {
        large.resize(length + 1);
        length = read(large.data(), large.size());
        if (length == DDTRACE_ABSENT) return std::nullopt;
    } while (length >= large.size());
    large.resize(length);
    return large;
}

// A reference to a handle of the C API: freed once, moved by taking the pointer.
template <class Handle, void (*Free)(Handle *)>
class owned {
public:
    owned() noexcept = default;
    explicit owned(Handle *handle) noexcept : handle_(handle) {}
    owned(owned &&other) noexcept : handle_(other.release()) {}
    owned &operator=(owned &&other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    owned(const owned &) = delete;
    owned &operator=(const owned &) = delete;
    ~owned() {
        if (handle_ != nullptr) Free(handle_);
    }

    Handle *get() const noexcept { return handle_; }
    Handle *release() noexcept { return std::exchange(handle_, nullptr); }
    void reset(Handle *handle = nullptr) noexcept {
        if (Handle *former = std::exchange(handle_, handle)) Free(former);
    }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

private:
    Handle *handle_ = nullptr;
};

} // namespace detail
} // namespace v0
} // namespace ddtrace

#endif
