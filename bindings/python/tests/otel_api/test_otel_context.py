"""What is current in OpenTelemetry's API and what is active in this library are one thing."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest
from opentelemetry import baggage, context as context_api, trace
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import libddtrace
from libddtrace.opentelemetry import Propagator


def test_children_of_either_api_have_the_other_as_parent(otel):
    one = otel()
    with one.tracer.start_as_current_span("otel"):
        with one.datadog.trace("datadog"):
            with one.tracer.start_as_current_span("inner"):
                assert one.datadog.current_span().resource == "inner"
            assert trace.get_current_span().datadog_span.name == "datadog"
    spans = one.all()
    assert spans["otel"]["parent_id"] == 0
    assert spans["datadog"]["parent_id"] == spans["otel"]["span_id"]
    assert spans["inner"]["parent_id"] == spans["datadog"]["span_id"]
    assert len({span["trace_id"] for span in spans.values()}) == 1


def test_current_span_is_the_very_object(otel):
    one = otel()
    with one.tracer.start_as_current_span("op") as span:
        assert trace.get_current_span() is span
        with one.tracer.start_as_current_span("inner") as inner:
            assert trace.get_current_span() is inner
        assert trace.get_current_span() is span


def test_started_span_is_not_current(otel):
    one = otel()
    span = one.tracer.start_span("op")
    assert not trace.get_current_span().get_span_context().is_valid
    with trace.use_span(span, end_on_exit=True):
        assert trace.get_current_span() is span
    assert not span.is_recording()


def test_child_of_an_ended_span(otel):
    one = otel()
    with one.tracer.start_as_current_span("op", end_on_exit=False) as span:
        span.end()
        assert trace.get_current_span() is span
        one.tracer.start_span("late").end()
    assert one.all()["late"]["parent_id"] == span.get_span_context().span_id


def test_decorator_and_generator(otel):
    one = otel()

    @one.tracer.start_as_current_span("decorated")
    def work():
        return trace.get_current_span().datadog_span.resource

    @one.tracer.start_as_current_span("coroutine")
    async def work_async():
        await asyncio.sleep(0)
        return trace.get_current_span().datadog_span.resource

    assert (work(), work(), asyncio.run(work_async())) == ("decorated", "decorated", "coroutine")


def test_tasks_have_their_own_current_span(otel):
    one = otel()

    async def task(number):
        with one.tracer.start_as_current_span(f"task {number}") as span:
            await asyncio.sleep(0)
            assert trace.get_current_span() is span

    async def main():
        with one.tracer.start_as_current_span("main"):
            await asyncio.gather(*[task(number) for number in range(5)])

    asyncio.run(main())
    spans = one.all()
    assert {span["parent_id"] for name, span in spans.items() if name != "main"} == {spans["main"]["span_id"]}


def test_threads_begin_without_and_take_a_context(otel):
    one = otel()
    seen = []

    def work(context):
        seen.append(trace.get_current_span().get_span_context().is_valid)
        token = context_api.attach(context)
        with one.tracer.start_as_current_span("elsewhere"):
            pass
        context_api.detach(token)

    with one.tracer.start_as_current_span("here"):
        thread = threading.Thread(target=work, args=(context_api.get_current(),))
        thread.start()
        thread.join(20)
    spans = one.all()
    assert seen == [False]
    assert spans["elsewhere"]["parent_id"] == spans["here"]["span_id"]


def test_empty_context_makes_a_root(otel):
    one = otel()
    with one.tracer.start_as_current_span("op"):
        one.tracer.start_span("root", context=context_api.Context()).end()
        token = context_api.attach(context_api.Context())
        assert one.datadog.current_span() is None
        context_api.detach(token)
        assert one.datadog.current_span().resource == "op"
    assert one.all()["root"]["parent_id"] == 0


def test_remote_parent_made_by_hand(otel):
    one = otel()
    remote = SpanContext(0xAB << 64 | 0x1111, 0x2222, True, TraceFlags(1), TraceState([("vendor", "v")]))
    context = trace.set_span_in_context(NonRecordingSpan(remote))
    with one.tracer.start_as_current_span("op", context=context) as span:
        state = span.get_span_context()
        assert (state.trace_id, state.trace_state["vendor"]) == (remote.trace_id, "v")
    got = one.all()["op"]
    assert (got["trace_id"], got["parent_id"]) == (0x1111, 0x2222)
    token = context_api.attach(context)
    one.datadog.trace("native").finish()
    context_api.detach(token)
    assert one.all()["native"]["parent_id"] == 0x2222


def test_nothing_is_current_where_nothing_is_active(otel):
    one = otel()
    with one.tracer.start_as_current_span("op"):
        with one.datadog.activate(None):
            assert not trace.get_current_span().get_span_context().is_valid
            one.tracer.start_span("root").end()
    assert one.all()["root"]["parent_id"] == 0


def test_baggage_is_one_set(otel):
    one = otel()
    with one.datadog.trace("op") as span:
        span.set_baggage_item("a", "1")
        assert dict(baggage.get_all()) == {"a": "1"}
        token = context_api.attach(baggage.set_baggage("b", "2"))
        assert span.get_all_baggage_items() == {"a": "1", "b": "2"}
        assert baggage.get_baggage("b") == "2"
        headers = {}
        libddtrace.propagation.inject(span, headers)
        assert sorted(headers["baggage"].split(",")) == ["a=1", "b=2"]
        context_api.detach(token)
        token = context_api.attach(baggage.clear())
        assert span.get_all_baggage_items() == {}
        context_api.detach(token)


def test_baggage_without_a_span_is_kept(otel):
    one = otel()
    token = context_api.attach(baggage.set_baggage("a", "1"))
    assert baggage.get_baggage("a") == "1"
    with one.tracer.start_as_current_span("op") as span:
        assert span.datadog_span.get_all_baggage_items() == {"a": "1"}
    context_api.detach(token)
    assert baggage.get_baggage("a") is None


def test_propagators_go_round(otel):
    one = otel()
    for propagator in (Propagator(), TraceContextTextMapPropagator()):
        assert isinstance(propagator, TextMapPropagator)
        headers = {}
        with one.tracer.start_as_current_span("sender") as sender:
            propagator.inject(headers)
        assert "traceparent" in headers
        assert set(headers) <= propagator.fields
        context = propagator.extract(headers)
        one.tracer.start_span("receiver", context=context).end()
        spans = one.all()
        assert spans["receiver"]["parent_id"] == sender.get_span_context().span_id
    assert Propagator().extract({"accept": "*/*"}) == context_api.Context()


def test_datadog_headers_are_understood(otel):
    one = otel()
    context = Propagator().extract({"x-datadog-trace-id": "7", "x-datadog-parent-id": "8", "baggage": "a=b"})
    assert trace.get_current_span(context).get_span_context().is_remote
    assert baggage.get_all(context) == {"a": "b"}
    one.tracer.start_span("op", context=context).end()
    got = one.all()["op"]
    assert (got["trace_id"], got["parent_id"]) == (7, 8)


def test_detaching_in_another_task_does_no_harm(otel):
    one = otel()
    seen = []

    async def attach(span):
        seen.append(context_api.attach(trace.set_span_in_context(span)))

    async def main():
        span = one.tracer.start_span("op")
        await asyncio.create_task(attach(span))
        context_api.detach(seen[0])
        span.end()
        assert one.datadog.current_span() is None

    asyncio.run(main())


@pytest.mark.parametrize("variable", ["OTEL_PYTHON_TRACER_PROVIDER", None])
def test_programs_need_no_change(tmp_path, variable):
    program = (
        "from opentelemetry import trace\n"
        "import sys\n"
        "if len(sys.argv) > 1:\n"
        "    from libddtrace import opentelemetry\n"
        "    assert opentelemetry.install()\n"
        "tracer = trace.get_tracer('program')\n"
        "with tracer.start_as_current_span('op') as span:\n"
        "    print(type(span).__module__, span.is_recording())\n"
    )
    environment = {**os.environ, "DD_TRACE_STARTUP_LOGS": "false", "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false"}
    environment["DD_TRACE_AGENT_URL"] = "http://127.0.0.1:1"
    if variable:
        environment[variable] = "libddtrace"
    arguments = [] if variable else ["install"]
    ended = subprocess.run([sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.stdout == "libddtrace.opentelemetry.span True\n", ended.stderr
