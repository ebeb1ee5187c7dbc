"""tracer.wrap for functions, coroutines, generators and asynchronous generators."""

import asyncio
import inspect

import pytest


def test_a_function(tracer, exporter):
    @tracer.wrap("add", service="math", resource="plus", tags={"a": "b"})
    def add(a, b=1):
        """Adds."""
        assert tracer.current_span().name == "add"
        return a + b

    assert add(2, b=3) == 5 and add.__doc__ == "Adds." and add.__name__ == "add"
    span = exporter.find("add")
    assert (span["service"], span["resource"], span["meta"]["a"]) == ("math", "plus", "b")


def test_the_name_is_that_of_the_function(tracer, exporter):
    @tracer.wrap()
    def one():
        pass

    @tracer.wrap
    def two():
        pass

    one(), two()
    assert [span["name"] for span in exporter.spans()] == [f"{__name__}.one", f"{__name__}.two"]


def test_errors_are_recorded_and_raised(tracer, exporter):
    @tracer.wrap("fails")
    def fails():
        raise KeyError("x")

    with pytest.raises(KeyError):
        fails()
    assert exporter.find("fails")["error"] == 1


def test_a_coroutine(tracer, exporter):
    @tracer.wrap("co")
    async def co(value):
        await asyncio.sleep(0)
        assert tracer.current_span().name == "co"
        return value

    assert inspect.iscoroutinefunction(co)
    assert asyncio.run(co(7)) == 7
    assert exporter.find("co")["error"] == 0


def test_a_generator_is_one_span_that_is_active_while_it_runs(tracer, exporter):
    @tracer.wrap("numbers")
    def numbers():
        assert tracer.current_span().name == "numbers"
        got = yield 1
        assert tracer.current_span().name == "numbers"
        try:
            yield got
        except LookupError as error:
            yield str(error)
        return "end"

    with tracer.trace("user") as user:
        steps = numbers()
        assert next(steps) == 1
        assert tracer.current_span() is user
        assert steps.send("sent") == "sent"
        assert steps.throw(LookupError("thrown")) == "thrown"
        with pytest.raises(StopIteration) as end:
            next(steps)
        assert end.value.value == "end" and tracer.current_span() is user
    assert exporter.find("numbers")["parent_id"] == exporter.find("user")["span_id"]
    assert exporter.find("numbers")["error"] == 0


def test_a_generator_that_is_closed_ends_its_span(tracer, exporter):
    closed = []

    @tracer.wrap("numbers")
    def numbers():
        try:
            yield 1
            yield 2
        finally:
            closed.append(tracer.current_span().name)

    steps = numbers()
    next(steps)
    steps.close()
    assert closed == ["numbers"] and exporter.find("numbers")["error"] == 0


def test_a_generator_that_fails(tracer, exporter):
    @tracer.wrap("numbers")
    def numbers():
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError):
        list(numbers())
    assert exporter.find("numbers")["meta"]["error.message"] == "no more"


def test_an_asynchronous_generator(tracer, exporter):
    @tracer.wrap("ticks")
    async def ticks():
        for tick in range(3):
            await asyncio.sleep(0)
            assert tracer.current_span().name == "ticks"
            yield tick

    async def main():
        seen = []
        async for tick in ticks():
            assert tracer.current_span() is None
            seen.append(tick)
        return seen

    assert asyncio.run(main()) == [0, 1, 2]
    assert exporter.find("ticks")["error"] == 0
