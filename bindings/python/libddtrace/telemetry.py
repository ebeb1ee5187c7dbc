"""What integrations and products tell Datadog of themselves. Where telemetry is off (DD_INSTRUMENTATION_TELEMETRY_ENABLED) nothing is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ._load import native
from ._tracer import Tracer, default_tracer

COUNT, GAUGE, RATE, DISTRIBUTION = 1, 2, 3, 4
ERROR, WARN, INFO, DEBUG = 1, 2, 3, 4


class Stats(NamedTuple):
    requests: int
    requests_delivered: int
    requests_failed: int
    messages_sent: int
    dropped: int
    waiting: int
    is_accepted: int


class Telemetry:
    """Telemetry of a tracer; all tracers of a process share it."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer or default_tracer()

    def add_integration(
        self, name: str, version: str | None = None, enabled: bool = True, auto_enabled: bool = False, error: str | None = None
    ) -> bool:
        return native.telemetry_integration(self._tracer, name, version, enabled, auto_enabled, error)

    def add_dependency(self, name: str, version: str | None = None) -> bool:
        return native.telemetry_dependency(self._tracer, name, version)

    def add_config(self, name: str, value: str | None, origin: str = "code") -> bool:
        return native.telemetry_config(self._tracer, name, value, origin)

    def set_product(self, product: str, enabled: bool, version: str | None = None, error: str | None = None) -> bool:
        return native.telemetry_product(self._tracer, product, enabled, version, error)

    def log(self, level: int, message: str, stack: str | None = None, tags: str | None = None) -> bool:
        """A constant text, without anything of the user's."""
        return native.telemetry_log(self._tracer, level, message, stack, tags)

    def record(
        self, namespace: str, name: str, value: float, kind: int = COUNT, tags: Iterable[str] = (), is_common: bool = True
    ) -> bool:
        return native.telemetry_record(self._tracer, namespace, name, kind, value, list(tags), is_common)

    def flush(self, timeout: float = 5.0) -> bool:
        return native.telemetry_flush(self._tracer, int(timeout * 1000))

    def stats(self) -> Stats:
        return Stats(*native.telemetry_stats(self._tracer))
