// The spans and contexts that tests name by id, and which span is active.
#ifndef STATE_HPP
#define STATE_HPP

#include <ddtrace.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <unordered_map>

using json = nlohmann::json;

// An answer that is no success.
struct Failure {
    int status;
    std::string message;
};

class State {
public:
    explicit State(ddtrace::tracer made) : tracer(std::move(made)) {}

    const ddtrace::tracer tracer;
    const ddtrace::propagator propagator = ddtrace::propagator::create().value();

    // Remembers a span, which is active from now on.
    json add_span(ddtrace::span span, std::uint64_t parent) {
        const ddtrace::span_ids ids = span.ids();
        activate(span);
        spans_.insert_or_assign(ids.span, Entry{std::move(span), parent});
        return {{"span_id", ids.span}, {"trace_id", ids.trace.low}};
    }
    json add_context(ddtrace::context context) {
        // An id that no span has stands for a context without one.
        std::uint64_t id = context.ids().span;
        if (id == 0) id = invented_bit | ++invented_;
        contexts_.insert_or_assign(id, std::move(context));
        return {{"span_id", id}};
    }
    ddtrace::span_view span(const json &request) const {
        const auto found = spans_.find(id_of(request, "span_id"));
        if (found == spans_.end()) throw Failure{400, "there is no such span"};
        return found->second.span;
    }
    ddtrace::span_view find_span(std::uint64_t id) const {
        const auto found = spans_.find(id);
        return found == spans_.end() ? ddtrace::span_view() : ddtrace::span_view(found->second.span);
    }
    const ddtrace::context *find_context(std::uint64_t id) const {
        const auto found = contexts_.find(id);
        return found == contexts_.end() ? nullptr : &found->second;
    }
    // Finishes a span; its parent is active then, if it is of this process.
    void finish(std::uint64_t id) {
        const auto found = spans_.find(id);
        if (found == spans_.end() || found->second.span.is_finished()) return;
        const bool was_active = ddtrace::current_span().ids().span == id;
        found->second.span.finish();
        const ddtrace::span_view parent = find_span(found->second.parent);
        if (parent || was_active) activate(parent);
    }
    // After a flush nobody names what was finished before.
    void forget() {
        for (auto entry = spans_.begin(); entry != spans_.end();) entry = entry->second.span.is_finished() ? spans_.erase(entry) : std::next(entry);
        contexts_.clear();
    }

    // An id as it comes: a number, or decimal or hexadecimal text; 0 for none.
    static std::uint64_t id_of(const json &request, const char *field) {
        const auto found = request.find(field);
        if (found == request.end() || found->is_null()) return 0;
        if (found->is_string()) return std::strtoull(found->get_ref<const std::string &>().c_str(), nullptr, 0);
        return found->get<std::uint64_t>();
    }

private:
    static constexpr std::uint64_t invented_bit = std::uint64_t{1} << 63;

    struct Entry {
        ddtrace::span span;
        std::uint64_t parent;
    };

    void activate(ddtrace::span_view span) {
        // First the former one: activations nest.
        (void)active_.end();
        active_ = ddtrace::activation(span);
    }

    std::unordered_map<std::uint64_t, Entry> spans_;
    std::unordered_map<std::uint64_t, ddtrace::context> contexts_;
    ddtrace::activation active_{ddtrace::span_view()};
    std::uint64_t invented_ = 0;
};

#endif
