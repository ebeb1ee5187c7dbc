"""Spans that programs make by OpenTelemetry's API."""

import pytest
from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState


def test_name_kind_attributes_and_times(otel):
    one = otel()
    attributes = {"http.request.method": "GET", "text": "a", "flag": True, "whole": 7, "half": 0.5, "list": ("a", "b"), "none": []}
    span = one.tracer.start_span("GET /cart", kind=SpanKind.SERVER, attributes=attributes, start_time=12_345_000)
    span.set_attribute("http.response.status_code", 404)
    span.set_attributes({"resource.name": "GET /basket", "service.name": "cart", "span.type": "web"})
    span.end(12_845_000)
    span.end(99_000_000)
    got = one.all()["GET /basket"]
    assert [got[key] for key in ("name", "service", "type", "start", "duration")] == ["http.server.request", "cart", "web", 12_345_000, 500_000]
    meta, metrics = got["meta"], got["metrics"]
    assert (meta["span.kind"], meta["http.status_code"], meta["text"], meta["flag"]) == ("server", "404", "a", "true")
    assert (meta["list.0"], meta["list.1"], meta["none"]) == ("a", "b", "")
    assert (metrics["whole"], metrics["half"]) == (7, 0.5)
    assert not {"service.name", "resource.name", "span.type"} & set(meta)


@pytest.mark.parametrize(
    ("kind", "attributes", "name"),
    [
        (SpanKind.CONSUMER, {"messaging.system": "Kafka", "messaging.operation": "Receive"}, "kafka.receive"),
        (SpanKind.CLIENT, {"rpc.system": "aws-api", "rpc.service": "S3"}, "aws.s3.request"),
        (SpanKind.SERVER, {"network.protocol.name": "Amqp"}, "amqp.server.request"),
        (SpanKind.CLIENT, {"db.system": "redis"}, "redis.query"),
        (SpanKind.PRODUCER, {}, "producer"),
        (SpanKind.INTERNAL, {}, "internal"),
        (SpanKind.INTERNAL, {"operation.name": "As It Is"}, "As It Is"),
    ],
)
def test_operation_name_follows_from_kind_and_attributes(otel, kind, attributes, name):
    one = otel()
    one.tracer.start_span("text", kind=kind, attributes=attributes).end()
    assert one.all()["text"]["name"] == name


def test_name_can_be_changed_and_writing_after_the_end_has_no_effect(otel):
    one = otel()
    span = one.tracer.start_span("first")
    span.update_name("second")
    assert span.is_recording()
    span.end()
    assert not span.is_recording()
    span.update_name("third")
    span.set_attribute("late", "x")
    span.set_status(StatusCode.ERROR)
    span.add_event("late")
    got = one.all()["second"]
    assert "late" not in got["meta"] and got["error"] == 0


def test_attribute_is_changed_and_removed(otel):
    one = otel()
    span = one.tracer.start_span("op")
    span.set_attribute("a", "text")
    span.set_attribute("a", 5)
    span.set_attribute("b", "text")
    span.set_attribute("b", None)
    span.end()
    got = one.all()["op"]
    assert (got["metrics"]["a"], "a" in got["meta"], "b" in got["meta"]) == (5, False, False)


@pytest.mark.parametrize(
    ("calls", "error", "message"),
    [
        ([(StatusCode.ERROR, "why")], 1, "why"),
        ([(Status(StatusCode.ERROR, "why"), None)], 1, "why"),
        ([(StatusCode.ERROR, "why"), (StatusCode.OK, None)], 0, None),
        ([(StatusCode.OK, None), (StatusCode.ERROR, "why")], 0, None),
        ([(StatusCode.ERROR, "why"), (StatusCode.UNSET, None)], 1, "why"),
    ],
)
def test_status(otel, calls, error, message):
    one = otel()
    span = one.tracer.start_span("op")
    for call in calls:
        span.set_status(*call)
    span.end()
    got = one.all()["op"]
    assert (got["error"], got["meta"].get("error.message")) == (error, message)


