"""OpenTelemetry's span contexts and this library's contexts, each made from the other."""

from typing import Optional, Union

from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

import libddtrace
from libddtrace import propagation

_TRACECONTEXT = propagation.Propagator(extract=["tracecontext"])


class RemoteSpan(NonRecordingSpan):
    """A span of another process, with all that the headers said of it."""

    def __init__(self, context: libddtrace.Context) -> None:
        super().__init__(span_context_of(context, is_remote=True))
        self.context = context


def span_context_of(source: Union[libddtrace.Span, libddtrace.Context], is_remote: bool = False) -> SpanContext:
    """The ids of a span or context. Asking for them decides whether the trace is kept, because the flags have to say so."""
    return SpanContext(
        trace_id=source.trace_id,
        span_id=source.span_id,
        is_remote=is_remote,
        trace_flags=TraceFlags(source.trace_flags),
        trace_state=_state(source.tracestate),
    )


def context_of(span_context: SpanContext) -> Optional[libddtrace.Context]:
    """A parent elsewhere, or a span to link to. None if the ids are not valid."""
    if not span_context.is_valid:
        return None
    headers = {
        "traceparent": f"00-{span_context.trace_id:032x}-{span_context.span_id:016x}-{int(span_context.trace_flags) & 0xFF:02x}",
        "tracestate": span_context.trace_state.to_header(),
    }
    return _TRACECONTEXT.extract(headers)


def _state(text: Optional[str]) -> TraceState:
    return TraceState.from_header([text]) if text else TraceState()
