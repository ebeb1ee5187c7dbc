"""OpenTelemetry's current context and the active span of this library are one thing: what is set through either is seen by both."""

from contextvars import ContextVar, Token
from typing import Any, NamedTuple, Optional, Union

from opentelemetry import baggage, context as context_api
from opentelemetry.context.context import Context, _RuntimeContext
from opentelemetry.trace import INVALID_SPAN, get_current_span, set_span_in_context
from opentelemetry.trace import Span as AnySpan

import libddtrace
from libddtrace._load import native

from .span import Span
from .span_context import RemoteSpan, context_of

Active = Union[libddtrace.Span, libddtrace.Context]


class _Attached(NamedTuple):
    """A context that was attached, what became active with it, and what had been so before."""

    context: Context
    active: Optional[Active]
    former: Optional[Active]


class _Scope(NamedTuple):
    token: "Token[_Attached]"
    former: _Attached
    attached: _Attached


class RuntimeContext(_RuntimeContext):
    """Keeps the current context of a thread or task beside the library's active span."""

    def __init__(self) -> None:
        self._attached: "ContextVar[_Attached]" = ContextVar("libddtrace_opentelemetry", default=_Attached(Context(), None, None))

    def attach(self, context: Context) -> "Token[Context]":
        """Makes a context current, and its span active. The span's baggage becomes that of the context."""
        former = self._attached.get()
        active = active_of(get_current_span(context))
        if active is not None:
            _replace_baggage(active, context)
        attached = _Attached(context, active, native.activate(active))
        return _Scope(self._attached.set(attached), former, attached)  # type: ignore[return-value]

    def get_current(self) -> Context:
        """The context that was attached, with the span that is active now and its baggage."""
        context, attached, former = self._attached.get()
        active = native.active()
        if active is attached:
            return context if active is None else _with_baggage(context, active)
        if attached is not None and (active is None or active is former) and _is_finished(attached):
            # A span that has ended stays current here until its scope ends.
            return context
        if active is None:
            return set_span_in_context(INVALID_SPAN, context)
        return _with_baggage(set_span_in_context(span_of(active), context), active)

    def detach(self, token: "Token[Context]") -> None:
        """Makes current and active what was so before the context was attached."""
        scope: object = token
        if not isinstance(scope, _Scope):
            # Of the runtime context that was there before this one.
            return
        native.deactivate(scope.attached.active, scope.attached.former)
        try:
            self._attached.reset(scope.token)
        except ValueError:
            # Another task or generator than the one that attached it.
            self._attached.set(scope.former)


def install() -> None:
    """Has OpenTelemetry's API keep its current context here. Contexts that are attached already are carried over."""
    current = context_api._RUNTIME_CONTEXT
    if isinstance(current, RuntimeContext):
        return
    runtime = RuntimeContext()
    former = current.get_current()
    if former:
        runtime.attach(former)
    context_api._RUNTIME_CONTEXT = runtime


def active_of(span: AnySpan) -> Optional[Active]:
    """What this library has active while a span of OpenTelemetry's API is current. None: no trace."""
    if isinstance(span, Span):
        return span.datadog_span
    if isinstance(span, RemoteSpan):
        return span.context
    # Of another make, or wrapped by hand: only its ids are known.
    return context_of(span.get_span_context())


def span_of(active: Active) -> AnySpan:
    """A span of OpenTelemetry's API for what is active."""
    return Span(active) if isinstance(active, libddtrace.Span) else RemoteSpan(active)


def _is_finished(active: Active) -> bool:
    return isinstance(active, libddtrace.Span) and active.finished


def _with_baggage(context: Context, active: Active) -> Context:
    """The context with the baggage that the active span has."""
    items = active.get_all_baggage_items()
    if items == dict(baggage.get_all(context)):
        return context
    context = baggage.clear(context)
    for key, value in items.items():
        context = baggage.set_baggage(key, value, context)
    return context


def _replace_baggage(active: Active, context: Context) -> None:
    items = {key: str(value) for key, value in baggage.get_all(context).items()}
    present: dict[str, Any] = active.get_all_baggage_items()
    if items == present:
        return
    active.remove_all_baggage_items()
    for key, value in items.items():
        active.set_baggage_item(key, value)
