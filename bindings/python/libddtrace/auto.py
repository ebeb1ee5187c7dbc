"""`import libddtrace.auto`, first in a program, does for it what `libddtrace-run` does: it turns the integrations on."""

import os

from . import is_active, tracer
from .integrations import patch, patch_all
from .integrations.settings import is_true


def _start() -> None:
    if not is_active():
        return
    # Made now, so that it tells of itself whatever the program does.
    tracer.config_get("DD_SERVICE")
    if is_true("DD_TRACE_OTEL_ENABLED"):
        patch(raise_errors=False, opentelemetry=True)
    patch_all(**_switches(os.environ.get("DD_PATCH_MODULES", "")))


def _switches(text: str) -> dict[str, bool]:
    """`flask:true,redis:false` as a mapping."""
    switches = {}
    for item in text.split(","):
        name, _, value = item.partition(":")
        if name.strip():
            switches[name.strip()] = value.strip().lower() in ("true", "1")
    return switches


_start()
