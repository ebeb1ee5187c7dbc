"""Endpoints of OpenTelemetry's tracing API, below /trace/otel/. Spans are those of `datadog.py`, seen through that API."""

from functools import partial

from opentelemetry import baggage, context as context_api, trace
from opentelemetry.trace import Link, SpanKind, StatusCode

from libddtrace.opentelemetry.runtime_context import span_of

import tracer_wide

MICROSECOND = 1000


def routes(state):
    functions = {
        "start_span": start_span,
        "end_span": end_span,
        "set_attributes": set_attributes,
        "set_name": set_name,
        "set_status": set_status,
        "add_event": add_event,
        "record_exception": record_exception,
        "is_recording": is_recording,
        "span_context": span_context,
        "otel_set_baggage": set_baggage,
        "flush": flush,
    }
    found = {("POST", f"/trace/otel/{name}"): partial(function, state) for name, function in functions.items()}
    found["GET", "/trace/otel/current_span"] = partial(current_span, state)
    return found


def start_span(state, request):
    parent = state.parent(request.get("parent_id"))
    kind = request.get("span_kind")
    options = {} if kind is None else {"kind": SpanKind(kind)}
    span = state.otel_tracer.start_span(
        request["name"],
        # An empty context: the span that is active is no parent.
        context=context_of(parent),
        attributes=request.get("attributes") or None,
        links=[link_of(state, link) for link in request.get("links") or ()],
        start_time=nanoseconds(request.get("timestamp")),
        **options,
    )
    for event in request.get("events") or ():
        time_ns = event.get("time_unix_nano") or nanoseconds(event.get("timestamp"))
        span.add_event(event["name"], event.get("attributes") or None, time_ns)
    return state.add_span(span.datadog_span, parent)


def end_span(state, request):
    if not state.has_span(request.get("id")):
        return
    span = state.otel_span(request, "id")
    if span.datadog_span.finished:
        return
    was_active = state.is_active(span.datadog_span)
    span.end(nanoseconds(request.get("timestamp")))
    state.finished(span.datadog_span, was_active)


def set_attributes(state, request):
    state.otel_span(request).set_attributes(request.get("attributes") or {})


def set_name(state, request):
    state.otel_span(request).update_name(request["name"])


def set_status(state, request):
    state.otel_span(request).set_status(StatusCode[request["code"].upper()], request.get("description") or None)


def add_event(state, request):
    state.otel_span(request).add_event(
        request["name"], request.get("attributes") or None, nanoseconds(request.get("timestamp"))
    )


def record_exception(state, request):
    state.otel_span(request).record_exception(Exception(request.get("message") or ""), request.get("attributes") or None)


def is_recording(state, request):
    return {"is_recording": state.otel_span(request).is_recording()}


def span_context(state, request):
    context = state.otel_span(request).get_span_context()
    return {
        "span_id": context.span_id,
        "trace_id": f"{context.trace_id:032x}",
        "trace_flags": f"{int(context.trace_flags):02x}",
        "trace_state": context.trace_state.to_header(),
        "remote": context.is_remote,
    }


def current_span(state, request):
    context = trace.get_current_span().get_span_context()
    return {"span_id": context.span_id, "trace_id": context.trace_id}


def set_baggage(state, request):
    span = state.span(request)
    with state.tracer.activate(span):
        token = context_api.attach(baggage.set_baggage(request["key"], request["value"]))
        value = baggage.get_baggage(request["key"])
        context_api.detach(token)
    return {"value": value}


def flush(state, request):
    tracer_wide.flush(state, request, request.get("seconds"))
    return {"success": True}


def context_of(parent):
    if parent is None:
        return context_api.Context()
    context = trace.set_span_in_context(span_of(parent), context_api.Context())
    for key, value in parent.get_all_baggage_items().items():
        context = baggage.set_baggage(key, value, context)
    return context


def link_of(state, link):
    return Link(span_of(state.parent(link["parent_id"])).get_span_context(), link.get("attributes") or None)


def nanoseconds(microseconds):
    return None if microseconds is None else int(microseconds * MICROSECOND)
