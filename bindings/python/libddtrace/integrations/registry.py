"""The integrations there are, which of them are on, and what has been patched."""

import importlib
import importlib.metadata
import logging
import threading
from types import ModuleType
from typing import Any, Callable, NamedTuple, Optional

import libddtrace

from . import import_hooks, native, settings
from .guard import attempt
from .wrapping import Patches

log = logging.getLogger("libddtrace.integrations")


class PatchError(ValueError):
    """There is no integration of that name."""


class Integration(NamedTuple):
    """`imports` are the modules whose import has it patched; its own code is the module `code` of this package."""

    imports: tuple[str, ...]
    code: str
    is_on: bool = True


INTEGRATIONS: dict[str, Integration] = {
    "asyncio": Integration(("asyncio.base_events",), "asyncio"),
    "flask": Integration(("flask",), "flask"),
    "futures": Integration(("concurrent.futures.thread",), "futures"),
    "httpx": Integration(("httpx",), "httpx"),
    "logging": Integration(("logging",), "logging"),
    "opentelemetry": Integration(("opentelemetry.trace",), "opentelemetry", is_on=False),
    "psycopg": Integration(("psycopg",), "psycopg"),
    "requests": Integration(("requests",), "requests"),
    "sqlite3": Integration(("sqlite3",), "sqlite3"),
    "starlette": Integration(("starlette.applications",), "starlette"),
    "urllib3": Integration(("urllib3.connectionpool",), "urllib3", is_on=False),
    "wsgiref": Integration(("wsgiref.simple_server",), "wsgiref"),
}

_lock = threading.RLock()
_active: dict[str, "_Patched"] = {}


class _Patched:
    """An integration that waits for its modules, or has patched them."""

    def __init__(self, name: str, is_automatic: bool) -> None:
        self.name = name
        self._is_automatic = is_automatic
        self._integration = INTEGRATIONS[name]
        self._patches: dict[int, tuple[ModuleType, Patches]] = {}
        self._hook: Callable[[ModuleType], None] = self._patch

    def wait(self) -> None:
        for module in self._integration.imports:
            import_hooks.when_imported(module, self._hook)

    def undo(self) -> None:
        for module in self._integration.imports:
            import_hooks.forget(module, self._hook)
        for _, patches in self._patches.values():
            patches.undo()
        self._patches.clear()

    def _patch(self, module: ModuleType) -> None:
        # No lock is held while code is imported: another thread may import what has to wait for that lock.
        with _lock:
            if _active.get(self.name) is not self or id(module) in self._patches:
                return
            patches = Patches()
            self._patches[id(module)] = (module, patches)
        version: Optional[str] = None
        try:
            code = _code(self.name)
            version = _version(code)
            code.patch(module, patches)
        except Exception as error:
            patches.undo()
            log.error("The integration %s failed, the application goes on without it: %r", self.name, error, exc_info=error)
            attempt(native.report_integration, self.name, version, False, self._is_automatic, f"{type(error).__name__}: {error}")
            return
        if _active.get(self.name) is not self:
            patches.undo()
            return
        attempt(native.report_integration, self.name, version, True, self._is_automatic, None)


def patch(raise_errors: bool = True, **names: bool) -> None:
    """Turns integrations on, `patch(flask=True, requests=True)`: now if their library was imported already, else when it is.

    A name that is not known is an error (`PatchError`), or a message in the log with `raise_errors=False`. Doing it twice does no harm.
    """
    _patch_some(names, raise_errors, is_automatic=False)


def patch_all(**names: bool) -> None:
    """Turns all integrations on that are so by default, by `DD_TRACE_<NAME>_ENABLED`, or by name, `patch_all(urllib3=True)`."""
    wanted = {name: settings.is_enabled(name, integration.is_on) for name, integration in INTEGRATIONS.items()}
    wanted.update(names)
    _patch_some(wanted, False, is_automatic=True)


def unpatch(*names: str) -> None:
    """Puts the originals back: of the integrations that are named, or of all."""
    with _lock:
        for name in names or list(_active):
            patched = _active.pop(name, None)
            if patched is not None:
                patched.undo()


def patched() -> list[str]:
    """The integrations that are on, by name."""
    with _lock:
        return sorted(_active)


def get_version(name: str) -> Optional[str]:
    """The version of the library that an integration is for; None where it is not installed or is part of Python."""
    return _version(_code(name))


def _patch_some(names: dict[str, bool], raise_errors: bool, is_automatic: bool) -> None:
    begun = []
    if not libddtrace.is_active():
        # The library could not be loaded: there is nothing that could come of it.
        names = {name: False for name in names}
    with _lock:
        for name, is_wanted in names.items():
            if not is_wanted or name in _active:
                continue
            if name not in INTEGRATIONS:
                message = f"{name} does not have automatic instrumentation; there is {', '.join(sorted(INTEGRATIONS))}"
                if raise_errors:
                    raise PatchError(message)
                log.error("%s", message)
                continue
            _active[name] = _Patched(name, is_automatic)
            begun.append(_active[name])
    for one in begun:
        one.wait()
    if begun:
        log.info(
            "Configured libddtrace instrumentation for %d integration(s). The following modules have been patched: %s",
            len(begun),
            ",".join(one.name for one in begun),
        )


def _code(name: str) -> Any:
    return importlib.import_module(f"{__package__}.{INTEGRATIONS[name].code}")


def _version(code: Any) -> Optional[str]:
    try:
        return importlib.metadata.version(code.DISTRIBUTION) if code.DISTRIBUTION else None
    except importlib.metadata.PackageNotFoundError:
        return None
