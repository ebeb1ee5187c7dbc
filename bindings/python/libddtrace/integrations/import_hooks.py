"""Functions that run when a module is imported, through one finder at the head of the import path."""

import importlib.abc
import importlib.machinery
import logging
import sys
import threading
from types import CodeType, ModuleType
from typing import Any, Callable, Optional, Sequence

log = logging.getLogger(__name__)

Hook = Callable[[ModuleType], object]

_lock = threading.Lock()
_hooks: dict[str, list[Hook]] = {}


def when_imported(name: str, hook: Hook) -> None:
    """Calls a hook with the module each time that its body has run, and now if it was imported already. Errors of hooks are logged."""
    _install()
    with _lock:
        _hooks.setdefault(name, []).append(hook)
    module = sys.modules.get(name)
    if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
        _run(hook, module)


def forget(name: str, hook: Hook) -> bool:
    """Takes a hook back. False: it is not known."""
    with _lock:
        hooks = _hooks.get(name, [])
        if hook not in hooks:
            return False
        hooks.remove(hook)
        if not hooks:
            del _hooks[name]
        return True


def uninstall() -> None:
    """Takes the finder away. Hooks are kept, and work again with the next call of `when_imported`."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)


def _install() -> None:
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def _run(hook: Hook, module: ModuleType) -> None:
    try:
        hook(module)
    except Exception:
        log.exception("A hook for the import of %s failed", module.__name__)


def _run_all(module: ModuleType) -> None:
    with _lock:
        hooks = list(_hooks.get(module.__name__, ()))
    for hook in hooks:
        _run(hook, module)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules that have hooks by asking the other finders, and wraps their loaders."""

    def __init__(self) -> None:
        self._searching = threading.local()

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        if name not in _hooks or getattr(self._searching, "name", None) == name:
            return None
        self._searching.name = name
        try:
            spec = self._ask_others(name, path, target)
        finally:
            self._searching.name = None
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader)
        return spec

    def _ask_others(
        self, name: str, path: Optional[Sequence[str]], target: Optional[ModuleType]
    ) -> Optional[importlib.machinery.ModuleSpec]:
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


class _Loader(importlib.abc.Loader):
    """Loads a module as its own loader does, then runs the hooks. The module only ever sees its own loader."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Optional[ModuleType]:
        return self._loader.create_module(spec) if hasattr(self._loader, "create_module") else None

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        # A module may have put another one in its place.
        _run_all(sys.modules.get(module.__name__, module))

    def get_code(self, name: str) -> Optional[CodeType]:
        return self._loader.get_code(name)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


_FINDER = _Finder()
