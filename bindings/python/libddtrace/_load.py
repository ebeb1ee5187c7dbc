"""Finds the extension and the library. Where one of them is missing, everything is there and does nothing, after one warning."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

__all__ = ["is_active", "native"]


def _candidates() -> list[str]:
    """LIBDDTRACE_PATH (a file or a directory), the copy that the package carries, the system's."""
    named = os.environ.get("LIBDDTRACE_PATH")
    if named:
        return [os.path.join(named, "libddtrace.so.0") if os.path.isdir(named) else named]
    carried = Path(__file__).parent / "lib" / "libddtrace.so.0"
    return ([str(carried)] if carried.exists() else []) + ["libddtrace.so.0"]


def _load() -> Any:
    try:
        from . import _native

        _native.load(_candidates())
        return _native
    except ImportError as error:
        warnings.warn(f"libddtrace does nothing: {error}", RuntimeWarning, stacklevel=2)
    except Exception as error:  # Importing this package never fails.
        warnings.warn(f"libddtrace does nothing: {error!r}", RuntimeWarning, stacklevel=2)
    from . import _noop

    sys.modules[f"{__package__}._native"] = _noop
    return _noop


if TYPE_CHECKING:
    from . import _native as native
else:
    native = _load()


def is_active() -> bool:
    """Whether the library was loaded. If not, all calls are there and do nothing."""
    return native.library_path is not None
