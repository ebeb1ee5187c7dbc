"""A propagator of OpenTelemetry's API that reads and writes the headers of the configured styles."""

from typing import Optional

from opentelemetry import trace
from opentelemetry.context.context import Context
from opentelemetry.propagators.textmap import CarrierT, Getter, Setter, TextMapPropagator, default_getter, default_setter

from libddtrace import propagation

from . import runtime_context
from .runtime_context import _with_baggage
from .span_context import RemoteSpan


class Propagator(TextMapPropagator):
    """`opentelemetry.propagate.set_global_textmap(Propagator())`, or `OTEL_PROPAGATORS=libddtrace`."""

    def extract(self, carrier: CarrierT, context: Optional[Context] = None, getter: Getter[CarrierT] = default_getter) -> Context:
        """The context of the headers, with their baggage."""
        context = context if context is not None else Context()
        pairs = [(key, value) for key in getter.keys(carrier) for value in getter.get(carrier, key) or ()]
        extracted = propagation.extract(pairs)
        if extracted is None:
            return context
        return _with_baggage(trace.set_span_in_context(RemoteSpan(extracted), context), extracted)

    def inject(self, carrier: CarrierT, context: Optional[Context] = None, setter: Setter[CarrierT] = default_setter) -> None:
        """Sets the headers for the span of the context."""
        active = runtime_context.active_of(trace.get_current_span(context))
        if active is None:
            return
        headers: dict[str, str] = {}
        propagation.inject(active, headers)
        for name, value in headers.items():
            setter.set(carrier, name, value)

    @property
    def fields(self) -> set[str]:
        """The headers that may be set, by any of the styles."""
        return set(_HEADERS)


_HEADERS = [
    "b3",
    "baggage",
    "traceparent",
    "tracestate",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-datadog-origin",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "x-datadog-tags",
    "x-datadog-trace-id",
]
