// SPDX-License-Identifier: Apache-2.0
// Propagation: contexts out of headers and into them, whatever the headers are kept in.
#ifndef DDTRACE_PROPAGATOR_HPP
#define DDTRACE_PROPAGATOR_HPP

#include <ddtrace/config.hpp>
#include <ddtrace/span.hpp>

#include <array>
#include <cstring>
#include <iterator>
#include <vector>

namespace ddtrace {
inline namespace v0 {

/// A header: name and value.
using header = std::pair<std::string_view, std::string_view>;

/// The headers of one injection, kept without an allocation unless there is much baggage. Iterates over `header`s, which live as long as it does.
class header_block {
public:
    /// Goes from header to header.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = header;
        using difference_type = std::ptrdiff_t;
        using pointer = const header *;
        using reference = header;

        explicit iterator(const char *at) noexcept : at_(at) {}
        header operator*() const noexcept {
            const std::string_view name(at_);
            return {name, std::string_view(at_ + name.size() + 1)};
        }
        iterator &operator++() noexcept {
            const header here = **this;
            at_ = here.second.data() + here.second.size() + 1;
            return *this;
        }
        friend bool operator==(iterator one, iterator other) noexcept { return one.at_ == other.at_; }
        friend bool operator!=(iterator one, iterator other) noexcept { return one.at_ != other.at_; }

    private:
        const char *at_;
    };

    header_block() noexcept {}
    header_block(const header_block &) = delete;
    header_block &operator=(const header_block &) = delete;

    iterator begin() const noexcept { return iterator(data()); }
    iterator end() const noexcept { return iterator(data() + size_); }
    /// `name\0value\0name\0value\0…`
    const char *data() const noexcept { return large_.empty() ? small_ : large_.data(); }
    std::size_t size() const noexcept { return size_; }

private:
    friend class propagator;

    // Lets `write(buf, cap, &needed)` write again where the place did not suffice.
    template <class Write>
    status fill(Write write) {
        large_.clear();
        std::size_t needed = 0;
        ddtrace_status code = write(small_, sizeof small_, &needed);
        while (code == DDTRACE_ERR_BUFFER) {
            large_.resize(needed);
            code = write(large_.data(), large_.size(), &needed);
        }
        size_ = code == DDTRACE_OK ? needed : 0;
        return code;
    }

    std::size_t size_ = 0;
    std::string large_;
    char small_[1024];
};

namespace detail {

template <class Carrier, class = void>
struct is_range : std::false_type {};
template <class Carrier>
struct is_range<Carrier, std::void_t<decltype(std::string_view((*std::begin(std::declval<Carrier &>())).first)),
                                     decltype(std::string_view((*std::begin(std::declval<Carrier &>())).second))>> : std::true_type {};

template <class Carrier, class = void>
struct has_index : std::false_type {};
template <class Carrier>
struct has_index<Carrier, std::void_t<decltype(std::declval<Carrier &>()[std::string()] = std::string())>> : std::true_type {};

template <class Carrier, class = void>
struct has_erase : std::false_type {};
template <class Carrier>
struct has_erase<Carrier, std::void_t<decltype(std::declval<Carrier &>().erase(std::string())),
                                      decltype(std::declval<Carrier &>().emplace(std::string(), std::string()))>> : std::true_type {};

// Puts a header into a carrier, in place of one of the same name.
template <class Carrier>
void put(Carrier &carrier, std::string_view name, std::string_view value) {
    if constexpr (std::is_invocable_v<Carrier &, std::string_view, std::string_view>) {
        carrier(name, value);
    } else if constexpr (has_index<Carrier>::value) {
        carrier[std::string(name)] = std::string(value);
    } else if constexpr (has_erase<Carrier>::value) {
        carrier.erase(std::string(name));
        carrier.emplace(std::string(name), std::string(value));
    } else {
        carrier.emplace_back(std::string(name), std::string(value));
    }
}

// Tells the library what a callable answered for a header: text, an optional text, or a pointer that may be null.
template <class Answer>
void tell_header(const Answer &answer, ddtrace_header_found found, void *sink) {
    if constexpr (std::is_convertible_v<const Answer &, const char *>) {
        if (const char *value = answer) found(sink, value, std::strlen(value));
    } else if constexpr (std::is_convertible_v<const Answer &, std::string_view>) {
        const std::string_view value = answer;
        if (value.data() != nullptr) found(sink, value.data(), value.size());
    } else {
        if (answer) {
            const std::string_view value = *answer;
            found(sink, value.data(), value.size());
        }
    }
}

} // namespace detail

/// Reads contexts from headers and writes them, in the styles that the settings name (DD_TRACE_PROPAGATION_STYLE). An empty one does nothing.
class propagator {
public:
    propagator() noexcept = default;
    /// Takes over a reference of the C API.
    explicit propagator(ddtrace_propagator *handle) noexcept : handle_(handle) {}

