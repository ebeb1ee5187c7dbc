"""Metrics, events and checks by DogStatsD.

    statsd = DogStatsd(prefix="shop", tags=["team:cart"])
    statsd.increment("checkouts")
    with statsd.timed("checkout.time"):
        ...
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

from ._load import native

F = TypeVar("F", bound=Callable[..., Any])
Tags = Iterable[str]

_COUNT, _GAUGE, _HISTOGRAM, _DISTRIBUTION, _TIMING, _SET = range(6)
_ALERTS = {"info": 0, "error": 1, "warning": 2, "success": 3}

OK, WARNING, CRITICAL, UNKNOWN = range(4)


class DogStatsd(native.Statsd):
    """Counts and gauges are added up for two seconds, unless `aggregation` is `off`; `extended` adds up distributions, too. Service, environment
    and version are tags of all messages. A call answers False if it was not understood; that nobody listens is no error."""

    def __new__(
        cls, prefix: str | None = None, address: str | None = None, tags: Tags | None = None, aggregation: str = "basic"
    ) -> DogStatsd:
        modes = {"basic": 0, "off": 1, "extended": 2}
        if aggregation not in modes:
            raise ValueError(f"aggregation is one of {', '.join(modes)}, not {aggregation!r}")
        return super().__new__(cls, prefix, address, list(tags or ()), modes[aggregation])

    def _send(self, kind: int, name: str, value: object, tags: Tags | None, rate: float | None, at: int | None = None) -> bool:
        return self.send(kind, name, value, None if tags is None else list(tags), rate, at)

    def count(self, name: str, value: float, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        return self._send(_COUNT, name, value, tags, sample_rate)

    def increment(self, name: str, value: float = 1, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        return self._send(_COUNT, name, value, tags, sample_rate)

    def decrement(self, name: str, value: float = 1, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        return self._send(_COUNT, name, -value, tags, sample_rate)

    def gauge(self, name: str, value: float, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        return self._send(_GAUGE, name, value, tags, sample_rate)

    def histogram(self, name: str, value: float, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        return self._send(_HISTOGRAM, name, value, tags, sample_rate)

    def distribution(self, name: str, value: float, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        return self._send(_DISTRIBUTION, name, value, tags, sample_rate)

    def timing(self, name: str, value: float, tags: Tags | None = None, sample_rate: float | None = None) -> bool:
        """Milliseconds."""
        return self._send(_TIMING, name, value, tags, sample_rate)

    def set(self, name: str, value: object, tags: Tags | None = None) -> bool:
        return self._send(_SET, name, value, tags, None)

    def count_at(self, name: str, value: float, timestamp: int, tags: Tags | None = None) -> bool:
        return self._send(_COUNT, name, value, tags, None, timestamp)

    def gauge_at(self, name: str, value: float, timestamp: int, tags: Tags | None = None) -> bool:
        return self._send(_GAUGE, name, value, tags, None, timestamp)

    def timed(self, name: str, tags: Tags | None = None, sample_rate: float | None = None) -> Timed:
        """For a block, or as a decorator."""
        return Timed(self, name, tags, sample_rate)

    def event(
        self,
        title: str,
        text: str,
        alert_type: str = "info",
        priority: str = "normal",
        tags: Tags | None = None,
        timestamp: int | None = None,
        hostname: str | None = None,
        aggregation_key: str | None = None,
        source_type: str | None = None,
    ) -> bool:
        alert = _ALERTS.get(alert_type, 0)
        given = None if tags is None else list(tags)
        return self.send_event(title, text, int(priority == "low"), alert, given, timestamp, hostname, aggregation_key, source_type)

    def service_check(
        self,
        name: str,
        status: int,
        message: str | None = None,
        tags: Tags | None = None,
        timestamp: int | None = None,
        hostname: str | None = None,
    ) -> bool:
        return self.send_check(name, status, message, None if tags is None else list(tags), timestamp, hostname)

    def flush(self, timeout: float = 5.0) -> bool:
        """Sends what was taken by now, and waits for that."""
        return self.flush_ms(int(timeout * 1000))

    def close(self, timeout: float = 5.0) -> bool:
        """Sends what was taken by now, and ends the client."""
        return self.shutdown_ms(int(timeout * 1000))


class Timed:
    """Measures a block, or each call of a function."""

    def __init__(self, statsd: DogStatsd, name: str, tags: Tags | None, sample_rate: float | None) -> None:
        self._statsd, self._name, self._tags, self._rate = statsd, name, tags, sample_rate
        self._begin = 0.0

    def __enter__(self) -> Timed:
        self._begin = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._statsd.timing(self._name, (time.perf_counter() - self._begin) * 1000, self._tags, self._rate)

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with Timed(self._statsd, self._name, self._tags, self._rate):
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]
