"""Starlette and FastAPI: a span per request of an application, as `asgi.TraceMiddleware` makes it, with the route that matched."""

import functools
from typing import Any, Optional

from . import asgi
from .wrapping import Call, Patches

DISTRIBUTION = "starlette"


def patch(module: Any, patches: Patches) -> None:
    """Replaces `Starlette.__call__` and `Route.handle`."""
    from starlette import routing

    patches.wrap(module.Starlette, "__call__", _traced_call)
    patches.observe(routing.Route, "handle", _begin_route, _ignore)


def _traced_call(original: Any) -> Any:
    @functools.wraps(original)
    async def __call__(application: Any, scope: Any, receive: Any, send: Any) -> None:
        await asgi.handle(functools.partial(original, application), scope, receive, send, "starlette", "starlette.request")

    return __call__


def _begin_route(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
    route, scope = args[0], args[1] if len(args) > 1 else kwargs["scope"]
    operation = scope.get(asgi.OPERATION)
    if operation is not None:
        operation.set_route(f"{scope.get('root_path') or ''}{route.path}")
    return None


def _ignore(state: Any, result: Any, error: Optional[BaseException]) -> None:
    return
