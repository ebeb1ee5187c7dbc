"""Exceptions as spans tell of them."""

from __future__ import annotations

import traceback
from types import TracebackType

from ._load import native

LONGEST_STACK = 25_000
_frames: int | None = None


def frames() -> int:
    """DD_TRACE_SPAN_TRACEBACK_MAX_SIZE"""
    global _frames
    if _frames is None:
        text = native.Config().get("DD_TRACE_SPAN_TRACEBACK_MAX_SIZE") or ""
        _frames = int(text) if text.isdigit() else 30
    return _frames


def type_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def is_error(exception: object) -> bool:
    """A process that ends as it should, and a generator that is closed, are no errors."""
    if isinstance(exception, SystemExit):
        return exception.code not in (None, 0)
    return not isinstance(exception, GeneratorExit)


def stack_of(kind: type[BaseException], exception: BaseException | None, trace: TracebackType | None) -> str:
    """The most recent frames, fewer where the text gets too long."""
    limit = frames()
    while True:
        text = "".join(traceback.format_exception(kind, exception, trace, limit=-limit if limit else 0))
        if len(text) <= LONGEST_STACK or limit <= 1:
            return text[:LONGEST_STACK]
        limit //= 2


def describe(kind: object, exception: object, trace: object) -> tuple[str, str, str] | None:
    """Type, message and stack; None for what is no error. Takes an exception, its type, or both."""
    if isinstance(kind, BaseException):
        kind, exception = type(kind), kind
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        return None
    if not isinstance(exception, BaseException):
        exception = None
    if not is_error(exception):
        return None
    if not isinstance(trace, TracebackType):
        trace = exception.__traceback__ if exception is not None else None
    try:
        message = str(exception) if exception is not None else ""
    except Exception:
        message = "<unprintable>"
    try:
        stack = stack_of(kind, exception, trace)
    except Exception:
        stack = ""
    return type_name(kind), message, stack


native.set_describer(describe)
