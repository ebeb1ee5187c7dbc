"""sqlite3: connections that the program opens are of a subclass whose statements, commits and rollbacks have spans."""

import functools
from typing import Any, Optional

from .dbapi import Database
from .guard import attempt
from .operation import TagValue
from .wrapping import Patches

DISTRIBUTION = None

_DATABASE: Optional[Database] = None
# Traced subclasses of `sqlite3.Connection` and of the program's own classes.
_connection_classes: dict[type, type] = {}
_cursor_classes: dict[type, type] = {}


class _Sqlite(Database):
    def tags_of(self, connection: Any) -> dict[str, Optional[TagValue]]:
        return {"db.name": getattr(connection, "_traced_name", None)}


def patch(module: Any, patches: Patches) -> None:
    """Replaces `sqlite3.connect`, which `sqlite3.dbapi2` has too."""
    traced = _traced_connect(module, module.dbapi2.connect)
    patches.replace(module, "connect", traced)
    patches.replace(module.dbapi2, "connect", traced)


def _traced_connect(module: Any, original: Any) -> Any:
    @functools.wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:
        changed = attempt(_with_traced_class, module, args, kwargs)
        if changed is None:
            return original(*args, **kwargs)
        connection = original(*changed[0], **changed[1])
        attempt(_remember_name, connection, args, kwargs)
        return connection

    return connect


# `connect(database, timeout, detect_types, isolation_level, check_same_thread, factory, …)`
_FACTORY = 5


def _with_traced_class(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if len(args) > _FACTORY:
        return args[:_FACTORY] + (_traced_connection_class(module, args[_FACTORY]),) + args[_FACTORY + 1 :], kwargs
    return args, {**kwargs, "factory": _traced_connection_class(module, kwargs.get("factory", module.Connection))}


def _remember_name(connection: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    name = args[0] if args else kwargs.get("database", "")
    connection._traced_name = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _database() -> Database:
    global _DATABASE
    if _DATABASE is None:
        _DATABASE = _Sqlite("sqlite", "sqlite", "sqlite", "sqlite")
    return _DATABASE


def _traced_connection_class(module: Any, base: Any) -> Any:
    """A subclass of the class that the program wants. A factory that is no class is left alone."""
    if not isinstance(base, type) or hasattr(base, "_is_traced"):
        return base
    if base in _connection_classes:
        return _connection_classes[base]
    database = _database()

    def cursor(connection: Any, factory: Any = module.Cursor, **kwargs: Any) -> Any:
        return base.cursor(connection, _traced_cursor_class(factory), **kwargs)  # type: ignore[attr-defined]

    def run(connection: Any, method: str, args: Any) -> Any:
        # As sqlite3 does: the shortcut's statement runs on a cursor, which has the span.
        return getattr(connection.cursor(), method)(*args)

    members = {
        "__module__": base.__module__,
        "__qualname__": base.__qualname__,
        "__doc__": base.__doc__,
        "_is_traced": True,
        "cursor": cursor,
        "execute": lambda connection, *args: run(connection, "execute", args),
        "executemany": lambda connection, *args: run(connection, "executemany", args),
        "executescript": lambda connection, *args: run(connection, "executescript", args),
        "commit": database.observed_transaction_end(base.commit, "commit"),  # type: ignore[attr-defined]
        "rollback": database.observed_transaction_end(base.rollback, "rollback"),  # type: ignore[attr-defined]
    }
    traced = _connection_classes[base] = type(base.__name__, (base,), members)
    return traced


def _traced_cursor_class(base: Any) -> Any:
    if not isinstance(base, type) or hasattr(base, "_is_traced"):
        return base
    if base not in _cursor_classes:
        database = _database()
        _cursor_classes[base] = type(base.__name__, (base,), {
            "__module__": base.__module__,
            "__qualname__": base.__qualname__,
            "__doc__": base.__doc__,
            "_is_traced": True,
            "execute": database.observed_execute(base.execute),  # type: ignore[attr-defined]
            "executemany": database.observed_execute(base.executemany, is_many=True),  # type: ignore[attr-defined]
            "executescript": database.observed_execute(base.executescript),  # type: ignore[attr-defined]
        })
    return _cursor_classes[base]
