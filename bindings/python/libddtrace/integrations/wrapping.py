"""Replaces functions of modules and classes by versions that are observed, and puts the originals back."""

import functools
import inspect
from typing import Any, Callable, NamedTuple, Optional

from .guard import attempt

_ABSENT = object()


class Call(NamedTuple):
    """A call that is observed: what to call the original with, and what `end` gets to know."""

    state: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


Begin = Callable[[tuple[Any, ...], dict[str, Any]], Optional[Call]]
End = Callable[[Any, Any, Optional[BaseException]], object]


class Patches:
    """What one integration has replaced."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []
        self._at_undo: list[Callable[[], object]] = []

    def __len__(self) -> int:
        return len(self._originals)

    def replace(self, owner: Any, name: str, replacement: Any) -> None:
        """Sets an attribute of a module or class, and remembers what was there."""
        self._originals.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, replacement)

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replaces an attribute by what `make` gives for it. One that is missing in this version of the library is left out."""
        original = getattr(owner, name, None)
        if original is not None:
            self.replace(owner, name, make(original))

    def observe(self, owner: Any, name: str, begin: Begin, end: End) -> None:
        """Has calls of a function or method observed."""
        self.wrap(owner, name, lambda original: observed(original, begin, end))

    def on_undo(self, function: Callable[[], object]) -> None:
        """Has a function called when the patches are undone."""
        self._at_undo.append(function)

    def undo(self) -> None:
        """Puts the very originals back, in reverse order."""
        while self._at_undo:
            self._at_undo.pop()()
        while self._originals:
            owner, name, original = self._originals.pop()
            if original is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, original)


def observed(original: Any, begin: Begin, end: End) -> Any:
    """A function that behaves as the original does, between `begin(args, kwargs)` and `end(state, result, error)`.

    Neither of the two can disturb the call: their errors are logged. `begin` may give None: then this call is not observed.
    """
    if inspect.iscoroutinefunction(original):
        return _observed_coroutine(original, begin, end)

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        call = attempt(begin, args, kwargs)
        if call is None:
            return original(*args, **kwargs)
        try:
            result = original(*call.args, **call.kwargs)
        except BaseException as error:
            attempt(end, call.state, None, error)
            raise
        attempt(end, call.state, result, None)
        return result

    return replacement


def _observed_coroutine(original: Any, begin: Begin, end: End) -> Any:
    @functools.wraps(original)
    async def replacement(*args: Any, **kwargs: Any) -> Any:
        call = attempt(begin, args, kwargs)
        if call is None:
            return await original(*args, **kwargs)
        try:
            result = await original(*call.args, **call.kwargs)
        except BaseException as error:
            attempt(end, call.state, None, error)
            raise
        attempt(end, call.state, result, None)
        return result

    return replacement
