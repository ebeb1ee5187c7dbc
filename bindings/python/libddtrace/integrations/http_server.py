"""The span of a request that a web server answers: names, tags and the trace that it continues."""

from typing import Optional, Union
from urllib.parse import urlsplit

from libddtrace import Context, Span, propagation
from libddtrace._load import native as active_spans

from . import native
from .guard import attempt
from .operation import Operation, begin_internal
from .settings import IntegrationSettings

# Headers may have only this half of a trace's id.
_LOW = (1 << 64) - 1

Headers = list[tuple[str, str]]

# Tags that say which tool sent the request, whatever the settings are.
_ALWAYS_TAGGED = {"x-datadog-endpoint-scan", "x-datadog-security-test"}


class Request:
    """What a server knows of a request when it begins."""

    __slots__ = ("method", "path", "url", "headers", "peer", "version")

    def __init__(self, method: str, path: str, url: str, headers: Headers, peer: Optional[str], version: Optional[str]) -> None:
        self.method = method.upper()
        self.path = path
        self.url = url
        self.headers = headers
        self.peer = peer
        self.version = version


class ServerOperation(Operation):
    """An operation that knows route and status of its request."""

    __slots__ = ("method", "path", "route", "status")

    def __init__(self, span: Span, request: Request) -> None:
        super().__init__(span)
        self.method = request.method
        self.path = request.path
        self.route: Optional[str] = None
        self.status: Optional[int] = None

    def set_route(self, route: str) -> None:
        """What the framework matched the path with, in its own syntax."""
        self.route = route
        self.span.set_tag("http.route", route)

    def set_response(self, status: int, headers: Headers) -> None:
        """Status and headers of the response; the last one counts."""
        self.status = status
        self.span.set_tag("http.status_code", str(status))
        native.set_header_tags(self.span, headers, is_response=True)

    def finish(self, error: Optional[BaseException] = None) -> None:
        if error is not None and self.status is None:
            attempt(self.span.set_tag, "http.status_code", "500")
        attempt(self._name_resource)
        super().finish(error)

    def _name_resource(self) -> None:
        resource = self.span.resource
        # A resource that the application has chosen is kept.
        if resource not in (f"{self.method} {self.path}", self.span.name):
            return
        if self.route is not None:
            self.span.resource = f"{self.method} {self.route}"
        elif self.status == 404:
            self.span.resource = f"{self.method} 404"


def begin_request(settings: IntegrationSettings, name: str, request: Request, service: Optional[str] = None) -> ServerOperation:
    """Begins the span of a request, which continues the trace that the headers tell of, and makes it active."""
    span = begin_internal(
        settings,
        name,
        parent=_parent(settings, request.headers),
        resource=f"{request.method} {request.path}",
        span_type="web",
        service=service,
    )
    operation = ServerOperation(span, request)
    attempt(_set_request_tags, operation, request)
    operation.resume()
    return operation


def _set_request_tags(operation: ServerOperation, request: Request) -> None:
    operation.set_tags({
        "http.method": request.method,
        "http.url": native.clean_url(request.url, is_client=False),
        "http.version": request.version,
    })
    for name, value in request.headers:
        lower = name.lower()
        if lower == "user-agent" and value:
            operation.span.set_tag("http.useragent", value)
        elif lower == "referer":
            operation.set_tags({"http.referrer_hostname": _host(value)})
        elif lower in _ALWAYS_TAGGED:
            operation.span.set_tag(f"http.request.headers.{lower}", value)
    address = native.client_ip(request.headers, request.peer)
    if address is not None:
        operation.set_tags({"http.client_ip": address, "network.client.ip": request.peer})
    native.set_header_tags(operation.span, request.headers, is_response=False)


def _host(url: str) -> Optional[str]:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _parent(settings: IntegrationSettings, headers: Headers) -> Union[Span, Context, None]:
    """The context of the headers, unless a span is active already that belongs to the same trace."""
    current = active_spans.active()
    if not settings.distributed_tracing:
        return current
    extracted = propagation.extract(headers)
    if extracted is None:
        return current
    if current is not None and extracted.trace_id & _LOW in (0, current.trace_id & _LOW):
        return current
    return extracted
