// Endpoints of the library's own API, below /trace/span/.
#include "routes.hpp"

#include <deque>

namespace {

std::string text(const json &request, const char *field) {
    const auto found = request.find(field);
    return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Values of JSON as tags. What they point into lives as long as this.
class Tags {
public:
    explicit Tags(const json &object) {
        if (object.is_object()) {
            for (const auto &[key, value] : object.items()) list_.push_back(make(key, value));
        }
    }
    Tags(const std::string &key, const json &value) { list_.push_back(make(key, value)); }

    ddtrace::tag_list list() const { return list_; }

private:
    ddtrace::tag make(const std::string &key, const json &value) {
        keys_.push_back(key);
        const std::string &kept = keys_.back();
        switch (value.type()) {
        case json::value_t::string: return {kept, value.get_ref<const std::string &>()};
        case json::value_t::boolean: return {kept, value.get<bool>()};
        case json::value_t::number_integer: return {kept, value.get<std::int64_t>()};
        case json::value_t::number_unsigned: return {kept, value.get<std::uint64_t>()};
        case json::value_t::number_float: return {kept, value.get<double>()};
        case json::value_t::array:
        case json::value_t::object: {
            std::vector<ddtrace::tag> items;
            for (const auto &[name, item] : value.items()) items.push_back(make(name, item));
            children_.push_back(std::move(items));
            const auto &made = children_.back();
            return value.is_array() ? ddtrace::tag::array(kept, made.data(), made.size()) : ddtrace::tag::map(kept, made.data(), made.size());
        }
        default: return {kept, nullptr};
        }
    }

    std::deque<std::string> keys_;
    std::deque<std::vector<ddtrace::tag>> children_;
    std::vector<ddtrace::tag> list_;
};

json start(State &state, const json &request) {
    const std::string name = text(request, "name"), service = text(request, "service"), resource = text(request, "resource"), type = text(request, "type");
    auto options = ddtrace::span_options(name);
    if (!service.empty()) options.service(service);
    if (!resource.empty()) options.resource(resource);
    if (!type.empty()) options.type(type);
    const std::uint64_t parent = State::id_of(request, "parent_id");
    if (const ddtrace::span_view span = state.find_span(parent)) {
        options.child_of(span);
    } else if (const ddtrace::context *context = state.find_context(parent)) {
        options.child_of(*context);
    } else if (parent != 0) {
        throw Failure{400, "there is no span or context " + std::to_string(parent)};
    }
    std::vector<ddtrace::tag> tags;
    const json given = request.value("span_tags", json());
    for (const json &pair : given) tags.emplace_back(pair.at(0).get_ref<const std::string &>(), pair.at(1).get_ref<const std::string &>());
    return state.add_span(state.tracer.start_span(options, tags), parent);
}

json set_tag(State &state, const json &request) {
    const json value = request.value("value", json());
    const std::string key = text(request, "key");
    const bool is_switch = key == "manual.keep" || key == "manual.drop" || key == "auto.drop";
    // For a switch, naming it is enough.
    if (is_switch && value.is_null()) {
        state.span(request).set_tag(key, "");
    } else {
        const Tags tags(key, value);
        state.span(request).set_tags(tags.list());
    }
    return json::object();
}

json add_link(State &state, const json &request) {
    const Tags attributes(request.value("attributes", json()));
    const std::uint64_t other = State::id_of(request, "parent_id");
    const ddtrace::span_view span = state.span(request);
    if (const ddtrace::span_view linked = state.find_span(other)) {
        span.add_link(linked, attributes.list());
    } else if (const ddtrace::context *context = state.find_context(other)) {
        span.add_link(*context, attributes.list());
    } else {
        throw Failure{400, "there is no span or context " + std::to_string(other)};
    }
    return json::object();
}

json add_event(State &state, const json &request) {
    const Tags attributes(request.value("attributes", json()));
    const json time = request.value("timestamp", json());
    state.span(request).add_event(text(request, "name"), attributes.list(), time.is_number() ? time.get<std::int64_t>() : 0);
    return json::object();
}

json current(State &, const json &) {
    const ddtrace::span_ids ids = ddtrace::current_span().ids();
    return {{"span_id", ids.span}, {"trace_id", ids.trace.hex()}};
}

json inject(State &state, const json &request) {
    json headers = json::array();
    state.propagator.inject(state.span(request), [&](std::string_view name, std::string_view value) { headers.push_back({name, value}); });
    return {{"http_headers", headers}};
}

json extract(State &state, const json &request) {
    std::vector<std::pair<std::string, std::string>> headers;
    const json given = request.value("http_headers", json());
    for (const json &pair : given) headers.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    ddtrace::context context = state.propagator.extract(headers);
    bool has_baggage = false;
    context.each_baggage([&](std::string_view, std::string_view) { has_baggage = true; });
    // A context that is about baggage, or links to what it does not continue, is one as well.
    const auto carried = json::parse(context.to_json().value_or("{}"), nullptr, false);
    const bool has_links = carried.is_object() && carried.contains("links") && !carried["links"].empty();
    if (!context && !has_baggage && !has_links) return {{"span_id", nullptr}};
    return state.add_context(std::move(context));
}

json all_baggage(State &state, const json &request) {
    json items = json::object();
    state.span(request).each_baggage([&](std::string_view key, std::string_view value) { items[std::string(key)] = value; });
    return {{"baggage", items}};
}

// What does something to a span and has nothing to tell.
template <class F>
Endpoint change(F apply) {
    return [apply](State &state, const json &request) {
        apply(state.span(request), request);
        return json::object();
    };
}

} // namespace

void add_datadog_routes(Routes &routes) {
    const std::string post = "POST /trace/span/", get = "GET /trace/span/";
    using view = ddtrace::span_view;
    routes[post + "start"] = start;
    routes[post + "finish"] = [](State &state, const json &request) { return state.finish(State::id_of(request, "span_id")), json::object(); };
    routes[post + "set_meta"] = set_tag;
    routes[post + "set_metric"] = set_tag;
    routes[post + "set_resource"] = change([](view span, const json &request) { span.set_resource(text(request, "resource")); });
    routes[post + "error"] =
        change([](view span, const json &request) { span.set_exception(text(request, "type"), text(request, "message"), text(request, "stack")); });
    routes[post + "add_link"] = add_link;
    routes[post + "add_event"] = add_event;
    routes[post + "manual_keep"] = change([](view span, const json &) { span.keep(); });
    routes[post + "manual_drop"] = change([](view span, const json &) { span.drop(); });
    routes[get + "current"] = current;
    routes[post + "inject_headers"] = inject;
    routes[post + "extract_headers"] = extract;
    routes[post + "set_baggage"] = change([](view span, const json &request) { span.set_baggage(text(request, "key"), text(request, "value")); });
    routes[get + "get_baggage"] = [](State &state, const json &request) {
        const auto value = state.span(request).get_baggage(text(request, "key"));
        return json{{"baggage", value ? json(*value) : json()}};
    };
    routes[get + "get_all_baggage"] = all_baggage;
    routes[post + "remove_baggage"] = change([](view span, const json &request) { span.remove_baggage(text(request, "key")); });
    routes[post + "remove_all_baggage"] = change([](view span, const json &) { span.clear_baggage(); });
}
