"""Wrong use: no exception, no crash, no memory without end, and nothing is lost without being counted."""

import gc
import threading
import weakref

import pytest

from quiet import QUIET
from libddtrace import Context, Tracer, exporters, propagation
from libddtrace._load import native


def repr_or_type(value):
    return type(value).__name__


class Hostile:
    """Everything that is asked of it fails."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __len__ = __iter__ = __float__ = __int__ = __index__ = __bool__ = __getitem__ = __str__

    def __setitem__(self, key, value):
        raise RuntimeError("read only")


def test_finishing_twice_sends_once(tracer, exporter):
    span = tracer.trace("twice")
    span.finish()
    duration = span.duration_ns
    span.finish()
    span.set_tag("late", "x")
    span.name = "late"
    assert (span.duration_ns, span.name, span.get_tag("late")) == (duration, "twice", None)
    assert len(exporter) == 1


def test_use_after_shutdown(tracer, exporter):
    before = tracer.trace("before")
    assert tracer.shutdown(20)
    before.finish()
    with tracer.trace("after") as span:
        span.set_tag("a", "b")
        headers = {}
        propagation.inject(span, headers)
        assert headers["x-datadog-parent-id"] == str(span.span_id)
    assert tracer.shutdown(1) in (True, False) and tracer.flush(1) in (True, False)
    assert exporter.spans() == []


@pytest.mark.parametrize("foreign", [None, 5, 1.5, b"\xff\x00", "\ud800", [], {}, object(), Hostile(), float("nan"), 10**400], ids=repr_or_type)
def test_foreign_types(tracer, foreign):
    with tracer.trace(foreign, service=foreign, resource=foreign, span_type=foreign, tags={"a": foreign}, kind=foreign) as span:
        span.set_tag(foreign, foreign)
        span.set_tag("key", foreign)
        span.set_metric("key", foreign)
        span.set_metric(foreign, 1)
        span.set_tags({"a": foreign})
        span.set_tags(foreign)
        span.set_metrics(foreign)
        span.get_tag(foreign), span.get_metric(foreign), span.remove_tag(foreign)
        span.name = span.service = span.resource = span.span_type = span.kind = span.error = span.start_ns = foreign
        span.set_status(foreign, foreign)
        span.set_exc_info(foreign)
        span.record_exception(foreign)
        span.add_event(foreign, {"a": foreign}, foreign)
        span.add_event("event", foreign)
        span.add_link(foreign, foreign)
        span.set_link(foreign, foreign, foreign, foreign, foreign)
        span.add_pointer(foreign, foreign, foreign)
        span.set_baggage_item(foreign, foreign)
        span.get_baggage_item(foreign), span.remove_baggage_item(foreign)
        span.set_header_tags(foreign)
        propagation.inject(span, foreign)
        propagation.extract(foreign)
        propagation.extract({"traceparent": foreign, foreign if isinstance(foreign, (int, str, bytes)) else "x": "y"})
        span.finish(foreign)


def test_a_parent_that_is_none_raises(tracer):
    with pytest.raises(TypeError):
        tracer.start_span("span", child_of="parent")
    with pytest.raises(TypeError):
        tracer.activate("span")
    with pytest.raises(TypeError):
        tracer.trace("span", no_such_argument=1)
    with pytest.raises(TypeError):
        tracer.trace()
    with pytest.raises(TypeError):
        native.Span()


def test_a_string_of_100_megabytes(tracer, exporter):
    huge = "grün" * 25_000_000
    with tracer.trace("huge", resource=huge, tags={"start": huge}) as span:
        span.set_tag("set", huge)
        span.set_tag("bytes", huge[:10_000_000].encode())
        assert len(span.get_tag("set")) < 3_000
    assert len(exporter.find("huge")["meta"]["start"]) < 3_000


def test_lists_that_hold_themselves_and_deep_ones(tracer, exporter):
    endless = []
    endless.append(endless)
    deep = "bottom"
    for _ in range(100):
        deep = {"a": [deep]}
    with tracer.trace("deep", tags={"endless": endless, "deep": deep}) as span:
        span.set_tag("many", list(range(20_000)))
    assert exporter.find("deep")


def test_spans_that_are_collected_unfinished_are_abandoned_and_counted(tracer, exporter):
    before = tracer.counters()["spans_abandoned"]
    with tracer.trace("root") as root:
        for _ in range(10):
            tracer.start_span("lost", child_of=root)
        gc.collect()
    assert tracer.counters()["spans_abandoned"] == before + 10
    assert [span["name"] for span in exporter.spans()] == ["root"]


def test_chains_of_spans_do_not_grow_and_may_be_deep(tracer):
    span = tracer.start_span("first")
    first = weakref.ref(span)
    for _ in range(1_000):
        span.finish()
        span = tracer.start_span("next", child_of=span)
    span.finish()
    assert first() is span.local_root
    del span
    gc.collect()
    assert first() is None
    deep = tracer.start_span("deep")
    for _ in range(20_000):
        deep = tracer.start_span("deeper", child_of=deep)
    del deep
    gc.collect()


def test_collection_on_another_thread(tracer):
    def use_up(spans):
        while spans:
            spans.pop().set_tag("a", "b")

    spans = [tracer.start_span("span") for _ in range(1_000)]
    threads = [threading.Thread(target=use_up, args=(spans,)) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]


def test_one_span_from_many_threads(tracer, exporter):
    def work(number):
        for index in range(500):
            span.set_tag(f"key.{index % 10}", f"value.{number}")
            span.get_tag("key.1")

    with tracer.trace("shared") as span:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert len([key for key in exporter.find("shared")["meta"] if key.startswith("key.")]) == 10


def test_handles_that_are_gone_are_no_trouble():
    tracer = Tracer(QUIET, exporters.NullExporter())
    context = tracer.start_span("span").context
    tracer.shutdown(20)
    del tracer
    gc.collect()
    assert context.trace_id and propagation.inject(context, {}) is None and Context(1, 2).span_id == 2


def test_a_value_that_empties_its_own_dict_while_its_text_is_made(tracer, exporter):
    tags = {f"key-{number}": "x" * 100 + str(number) for number in range(20)}

    class Emptying:
        def __str__(self) -> str:
            tags.clear()
            return "emptied"

    tags["last"] = Emptying()
    with tracer.trace("op", tags=tags):
        pass
    meta = exporter.find("op")["meta"]
    assert meta["key-19"] == "x" * 100 + "19"
    assert meta["last"] == "emptied"
