// SPDX-License-Identifier: Apache-2.0
// Spans: views of them, and the two kinds of owners.
#ifndef DDTRACE_SPAN_HPP
#define DDTRACE_SPAN_HPP

#include <ddtrace/context.hpp>

#include <chrono>

namespace ddtrace {
inline namespace v0 {

/// Which side of a call a span is on.
enum class span_kind : std::int32_t {
    unspecified = DDTRACE_SPAN_KIND_UNSPECIFIED,
    internal = DDTRACE_SPAN_KIND_INTERNAL,
    server = DDTRACE_SPAN_KIND_SERVER,
    client = DDTRACE_SPAN_KIND_CLIENT,
    producer = DDTRACE_SPAN_KIND_PRODUCER,
    consumer = DDTRACE_SPAN_KIND_CONSUMER,
};

/// How an operation went, as OpenTelemetry has it.
enum class span_status : std::int32_t {
    unset = DDTRACE_SPAN_STATUS_UNSET,
    ok = DDTRACE_SPAN_STATUS_OK,
    error = DDTRACE_SPAN_STATUS_ERROR,
};

/// Which way a pointer to an object points.
enum class pointer_direction : std::int32_t { upstream = 0, downstream = 1 };

/// A moment in Unix nanoseconds, made from those or from the system's clock; 0 is now.
struct timestamp {
    std::int64_t ns = 0;

    constexpr timestamp() noexcept = default;
    constexpr timestamp(std::int64_t unix_ns) noexcept : ns(unix_ns) {}
    timestamp(std::chrono::system_clock::time_point when) noexcept
        : ns(std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count()) {}
};

class shared_span;

/// A span that somebody else owns: to be read and changed, copied freely, valid as long as its owner. Callbacks get spans in this form. A
/// view of nothing, and one of a finished span that is asked to change, answer a status and do nothing.
class span_view {
public:
    span_view() noexcept = default;
    explicit span_view(ddtrace_span *handle) noexcept : handle_(handle) {}

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    ddtrace_span *get() const noexcept { return handle_; }

    // Tags.

    /// Sets a tag: text, a number, or a truth value.
    template <class T>
    status set_tag(std::string_view key, const T &value) const noexcept {
        if constexpr (std::is_same_v<T, bool>) {
            return ddtrace_span_set_tag_bool(handle_, key.data(), key.size(), value ? 1 : 0);
        } else if constexpr (std::is_floating_point_v<T>) {
            return ddtrace_span_set_tag_f64(handle_, key.data(), key.size(), static_cast<double>(value));
        } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::nullptr_t>) {
            const tag one(key, value);
            return ddtrace_span_set_tags(handle_, &one, 1);
        } else {
            const std::string_view text = value;
            return ddtrace_span_set_tag(handle_, key.data(), key.size(), text.data(), text.size());
        }
    }
    status set_tags(tag_list tags) const noexcept { return ddtrace_span_set_tags(handle_, tags.data(), tags.size()); }
    status remove_tag(std::string_view key) const noexcept { return ddtrace_span_unset_tag(handle_, key.data(), key.size()); }
    /// A tag as text; numbers are written out.
    std::optional<std::string> get_tag(std::string_view key) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_span_get_tag(handle_, key.data(), key.size(), buf, cap); });
    }
    std::optional<double> get_number(std::string_view key) const noexcept {
        double number = 0;
        if (ddtrace_span_get_tag_f64(handle_, key.data(), key.size(), &number) != DDTRACE_OK) return std::nullopt;
        return number;
    }
    /// Calls `visit(tag_view)` for each tag.
    template <class F>
    status each_tag(F &&visit) const {
        using function = std::remove_reference_t<F>;
        return ddtrace_span_each_tag(
            handle_,
            [](void *user_data, const ddtrace_tag *shown) {
                detail::guarded("visitor", [&] { (*static_cast<function *>(user_data))(tag_view(*shown)); });
            },
            detail::as_user_data(visit));
    }
    /// Sets structured data, which is MessagePack.
    status set_meta_struct(std::string_view key, const std::uint8_t *msgpack, std::size_t size) const noexcept {
        return ddtrace_span_set_meta_struct(handle_, key.data(), key.size(), msgpack, size);
    }

    // What the span is about.

    status set_name(std::string_view name) const noexcept { return ddtrace_span_set_name(handle_, name.data(), name.size()); }
    status set_service(std::string_view service) const noexcept { return ddtrace_span_set_service(handle_, service.data(), service.size()); }
    status set_resource(std::string_view resource) const noexcept { return ddtrace_span_set_resource(handle_, resource.data(), resource.size()); }
    status set_type(std::string_view type) const noexcept { return ddtrace_span_set_type(handle_, type.data(), type.size()); }
    status set_kind(span_kind kind) const noexcept { return ddtrace_span_set_kind(handle_, static_cast<std::int32_t>(kind)); }
    status set_start(timestamp start) const noexcept { return ddtrace_span_set_start(handle_, start.ns); }
    std::string name() const { return text_of(&ddtrace_span_get_name); }
    std::string service() const { return text_of(&ddtrace_span_get_service); }
    std::string resource() const { return text_of(&ddtrace_span_get_resource); }
    std::string type() const { return text_of(&ddtrace_span_get_type); }
    span_kind kind() const noexcept { return static_cast<span_kind>(ddtrace_span_get_kind(handle_)); }
    /// Unix nanoseconds.
    std::int64_t start() const noexcept { return ddtrace_span_get_start(handle_); }
    std::chrono::nanoseconds duration() const noexcept { return std::chrono::nanoseconds(ddtrace_span_get_duration(handle_)); }
    bool is_finished() const noexcept { return ddtrace_span_is_finished(handle_); }
    /// Whether what is set is kept; a span may only carry its trace on.
    bool is_recording() const noexcept { return ddtrace_span_is_recording(handle_); }
    std::optional<std::string> to_json() const {
        return detail::read_text([this](char *buf, std::size_t cap) { return ddtrace_span_to_json(handle_, buf, cap); });
    }

    // Errors.

    status set_error(bool failed = true) const noexcept { return ddtrace_span_set_error(handle_, failed ? 1 : 0); }
    bool is_error() const noexcept { return ddtrace_span_is_error(handle_); }
    /// Says that the operation failed, and why.
    status set_exception(std::string_view type, std::string_view message, std::string_view stack = {}) const noexcept {
        return ddtrace_span_set_exception(handle_, type.data(), type.size(), message.data(), message.size(), stack.data(), stack.size());
    }
    /// Adds an event `exception`, for one that was dealt with.
    status record_exception(std::string_view type, std::string_view message, std::string_view stack = {}, tag_list attributes = {}) const noexcept {
        return ddtrace_span_record_exception(handle_, type.data(), type.size(), message.data(), message.size(), stack.data(), stack.size(),
                                             attributes.data(), attributes.size());
    }
    status set_status(span_status went, std::string_view description = {}) const noexcept {
        return ddtrace_span_set_status(handle_, static_cast<std::int32_t>(went), description.data(), description.size());
    }
    span_status get_status() const noexcept { return static_cast<span_status>(ddtrace_span_get_status(handle_)); }

    // Events, links, pointers.

    status add_event(std::string_view name, tag_list attributes = {}, timestamp when = {}) const noexcept {
        return ddtrace_span_add_event(handle_, name.data(), name.size(), when.ns, attributes.data(), attributes.size());
    }
    status add_link(span_view other, tag_list attributes = {}) const noexcept {
        return ddtrace_span_link_span(handle_, other.handle_, attributes.data(), attributes.size());
    }
    status add_link(const ddtrace::context &other, tag_list attributes = {}) const noexcept {
        return ddtrace_span_link_context(handle_, other.get(), attributes.data(), attributes.size());
    }
    status add_link(const span_ids &other, tag_list attributes = {}, std::string_view tracestate = {},
                    std::optional<std::uint32_t> flags = std::nullopt) const noexcept {
        ddtrace_link link{};
        link.struct_size = sizeof link;
        link.trace_id_high = other.trace.high;
        link.trace_id_low = other.trace.low;
        link.span_id = other.span;
        link.has_flags = flags ? 1 : 0;
        link.flags = flags.value_or(0);
        link.tracestate = detail::str(tracestate);
        link.attributes = attributes.data();
        link.attributes_len = attributes.size();
        return ddtrace_span_add_link(handle_, &link);
    }
    status add_pointer(std::string_view object_kind, pointer_direction direction, std::string_view hash) const noexcept {
        return ddtrace_span_add_pointer(handle_, object_kind.data(), object_kind.size(), static_cast<std::int32_t>(direction), hash.data(), hash.size());
    }

    // Its trace.

    span_ids ids() const noexcept {
        ddtrace_span_ids raw{};
        if (ddtrace_span_get_ids(handle_, &raw) != DDTRACE_OK) return {};
        return {{raw.trace_id_high, raw.trace_id_low}, raw.span_id, raw.parent_id};
    }
    /// The context, which may outlive the span: to be passed to another thread, or kept for a link.
    ddtrace::context context() const noexcept {
        ddtrace_context *made = nullptr;
        return ddtrace::context(ddtrace_span_get_context(handle_, &made) == DDTRACE_OK ? made : nullptr);
    }
    /// Decides the trace by hand.
    status keep() const noexcept { return ddtrace_span_override_sampling(handle_, priority::user_keep); }
    status drop() const noexcept { return ddtrace_span_override_sampling(handle_, priority::user_reject); }

    status set_baggage(std::string_view key, std::string_view value) const noexcept {
        return ddtrace_span_set_baggage(handle_, key.data(), key.size(), value.data(), value.size());
    }
    std::optional<std::string> get_baggage(std::string_view key) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_span_get_baggage(handle_, key.data(), key.size(), buf, cap); });
    }
    status remove_baggage(std::string_view key) const noexcept { return ddtrace_span_unset_baggage(handle_, key.data(), key.size()); }
    status clear_baggage() const noexcept { return ddtrace_span_clear_baggage(handle_); }
    /// Calls `visit(std::string_view key, std::string_view value)` for each item.
    template <class F>
    status each_baggage(F &&visit) const {
        return ddtrace_span_each_baggage(handle_, &detail::visit_pair<std::remove_reference_t<F>>, detail::as_user_data(visit));
    }

    /// Finishes the span, at `end` or now; its owner can still read it, inject it and start children of it.
    status finish(timestamp end = {}) const noexcept {
        if (end.ns == 0) return ddtrace_span_finish(handle_, nullptr);
        ddtrace_span_end_options options{};
        options.struct_size = sizeof options;
        options.end_ns = end.ns;
        return ddtrace_span_finish(handle_, &options);
    }
    /// Finishes the span and its unfinished ancestors in this process.
    status finish_with_ancestors(timestamp end = {}) const noexcept { return ddtrace_span_finish_with_ancestors(handle_, end.ns); }
    /// A reference of one's own.
    shared_span share() const noexcept;

