"""Distributed tracing: a thin layer over the native library libddtrace.

    from libddtrace import tracer

    with tracer.trace("web.request", service="shop", resource="GET /cart") as span:
        span.set_tag("cart.items", 3)
"""

from __future__ import annotations

from ._config import Config, LiveConfig
from ._load import is_active, native
from ._tracer import Scope, Tracer, current_root_span, current_span, default_tracer, get_tracer
from .kinds import SpanFlag, SpanKind, SpanStatus
from .pin import Pin
from .statsd import DogStatsd
from . import events, exporters, logs, propagation, remote_config, telemetry

Span = native.Span
Context = native.Context
Propagator = propagation.Propagator

__version__ = "0.1.0"

#: The tracer of the process, made from the environment when it is first used.
tracer: Tracer = default_tracer()

#: The settings of the process's tracer, as they are now.
config: LiveConfig = LiveConfig(tracer)

__all__ = [
    "Config",
    "Context",
    "DogStatsd",
    "LiveConfig",
    "Pin",
    "Propagator",
    "Scope",
    "Span",
    "SpanFlag",
    "SpanKind",
    "SpanStatus",
    "Tracer",
    "config",
    "current_root_span",
    "current_span",
    "events",
    "exporters",
    "get_tracer",
    "is_active",
    "logs",
    "propagation",
    "remote_config",
    "telemetry",
    "tracer",
]
