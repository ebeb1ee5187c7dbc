"""Settings: before a tracer is made of them, and as they are while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ._load import native

if TYPE_CHECKING:
    from ._tracer import Tracer


def as_text(value: object) -> str:
    """A setting's value as it would stand in the environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{item}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, Mapping) for item in value):
            return json.dumps(value)
        return ",".join(as_text(item) for item in value)
    return str(value)


class Config(native.Config):
    """Settings by the names of the environment variables, which they beat. A name or a value that is none raises at once."""

    def __new__(cls, settings: Mapping[str, object] | None = None) -> Config:
        return super().__new__(cls)

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        for key, value in (settings or {}).items():
            self[key] = value

    def __setitem__(self, key: str, value: object) -> None:
        if value is None:
            self.unset(key)
        else:
            self.set(key, as_text(value))

    def __getitem__(self, key: str) -> str | None:
        return self.get(key)

    def __iter__(self) -> Iterator[tuple[str, str | None, str]]:
        return iter(self.entries())


class LiveConfig:
    """The settings of a tracer as they are now; remote configuration may change them while it runs."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def get(self, key: str, default: str | None = None) -> str | None:
        value = self._tracer.config_get(key) if self._tracer.is_open else native.Config().get(key)
        return default if value is None else value

    def __getitem__(self, key: str) -> str | None:
        return self.get(key)

    def get_bool(self, key: str, default: bool = False) -> bool:
        value = self.get(key)
        return default if value is None else value.strip().lower() in ("1", "true", "t", "yes", "on")

    def origin(self, key: str) -> str | None:
        """Where a value comes from: `default`, `env_var`, `code`, `remote_config`, …"""
        return self._tracer.config_origin(key) if self._tracer.is_open else native.Config().origin(key)

    @property
    def service(self) -> str | None:
        return self.get("DD_SERVICE")

    @property
    def env(self) -> str | None:
        return self.get("DD_ENV")

    @property
    def version(self) -> str | None:
        return self.get("DD_VERSION")

    def on_change(self, function: Callable[[str, str, str, str], object]) -> Callable[[], bool]:
        """Calls function(name, former, value, origin) when a setting changes while the tracer runs; the answer takes the function back."""
        return self._tracer.on_config_change(function)
