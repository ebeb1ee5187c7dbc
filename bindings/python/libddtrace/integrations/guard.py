"""What goes wrong in an integration never reaches the application: it is logged, each place once at level error."""

import logging
from typing import Any, Callable, Optional, TypeVar

log = logging.getLogger("libddtrace.integrations")

Result = TypeVar("Result")

# Bounded by the number of functions of the integrations.
_reported: set[str] = set()


def attempt(function: Callable[..., Result], *args: Any, **kwargs: Any) -> Optional[Result]:
    """Calls a function; None if it fails."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        _report(function, error)
        return None


def _report(function: Callable[..., object], error: Exception) -> None:
    place = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(function))}"
    level = logging.DEBUG if place in _reported else logging.ERROR
    _reported.add(place)
    try:
        log.log(level, "%s failed, the application is not affected: %r", place, error, exc_info=error)
    except Exception:
        # A broken logging configuration, or an error whose text cannot be made.
        return
