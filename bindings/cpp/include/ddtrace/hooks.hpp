// SPDX-License-Identifier: Apache-2.0
// Lambdas on a span's way: processors, samplers, filters.
#ifndef DDTRACE_HOOKS_HPP
#define DDTRACE_HOOKS_HPP

#include <ddtrace/tracer.hpp>

namespace ddtrace {
inline namespace v0 {

/// Is told of spans that start and finish. Called on the thread that does so; the span can be changed in both.
class processor {
public:
    processor() noexcept = default;
    explicit processor(ddtrace_processor *handle) noexcept : handle_(handle) {}

    /// Calls `function(span_view)` when a span starts.
    template <class F>
    static result<processor> on_start(F &&function) {
        ddtrace_processor_callbacks callbacks{};
        callbacks.on_start = &called<std::decay_t<F>>;
        return made_of(callbacks, detail::give(std::forward<F>(function)));
    }
    /// Calls `function(span_view)` when a span finishes, before it is sent.
    template <class F>
    static result<processor> on_finish(F &&function) {
        ddtrace_processor_callbacks callbacks{};
        callbacks.on_finish = &called<std::decay_t<F>>;
        return made_of(callbacks, detail::give(std::forward<F>(function)));
    }
    /// Both, and no more once the tracer is shut down.
    template <class Start, class Finish>
    static result<processor> create(Start &&on_start, Finish &&on_finish) {
        struct both {
            std::decay_t<Start> start;
            std::decay_t<Finish> finish;
        };
        ddtrace_processor_callbacks callbacks{};
        callbacks.on_start = [](void *user_data, ddtrace_span *span) {
            detail::guarded("processor", [&] { static_cast<both *>(user_data)->start(span_view(span)); });
        };
        callbacks.on_finish = [](void *user_data, ddtrace_span *span) {
            detail::guarded("processor", [&] { static_cast<both *>(user_data)->finish(span_view(span)); });
        };
        return made_of(callbacks, detail::give(both{std::forward<Start>(on_start), std::forward<Finish>(on_finish)}));
    }
    /// A sampler: `decide(span_view)` is asked at the start of each trace that begins here, and answers `true` to keep it, `false` to drop it, or
    /// `std::nullopt` to leave it to rules and rates. Answer `std::optional<bool>`.
    template <class F>
    static result<processor> sampler(F &&decide) {
        return on_start([decide = std::forward<F>(decide)](span_view started) mutable {
            if (started.ids().parent != 0) return;
            const std::optional<bool> kept = decide(started);
            if (kept) (void)(*kept ? started.keep() : started.drop());
        });
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    ddtrace_processor *get() const noexcept { return handle_.get(); }

private:
    template <class F>
    static void called(void *user_data, ddtrace_span *span) noexcept {
        detail::guarded("processor", [&] { (*static_cast<F *>(user_data))(span_view(span)); });
    }
    template <class F>
    static result<processor> made_of(ddtrace_processor_callbacks &callbacks, F *given) {
        if (given == nullptr) return error(DDTRACE_ERR_LIMIT);
        callbacks.struct_size = sizeof callbacks;
        ddtrace_processor *made = nullptr;
        const ddtrace_status code = ddtrace_processor_new(&callbacks, given, &detail::destroy<F>, &made);
        return {processor(code == DDTRACE_OK ? made : nullptr), error(code)};
    }

    detail::owned<ddtrace_processor, ddtrace_processor_free> handle_;
};

/// Finished spans of one trace that leave together, as filters and exporters get them: valid during the call.
class chunk {
public:
    explicit chunk(ddtrace_chunk *handle) noexcept : handle_(handle) {}

    std::size_t size() const noexcept { return ddtrace_chunk_len(handle_); }
    /// A span, in the order of their starts; empty behind the last.
    span_view operator[](std::size_t index) const noexcept {
        ddtrace_span *found = nullptr;
        return span_view(ddtrace_chunk_span_at(handle_, index, &found) == DDTRACE_OK ? found : nullptr);
    }
    std::optional<std::int32_t> sampling_priority() const noexcept {
        std::int32_t decided = 0;
        if (ddtrace_chunk_get_priority(handle_, &decided) != DDTRACE_OK) return std::nullopt;
        return decided;
    }
    /// Takes a span out. For filters.
    status remove(std::size_t index) const noexcept { return ddtrace_chunk_remove_at(handle_, index); }
    /// Takes all of them out. For filters.
    status drop() const noexcept { return ddtrace_chunk_drop(handle_); }
    ddtrace_chunk *get() const noexcept { return handle_; }

private:
    ddtrace_chunk *handle_;
};

/// Changes or drops what is about to be sent.
class filter {
public:
    filter() noexcept = default;
    explicit filter(ddtrace_filter *handle) noexcept : handle_(handle) {}

    /// Calls `function(chunk)` on the thread that finishes a trace, before it is decided whether it is kept. A function that throws, or answers a
    /// status that is no success, has changed nothing.
    template <class F>
    static result<filter> create(F &&function) {
        using decayed = std::decay_t<F>;
        decayed *given = detail::give(std::forward<F>(function));
        if (given == nullptr) return error(DDTRACE_ERR_LIMIT);
        ddtrace_filter *made = nullptr;
        const ddtrace_status code = ddtrace_filter_new(
            [](void *user_data, ddtrace_chunk *shown) {
                return detail::guarded<ddtrace_status>("filter", DDTRACE_ERR_INVALID,
                                                       [&] { return detail::status_of(*static_cast<decayed *>(user_data), chunk(shown)); });
            },
            given, &detail::destroy<decayed>, &made);
        return {filter(code == DDTRACE_OK ? made : nullptr), error(code)};
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    ddtrace_filter *get() const noexcept { return handle_.get(); }

private:
    detail::owned<ddtrace_filter, ddtrace_filter_free> handle_;
};

inline status config::add_processor(const processor &added) noexcept { return ddtrace_config_add_processor(get(), added.get()); }
inline status config::add_filter(const filter &added) noexcept { return ddtrace_config_add_filter(get(), added.get()); }
inline status tracer::add_processor(const processor &added) const noexcept { return ddtrace_tracer_add_processor(get(), added.get()); }
inline status tracer::remove_processor(const processor &removed) const noexcept { return ddtrace_tracer_remove_processor(get(), removed.get()); }
inline status tracer::add_filter(const filter &added) const noexcept { return ddtrace_tracer_add_filter(get(), added.get()); }
inline status tracer::remove_filter(const filter &removed) const noexcept { return ddtrace_tracer_remove_filter(get(), removed.get()); }

} // namespace v0
} // namespace ddtrace

#endif
