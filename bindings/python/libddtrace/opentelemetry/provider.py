"""The tracer provider and tracers of OpenTelemetry's API."""

from typing import Iterator, Optional, Sequence

from opentelemetry import baggage, trace
from opentelemetry.context.context import Context
from opentelemetry.trace import Link, SpanKind
from opentelemetry.util import types
from opentelemetry.util._decorator import _agnosticcontextmanager

import libddtrace
from libddtrace import SpanFlag, SpanKind as Kind

from . import runtime_context
from .span import Span, plain_attributes

_KINDS = {kind: Kind[kind.name] for kind in SpanKind}


class TracerProvider(trace.TracerProvider):
    """Gives tracers whose spans are those of a tracer of this library: the default one, or the one that is given."""

    def __init__(self, tracer: Optional[libddtrace.Tracer] = None) -> None:
        self._tracer = tracer
        runtime_context.install()

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: Optional[str] = None,
        schema_url: Optional[str] = None,
        attributes: types.Attributes = None,
    ) -> "Tracer":
        """A tracer. Who instruments is not recorded."""
        return Tracer(self._tracer if self._tracer is not None else libddtrace.tracer)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Sends what is finished; False if that was not possible in time."""
        tracer = self._tracer if self._tracer is not None else libddtrace.tracer
        return bool(tracer.flush(timeout_millis / 1000))

    def shutdown(self) -> None:
        """Sends what is finished and ends the tracer."""
        tracer = self._tracer if self._tracer is not None else libddtrace.tracer
        tracer.shutdown()


class Tracer(trace.Tracer):
    """Starts spans through OpenTelemetry's API."""

    def __init__(self, tracer: libddtrace.Tracer) -> None:
        self._tracer = tracer

    def start_span(
        self,
        name: str,
        context: Optional[Context] = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: types.Attributes = None,
        links: Optional[Sequence[Link]] = None,
        start_time: Optional[int] = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Starts a span below the one of the context, or below the current one. It is not current by that."""
        parent = runtime_context.active_of(trace.get_current_span(context))
        started = self._tracer.start_span(
            name,
            child_of=parent,
            kind=_KINDS.get(kind, Kind.UNSPECIFIED),
            tags=plain_attributes(attributes),
            start_ns=start_time,
            flags=SpanFlag.OTEL,
        )
        span = Span(started, record_exception, set_status_on_exception)
        for link in links or ():
            span.add_link(link.context, link.attributes)
        if parent is None or context is not None:
            for key, value in baggage.get_all(context).items():
                started.set_baggage_item(key, str(value))
        return span

    @_agnosticcontextmanager
    def start_as_current_span(
        self,
        name: str,
        context: Optional[Context] = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: types.Attributes = None,
        links: Optional[Sequence[Link]] = None,
        start_time: Optional[int] = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[trace.Span]:
        """Starts a span that is current for the length of a block, or of each call of the function that this decorates."""
        span = self.start_span(name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception)
        # A context that was given brings its baggage; what else it has is not made current by OpenTelemetry either.
        with trace.use_span(span, end_on_exit=end_on_exit, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except Exception as error:
                if span.is_recording():
                    span.fail(error)
                raise
