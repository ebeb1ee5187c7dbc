"""What the settings say of one integration."""

import os
from typing import Optional

from . import native


class IntegrationSettings:
    """Settings of an integration, such as `DD_FLASK_SERVICE` and `DD_FLASK_DISTRIBUTED_TRACING`. They may be changed by the program."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.service: Optional[str] = native.integration_setting(name, "service")
        self.distributed_tracing = native.integration_setting(name, "distributed_tracing") != "false"

    def external_service(self, chosen: Optional[str], default: Optional[str]) -> tuple[Optional[str], bool]:
        """The service of a call to something else, and whether it is the integration's default."""
        service = chosen or self.service
        if service:
            return service, False
        return default, default is not None


_ALL: dict[str, IntegrationSettings] = {}


def of(name: str) -> IntegrationSettings:
    """The settings of an integration, the same object each time."""
    settings = _ALL.get(name)
    if settings is None:
        settings = _ALL[name] = IntegrationSettings(name)
    return settings


def is_enabled(name: str, default: bool) -> bool:
    """What `DD_TRACE_<NAME>_ENABLED` says."""
    value = native.integration_setting(name, "enabled")
    return default if value is None else value == "true"


def is_true(variable: str, default: bool = False) -> bool:
    """A switch of the binding itself."""
    value = os.environ.get(variable, "").strip().lower()
    return default if not value else value in ("true", "1")