    static result<propagator> create(const config &settings) {
        if (!settings.problem().code().ok()) return settings.problem();
        return made_with(settings.get());
    }
    static result<propagator> create(std::initializer_list<setting> settings) { return create(config(settings)); }
    static result<propagator> create() { return made_with(nullptr); }

    /// Reads a context. It may be empty. The carrier is a map or any range of pairs of text, or a function that answers the value of a header
    /// by its lowercase name: as text, an optional text, or a pointer that may be null.
    template <class Carrier>
    context extract(const Carrier &carrier) const {
        if constexpr (detail::is_range<const Carrier>::value) {
            return extract_range(carrier);
        } else {
            static_assert(std::is_invocable_v<const Carrier &, std::string_view>, "a range of pairs of text, or a function of a header's name");
            return extract_by_lookup(carrier);
        }
    }
    context extract(std::initializer_list<header> headers) const { return extract_range(headers); }

    /// Writes the headers of a span, or of a context, into a carrier: a map, a multimap (former headers of the name are replaced), a sequence
    /// of pairs, or a function of name and value. Decides the trace's sampling if that is open.
    template <class Carrier>
    status inject(span_view from, Carrier &&carrier) const {
        return inject_from(from, carrier);
    }
    template <class Carrier>
    status inject(const context &from, Carrier &&carrier) const {
        return inject_from(from, carrier);
    }
    /// The quickest way: all headers into one block.
    status inject(span_view from, header_block &block) const {
        return block.fill([&](char *buf, std::size_t cap, std::size_t *needed) { return ddtrace_propagator_inject_span(get(), from.get(), buf, cap, needed); });
    }
    status inject(const context &from, header_block &block) const {
        return block.fill([&](char *buf, std::size_t cap, std::size_t *needed) { return ddtrace_propagator_inject_context(get(), from.get(), buf, cap, needed); });
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    propagator share() const noexcept { return propagator(ddtrace_propagator_ref(get())); }
    ddtrace_propagator *get() const noexcept { return handle_.get(); }

private:
    static constexpr std::size_t few_headers = 64;

    static result<propagator> made_with(const ddtrace_config *settings) {
        ddtrace_propagator *made = nullptr;
        ddtrace_error *failure = nullptr;
        const ddtrace_status code = ddtrace_propagator_new(settings, &made, &failure);
        return {propagator(code == DDTRACE_OK ? made : nullptr), error::take(code, failure)};
    }

    template <class Range>
    context extract_range(const Range &headers) const {
        struct pair {
            ddtrace_str name, value;
        };
        pair few[few_headers];
        std::size_t count = 0;
        std::vector<pair> many;
        for (const auto &one : headers) {
            const pair next = {detail::str(std::string_view(one.first)), detail::str(std::string_view(one.second))};
            if (count < few_headers) {
                few[count] = next;
            } else {
                if (many.empty()) many.assign(few, few + few_headers);
                many.push_back(next);
            }
            count++;
        }
        const pair *first = many.empty() ? few : many.data();
        ddtrace_context *made = nullptr;
        const ddtrace_status code = ddtrace_propagator_extract(get(), &first->name, count, &made);
        return context(code == DDTRACE_OK ? made : nullptr);
    }

    template <class Lookup>
    context extract_by_lookup(const Lookup &lookup) const {
        ddtrace_context *made = nullptr;
        const ddtrace_status code = ddtrace_propagator_extract_with(
            get(),
            [](void *user_data, const char *name, ddtrace_header_found found, void *sink) {
                detail::guarded("carrier", [&] { detail::tell_header((*static_cast<const Lookup *>(user_data))(std::string_view(name)), found, sink); });
            },
            detail::as_user_data(lookup), &made);
        return context(code == DDTRACE_OK ? made : nullptr);
    }

    template <class From, class Carrier>
    status inject_from(const From &from, Carrier &carrier) const {
        header_block block;
        const status done = inject(from, block);
        for (const header one : block) detail::put(carrier, one.first, one.second);
        return done;
    }

    detail::owned<ddtrace_propagator, ddtrace_propagator_free> handle_;
};

} // namespace v0
} // namespace ddtrace

#endif
