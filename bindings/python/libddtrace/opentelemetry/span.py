"""Spans of OpenTelemetry's API that are spans of this library. What their calls mean is decided by the library."""

from types import TracebackType
from typing import Any, Mapping, Optional, Sequence, Union

from opentelemetry import trace
from opentelemetry.trace import SpanContext, Status, StatusCode
from opentelemetry.util import types

import libddtrace
from libddtrace import SpanStatus
from libddtrace._errors import describe

from .span_context import span_context_of

_STATUS = {code: SpanStatus[code.name] for code in StatusCode}


class Span(trace.Span):
    """A span seen through OpenTelemetry's API. Two of them are equal if the span is the same."""

    def __init__(self, span: libddtrace.Span, record_exception: bool = True, set_status_on_exception: bool = True) -> None:
        self._span = span
        self._records_exception = record_exception
        self._sets_status = set_status_on_exception

    @property
    def datadog_span(self) -> libddtrace.Span:
        """The span itself, for calls that OpenTelemetry does not have."""
        return self._span

    def end(self, end_time: Optional[int] = None) -> None:
        """Ends the span, now or at a time in nanoseconds. Only the first call counts."""
        self._span.finish(end_time)

    def get_span_context(self) -> SpanContext:
        """The ids, flags and state, also of a span that has ended."""
        return span_context_of(self._span)

    def set_attributes(self, attributes: Mapping[str, types.AnyValue]) -> None:
        """Sets attributes; one that is None is removed."""
        self._span.set_tags({str(key): plain(value) for key, value in attributes.items()})

    def set_attribute(self, key: str, value: types.AnyValue) -> None:
        """Sets an attribute; None removes it."""
        self._span.set_tag(key, plain(value))

    def add_event(self, name: str, attributes: types.Attributes = None, timestamp: Optional[int] = None) -> None:
        """Adds an event, at a time in nanoseconds or now."""
        self._span.add_event(name, plain_attributes(attributes), timestamp)

    def add_link(self, context: SpanContext, attributes: types.Attributes = None) -> None:
        """Links to another span. A context without ids counts only if there are attributes or a state."""
        state = context.trace_state.to_header()
        if context.is_valid or attributes or state:
            flags = int(context.trace_flags)
            self._span.set_link(context.trace_id, context.span_id, state or None, flags, plain_attributes(attributes))

    def update_name(self, name: str) -> None:
        """Changes the resource, which is what OpenTelemetry calls the name."""
        self._span.resource = name

    def is_recording(self) -> bool:
        """Whether the span still takes something in."""
        return self._span.is_recording

    def set_status(self, status: Union[Status, StatusCode], description: Optional[str] = None) -> None:
        """Sets the status. OK is final."""
        if isinstance(status, Status):
            self._span.set_status(_STATUS[status.status_code], status.description)
        else:
            self._span.set_status(_STATUS[status], description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: types.Attributes = None,
        timestamp: Optional[int] = None,
        escaped: bool = False,
    ) -> None:
        """Adds the event `exception` and sets `error.type`, `error.message` and `error.stack`. The span does not fail by it."""
        if timestamp is None:
            self._span.record_exception(exception, plain_attributes(attributes), escaped)
            return
        described = describe(exception, None, None) or ("", "", "")
        event: dict[str, Any] = {
            "exception.type": described[0],
            "exception.message": described[1],
            "exception.stacktrace": described[2],
            "exception.escaped": str(escaped),
            **(plain_attributes(attributes) or {}),
        }
        self._span.add_event("exception", event, timestamp)
        for tag, attribute in (("type", "type"), ("message", "message"), ("stack", "stacktrace")):
            self._span.set_tag(f"error.{tag}", str(event[f"exception.{attribute}"]))

    def __enter__(self) -> "Span":
        return self

    def __exit__(
        self, exc_type: Optional[type[BaseException]], exc_val: Optional[BaseException], exc_tb: Optional[TracebackType]
    ) -> None:
        if isinstance(exc_val, Exception) and self.is_recording():
            self.fail(exc_val)
        self.end()

    def fail(self, error: Exception) -> None:
        """What leaving a scope by an exception does, as far as the start of the span asked for it."""
        if self._records_exception:
            self.record_exception(error, escaped=True)
        if self._sets_status:
            self.set_status(StatusCode.ERROR, f"{type(error).__name__}: {error}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self._span == other._span

    def __hash__(self) -> int:
        return hash(self._span)

    def __repr__(self) -> str:
        return f"<OpenTelemetry {self._span!r}>"


def plain_attributes(attributes: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
    """Attributes with sequences and mappings of any kind as lists and dicts."""
    return {str(key): plain(value) for key, value in attributes.items()} if attributes else None


def plain(value: Any) -> Any:
    """A value with sequences and mappings of any kind as lists and dicts."""
    if value is None or isinstance(value, (str, bool, int, float, list, tuple, dict)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return value
