"""concurrent.futures: work given to a pool of threads runs with the span active that was so when it was given."""

import functools
from typing import Any

import libddtrace
from libddtrace._load import native

from .guard import attempt
from .wrapping import Patches

DISTRIBUTION = None


def patch(module: Any, patches: Patches) -> None:
    """Replaces `ThreadPoolExecutor.submit`, which `map` and `loop.run_in_executor` use."""
    patches.wrap(module.ThreadPoolExecutor, "submit", _traced_submit)


def _traced_submit(original: Any) -> Any:
    @functools.wraps(original)
    def submit(executor: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        active = attempt(native.active)
        if active is None:
            return original(executor, function, *args, **kwargs)
        return original(executor, WithActive(active, function), *args, **kwargs)

    return submit


class WithActive:
    """A function that runs with a span or context active."""

    def __init__(self, active: Any, function: Any) -> None:
        self._active = active
        self._function = function
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        scope = attempt(libddtrace.tracer.activate, self._active)
        if scope is None:
            return self._function(*args, **kwargs)
        try:
            return self._function(*args, **kwargs)
        finally:
            attempt(scope.close)
