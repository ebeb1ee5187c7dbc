"""ASGI: a middleware with a span per HTTP request, which ends with the application's call; the body may be streamed."""

from typing import Any, Awaitable, Callable, Optional

from . import http_server, settings
from .guard import attempt
from .http_server import Headers, ServerOperation

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where the operation of a request is found in its scope.
OPERATION = "libddtrace.operation"


class TraceMiddleware:
    """Wraps an ASGI application: `application = TraceMiddleware(application)`. Lifespan events and web sockets pass unobserved."""

    def __init__(self, app: Application, service: Optional[str] = None) -> None:
        self.app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await handle(self.app, scope, receive, send, "asgi", "asgi.request", self._service)


async def handle(
    app: Application, scope: Scope, receive: Receive, send: Send, integration: str, name: str, service: Optional[str] = None
) -> None:
    """Answers a request by an application, within a span. A request that has a span from further outside gets no second one."""
    if scope.get("type") != "http" or scope.get(OPERATION) is not None:
        return await app(scope, receive, send)
    operation = attempt(_begin, scope, integration, name, service)
    if operation is None:
        return await app(scope, receive, send)
    scope[OPERATION] = operation

    async def observed_send(message: Any) -> None:
        attempt(_observe, operation, message)
        await send(message)

    try:
        await app(scope, receive, observed_send)
    except BaseException as error:
        attempt(operation.finish, error)
        raise
    attempt(operation.finish)


def _begin(scope: Scope, integration: str, name: str, service: Optional[str]) -> ServerOperation:
    headers = _pairs(scope.get("headers"))
    path = str(scope.get("path") or "/")
    query = (scope.get("query_string") or b"").decode("latin-1")
    client = scope.get("client")
    request = http_server.Request(
        method=str(scope.get("method") or "GET"),
        path=path,
        url=f"{_origin(scope, headers)}{path}" + (f"?{query}" if query else ""),
        headers=headers,
        peer=str(client[0]) if client else None,
        version=scope.get("http_version"),
    )
    return http_server.begin_request(settings.of(integration), name, request, service)


def _observe(operation: ServerOperation, message: Any) -> None:
    if message.get("type") == "http.response.start":
        operation.set_response(int(message["status"]), _pairs(message.get("headers")))


def _origin(scope: Scope, headers: Headers) -> str:
    host = next((value for name, value in headers if name.lower() == "host"), None)
    server = scope.get("server")
    if host is None and server:
        host = str(server[0]) if server[1] in (None, 80, 443) else f"{server[0]}:{server[1]}"
    return f"{scope.get('scheme') or 'http'}://{host or ''}"


def _pairs(headers: Any) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers or ()]
