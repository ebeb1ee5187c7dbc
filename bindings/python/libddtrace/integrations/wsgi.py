"""WSGI: a middleware with a span per request, which ends with the body of the response."""

from typing import Any, Callable, Iterable, Iterator, Optional

from . import http_server, settings
from .guard import attempt
from .http_server import Headers, ServerOperation

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

# Where the operation of a request is found in its environ.
OPERATION = "libddtrace.operation"


class TraceMiddleware:
    """Wraps a WSGI application: `application = TraceMiddleware(application)`."""

    def __init__(self, application: Application, service: Optional[str] = None) -> None:
        self.application = application
        self._service = service

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        return handle(self.application, environ, start_response, "wsgi", "wsgi.request", self._service)


def handle(
    application: Application,
    environ: Environ,
    start_response: Callable[..., Any],
    integration: str,
    name: str,
    service: Optional[str] = None,
) -> Iterable[bytes]:
    """Answers a request by an application, within a span. A request that has a span from further outside gets no second one."""
    if environ.get(OPERATION) is not None:
        return application(environ, start_response)
    operation = attempt(_begin, environ, integration, name, service)
    if operation is None:
        return application(environ, start_response)
    environ[OPERATION] = operation

    def observed_start_response(status: str, headers: Headers, *rest: Any) -> Any:
        attempt(_respond, operation, status, headers)
        return start_response(status, headers, *rest)

    try:
        body = application(environ, observed_start_response)
    except BaseException as error:
        attempt(operation.finish, error)
        raise
    attempt(operation.suspend)
    return Body(body, operation)


class Body:
    """The body of a response. The span is active while a piece is made, and ends with the last one or when the body is closed."""

    def __init__(self, body: Iterable[bytes], operation: ServerOperation) -> None:
        self._body = body
        self._operation: Optional[ServerOperation] = operation
        self._iterator: Optional[Iterator[bytes]] = None

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> bytes:
        operation = self._operation
        if operation is not None:
            attempt(operation.resume)
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            piece = next(self._iterator)
        except StopIteration:
            if operation is not None:
                attempt(operation.suspend)
            raise
        except BaseException as error:
            self._finish(error)
            raise
        if operation is not None:
            attempt(operation.suspend)
        return piece

    def close(self) -> None:
        """Called by the server at the end in any case."""
        operation = self._operation
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                if operation is not None:
                    attempt(operation.resume)
                close()
        except BaseException as error:
            self._finish(error)
            raise
        self._finish(None)

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        return bool(self._body)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    def __del__(self) -> None:
        # A server that forgets to close the body.
        self._finish(None)

    def _finish(self, error: Optional[BaseException]) -> None:
        operation, self._operation = self._operation, None
        if operation is not None:
            attempt(operation.finish, error)


def _begin(environ: Environ, integration: str, name: str, service: Optional[str]) -> ServerOperation:
    script = _text(environ.get("SCRIPT_NAME"))
    path = script + _text(environ.get("PATH_INFO")) or "/"
    query = _text(environ.get("QUERY_STRING"))
    request = http_server.Request(
        method=str(environ.get("REQUEST_METHOD") or "GET"),
        path=path,
        url=f"{_origin(environ)}{path}" + (f"?{query}" if query else ""),
        headers=_headers(environ),
        peer=environ.get("REMOTE_ADDR") or None,
        version=str(environ.get("SERVER_PROTOCOL") or "").rpartition("/")[2],
    )
    return http_server.begin_request(settings.of(integration), name, request, service)


def _respond(operation: ServerOperation, status: str, headers: Headers) -> None:
    operation.set_response(int(status.split(None, 1)[0]), headers)


def _origin(environ: Environ) -> str:
    host = environ.get("HTTP_HOST")
    if not host:
        host = str(environ.get("SERVER_NAME") or "")
        port = str(environ.get("SERVER_PORT") or "")
        if port and port not in ("80", "443"):
            host = f"{host}:{port}"
    return f"{environ.get('wsgi.url_scheme') or 'http'}://{host}"


def _headers(environ: Environ) -> Headers:
    headers = []
    for key, value in environ.items():
        if not isinstance(value, str):
            continue
        if key.startswith("HTTP_"):
            headers.append((key[5:].replace("_", "-").lower(), value))
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            headers.append((key.replace("_", "-").lower(), value))
    return headers


def _text(value: Any) -> str:
    """Text of the environ, whose characters stand for bytes."""
    if not value:
        return ""
    try:
        return str(value).encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return str(value)
