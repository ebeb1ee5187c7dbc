"""Which span is active: per thread, per task, and in wrapped functions."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from libddtrace import Context, current_root_span, current_span
from libddtrace._load import native


def test_nothing_is_active_at_first(tracer):
    assert tracer.current_span() is None and tracer.current_root_span() is None and tracer.current_context() is None


def test_active_span_and_its_root(tracer):
    with tracer.trace("root") as root, tracer.trace("child") as child:
        assert tracer.current_span() is child is current_span()
        assert tracer.current_root_span() is root is current_root_span()
        assert tracer.current_context() == child.context
    assert tracer.current_span() is None


def test_spans_need_not_end_in_order(tracer):
    root, child = tracer.trace("root"), tracer.trace("child")
    grandchild = tracer.trace("grandchild")
    child.finish()
    assert tracer.current_span() is grandchild
    grandchild.finish()
    assert tracer.current_span() is root
    root.finish()
    assert tracer.current_span() is None


def test_start_span_activates_only_when_told(tracer):
    with tracer.trace("root") as root:
        lone = tracer.start_span("lone")
        assert tracer.current_span() is root and lone.parent_id is None
        lone.finish()
        below = tracer.start_span("below", child_of=root, activate=True)
        assert tracer.current_span() is below
        below.finish()
        assert tracer.current_span() is root


def test_a_scope_restores_what_was_active(tracer):
    span = tracer.start_span("span")
    with tracer.trace("root") as root:
        with tracer.activate(span) as scope:
            assert tracer.current_span() is span
            scope.close()
            assert tracer.current_span() is root
        assert tracer.current_span() is root
    span.finish()


def test_a_context_comes_back_until_its_scope_ends(tracer):
    context = Context(5, 6)
    with tracer.activate(context):
        for name in ("one", "two"):
            with tracer.trace(name) as span:
                assert (span.trace_id, span.parent_id) == (5, 6)
            assert tracer.current_context() is context and tracer.current_span() is None
    assert tracer.current_context() is None


def test_threads_start_empty_and_are_handed_the_context(tracer, exporter):
    seen = []

    def work(context):
        seen.append(tracer.current_span())
        with tracer.activate(context), tracer.trace("work"):
            pass

    with tracer.trace("root") as root:
        thread = threading.Thread(target=work, args=(tracer.current_context(),))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, [root.context] * 4))
    assert seen == [None] * 5
    spans = exporter.spans()
    assert len(spans) == 6 and {span["trace_id"] for span in spans} == {f"{root.trace_id:032x}"}


def test_many_threads_do_not_meet(tracer, exporter):
    def work():
        for _ in range(200):
            with tracer.trace("root") as root, tracer.trace("child") as child:
                assert child.parent_id == root.span_id

    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(exporter) == 8 * 200 * 2
    assert all(len(trace) == 2 for trace in exporter.traces())


def test_tasks_inherit_and_do_not_leak(tracer, exporter):
    async def work(number):
        with tracer.trace(f"work.{number}") as span:
            await asyncio.sleep(0)
            with tracer.trace("inner") as inner:
                await asyncio.sleep(0)
                assert inner.parent_id == span.span_id
            assert tracer.current_span() is span

    async def main():
        with tracer.trace("root") as root:
            await asyncio.gather(*(work(number) for number in range(50)))
            assert tracer.current_span() is root

    asyncio.run(main())
    root = exporter.find("root")
    works = [span for span in exporter.spans() if span["name"].startswith("work.")]
    assert len(works) == 50 and all(span["parent_id"] == root["span_id"] for span in works)


def test_a_thousand_tasks_leave_nothing_behind(tracer):
    before = native.live_handles(0)

    async def work():
        with tracer.trace("work"):
            await asyncio.sleep(0)

    async def main():
        for _ in range(10):
            await asyncio.gather(*(work() for _ in range(100)))

    asyncio.run(main())
    assert native.live_handles(0) == before


def test_a_cancelled_task_ends_its_span_with_the_error(tracer, exporter):
    async def work():
        with tracer.trace("work"):
            await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert exporter.find("work")["meta"]["error.type"].endswith("CancelledError")


def test_executors_get_the_context_of_to_thread(tracer, exporter):
    def work():
        with tracer.trace("work"):
            pass

    async def main():
        with tracer.trace("root"):
            await asyncio.to_thread(work)

    asyncio.run(main())
    assert exporter.find("work")["parent_id"] == exporter.find("root")["span_id"]
