"""Functions of which each call is a span. A generator's span is active while the generator runs, not while whoever uses it does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any

from ._load import native

if TYPE_CHECKING:
    from ._tracer import Tracer

_include_class: bool | None = None


def span_name(function: Callable[..., Any]) -> str:
    """`module.function`; with DD_TRACE_WRAP_SPAN_NAME_INCLUDE_CLASS `module.Class.function`."""
    global _include_class
    if _include_class is None:
        _include_class = native.Config().get("DD_TRACE_WRAP_SPAN_NAME_INCLUDE_CLASS") == "true"
    name = getattr(function, "__qualname__" if _include_class else "__name__", None) or type(function).__name__
    return f"{getattr(function, '__module__', None) or '?'}.{name}"


def wrapped(tracer: Tracer, function: Callable[..., Any], options: dict[str, Any], name: str | None = None) -> Callable[..., Any]:
    name = name or span_name(function)
    options = {key: value for key, value in options.items() if value is not None}
    if inspect.iscoroutinefunction(function):
        return _coroutine(tracer, function, options, name)
    if inspect.isasyncgenfunction(function):
        return _async_generator(tracer, function, options, name)
    if inspect.isgeneratorfunction(function):
        return _generator(tracer, function, options, name)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with tracer.trace(name, **options):
            return function(*args, **kwargs)

    return call


def _coroutine(tracer: Tracer, function: Callable[..., Any], options: dict[str, Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with tracer.trace(name, **options):
            return await function(*args, **kwargs)

    return call


def _start(tracer: Tracer, options: dict[str, Any], name: str) -> native.Span:
    return tracer.start_span(name, native.active(), **options)


def _generator(tracer: Tracer, function: Callable[..., Any], options: dict[str, Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with _start(tracer, options, name) as span:
            steps = function(*args, **kwargs)
            step, value = steps.send, None
            while True:
                try:
                    with tracer.activate(span):
                        item = step(value)
                except StopIteration as end:
                    return end.value
                try:
                    value = yield item
                    step = steps.send
                except GeneratorExit:
                    with tracer.activate(span):
                        steps.close()
                    raise
                except BaseException as error:
                    step, value = steps.throw, error

    return call


def _async_generator(tracer: Tracer, function: Callable[..., Any], options: dict[str, Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with _start(tracer, options, name) as span:
            steps = function(*args, **kwargs)
            step, value = steps.asend, None
            while True:
                try:
                    with tracer.activate(span):
                        item = await step(value)
                except StopAsyncIteration:
                    return
                try:
                    value = yield item
                    step = steps.asend
                except GeneratorExit:
                    with tracer.activate(span):
                        await steps.aclose()
                    raise
                except BaseException as error:
                    step, value = steps.athrow, error

    return call
