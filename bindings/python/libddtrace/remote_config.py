"""Files of remote configuration, for products of the program's own.

    def changed(change):
        if change.is_removed: ...
        else: use(json.loads(change.content))

    subscription = remote_config.subscribe("MY_PRODUCT", changed)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ._load import native
from ._tracer import Tracer, default_tracer

ADD, UPDATE, REMOVE = range(3)
_UNACKNOWLEDGED, _ACKNOWLEDGED, _ERROR = 1, 2, 3

#: A subscriber that answers this tells later what became of the file, by Subscription.acknowledge.
LATER = object()


@dataclass(frozen=True)
class Change:
    """What became of one file."""

    operation: int
    path: str
    product: str
    config_id: str
    version: int
    content: bytes
    sha256: str

    @property
    def is_removed(self) -> bool:
        return self.operation == REMOVE


class Subscription:
    def __init__(self, tracer: Tracer, number: int) -> None:
        self._tracer = tracer
        self._number = number

    def acknowledge(self, path: str, error: str | None = None) -> bool:
        """Says that a file is in force, or why it was refused."""
        return native.rc_acknowledge(self._tracer, path, _ACKNOWLEDGED if error is None else _ERROR, error)

    def cancel(self) -> bool:
        return native.rc_unsubscribe(self._tracer, self._number)


def _result(function: Callable[[Change], object], change: Change) -> tuple[int, str]:
    try:
        answer = function(change)
    except Exception as error:
        return _ERROR, f"{type(error).__name__}: {error}"
    return (_UNACKNOWLEDGED if answer is LATER else _ACKNOWLEDGED), ""


def subscribe(
    product: str,
    function: Callable[[Change], object],
    capabilities: Iterable[int] = (),
    on_batch_end: Callable[[], Any] | None = None,
    on_tick: Callable[[], Any] | None = None,
    tracer: Tracer | None = None,
) -> Subscription:
    """Calls the function for each file that is new, has changed or is gone, on a thread of the library. An exception refuses the file, with its
    text; LATER leaves that open."""
    tracer = tracer or default_tracer()

    def on_changes(changes: list[tuple[Any, ...]]) -> list[tuple[int, str]]:
        return [_result(function, Change(*change)) for change in changes]

    return Subscription(tracer, native.rc_subscribe(tracer, product, bytes(capabilities), on_changes, on_batch_end, on_tick))


def poll(timeout: float = 5.0, tracer: Tracer | None = None) -> bool:
    """Asks now, and waits until all subscribers know the answer. For tests."""
    return native.rc_poll(tracer or default_tracer(), int(timeout * 1000))


def next_request(tracer: Tracer | None = None) -> str | None:
    """The body of the next request: JSON with the state of this client. None where remote configuration is off. For diagnosis."""
    return native.rc_next_request(tracer or default_tracer())


def process_response(status: int, body: bytes, tracer: Tracer | None = None) -> None:
    """Takes a response as if the agent had given it. For tests."""
    native.rc_process_response(tracer or default_tracer(), status, body)
