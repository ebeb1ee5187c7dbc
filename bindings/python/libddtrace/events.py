"""The event hub: what happens in the process, told to whoever listens, on the thread where it happens.

Events of the library: `trace.span_start` and `trace.span_finish` (a Span), `trace.chunk_ready` (a list of Spans); programs have events of
their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._load import native

SPAN_START = "trace.span_start"
SPAN_FINISH = "trace.span_finish"
CHUNK_READY = "trace.chunk_ready"


def on(event: str, listener: Callable[..., Any]) -> Callable[[], bool]:
    """Calls the listener with the arguments of each such event. The answer is a function that takes it back."""
    number = native.hub_on(event, listener)
    return lambda: native.hub_off(number)


def has_listeners(event: str) -> bool:
    return native.hub_has_listeners(event)


def dispatch(event: str, *arguments: object) -> bool:
    """Publishes an event with at most 16 arguments: None, truth values, numbers, text, spans and contexts; others become text. False if a
    listener failed and failures are to be told."""
    return native.hub_dispatch(event, *arguments)
