"""Processors and filters of a tracer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ._load import native

if TYPE_CHECKING:
    from ._tracer import Tracer


class Hooks:
    """What was added, so that it can be removed by itself."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._added: list[tuple[object, object]] = []

    def add_processor(self, processor: object) -> object:
        on_start, on_finish = getattr(processor, "on_start", None), getattr(processor, "on_finish", None)
        if on_start is None and on_finish is None:
            if not callable(processor):
                raise TypeError(f"a processor has on_start or on_finish, or is a function; not {processor!r}")
            on_finish = processor
        return self._add(processor, native.processor(on_start, on_finish, getattr(processor, "shutdown", None)))

    def add_filter(self, function: Callable[[list[native.Span]], object]) -> object:
        if not callable(function):
            raise TypeError(f"a filter is a function, not {function!r}")
        return self._add(function, native.filter(function))

    def _add(self, given: object, hook: object) -> object:
        native.add_hook(self._tracer, hook)
        self._added.append((given, hook))
        return given

    def remove(self, given: object) -> None:
        """One that was not added is ignored."""
        for index, (known, hook) in enumerate(self._added):
            if known is given or known == given:
                del self._added[index]
                native.remove_hook(self._tracer, hook)
                return
