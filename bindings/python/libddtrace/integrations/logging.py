"""logging: records carry the ids of the active span, as `libddtrace.logs` puts them there, if `DD_LOGS_INJECTION` says so."""

from typing import Any

import libddtrace
from libddtrace import logs

from .wrapping import Patches

DISTRIBUTION = None


def patch(module: Any, patches: Patches) -> None:
    """Replaces the factory of log records."""
    value = libddtrace.tracer.config_get("DD_LOGS_INJECTION") or "false"
    if value in ("true", "1", "structured"):
        logs.install()
        patches.on_undo(logs.uninstall)
