# mypy: disable-error-code="no-any-return"
"""What stands in for the extension where it, or the library, cannot be loaded: everything is there and does nothing."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

library_path = None
library_version = ""


def _nothing(*args: Any, **kwargs: Any) -> None:
    return None


class _Quiet:
    """Takes any arguments; every method that is not there does nothing."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return object.__new__(cls)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


class _WithBaggage(_Quiet):
    def get_all_baggage_items(self) -> dict[str, str]:
        return {}


class Context(_WithBaggage):
    trace_id = span_id = trace_flags = 0
    sampling_priority = dd_origin = dd_user_id = tracestate = None
    is_remote = False
    is_empty = True

    def copy(self, span_id: int = 0) -> Context:
        return self

    def with_baggage_item(self, key: str, value: str) -> Context:
        return self

    def to_json(self) -> str:
        return "{}"

    @staticmethod
    def from_json(json: str) -> Context:
        return Context()


class Span(_WithBaggage):
    name = service = resource = span_type = ""
    trace_id = span_id = start_ns = error = kind = status = trace_flags = 0
    parent_id = duration_ns = tracer = tracestate = None
    is_recording = False
    finished = False

    @property
    def context(self) -> Context:
        return Context()

    @property
    def local_root(self) -> Span:
        return self

    def get_tags(self) -> dict[str, Any]:
        return {}

    def finish(self, finish_ns: int | None = None) -> None:
        self.finished = True

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *error: object) -> None:
        self.finish()


class Config(_Quiet):
    def entries(self) -> list[tuple[str, str | None, str]]:
        return []

    warnings = entries


class Exporter(_Quiet):
    def memory_count(self) -> int:
        return 0


class Propagator(_Quiet):
    pass


class Statsd(_Quiet):
    def send(self, *args: Any) -> bool:
        return True

    send_event = send_check = flush_ms = shutdown_ms = send

    def counters(self) -> dict[str, int]:
        return {}


class Tracer(_Quiet):
    is_open = True

    def trace(self, name: str, *args: Any, **kwargs: Any) -> Span:
        return Span()

    start_span = trace

    def flush(self, timeout: float | None = None) -> bool:
        return True

    shutdown = flush

    def counters(self) -> dict[str, int]:
        return {}

    def log_correlation(self, *args: Any) -> dict[str, str]:
        return {}

    def limit_stack(self, frames: list[str]) -> str:
        return "\n".join(frames)


_active: ContextVar[Any] = ContextVar("libddtrace_active", default=None)


def activate(span_or_context: Any) -> Any:
    former = _active.get()
    _active.set(span_or_context)
    return former


def deactivate(activated: Any, former: Any) -> None:
    _active.set(former)


def exporter(*args: Any) -> Exporter:
    return Exporter()


memory_exporter = console_exporter = file_exporter = null_exporter = python_exporter = exporter


def live_handles(kind: int) -> int:
    return 0


def runtime_id() -> str:
    return ""


def clean_url(tracer: Any, kind: int, url: Any) -> str:
    return str(url)


def obfuscate_query(tracer: Any, query: Any) -> str:
    return str(query)


def is_http_error(tracer: Any, kind: int, status: int) -> bool:
    return False


def telemetry_stats(tracer: Any) -> tuple[int, ...]:
    return (0,) * 7


def close_callbacks(seconds: float) -> bool:
    return True


def __getattr__(name: str) -> Any:
    """All other functions."""
    if name.startswith("__"):
        raise AttributeError(name)
    return _nothing
