"""Endpoints of the library's own API, below /trace/span/."""

from functools import partial

from libddtrace import propagation


def routes(state):
    functions = {
        "start": start,
        "finish": finish,
        "set_meta": set_meta,
        "set_metric": set_metric,
        "set_resource": set_resource,
        "error": set_error,
        "add_link": add_link,
        "add_event": add_event,
        "manual_keep": keep,
        "manual_drop": drop,
        "inject_headers": inject_headers,
        "extract_headers": extract_headers,
        "set_baggage": set_baggage,
        "remove_baggage": remove_baggage,
        "remove_all_baggage": remove_all_baggage,
    }
    found = {("POST", f"/trace/span/{name}"): partial(function, state) for name, function in functions.items()}
    for name, function in {"current": current, "get_baggage": get_baggage, "get_all_baggage": get_all_baggage}.items():
        found["GET", f"/trace/span/{name}"] = partial(function, state)
    return found


def start(state, request):
    parent = state.parent(request.get("parent_id"))
    span = state.tracer.start_span(
        request["name"],
        child_of=parent,
        service=request.get("service") or None,
        resource=request.get("resource") or None,
        span_type=request.get("type") or None,
        tags=dict(request.get("span_tags") or ()),
    )
    return state.add_span(span, parent)


def finish(state, request):
    # A span that was forgotten with a flush may be finished once more.
    if not state.has_span(request.get("span_id")):
        return
    span = state.span(request)
    if span.finished:
        return
    was_active = state.is_active(span)
    span.finish()
    state.finished(span, was_active)


def set_meta(state, request):
    state.span(request).set_tag(request["key"], request.get("value"))


def set_metric(state, request):
    span, key, value = state.span(request), request["key"], request.get("value")
    if value is None or isinstance(value, list):
        span.set_tag(key, value)
    else:
        span.set_metric(key, value)


def set_resource(state, request):
    state.span(request).resource = request["resource"]


def set_error(state, request):
    state.span(request).set_error(request.get("type") or "", request.get("message") or "", request.get("stack") or "")


def add_link(state, request):
    state.span(request).add_link(state.parent(request["parent_id"]), request.get("attributes") or None)


def add_event(state, request):
    state.span(request).add_event(request["name"], request.get("attributes") or None, request.get("timestamp"))


def keep(state, request):
    state.span(request).keep()


def drop(state, request):
    state.span(request).drop()


def current(state, request):
    span = state.tracer.current_span()
    if span is None:
        return {"span_id": 0, "trace_id": "0" * 32}
    return {"span_id": span.span_id, "trace_id": f"{span.trace_id:032x}"}


def inject_headers(state, request):
    headers = {}
    propagation.inject(state.span(request), headers)
    return {"http_headers": [[name, value] for name, value in headers.items()]}


def extract_headers(state, request):
    context = propagation.extract([(name, value) for name, value in request.get("http_headers") or ()])
    return {"span_id": None if context is None else state.add_context(context)}


def set_baggage(state, request):
    state.span(request).set_baggage_item(request["key"], request["value"])


def get_baggage(state, request):
    return {"baggage": state.span(request).get_baggage_item(request["key"])}


def get_all_baggage(state, request):
    return {"baggage": state.span(request).get_all_baggage_items()}


def remove_baggage(state, request):
    state.span(request).remove_baggage_item(request["key"])


def remove_all_baggage(state, request):
    state.span(request).remove_all_baggage_items()
