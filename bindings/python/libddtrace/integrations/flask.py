"""Flask: a span per request, with the route that matched and the exception that no handler took."""

import functools
from typing import Any, Optional

from . import wsgi
from .guard import attempt
from .wrapping import Call, Patches

DISTRIBUTION = "flask"


def patch(module: Any, patches: Patches) -> None:
    """Replaces the entry of requests and two methods of `flask.Flask`."""
    patches.wrap(module.Flask, "wsgi_app", _traced_entry)
    patches.observe(module.Flask, "full_dispatch_request", _begin_dispatch, _ignore)
    patches.observe(module.Flask, "handle_exception", _begin_exception, _ignore)


def _traced_entry(original: Any) -> Any:
    @functools.wraps(original)
    def wsgi_app(app: Any, environ: dict[str, Any], start_response: Any) -> Any:
        entry = functools.partial(original, app)
        return wsgi.handle(entry, environ, start_response, "flask", "flask.request")

    return wsgi_app


def _begin_dispatch(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
    import flask

    operation = flask.request.environ.get(wsgi.OPERATION)
    if operation is not None:
        rule = flask.request.url_rule
        operation.set_tags({"flask.endpoint": flask.request.endpoint, "flask.url_rule": rule.rule if rule is not None else None})
        if rule is not None:
            operation.set_route(f"{flask.request.script_root}{rule.rule}")
            for name, value in (flask.request.view_args or {}).items():
                operation.set_tags({f"flask.view_args.{name}": str(value)})
    return None


def _begin_exception(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
    """An exception for which the application has no handler: the client sees status 500, and Flask raises nothing."""
    import flask

    operation = flask.request.environ.get(wsgi.OPERATION)
    error = args[1] if len(args) > 1 else kwargs.get("e")
    if operation is not None and isinstance(error, BaseException):
        attempt(operation.fail, error)
    return None


def _ignore(state: Any, result: Any, error: Optional[BaseException]) -> None:
    return
