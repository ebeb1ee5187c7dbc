"""What a span is told, and what of it arrives."""

import pytest

from libddtrace import Span, SpanKind, SpanStatus, Tracer


def test_a_block_is_a_span(tracer, exporter):
    with tracer.trace("web.request", service="shop", resource="GET /cart", span_type="web", tags={"a": 1}, kind=SpanKind.SERVER) as span:
        assert isinstance(span, Span)
        assert not span.finished
    assert span.finished and span.duration_ns >= 0
    sent = exporter.find("web.request")
    assert (sent["service"], sent["resource"], sent["type"], sent["kind"]) == ("shop", "GET /cart", "web", "server")
    assert sent["metrics"]["a"] == 1
    assert int(sent["trace_id"], 16) == span.trace_id and int(sent["span_id"], 16) == span.span_id
    assert sent["parent_id"] is None and span.parent_id is None


def test_kinds_have_names_and_numbers(tracer):
    for kind, number in (("server", 2), ("Client", 3), (SpanKind.PRODUCER, 4), (5, 5), ("none", 0), (99, 0), (object(), 0)):
        with tracer.trace("span", kind=kind) as span:
            assert span.kind == number or (number == 0 and span.kind in (0, 1))


def test_blocks_nest(tracer, exporter):
    with tracer.trace("root") as root:
        with tracer.trace("child") as child:
            assert child.parent_id == root.span_id and child.trace_id == root.trace_id
            assert child.local_root is root
        with tracer.trace("sibling") as sibling:
            assert sibling.parent_id == root.span_id
    assert [span["name"] for span in exporter.spans()] == ["root", "child", "sibling"]
    assert len(exporter.traces()) == 1


def test_tags_of_all_types(tracer, exporter):
    with tracer.trace("tags") as span:
        span.set_tag("text", "grün €")
        span.set_tag("yes", True)
        span.set_tag("whole", 42)
        span.set_tag("number", 1.5)
        span.set_tag("huge", 2**70)
        span.set_tag("bytes", b"ab\xff")
        span.set_tag("list", ["a", {"b": 2}])
        span.set_tag("object", ValueError("x"))
        span.set_tags({"more": "1", "most": 2})
        span.set_metric("metric", "3.5")
        span.set_metric("no.metric", "three")
        span.set_tag("gone", 1)
        span.set_tag("gone", None)
        span.set_tag("removed", "x")
        span.remove_tag("removed")
        assert span.get_tag("text") == "grün €" and span.get_metric("whole") == 42.0
        assert span.get_tag("whole") is None and span.get_metric("text") is None and span.get_tag("none") is None
        assert span.get_tags()["number"] == 1.5
    meta, metrics = exporter.find("tags")["meta"], exporter.find("tags")["metrics"]
    assert meta["text"] == "grün €" and meta["yes"] == "true" and meta["huge"] == str(2**70) and meta["bytes"] == "ab\ufffd"
    assert meta["list.0"] == "a" and metrics["list.1.b"] == 2 and meta["object"] == "x"
    assert (metrics["whole"], metrics["number"], metrics["metric"], meta["more"], metrics["most"]) == (42, 1.5, 3.5, "1", 2)
    assert not {"no.metric", "gone", "removed"} & (meta.keys() | metrics.keys())


def test_fields_can_be_changed(tracer, exporter):
    span = tracer.start_span("before", start_ns=1_700_000_000_000_000_000)
    span.name, span.service, span.resource, span.span_type, span.kind = "after", "other", "thing", "worker", SpanKind.CONSUMER
    assert (span.name, span.service, span.resource, span.span_type) == ("after", "other", "thing", "worker")
    span.error = 1
    assert span.error == 1
    span.error = 0
    span.start_ns = 1_700_000_000_000_000_500
    span.finish(finish_ns=1_700_000_000_000_001_000)
    assert span.duration_ns == 500
    sent = exporter.find("after")
    assert (sent["start"], sent["duration"], sent["kind"], sent["error"]) == (1_700_000_000_000_000_500, 500, "consumer", 0)


def test_an_exception_is_recorded_and_raised_again(tracer, exporter):
    with pytest.raises(ZeroDivisionError):
        with tracer.trace("fails"):
            1 / 0
    sent = exporter.find("fails")
    assert sent["error"] == 1
    assert sent["meta"]["error.type"] == "builtins.ZeroDivisionError"
    assert sent["meta"]["error.message"] == "division by zero"
    assert "1 / 0" in sent["meta"]["error.stack"]
    assert tracer.current_span() is None


@pytest.mark.parametrize("ends", [SystemExit(0), SystemExit(), GeneratorExit()])
def test_an_end_in_order_is_no_error(tracer, exporter, ends):
    with pytest.raises(type(ends)):
        with tracer.trace("ends"):
            raise ends
    assert exporter.find("ends")["error"] == 0


def test_status_follows_opentelemetry(tracer, exporter):
    with tracer.trace("status") as span:
        span.set_status(SpanStatus.ERROR, "no luck")
        assert span.status == SpanStatus.ERROR and span.error == 1
        span.set_status(SpanStatus.OK)
        span.set_status(SpanStatus.ERROR, "again")
    assert exporter.find("status")["error"] == 0


def test_events_links_and_pointers(tracer, exporter):
    other = tracer.start_span("other")
    with tracer.trace("span", links=[other, (other.context, {"why": "test"})]) as span:
        span.add_event("happened", {"n": 1, "list": ["a", "b"]}, 1_700_000_000_000_000_000)
        span.record_exception(ValueError("bad"), {"more": "x"})
        span.set_link(2**64 + 5, 6, tracestate="dd=s:1", flags=1, attributes={"a": 1})
        span.add_pointer("aws.s3.object", "d", "0123456789abcdef")
    other.finish()
    sent = exporter.find("span")
    assert [event["name"] for event in sent["events"]] == ["happened", "exception"]
    assert sent["events"][0]["attributes"] == {"n": 1, "list": ["a", "b"]}
    assert sent["events"][1]["attributes"]["exception.message"] == "bad"
    assert sent["error"] == 0
    assert len(sent["links"]) == 3
    assert sent["links"][0]["attributes"] == {"why": "test"}
    assert sent["links"][1]["trace_id"] == f"{2**64 + 5:032x}"


def test_sampling_can_be_decided_by_hand(tracer, exporter):
    with tracer.trace("dropped") as span:
        span.drop()
        assert span.context.sampling_priority == -1
    with tracer.trace("kept") as span:
        span.keep()
        assert span.context.sampling_priority == 2
    assert exporter.find("kept")["metrics"]["_sampling_priority_v1"] == 2


def test_baggage_goes_along(tracer):
    with tracer.trace("root") as root:
        root.set_baggage_item("user", "7")
        with tracer.trace("child") as child:
            assert child.get_baggage_item("user") == "7"
            assert child.get_all_baggage_items() == {"user": "7"}
            child.remove_baggage_item("user")
        assert root.get_all_baggage_items() == {}


def test_settings_that_are_none_raise():
    with pytest.raises(KeyError):
        Tracer({"DD_NO_SUCH_THING": "1"})
    with pytest.raises(ValueError):
        Tracer({"DD_TRACE_SAMPLE_RATE": "often"})