protected:
    ddtrace_span *handle_ = nullptr;

private:
    std::string text_of(std::size_t (*read)(const ddtrace_span *, char *, std::size_t)) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return read(handle_, buf, cap); }).value_or(std::string());
    }
};

/// A reference to a span that somebody else finishes: keeps it readable, and ends nothing.
class shared_span : public span_view {
public:
    shared_span() noexcept = default;
    /// Takes over a reference of the C API.
    explicit shared_span(ddtrace_span *handle) noexcept : span_view(handle) {}
    shared_span(shared_span &&other) noexcept : span_view(std::exchange(other.handle_, nullptr)) {}
    shared_span &operator=(shared_span &&other) noexcept {
        if (this != &other) ddtrace_span_free(std::exchange(handle_, std::exchange(other.handle_, nullptr)));
        return *this;
    }
    shared_span(const shared_span &) = delete;
    shared_span &operator=(const shared_span &) = delete;
    ~shared_span() {
        if (handle_ != nullptr) ddtrace_span_free(handle_);
    }
};

inline shared_span span_view::share() const noexcept { return shared_span(ddtrace_span_ref(handle_)); }

/// One timed operation, and its owner: it ends when this object does, or when `end` is called. One that was moved from, or has ended, is empty
/// and does nothing.
class span : public span_view {
public:
    span() noexcept = default;
    /// Takes over a reference of the C API.
    explicit span(ddtrace_span *handle) noexcept : span_view(handle) {}
    span(span &&other) noexcept : span_view(std::exchange(other.handle_, nullptr)) {}
    span &operator=(span &&other) noexcept {
        if (this != &other) {
            end();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    span(const span &) = delete;
    span &operator=(const span &) = delete;
    ~span() {
        if (handle_ != nullptr) (void)ddtrace_span_end(handle_, nullptr);
    }

    /// Ends the span now, and makes this object empty.
    status end() noexcept { return ddtrace_span_end(std::exchange(handle_, nullptr), nullptr); }
    /// Ends it at another time, with more tags.
    status end(timestamp when, tag_list tags = {}) noexcept {
        ddtrace_span_end_options options{};
        options.struct_size = sizeof options;
        options.end_ns = when.ns;
        options.tags = tags.data();
        options.tags_len = tags.size();
        return ddtrace_span_end(std::exchange(handle_, nullptr), &options);
    }
    /// Gives the span up: it is never sent, and counted as abandoned unless it was finished.
    void abandon() noexcept { ddtrace_span_free(std::exchange(handle_, nullptr)); }
    /// Hands the reference to the caller, who has to end it with the C API.
    ddtrace_span *release() noexcept { return std::exchange(handle_, nullptr); }
};

/// How a span begins: `span_options("http.request").service("shop").resource("GET /").child_of(parent)`. Texts and parents are views, to be used
/// in the call that this is made for.
class span_options {
public:
    span_options(std::string_view name) noexcept {
        raw_.struct_size = sizeof raw_;
        raw_.name = detail::str(name);
    }
    span_options(const char *name) noexcept : span_options(name == nullptr ? std::string_view() : std::string_view(name)) {}
    span_options(const std::string &name) noexcept : span_options(std::string_view(name)) {}

    span_options &service(std::string_view service) noexcept { return raw_.service = detail::str(service), *this; }
    span_options &resource(std::string_view resource) noexcept { return raw_.resource = detail::str(resource), *this; }
    span_options &type(std::string_view type) noexcept { return raw_.type = detail::str(type), *this; }
    span_options &kind(span_kind kind) noexcept { return raw_.kind = static_cast<std::int32_t>(kind), *this; }
    span_options &start(timestamp start) noexcept { return raw_.start_ns = start.ns, *this; }
    /// The last one counts. An empty parent begins a new trace.
    span_options &child_of(span_view parent) noexcept { return raw_.parent_span = parent.get(), raw_.parent_context = nullptr, *this; }
    span_options &child_of(const context &parent) noexcept { return raw_.parent_context = parent.get(), raw_.parent_span = nullptr, *this; }
    /// DDTRACE_SPAN_FLAG_*
    span_options &flags(std::uint32_t flags) noexcept { return raw_.flags = flags, *this; }
    span_options &tags(tag_list tags) noexcept { return raw_.tags = tags.data(), raw_.tags_len = tags.size(), *this; }

    const ddtrace_span_options &get() const noexcept { return raw_; }

private:
    ddtrace_span_options raw_{};
};

} // namespace v0
} // namespace ddtrace

#endif
