"""Trace context in headers.

    headers: dict[str, str] = {}
    propagation.inject(span, headers)

    context = propagation.extract(request.headers)
    span = tracer.start_span("web.request", child_of=context, activate=True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol, Union

from ._config import Config
from ._load import native

SpanOrContext = Union[native.Span, native.Context]


class HasItems(Protocol):
    def items(self) -> Iterable[tuple[Any, Any]]: ...


Headers = Union[HasItems, Iterable[tuple[Any, Any]]]


class Propagator(native.Propagator):
    """Reads and writes headers in the given styles: `datadog`, `tracecontext`, `b3`, `b3multi`, `baggage`, `none`. Without any, the settings
    say which (`DD_TRACE_PROPAGATION_STYLE`)."""

    def __new__(
        cls, extract: Sequence[str] | str | None = None, inject: Sequence[str] | str | None = None, config: Config | None = None
    ) -> Propagator:
        settings = config or Config()
        if extract is not None:
            settings["DD_TRACE_PROPAGATION_STYLE_EXTRACT"] = extract
        if inject is not None:
            settings["DD_TRACE_PROPAGATION_STYLE_INJECT"] = inject
        return super().__new__(cls, settings)

    def inject_list(self, span_or_context: SpanOrContext) -> list[tuple[bytes, bytes]]:
        """The headers as ASGI has them."""
        headers: dict[str, str] = {}
        self.inject(span_or_context, headers)
        return [(name.encode("latin-1"), value.encode("utf-8")) for name, value in headers.items()]


_default: Propagator | None = None


def default_propagator() -> Propagator:
    """The one of the settings, made when it is first used."""
    global _default
    if _default is None:
        _default = Propagator()
    return _default


def inject(span_or_context: SpanOrContext, headers: MutableMapping[str, str]) -> None:
    """Writes the headers of a span or a context to a mapping."""
    default_propagator().inject(span_or_context, headers)


def extract(headers: Headers) -> native.Context | None:
    """Reads a context from a mapping, or from pairs of names and values, text or bytes. None if there is nothing in them."""
    return default_propagator().extract(headers)


def wsgi_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request by WSGI, under their own names."""
    return {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}


def extract_wsgi(environ: Mapping[str, Any]) -> native.Context | None:
    """Reads a context from the environment of a request by WSGI."""
    return extract(wsgi_headers(environ))


def extract_asgi(scope: Mapping[str, Any]) -> native.Context | None:
    """Reads a context from the scope of a request by ASGI."""
    return extract(scope.get("headers") or ())
