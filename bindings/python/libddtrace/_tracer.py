"""Tracer."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar, Union, overload

from . import _errors as _errors
from . import _lifecycle
from . import events
from ._config import Config
from ._load import native
from .exporters import native_exporter
from .hooks import Hooks
from .wrapping import wrapped

SpanOrContext = Union[native.Span, native.Context]
F = TypeVar("F", bound=Callable[..., Any])

#: What this binding tells of itself.
_ABOUT = {
    "LIBDDTRACE_LANGUAGE": "python",
    "LIBDDTRACE_LANGUAGE_VERSION": ".".join(map(str, sys.version_info[:3])),
    "LIBDDTRACE_INTERPRETER": sys.implementation.name,
}


class Scope:
    """What was activated is active until the scope is closed; then what was active before is again."""

    __slots__ = ("_activated", "_former", "_is_open")

    def __init__(self, activated: SpanOrContext | None) -> None:
        self._activated = activated
        self._former = native.activate(activated)
        self._is_open = True

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            native.deactivate(self._activated, self._former)
            self._former = None

    def __enter__(self) -> Scope:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Tracer(native.Tracer):
    """Makes spans, and sends them.

    `config` has settings by the names of the environment variables, which they beat; `exporter` takes the finished spans instead of the
    agent: one of `libddtrace.exporters`, or any object with a method `export(spans)`. A tracer lives until it is shut down.
    """

    def __new__(cls, config: Mapping[str, object] | Config | None = None, exporter: object | None = None, name: str = "default") -> Tracer:
        return super().__new__(cls)

    def __init__(self, config: Mapping[str, object] | Config | None = None, exporter: object | None = None, name: str = "default") -> None:
        self._prepare(config, exporter, name)
        with _lifecycle.lock:
            self._make()

    def _prepare(self, config: Mapping[str, object] | Config | None, exporter: object | None, name: str) -> None:
        self._settings = config
        self._exporter = exporter
        self._is_opening = False
        self._shared_with: Tracer | None = None
        self.name = name
        self._hooks = Hooks(self)

    @classmethod
    def _lazy(cls, name: str = "default", shared_with: Tracer | None = None) -> Tracer:
        """A tracer that is made when it is first used."""
        tracer = cls.__new__(cls)
        tracer._prepare(None, None, name)
        tracer._shared_with = shared_with
        return tracer

    def _open(self) -> None:
        """Called by the extension at the first use. What goes wrong is told once, and the tracer does nothing then."""
        if self._is_opening:
            return
        with _lifecycle.lock:
            if self._is_opening or self.is_open:
                return
            try:
                self._make()
            except Exception as error:
                self._is_opening = True
                warnings.warn(f"libddtrace does not trace: {error}", RuntimeWarning, stacklevel=3)

    def _make(self) -> None:
        if self._shared_with is not None:
            self.share(self._shared_with)
            return
        self._is_opening = True
        try:
            settings = self._settings if isinstance(self._settings, Config) else Config(self._settings)
            for key, value in _ABOUT.items():
                if settings.origin(key) == "default":
                    settings.set(key, value)
            if self._exporter is not None:
                settings.set_exporter(native_exporter(self._exporter))
            self.open(settings)
            _lifecycle.remember(self)
        finally:
            self._is_opening = False

    # ---- what is active ----

    def activate(self, span_or_context: SpanOrContext | None) -> Scope:
        """Makes a span or a context the active one, until the scope is closed. This is how a trace goes on in another thread."""
        return Scope(span_or_context)

    def current_span(self) -> native.Span | None:
        """The active span of this thread or task."""
        return native.current_span()

    def current_root_span(self) -> native.Span | None:
        """The local root of the active span."""
        return native.current_root_span()

    def current_context(self) -> native.Context | None:
        """The active context, or that of the active span: to be activated elsewhere."""
        active = native.active()
        return active.context if isinstance(active, native.Span) else active

    # ---- wrapping ----

    @overload
    def wrap(self, name: F) -> F: ...

    @overload
    def wrap(
        self,
        name: str | None = None,
        service: str | None = None,
        resource: str | None = None,
        span_type: str | None = None,
        tags: Mapping[str, object] | None = None,
        kind: int | str | None = None,
    ) -> Callable[[F], F]: ...

    def wrap(
        self,
        name: Any = None,
        service: str | None = None,
        resource: str | None = None,
        span_type: str | None = None,
        tags: Mapping[str, object] | None = None,
        kind: int | str | None = None,
    ) -> Any:
        """A decorator: each call of the function is a span. For functions, coroutines, generators and asynchronous generators."""
        if callable(name):
            return wrapped(self, name, {})
        options = {"service": service, "resource": resource, "span_type": span_type, "tags": tags, "kind": kind}
        return lambda function: wrapped(self, function, options, name)

    # ---- hooks ----

    def add_processor(self, processor: object) -> object:
        """Tells of spans on the thread that starts or finishes them: an object with `on_start(span)`, `on_finish(span)`, `shutdown()`, each
        of them optional, or a function, which is `on_finish`."""
        return self._hooks.add_processor(processor)

    def remove_processor(self, processor: object) -> None:
        self._hooks.remove(processor)

    def add_filter(self, function: Callable[[list[native.Span]], object]) -> object:
        """Shows the finished spans of each trace before they leave. They can be changed. `False` drops the trace, a list of spans keeps these,
        anything else keeps them all."""
        return self._hooks.add_filter(function)

    def remove_filter(self, function: object) -> None:
        self._hooks.remove(function)

    def on(self, event: str, listener: Callable[..., Any]) -> Callable[[], bool]:
        """Calls the listener for each such event of the process (`libddtrace.events`); the answer takes it back."""
        return events.on(event, listener)

    def on_config_change(self, function: Callable[[str, str, str, str], object]) -> Callable[[], bool]:
        """Calls function(name, former, value, origin) when a setting changes while the tracer runs; the answer takes the function back."""
        number = native.config_subscribe(self, function)
        return lambda: native.config_unsubscribe(self, number)

    # ---- life ----

    def configure(
        self, config: Mapping[str, object] | Config, give_up_open_traces: bool = False, timeout: float = 5.0, exporter: object | None = None
    ) -> None:
        """Goes on with other settings; what waits is sent before."""
        settings = config if isinstance(config, Config) else Config({**_ABOUT, **config})
        if exporter is not None:
            settings.set_exporter(native_exporter(exporter))
        self.native_configure(settings, give_up_open_traces, int(timeout * 1000))

    def shutdown(self, timeout: float | None = None) -> bool:
        """Sends what is finished, and ends the tracer. Spans may still be started, hand a trace on, and are never sent."""
        done = super().shutdown(timeout)
        _lifecycle.forget(self)
        return done

    def __repr__(self) -> str:
        return f"<libddtrace.Tracer {self.name}>"


_default = Tracer._lazy()
_named: dict[str, Tracer] = {}


def default_tracer() -> Tracer:
    return _default


def get_tracer(name: str = "default") -> Tracer:
    """The tracer of a name. All of them are the process's tracer: they share its settings and its fate."""
    if name in ("", "default"):
        return _default
    return _named.setdefault(name, Tracer._lazy(name, _default))


def current_span() -> native.Span | None:
    return native.current_span()


def current_root_span() -> native.Span | None:
    return native.current_root_span()
