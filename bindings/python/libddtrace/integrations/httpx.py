"""httpx: a span per request of a client or an asynchronous client, redirects included, up to the headers of the response."""

from typing import Any, Optional

from . import http_client, settings
from .operation import Operation
from .wrapping import Call, Patches

DISTRIBUTION = "httpx"


def patch(module: Any, patches: Patches) -> None:
    """Replaces the step of both clients that sends a single request."""
    for client in (module.Client, module.AsyncClient):
        patches.observe(client, "_send_single_request", _begin, _end)


def _begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
    request = args[1] if len(args) > 1 else kwargs["request"]
    operation = http_client.begin_request(
        settings.of("httpx"),
        "http.request",
        request.method,
        str(request.url),
        request.headers.multi_items(),
        request.headers.__setitem__,
    )
    return Call(operation, args, kwargs)


def _end(operation: Operation, response: Any, error: Optional[BaseException]) -> None:
    try:
        if response is not None:
            http_client.set_response(operation, response.status_code, response.headers.multi_items())
    finally:
        operation.finish(error)
