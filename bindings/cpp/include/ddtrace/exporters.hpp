// SPDX-License-Identifier: Apache-2.0
// Where finished spans go instead of the agent: the console, a file, nowhere, a lambda, or memory, for tests.
#ifndef DDTRACE_EXPORTERS_HPP
#define DDTRACE_EXPORTERS_HPP

#include <ddtrace/hooks.hpp>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace ddtrace {
inline namespace v0 {

/// How the console exporter writes.
enum class console_format : std::int32_t { json = DDTRACE_CONSOLE_JSON, pretty = DDTRACE_CONSOLE_PRETTY, tree = DDTRACE_CONSOLE_TREE };

/// Where finished spans go. Given to a tracer by `config::set_exporter`; several may have the same one.
class exporter {
public:
    exporter() noexcept = default;
    /// Takes over a reference of the C API.
    explicit exporter(ddtrace_exporter *handle) noexcept : handle_(handle) {}

    /// Writes to a file descriptor, standard output unless another is named.
    static result<exporter> console(console_format format = console_format::json, int fd = 1) {
        ddtrace_exporter *made = nullptr;
        const ddtrace_status code = ddtrace_exporter_console_new(static_cast<std::int32_t>(format), fd, &made);
        return {exporter(code == DDTRACE_OK ? made : nullptr), error(code)};
    }
    /// Appends to a file.
    static result<exporter> file(std::string_view path) {
        ddtrace_exporter *made = nullptr;
        ddtrace_error *failure = nullptr;
        const ddtrace_status code = ddtrace_exporter_file_new(path.data(), path.size(), &made, &failure);
        return {exporter(code == DDTRACE_OK ? made : nullptr), error::take(code, failure)};
    }
    /// Drops everything.
    static result<exporter> null() {
        ddtrace_exporter *made = nullptr;
        const ddtrace_status code = ddtrace_exporter_null_new(&made);
        return {exporter(code == DDTRACE_OK ? made : nullptr), error(code)};
    }
    /// Calls `take(chunk)` in the background. It answers nothing or success: the spans count as sent; another status, or an exception: as dropped.
    template <class F>
    static result<exporter> create(F &&take) {
        using function = std::decay_t<F>;
        function *given = detail::give(std::forward<F>(take));
        if (given == nullptr) return error(DDTRACE_ERR_LIMIT);
        ddtrace_exporter_callbacks callbacks{};
        callbacks.struct_size = sizeof callbacks;
        callbacks.export_chunk = [](void *user_data, ddtrace_chunk *shown) {
            return detail::guarded<ddtrace_status>("exporter", DDTRACE_ERR_IO,
                                                   [&] { return detail::status_of(*static_cast<function *>(user_data), chunk(shown)); });
        };
        ddtrace_exporter *made = nullptr;
        const ddtrace_status code = ddtrace_exporter_new_callbacks(&callbacks, given, &detail::destroy<function>, &made);
        return {exporter(code == DDTRACE_OK ? made : nullptr), error(code)};
    }

    /// What an exporter of LIBDDTRACE_EXPORTER=memory keeps, as a JSON array; nothing for others.
    std::optional<std::string> memory_json(const trace_id &only = {}) const {
        return detail::read_text([&](char *buf, std::size_t cap) { return ddtrace_exporter_memory_json(get(), only.high, only.low, buf, cap); });
    }

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    ddtrace_exporter *get() const noexcept { return handle_.get(); }

private:
    detail::owned<ddtrace_exporter, ddtrace_exporter_free> handle_;
};

inline status config::set_exporter(const exporter &to) noexcept { return ddtrace_config_set_exporter(get(), to.get()); }
inline ddtrace::exporter tracer::exporter() const noexcept {
    ddtrace_exporter *found = nullptr;
    return ddtrace::exporter(ddtrace_tracer_get_exporter(get(), &found) == DDTRACE_OK ? found : nullptr);
}

/// A span as it was sent, for tests.
struct finished_span {
    std::string name, service, resource, type;
    span_ids ids;
    std::int64_t start_ns = 0;
    std::chrono::nanoseconds duration{0};
    bool error = false;
    std::optional<std::int32_t> sampling_priority;
    /// Tags that are text.
    std::map<std::string, std::string> tags;
    /// Tags that are numbers.
    std::map<std::string, double> numbers;
    /// All of it, events and links too.
    std::string json;

    /// A copy of what a span is now.
    static finished_span of(span_view shown) {
        finished_span copy;
        copy.name = shown.name();
        copy.service = shown.service();
        copy.resource = shown.resource();
        copy.type = shown.type();
        copy.ids = shown.ids();
        copy.start_ns = shown.start();
        copy.duration = shown.duration();
        copy.error = shown.is_error();
        (void)shown.each_tag([&copy](tag_view tag) {
            if (tag.is_number()) {
                copy.numbers.emplace(tag.key(), tag.number());
            } else {
                copy.tags.emplace(tag.key(), tag.text());
            }
        });
        copy.json = shown.to_json().value_or(std::string());
        return copy;
    }
};

/// Keeps spans in memory, for tests: `config.set_exporter(memory.exporter())`, run what is tested, `tracer.flush()`, look at `memory.spans()`.
class memory_exporter {
public:
    /// Keeps this many spans; of more, the newest.
    explicit memory_exporter(std::size_t most = 10000) : kept_(std::make_shared<store>()) {
        kept_->most = most;
        exporter_ = std::move(exporter::create([kept = kept_](chunk finished) {
                                  for (std::size_t i = 0; i < finished.size(); i++) kept->add(finished[i], finished.sampling_priority());
                              })
                                  .value());
    }

    const ddtrace::exporter &exporter() const noexcept { return exporter_; }
    /// A copy of what is kept, oldest first.
    std::vector<finished_span> spans() const {
        const std::lock_guard<std::mutex> locked(kept_->lock);
        return {kept_->spans.begin(), kept_->spans.end()};
    }
    /// The newest span of this name.
    std::optional<finished_span> find(std::string_view name) const {
        const std::lock_guard<std::mutex> locked(kept_->lock);
        for (auto span = kept_->spans.rbegin(); span != kept_->spans.rend(); ++span) {
            if (span->name == name) return *span;
        }
        return std::nullopt;
    }
    std::size_t size() const {
        const std::lock_guard<std::mutex> locked(kept_->lock);
        return kept_->spans.size();
    }
    void clear() {
        const std::lock_guard<std::mutex> locked(kept_->lock);
        kept_->spans.clear();
    }

private:
    struct store {
        std::mutex lock;
        std::deque<finished_span> spans;
        std::size_t most = 0;

        void add(span_view shown, std::optional<std::int32_t> priority) {
            finished_span copy = finished_span::of(shown);
            copy.sampling_priority = priority;
            const std::lock_guard<std::mutex> locked(lock);
            spans.push_back(std::move(copy));
            if (spans.size() > most) spans.pop_front();
        }
    };

    std::shared_ptr<store> kept_;
    ddtrace::exporter exporter_;
};

} // namespace v0
} // namespace ddtrace

#endif