def test_events_have_times_and_attributes(otel):
    one = otel()
    span = one.tracer.start_span("op")
    span.add_event("first", {"list": [1, 2], "flag": True}, timestamp=5_000)
    span.add_event("second")
    span.end()
    first, second = one.all()["op"]["events"]
    assert (first["name"], first["time_unix_nano"], first["attributes"]) == ("first", 5_000, {"list": [1, 2], "flag": True})
    assert second["time_unix_nano"] > 1_700_000_000_000_000_000


def test_recorded_exception_is_no_error(otel):
    one = otel()
    span = one.tracer.start_span("op")
    try:
        raise LookupError("mine")
    except LookupError as error:
        span.record_exception(error, {"exception.message": "theirs", "n": 3})
    span.end()
    got = one.all()["op"]
    (event,) = got["events"]
    assert (event["name"], event["attributes"]["exception.type"], event["attributes"]["n"]) == ("exception", "builtins.LookupError", 3)
    assert "test_recorded_exception" in event["attributes"]["exception.stacktrace"]
    assert (got["error"], got["meta"]["error.type"], got["meta"]["error.message"]) == (0, "builtins.LookupError", "theirs")


def test_exception_is_recorded_at_a_given_time(otel):
    one = otel()
    span = one.tracer.start_span("op")
    span.record_exception(KeyError("k"), timestamp=5_000, escaped=True)
    span.end()
    got = one.all()["op"]
    (event,) = got["events"]
    assert (event["time_unix_nano"], event["attributes"]["exception.escaped"]) == (5_000, "True")
    assert (got["error"], got["meta"]["error.type"]) == (0, "builtins.KeyError")


@pytest.mark.parametrize("as_current", [True, False])
def test_exception_that_leaves_a_scope(otel, as_current):
    one = otel()
    with pytest.raises(LookupError):
        with one.tracer.start_as_current_span("op") if as_current else one.tracer.start_span("op"):
            raise LookupError("mine")
    got = one.all()["op"]
    (event,) = got["events"]
    assert event["attributes"]["exception.escaped"] == "True"
    assert (got["error"], got["meta"]["error.message"]) == (1, "LookupError: mine")


def test_exception_that_leaves_a_scope_may_be_of_no_interest(otel):
    one = otel()
    with pytest.raises(LookupError):
        with one.tracer.start_as_current_span("op", record_exception=False, set_status_on_exception=False):
            raise LookupError("mine")
    got = one.all()["op"]
    assert got["error"] == 0 and got["events"] == []


def test_links(otel):
    one = otel()
    other = one.tracer.start_span("other")
    remote = SpanContext(0x1111, 0x2222, True, TraceFlags(1), TraceState([("vendor", "v")]))
    span = one.tracer.start_span("op", links=[Link(other.get_span_context(), {"a": ["b", 1]})])
    span.add_link(remote)
    span.add_link(trace.INVALID_SPAN_CONTEXT)
    other.end()
    span.end()
    first, second = one.all()["op"]["links"]
    context = other.get_span_context()
    assert (int(first["trace_id"], 16), int(first["span_id"], 16)) == (context.trace_id, context.span_id)
    assert first["attributes"] == {"a.0": "b", "a.1": "1"}
    assert "vendor=v" in second["tracestate"]


def test_span_context(otel):
    one = otel()
    span = one.tracer.start_span("op")
    context = span.get_span_context()
    assert context.is_valid and not context.is_remote and context.trace_flags.sampled
    assert context.trace_id >> 64 and context.trace_id == span.datadog_span.trace_id
    assert f"p:{context.span_id:016x}" in context.trace_state["dd"]
    span.end()
    assert span.get_span_context() == context


def test_unsampled_span_context(otel):
    one = otel(DD_TRACE_SAMPLE_RATE="0")
    with one.tracer.start_as_current_span("op") as span:
        assert not span.get_span_context().trace_flags.sampled


def test_spans_are_not_recorded_where_opentelemetry_is_off(otel):
    one = otel(DD_TRACE_OTEL_ENABLED="false")
    span = one.tracer.start_span("op")
    assert not span.is_recording()
    span.end()
    assert one.all() == {}
