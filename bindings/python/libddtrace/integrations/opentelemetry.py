"""OpenTelemetry: the provider of `libddtrace.opentelemetry` becomes that of the program, if it has none of its own."""

from typing import Any

from .wrapping import Patches

DISTRIBUTION = "opentelemetry-api"


def patch(module: Any, patches: Patches) -> None:
    """Sets the global tracer provider when `opentelemetry.trace` has been imported. It can be set once only, so it stays."""
    from libddtrace import opentelemetry

    opentelemetry.install()
