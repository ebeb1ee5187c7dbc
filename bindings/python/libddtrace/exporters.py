"""Where finished spans go instead of the agent.

    exporter = MemoryExporter()
    tracer = Tracer(exporter=exporter)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ._load import native

SpanData = dict[str, Any]


class Exporter:
    """The base of exporters written in Python, which need not use it: a method `export` is enough.

    They are called on a thread of the library. A flush and a shutdown wait for them, so they must not call those.
    """

    def export(self, spans: list[SpanData]) -> bool | None:
        """Takes the spans of a trace, or a part of it, as dicts. False, or an exception: they count as dropped."""
        raise NotImplementedError

    def flush(self) -> None:
        """No more spans are at hand for now."""

    def shutdown(self) -> None:
        """Called once; nothing is called after it."""


class MemoryExporter:
    """Keeps spans, for tests. `max_spans`: when there are more, the oldest go; 0: no limit."""

    def __init__(self, max_spans: int = 0) -> None:
        self.native = native.memory_exporter(max_spans)

    def spans(self, trace_id: int = 0) -> list[SpanData]:
        """What is finished by now, oldest first; of one trace, or of all."""
        found: list[SpanData] = json.loads(self.native.memory_json(trace_id) or "[]")
        return found

    def traces(self) -> list[list[SpanData]]:
        """The same, trace by trace."""
        traces: dict[str, list[SpanData]] = {}
        for span in self.spans():
            traces.setdefault(span["trace_id"], []).append(span)
        return list(traces.values())

    def find(self, name: str) -> SpanData:
        """The only span of that name."""
        found = [span for span in self.spans() if span["name"] == name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} spans are named {name!r}")
        return found[0]

    def clear(self) -> None:
        self.native.memory_clear()

    def __len__(self) -> int:
        return self.native.memory_count()


class ConsoleExporter:
    """Writes spans to standard output, or another descriptor: as `json` lines, `pretty` JSON, or a `tree` per trace."""

    def __init__(self, format: str = "json", fd: int = 1) -> None:
        self.native = native.console_exporter({"json": 0, "pretty": 1, "tree": 2}[format], fd)


class FileExporter:
    """Appends spans to a file, a line of JSON each."""

    def __init__(self, path: str) -> None:
        self.native = native.file_exporter(str(path))


class NullExporter:
    """Takes spans and does nothing with them."""

    def __init__(self) -> None:
        self.native = native.null_exporter()


def native_exporter(exporter: object) -> native.Exporter:
    """What the library knows an exporter by."""
    known = getattr(exporter, "native", None)
    if isinstance(known, native.Exporter):
        return known
    export = getattr(exporter, "export", None)
    if export is None and callable(exporter):
        export = exporter
    if export is None:
        raise TypeError(f"an exporter has a method export(spans), not {exporter!r}")
    return native.python_exporter(_with_dicts(export), getattr(exporter, "flush", None), getattr(exporter, "shutdown", None))


def _with_dicts(export: Callable[[list[SpanData]], object]) -> Callable[[list[str]], object]:
    return lambda spans: export([json.loads(span) for span in spans])
