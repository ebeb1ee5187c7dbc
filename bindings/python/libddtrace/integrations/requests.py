"""requests: a span per request that is sent, redirects included, each with headers that continue the trace."""

from typing import Any, Optional

from . import http_client, settings
from .operation import Operation
from .wrapping import Call, Patches

DISTRIBUTION = "requests"


def patch(module: Any, patches: Patches) -> None:
    """Replaces `requests.Session.send`."""
    patches.observe(module.Session, "send", _begin, _end)


def _begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
    request = args[1] if len(args) > 1 else kwargs["request"]
    headers = request.headers
    operation = http_client.begin_request(
        settings.of("requests"),
        "requests.request",
        request.method or "GET",
        request.url or "",
        [(str(name), _text(value)) for name, value in headers.items()],
        headers.__setitem__,
    )
    return Call(operation, args, kwargs)


def _end(operation: Operation, response: Any, error: Optional[BaseException]) -> None:
    try:
        if response is not None:
            http_client.set_response(operation, response.status_code, response.headers.items())
    finally:
        operation.finish(error)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
