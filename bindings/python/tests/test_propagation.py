"""Contexts in headers."""

import pytest

from libddtrace import Context, Propagator, propagation

IDS = {"x-datadog-trace-id": "5", "x-datadog-parent-id": "6", "x-datadog-sampling-priority": "2", "x-datadog-origin": "rum"}


def test_what_is_injected_is_extracted(tracer):
    with tracer.trace("client") as span:
        span.set_baggage_item("user", "7")
        headers = {}
        propagation.inject(span, headers)
    assert headers["x-datadog-trace-id"] == str(span.trace_id & (2**64 - 1))
    assert headers["traceparent"].split("-")[1] == f"{span.trace_id:032x}" and headers["baggage"] == "user=7"
    context = propagation.extract(headers)
    assert (context.trace_id, context.span_id, context.is_remote) == (span.trace_id, span.span_id, True)
    assert context.sampling_priority == 1 and context.get_all_baggage_items() == {"user": "7"}
    with tracer.start_span("server", child_of=context) as server:
        assert (server.trace_id, server.parent_id) == (span.trace_id, span.span_id)
        assert server.get_baggage_item("user") == "7"


def test_a_context_of_headers():
    context = propagation.extract(IDS)
    assert (context.trace_id, context.span_id, context.sampling_priority, context.dd_origin) == (5, 6, 2, "rum")
    headers = {}
    propagation.inject(context, headers)
    assert headers.items() >= IDS.items()


@pytest.mark.parametrize("headers", [{}, None, [], {"host": "localhost"}, {"x-datadog-trace-id": "zero"}, {"x-datadog-trace-id": ["", None]}])
def test_nothing_in_the_headers(headers):
    assert propagation.extract(headers) is None


def test_baggage_alone_is_a_context(tracer):
    context = propagation.extract({"baggage": "a=b"})
    assert context.is_empty and context.get_all_baggage_items() == {"a": "b"}
    with tracer.start_span("root", child_of=context) as span:
        assert span.parent_id is None and span.get_baggage_item("a") == "b"


def test_headers_of_wsgi_and_asgi():
    environ = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in IDS.items()}
    environ["wsgi.input"] = object()
    scope = {"headers": [(name.encode(), value.encode()) for name, value in IDS.items()] + [(b"x", b"\xff")]}
    assert propagation.extract_wsgi(environ).span_id == propagation.extract_asgi(scope).span_id == 6


def test_names_in_any_case_and_values_in_lists():
    assert propagation.extract({name.title(): [value] for name, value in IDS.items()}).trace_id == 5


def test_a_propagator_of_given_styles(tracer):
    propagator = Propagator(extract=["b3multi"], inject=["b3", "tracecontext"])
    headers = {}
    with tracer.trace("span") as span:
        propagator.inject(span, headers)
    assert set(headers) == {"b3", "traceparent", "tracestate"}
    assert propagator.extract(IDS) is None
    assert propagator.extract({"X-B3-TraceId": "a", "X-B3-SpanId": "b", "X-B3-Sampled": "1"}).trace_id == 10
    assert {name for name, _ in propagator.inject_list(span)} == {b"b3", b"traceparent", b"tracestate"}


def test_styles_that_are_none_raise():
    with pytest.raises((ValueError, KeyError)):
        Propagator(extract=["b4"])


def test_contexts():
    context = Context(2**100 + 1, 7, sampling_priority=1, dd_origin="test", baggage={"a": "b"})
    assert (context.trace_id, context.span_id, context.is_remote) == (2**100 + 1, 7, False)
    other = context.with_baggage_item("c", "d")
    assert other.get_all_baggage_items() == {"a": "b", "c": "d"} and context.get_all_baggage_items() == {"a": "b"}
    assert context.copy(9).span_id == 9 and context.copy() == context
    context.sampling_priority = -1
    assert context.sampling_priority == -1
    context.sampling_priority = None
    assert context.sampling_priority is None
    assert Context.from_json(context.to_json()).trace_id == context.trace_id
    with pytest.raises(ValueError):
        Context(0, 0)
