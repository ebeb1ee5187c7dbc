"""Work of other threads and tasks has the span as its parent that was active when it was given away."""

import asyncio
import concurrent.futures

import libddtrace
from libddtrace import integrations


def work(name):
    with libddtrace.tracer.trace(name):
        return name


def test_pool_of_threads(traced):
    integrations.patch(futures=True)
    spans = traced()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(work, "orphan").result(20)
        with libddtrace.tracer.trace("caller") as caller:
            assert pool.submit(work, name="child").result(20) == "child"
            assert list(pool.map(work, ["mapped"])) == ["mapped"]
        pool.submit(work, "late").result(20)
    parents = {span["name"]: span["parent_id"] for span in spans.all()}
    assert parents == {"orphan": 0, "caller": 0, "child": caller.span_id, "mapped": caller.span_id, "late": 0}


def test_exceptions_pass(traced):
    integrations.patch(futures=True)
    traced()

    def broken():
        raise LookupError("mine")

    with concurrent.futures.ThreadPoolExecutor(1) as pool, libddtrace.tracer.trace("caller"):
        assert isinstance(pool.submit(broken).exception(20), LookupError)


def test_executors_of_a_loop(traced):
    integrations.patch(asyncio=True)
    spans = traced()

    async def main():
        with libddtrace.tracer.trace("caller"):
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, work, "in executor")
            await asyncio.to_thread(work, "in thread")
            await asyncio.gather(*[task(number) for number in range(3)])
        assert libddtrace.tracer.current_span() is None

    async def task(number):
        with libddtrace.tracer.trace(f"task {number}"):
            await asyncio.sleep(0)

    asyncio.run(main())
    caller = spans.one("caller")["span_id"]
    assert {span["parent_id"] for span in spans.all() if span["name"] != "caller"} == {caller}
    assert len(spans.all()) == 6


def test_unpatching_restores(traced):
    originals = (concurrent.futures.ThreadPoolExecutor.submit, asyncio.BaseEventLoop.run_in_executor)
    for _ in range(2):
        integrations.patch(futures=True, asyncio=True)
    assert concurrent.futures.ThreadPoolExecutor.submit is not originals[0]
    integrations.unpatch()
    assert (concurrent.futures.ThreadPoolExecutor.submit, asyncio.BaseEventLoop.run_in_executor) == originals
