"""The spans and contexts that tests name by id, and which span is active."""

import libddtrace
from libddtrace.opentelemetry import Span, TracerProvider
from opentelemetry import trace

from server import Failure

# Ids that are made up have this bit, which no span's has.
INVENTED = 1 << 63


class State:
    def __init__(self):
        self.tracer = libddtrace.tracer
        # The first use of the lazy tracer makes it: the first request must find it.
        self.tracer.config_get("DD_SERVICE")
        trace.set_tracer_provider(TracerProvider())
        self.otel_tracer = trace.get_tracer("parametric")
        self._spans = {}
        self._parents = {}
        self._contexts = {}
        self._invented = 0

    def forget(self):
        """After a flush nobody names what was finished before."""
        for span_id in [span_id for span_id, span in self._spans.items() if span.finished]:
            del self._spans[span_id]
            self._parents.pop(span_id, None)
        self._contexts.clear()

    def add_span(self, span, parent):
        """Remembers a span, which is the active one from now on."""
        self._spans[span.span_id] = span
        if isinstance(parent, libddtrace.Span):
            self._parents[span.span_id] = parent
        self.tracer.activate(span).__enter__()
        return {"span_id": span.span_id, "trace_id": span.trace_id}

    def add_context(self, context):
        span_id = context.span_id
        if not span_id:
            self._invented += 1
            span_id = INVENTED + self._invented
        self._contexts[span_id] = context
        return span_id

    def has_span(self, span_id):
        return number(span_id) in self._spans

    def span(self, request, field="span_id"):
        """The span that a request names."""
        span = self._spans.get(number(request.get(field)))
        if span is None:
            raise Failure(400, f"there is no span {request.get(field)!r}")
        return span

    def otel_span(self, request, field="span_id"):
        return Span(self.span(request, field))

    def parent(self, span_id):
        """A span or context that a request names as parent or to link to; None for none."""
        span_id = number(span_id)
        if span_id == 0:
            return None
        found = self._spans.get(span_id) or self._contexts.get(span_id)
        if found is None:
            raise Failure(400, f"there is no span or context {span_id}")
        return found

    def finished(self, span, was_active):
        """The parent of a finished span is active, if it is of this process."""
        parent = self._parents.get(span.span_id)
        if parent is not None or was_active:
            self.tracer.activate(parent).__enter__()

    def is_active(self, span):
        return self.tracer.current_span() == span


def number(span_id):
    """An id as it comes: an integer, or decimal or hexadecimal text."""
    if span_id is None or span_id == "":
        return 0
    if isinstance(span_id, str):
        return int(span_id, 0)
    return int(span_id)
