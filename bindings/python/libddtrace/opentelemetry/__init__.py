"""Programs written for OpenTelemetry's tracing API make spans of this library, unchanged.

Any of these turns it on: `OTEL_PYTHON_TRACER_PROVIDER=libddtrace`; `DD_TRACE_OTEL_ENABLED=true` with `libddtrace-run`; `install()`, or
`opentelemetry.trace.set_tracer_provider(TracerProvider())`, in the program.
"""

from opentelemetry import trace

from .propagator import Propagator
from .provider import Tracer, TracerProvider
from .span import Span

__all__ = ["Propagator", "Span", "Tracer", "TracerProvider", "install"]


def install() -> bool:
    """Makes spans of OpenTelemetry's API spans of this library. False if the program has set another tracer provider before."""
    provider = TracerProvider()
    if trace._TRACER_PROVIDER is None:
        trace.set_tracer_provider(provider)
    return isinstance(trace.get_tracer_provider(), TracerProvider)
