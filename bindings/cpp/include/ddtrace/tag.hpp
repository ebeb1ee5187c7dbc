// SPDX-License-Identifier: Apache-2.0
// Tags of all types: text, numbers, truth values, arrays, maps.
#ifndef DDTRACE_TAG_HPP
#define DDTRACE_TAG_HPP

#include <ddtrace/result.hpp>

#include <cstddef>
#include <initializer_list>
#include <limits>
#include <type_traits>

namespace ddtrace {
inline namespace v0 {

/// One tag of a span, attribute of an event or link, or item of baggage: a view of key and value, to be used in the call that it is made
/// for: `span.set_tags({{"http.method", "GET"}, {"items", 17}, {"cached", true}})`.
struct tag : ddtrace_tag {
    template <class T>
    tag(std::string_view name, const T &given) noexcept : ddtrace_tag{} {
        key = detail::str(name);
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
            kind = DDTRACE_TAG_NULL;
        } else if constexpr (std::is_same_v<T, bool>) {
            kind = DDTRACE_TAG_BOOL;
            value.i64 = given ? 1 : 0;
        } else if constexpr (std::is_floating_point_v<T>) {
            kind = DDTRACE_TAG_F64;
            value.f64 = static_cast<double>(given);
        } else if constexpr (std::is_integral_v<T>) {
            set_integer(given);
        } else {
            static_assert(std::is_convertible_v<const T &, std::string_view>, "a tag is text, a number, a truth value, or nullptr");
            kind = DDTRACE_TAG_STRING;
            value.string = detail::str(given);
        }
    }

    /// A tag `key.0`, `key.1`, … for each item, whose keys are ignored.
    static tag array(std::string_view name, const tag *items, std::size_t count) noexcept { return {name, DDTRACE_TAG_ARRAY, items, count}; }
    static tag array(std::string_view name, std::initializer_list<tag> items) noexcept { return array(name, items.begin(), items.size()); }
    /// A tag `key.name` for each item.
    static tag map(std::string_view name, const tag *items, std::size_t count) noexcept { return {name, DDTRACE_TAG_MAP, items, count}; }
    static tag map(std::string_view name, std::initializer_list<tag> items) noexcept { return map(name, items.begin(), items.size()); }

private:
    tag(std::string_view name, std::int32_t list_kind, const tag *items, std::size_t count) noexcept : ddtrace_tag{} {
        key = detail::str(name);
        kind = list_kind;
        value.list = {items, count};
    }

    template <class T>
    void set_integer(T number) noexcept {
        // What int64_t cannot hold is kept as nearly as possible.
        if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
            if (number > static_cast<T>(std::numeric_limits<std::int64_t>::max())) {
                kind = DDTRACE_TAG_F64;
                value.f64 = static_cast<double>(number);
                return;
            }
        }
        kind = DDTRACE_TAG_I64;
        value.i64 = static_cast<std::int64_t>(number);
    }
};
static_assert(sizeof(tag) == sizeof(ddtrace_tag), "arrays of tags are passed as they are");

/// Tags that are passed to a call: `{{"key", value}, …}`, or any array of them. A view.
class tag_list {
public:
    tag_list() noexcept = default;
    tag_list(std::initializer_list<tag> tags) noexcept : tag_list(tags.begin(), tags.size()) {}
    tag_list(const tag *tags, std::size_t count) noexcept : tags_(tags), count_(count) {}
    template <std::size_t Count>
    tag_list(const tag (&tags)[Count]) noexcept : tag_list(tags, Count) {}
    /// Of a `std::vector<tag>`, a `std::array`, and their like.
    template <class Container, class = std::enable_if_t<std::is_convertible_v<decltype(std::declval<const Container &>().data()), const tag *>>>
    tag_list(const Container &container) noexcept : tag_list(container.data(), container.size()) {}

    const ddtrace_tag *data() const noexcept { return tags_; }
    std::size_t size() const noexcept { return count_; }

private:
    const tag *tags_ = nullptr;
    std::size_t count_ = 0;
};

/// A tag as spans show it: valid while it is shown.
class tag_view {
public:
    explicit tag_view(const ddtrace_tag &shown) noexcept : shown_(&shown) {}

    std::string_view key() const noexcept { return detail::view(shown_->key); }
    bool is_number() const noexcept { return shown_->kind == DDTRACE_TAG_F64 || shown_->kind == DDTRACE_TAG_I64; }
    /// The text; empty for numbers.
    std::string_view text() const noexcept {
        return shown_->kind == DDTRACE_TAG_STRING || shown_->kind == DDTRACE_TAG_BYTES ? detail::view(shown_->value.string) : std::string_view();
    }
    /// The number; 0 for text.
    double number() const noexcept {
        if (shown_->kind == DDTRACE_TAG_F64) return shown_->value.f64;
        return shown_->kind == DDTRACE_TAG_I64 ? static_cast<double>(shown_->value.i64) : 0.0;
    }

private:
    const ddtrace_tag *shown_;
};

} // namespace v0
} // namespace ddtrace

#endif
