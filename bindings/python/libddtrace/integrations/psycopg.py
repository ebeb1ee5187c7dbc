"""psycopg (version 3): a span per statement, commit and rollback, of synchronous and asynchronous connections."""

from typing import Any, Optional

from .dbapi import Database
from .guard import attempt
from .operation import TagValue
from .wrapping import Patches

DISTRIBUTION = "psycopg"


class _Postgres(Database):
    def tags_of(self, connection: Any) -> dict[str, Optional[TagValue]]:
        info = getattr(connection, "info", None)
        tags: dict[str, Optional[TagValue]] = {}
        for tag, attribute in _ATTRIBUTES:
            # A connection that is closed raises where it could tell nothing.
            try:
                tags[tag] = getattr(info, attribute, None)
            except Exception:
                continue
        tags["server.address"] = tags.get("out.host")
        return tags

    def text_of(self, connection: Any, statement: Any) -> Optional[str]:
        # Composed statements know their text only together with the connection, which may be lost.
        if hasattr(statement, "as_string"):
            statement = attempt(statement.as_string, connection) or statement
        return super().text_of(connection, statement)


_ATTRIBUTES = [("db.name", "dbname"), ("db.user", "user"), ("out.host", "host"), ("network.destination.port", "port")]


def patch(module: Any, patches: Patches) -> None:
    """Replaces methods of the classes of connections and cursors. Cursors on the server inherit them, or have their own."""
    database = _Postgres("psycopg", "postgresql", "postgres", "postgres")
    for name in ("Cursor", "ServerCursor", "AsyncCursor", "AsyncServerCursor"):
        cursor = getattr(module, name)
        for method in ("execute", "executemany"):
            if method in vars(cursor):
                patches.replace(cursor, method, database.observed_execute(vars(cursor)[method], method == "executemany"))
    for name in ("Connection", "AsyncConnection"):
        connection = getattr(module, name)
        for method in ("commit", "rollback"):
            patches.replace(connection, method, database.observed_transaction_end(vars(connection)[method], method))
