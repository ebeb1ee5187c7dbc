"""OpenTelemetry's API with the provider of this library, and a tracer that sends to memory."""

import pytest
from opentelemetry import trace

import libddtrace
from libddtrace.opentelemetry import TracerProvider


def with_numbers(span):
    """A span whose ids are numbers, of which that of the trace has 64 bits."""
    low, span_id, parent_id = int(span["trace_id"][-16:], 16), int(span["span_id"], 16), int(span["parent_id"] or "0", 16)
    return {**span, "trace_id": low, "span_id": span_id, "parent_id": parent_id}


class Otel:
    """A tracer of OpenTelemetry's API, the tracer below it, and what it has sent."""

    def __init__(self, **config):
        self._exporter = libddtrace.exporters.MemoryExporter()
        self.datadog = libddtrace.Tracer(config={"DD_SERVICE": "shop", **config}, exporter=self._exporter)
        self.provider = TracerProvider(self.datadog)
        self.tracer = self.provider.get_tracer("tests", "1.0")

    def all(self):
        """The finished spans, by resource."""
        self.datadog.flush(20)
        return {span["resource"]: with_numbers(span) for span in self._exporter.spans()}


@pytest.fixture
def otel():
    made = []

    def make(**config):
        made.append(Otel(**config))
        return made[-1]

    yield make
    assert not trace.get_current_span().get_span_context().is_valid
    assert libddtrace.tracer.current_span() is None
    for one in made:
        one.datadog.shutdown(5)
