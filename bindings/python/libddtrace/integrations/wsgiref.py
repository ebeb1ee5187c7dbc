"""wsgiref: applications of the server in Python's standard library are wrapped as `wsgi.TraceMiddleware` does."""

import functools
from typing import Any

from . import wsgi
from .wrapping import Patches

DISTRIBUTION = None


def patch(module: Any, patches: Patches) -> None:
    """Replaces `WSGIServer.get_app`, which the server calls for each request."""
    patches.wrap(module.WSGIServer, "get_app", _traced_get_app)


def _traced_get_app(original: Any) -> Any:
    @functools.wraps(original)
    def get_app(server: Any) -> Any:
        application = original(server)
        return application if application is None else wsgi.TraceMiddleware(application)

    return get_app
