"""Pin: what integrations are told about an object, such as the service of one database connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._load import native

_ATTRIBUTE = "_libddtrace_pin"
#: wrapt's proxies keep attributes of their own under this prefix, others go to what they wrap.
_PROXY_ATTRIBUTE = "_self_libddtrace_pin"


class Pin:
    """Service, tags and settings that are bound to an object. A pin never changes; `clone` and `override` make another one."""

    __slots__ = ("_config", "_service", "_tags", "_target")

    def __init__(
        self, service: str | None = None, tags: Mapping[str, Any] | None = None, config: Mapping[str, Any] | None = None
    ) -> None:
        object.__setattr__(self, "_service", service)
        object.__setattr__(self, "_tags", dict(tags or {}))
        object.__setattr__(self, "_config", dict(config or {}))
        object.__setattr__(self, "_target", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a pin does not change: use clone({name}=…) or Pin.override")

    __delattr__ = __setattr__  # type: ignore[assignment]

    @property
    def service(self) -> str | None:
        service: str | None = self._service  # type: ignore[attr-defined]
        return service

    @property
    def tags(self) -> dict[str, Any]:
        return dict(self._tags)  # type: ignore[attr-defined]

    @property
    def config(self) -> dict[str, Any]:
        return dict(self._config)  # type: ignore[attr-defined]

    @staticmethod
    def _names(target: object) -> tuple[str, ...]:
        return (_PROXY_ATTRIBUTE, _ATTRIBUTE) if hasattr(target, "__wrapped__") else (_ATTRIBUTE,)

    @classmethod
    def get_from(cls, target: object) -> Pin | None:
        """The object's pin. One that it has from its class or from what it is a copy of becomes its own."""
        for name in cls._names(target):
            pin = getattr(target, name, None)
            if isinstance(pin, Pin):
                break
        else:
            return None
        if pin._target is not None and pin._target != id(target):  # type: ignore[attr-defined]
            pin = pin.clone()
            pin.onto(target)
        return pin

    @classmethod
    def find(cls, *targets: object) -> Pin | None:
        """The first pin that one of the objects has."""
        return next((pin for pin in map(cls.get_from, targets) if pin is not None), None)

    @classmethod
    def get_config(cls, target: object) -> dict[str, Any] | None:
        pin = cls.get_from(target)
        return None if pin is None else pin.config

    def onto(self, target: object) -> None:
        """Binds the pin to an object. One that takes no attributes is left alone."""
        object.__setattr__(self, "_target", id(target))
        if self.service:
            from ._tracer import default_tracer

            native.add_extra_service(default_tracer(), self.service)
        try:
            setattr(target, self._names(target)[0], self)
        except (AttributeError, TypeError):
            pass

    def remove_from(self, target: object) -> None:
        """Takes the pin from an object that has it."""
        for name in self._names(target):
            try:
                if getattr(target, name, None) is not None:
                    delattr(target, name)
            except AttributeError:
                pass

    def clone(
        self, service: str | None = None, tags: Mapping[str, Any] | None = None, config: Mapping[str, Any] | None = None
    ) -> Pin:
        """Another pin, with what is given instead of what this one has."""
        return Pin(
            self.service if service is None else service, self.tags if tags is None else tags, self.config if config is None else config
        )

    @classmethod
    def override(
        cls,
        target: object,
        service: str | None = None,
        tags: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """Changes what an object is pinned with, or pins it."""
        pin = cls.get_from(target)
        (Pin(service, tags, config) if pin is None else pin.clone(service, tags, config)).onto(target)

    def __repr__(self) -> str:
        return f"Pin(service={self.service!r}, tags={self.tags!r})"
