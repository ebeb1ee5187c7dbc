"""asyncio: work given to an executor by `loop.run_in_executor` runs with the span active that was so when it was given.

Tasks need nothing: each begins with a copy of its creator's context, and the active span is part of that.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from libddtrace._load import native

from .futures import WithActive
from .guard import attempt
from .wrapping import Patches

DISTRIBUTION = None


def patch(module: Any, patches: Patches) -> None:
    """Replaces `BaseEventLoop.run_in_executor`."""
    patches.wrap(module.BaseEventLoop, "run_in_executor", _traced_run)


def _traced_run(original: Any) -> Any:
    @functools.wraps(original)
    def run_in_executor(loop: Any, executor: Any, function: Any, *args: Any) -> Any:
        # A pool of processes has to pickle the function: it is left alone.
        if executor is None or isinstance(executor, ThreadPoolExecutor):
            active = attempt(native.active)
            if active is not None:
                return original(loop, executor, WithActive(active, function), *args)
        return original(loop, executor, function, *args)

    return run_in_executor
