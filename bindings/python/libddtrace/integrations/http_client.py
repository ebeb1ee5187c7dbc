"""The span of a request that a client sends: names, tags and the headers that continue the trace."""

from typing import Callable, Iterable, Optional
from urllib.parse import urlsplit

from libddtrace import propagation

from . import native
from .guard import attempt
from .operation import Operation, begin_external
from .settings import IntegrationSettings

SetHeader = Callable[[str, str], object]


def begin_request(
    settings: IntegrationSettings,
    name: str,
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    set_header: SetHeader,
    default_service: Optional[str] = None,
) -> Operation:
    """Begins the span of a request, makes it active, and has its headers set by `set_header`, which replaces."""
    parts = _split(url)
    method = method.upper()
    operation = begin_external(
        settings,
        name,
        default_service=default_service or settings.name,
        resource=f"{method} {parts[1]}",
        span_type="http",
    )
    attempt(_set_request_tags, operation, method, url, parts[0], list(headers))
    if settings.distributed_tracing:
        attempt(_inject, operation, set_header)
    return operation


def set_response(operation: Operation, status: int, headers: Iterable[tuple[str, str]]) -> None:
    """Status and headers of the response."""
    operation.span.set_tag("http.status_code", str(status))
    if native.is_http_error(status, is_client=True):
        operation.span.error = 1
    native.set_header_tags(operation.span, list(headers), is_response=True)


def _set_request_tags(operation: Operation, method: str, url: str, host: Optional[str], headers: list[tuple[str, str]]) -> None:
    operation.set_tags({
        "http.method": method,
        "http.url": native.clean_url(url, is_client=True),
        "out.host": host,
        "server.address": host,
    })
    for name, value in headers:
        if name.lower() == "user-agent" and value:
            operation.span.set_tag("http.useragent", value)
    native.set_header_tags(operation.span, headers, is_response=False)


def _inject(operation: Operation, set_header: SetHeader) -> None:
    carrier: dict[str, str] = {}
    propagation.inject(operation.span, carrier)
    for name, value in carrier.items():
        set_header(name, value)


def _split(url: str) -> tuple[Optional[str], str]:
    """Host and path of a URL, also of one that is broken."""
    try:
        parts = urlsplit(url)
        return parts.hostname, parts.path or "/"
    except ValueError:
        return None, "/"
