"""Which tracers there are, what happens at exit, and around fork."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from ._load import native

if TYPE_CHECKING:
    from ._tracer import Tracer

#: How long exit waits for functions of the program that the library is calling.
LONGEST_CALLBACK = 2.0

#: Guards the making of tracers.
lock = threading.RLock()

#: A tracer lives until it is shut down.
_open: dict[int, Tracer] = {}


def remember(tracer: Tracer) -> None:
    _open[id(tracer)] = tracer


def forget(tracer: Tracer) -> None:
    _open.pop(id(tracer), None)


def shut_all_down() -> None:
    """Sends what waits: each tracer within its own limit, all of them within the longest."""
    begin = time.monotonic()
    for tracer in list(_open.values()):
        try:
            if (tracer.config_get("LIBDDTRACE_FLUSH_AT_EXIT") or "true") in ("false", "0"):
                continue
            limit = float(tracer.config_get("LIBDDTRACE_SHUTDOWN_TIMEOUT_MS") or 5000) / 1000
            tracer.shutdown(max(0.0, limit - (time.monotonic() - begin)))
        except Exception:
            continue


@atexit.register
def _at_exit() -> None:
    shut_all_down()
    native.close_callbacks(LONGEST_CALLBACK)


def _after_fork_in_child() -> None:
    """The library sees to its own; here, it is a lock that another thread may have held, and exits that run no exit hooks."""
    global lock
    lock = threading.RLock()
    native.reset_callbacks()
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.register_after_fork(shut_all_down, _finalize_in_process)


def _finalize_in_process(_: object) -> None:
    """Children of multiprocessing end by os._exit, after their finalizers."""
    from multiprocessing import util

    util.Finalize(None, shut_all_down, exitpriority=-1000)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=native.before_fork, after_in_child=_after_fork_in_child)
