"""urllib3: a span per request of a connection pool, retries and redirects included. Off unless asked for: requests is above it."""

import inspect
from typing import Any, Optional

from . import http_client, settings
from .operation import Operation
from .wrapping import Call, Patches

DISTRIBUTION = "urllib3"


def patch(module: Any, patches: Patches) -> None:
    """Replaces `HTTPConnectionPool.urlopen`, which pools of HTTPS inherit."""
    patches.observe(module.HTTPConnectionPool, "urlopen", _Begin(module.HTTPConnectionPool.urlopen), _end)


class _Begin:
    """Finds the arguments by the signature of this version."""

    def __init__(self, original: Any) -> None:
        self._signature = inspect.signature(original)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
        bound = self._signature.bind(*args, **kwargs)
        pool, arguments = args[0], bound.arguments
        given = arguments.get("headers")
        # The caller's headers, or those of the pool, are not changed.
        headers = (given if given is not None else pool.headers or {}).copy()
        operation = http_client.begin_request(
            settings.of("urllib3"),
            "urllib3.request",
            str(arguments.get("method") or "GET"),
            _url(pool, str(arguments.get("url") or "/")),
            [(str(name), str(value)) for name, value in headers.items()],
            headers.__setitem__,
        )
        arguments["headers"] = headers
        return Call(operation, bound.args, bound.kwargs)


def _end(operation: Operation, response: Any, error: Optional[BaseException]) -> None:
    try:
        if response is not None:
            http_client.set_response(operation, response.status, response.headers.items())
    finally:
        operation.finish(error)


def _url(pool: Any, url: str) -> str:
    if "://" in url:
        return url
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    is_default = pool.port in (None, {"http": 80, "https": 443}.get(pool.scheme))
    return f"{pool.scheme}://{host}{'' if is_default else f':{pool.port}'}{url}"
