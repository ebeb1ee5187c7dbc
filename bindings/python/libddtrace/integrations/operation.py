"""The span of one observed operation, which is active while the operation runs."""

from typing import Mapping, Optional, Union

import libddtrace
from libddtrace import Context, Span, SpanFlag, SpanKind
from libddtrace._load import native

from .settings import IntegrationSettings

TagValue = Union[str, int, float, bool]


class Operation:
    """A span and its activation. It may be suspended and resumed, as the body of a response is read in pieces."""

    __slots__ = ("span", "_scope")

    def __init__(self, span: Span) -> None:
        self.span = span
        self._scope: Optional[libddtrace.Scope] = None

    def resume(self) -> "Operation":
        """Makes the span the active one of this task or thread."""
        if self._scope is None:
            self._scope = libddtrace.tracer.activate(self.span)
        return self

    def suspend(self) -> None:
        """Makes the span active that was so before."""
        scope, self._scope = self._scope, None
        if scope is not None:
            scope.close()

    def finish(self, error: Optional[BaseException] = None) -> None:
        """Ends the span, which has failed if there is an error."""
        try:
            self.suspend()
        finally:
            if error is not None:
                self.fail(error)
            self.span.finish()

    def fail(self, error: BaseException) -> None:
        """Marks the span as failed by an exception."""
        self.span.set_exc_info(type(error), error, error.__traceback__)

    def set_tags(self, tags: Mapping[str, Optional[TagValue]]) -> None:
        """Sets the tags that have a value."""
        for key, value in tags.items():
            if value is not None and value != "":
                self.span.set_tag(key, value)


def begin_external(
    settings: IntegrationSettings,
    name: str,
    *,
    default_service: Optional[str],
    resource: Optional[str] = None,
    span_type: Optional[str] = None,
    kind: SpanKind = SpanKind.CLIENT,
    service: Optional[str] = None,
    measured: bool = True,
) -> Operation:
    """Begins the span of a call to another service, below the active span, and makes it active."""
    chosen, is_default = settings.external_service(service, default_service)
    return Operation(_begin(settings, name, native.active(), chosen, is_default, resource, span_type, kind, measured)).resume()


def begin_internal(
    settings: IntegrationSettings,
    name: str,
    *,
    parent: Union[Span, Context, None],
    resource: Optional[str] = None,
    span_type: Optional[str] = None,
    kind: SpanKind = SpanKind.SERVER,
    service: Optional[str] = None,
    measured: bool = True,
) -> Span:
    """Begins a span of this service's own work, below a parent that is given. It is not active yet."""
    return _begin(settings, name, parent, service or settings.service, False, resource, span_type, kind, measured)


def _begin(
    settings: IntegrationSettings,
    name: str,
    parent: Union[Span, Context, None],
    service: Optional[str],
    is_default_service: bool,
    resource: Optional[str],
    span_type: Optional[str],
    kind: SpanKind,
    measured: bool,
) -> Span:
    flags = SpanFlag.MEASURED if measured else SpanFlag(0)
    if is_default_service:
        flags |= SpanFlag.INTEGRATION_SERVICE
    return libddtrace.tracer.start_span(
        name,
        parent,
        service=service,
        resource=resource,
        span_type=span_type,
        tags={"component": settings.name},
        kind=kind,
        flags=flags,
    )
