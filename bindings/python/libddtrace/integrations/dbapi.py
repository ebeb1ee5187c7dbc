"""Databases by the DB-API (PEP 249): a span per statement, commit and rollback.

`trace_connection` serves any driver; integrations that can replace methods of their driver's classes use `Database` alone.
"""

from typing import Any, Iterator, Optional

from . import settings
from .operation import Operation, TagValue, begin_external
from .wrapping import Call, observed


class Database:
    """How spans of one kind of database are named, and what is known of a connection."""

    def __init__(self, integration: str, system: str, prefix: str, service: str) -> None:
        self._settings = settings.of(integration)
        self._prefix = prefix
        self._service = service
        self._tags: dict[str, Optional[TagValue]] = {"db.system": system}

    def tags_of(self, connection: Any) -> dict[str, Optional[TagValue]]:
        """Tags that name a connection's database. Never the password."""
        return {}

    def text_of(self, connection: Any, statement: Any) -> Optional[str]:
        """The text of a statement as the database gets it."""
        if statement is None:
            return None
        if isinstance(statement, (bytes, bytearray)):
            return statement.decode("utf-8", "replace")
        return str(statement)

    def begin_statement(self, connection: Any, statement: Any, is_many: bool = False) -> Operation:
        """Begins the span of a statement. Its text is the resource as it is; the agent hides the values in it."""
        operation = begin_external(
            self._settings, f"{self._prefix}.query", default_service=self._service, resource=self.text_of(connection, statement), span_type="sql"
        )
        operation.set_tags({**self._tags, **self.tags_of(connection)})
        if is_many:
            operation.span.set_tag("sql.executemany", "true")
        return operation

    def begin_transaction_end(self, connection: Any, what: str) -> Operation:
        """Begins the span of a `commit` or `rollback`."""
        operation = begin_external(
            self._settings, f"{self._prefix}.connection.{what}", default_service=self._service, measured=False
        )
        operation.set_tags({**self._tags, **self.tags_of(connection)})
        return operation

    @staticmethod
    def end(operation: Operation, cursor: Any, error: Optional[BaseException]) -> None:
        """Ends a statement; the cursor tells how many rows it concerned."""
        try:
            count = getattr(cursor, "rowcount", None)
            if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
                operation.span.set_metric("db.row_count", count)
        finally:
            operation.finish(error)

    def observed_execute(self, original: Any, is_many: bool = False) -> Any:
        """A cursor's `execute`, `executemany` or `callproc`, observed. The first argument after the cursor is the resource."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
            cursor = args[0]
            statement = args[1] if len(args) > 1 else next(iter(kwargs.values()), "")
            connection = getattr(cursor, "connection", None)
            return Call((self.begin_statement(connection, statement, is_many), cursor), args, kwargs)

        def end(state: Any, result: Any, error: Optional[BaseException]) -> None:
            operation, cursor = state
            self.end(operation, None if error is not None else cursor, error)

        return observed(original, begin, end)

    def observed_transaction_end(self, original: Any, what: str) -> Any:
        """A connection's `commit` or `rollback`, observed."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Optional[Call]:
            return Call(self.begin_transaction_end(args[0], what), args, kwargs)

        def end(operation: Operation, result: Any, error: Optional[BaseException]) -> None:
            operation.finish(error)

        return observed(original, begin, end)


class _Proxy:
    """Passes everything on to an object of the driver."""

    _wrapped: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_traced_") or name == "_wrapped":
            object.__setattr__(self, name, value)
        else:
            setattr(self._wrapped, name, value)


class TracedCursor(_Proxy):
    """A cursor whose statements have spans."""

    def __init__(self, cursor: Any, connection: "TracedConnection") -> None:
        self._wrapped = cursor
        self._traced_connection = connection
        self._traced_database = connection._traced_database

    @property
    def connection(self) -> "TracedConnection":
        """The traced connection that the cursor came from."""
        return self._traced_connection

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """The driver's `execute`, with a span."""
        return self._run("execute", False, args, kwargs)

    def executemany(self, *args: Any, **kwargs: Any) -> Any:
        """The driver's `executemany`, with a span."""
        return self._run("executemany", True, args, kwargs)

    def callproc(self, *args: Any, **kwargs: Any) -> Any:
        """The driver's `callproc`, with a span named after the procedure."""
        return self._run("callproc", False, args, kwargs)

    def _run(self, method: str, is_many: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        original = getattr(self._wrapped, method)

        def call(_: Any, *args: Any, **kwargs: Any) -> Any:
            return original(*args, **kwargs)

        result = self._traced_database.observed_execute(call, is_many)(self, *args, **kwargs)
        return self if result is self._wrapped else result

    def __iter__(self) -> Iterator[Any]:
        return iter(self._wrapped)

    def __enter__(self) -> "TracedCursor":
        self._wrapped.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._wrapped.__exit__(*error)


class TracedConnection(_Proxy):
    """A connection whose cursors, commits and rollbacks have spans."""

    def __init__(self, connection: Any, database: Database) -> None:
        self._wrapped = connection
        self._traced_database = database

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A traced cursor."""
        return TracedCursor(self._wrapped.cursor(*args, **kwargs), self)

    def commit(self, *args: Any, **kwargs: Any) -> Any:
        """The driver's `commit`, with a span."""
        return self._run("commit", args, kwargs)

    def rollback(self, *args: Any, **kwargs: Any) -> Any:
        """The driver's `rollback`, with a span."""
        return self._run("rollback", args, kwargs)

    def _run(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        original = getattr(self._wrapped, method)

        def call(_: Any, *args: Any, **kwargs: Any) -> Any:
            return original(*args, **kwargs)

        return self._traced_database.observed_transaction_end(call, method)(self, *args, **kwargs)

    def __enter__(self) -> Any:
        entered = self._wrapped.__enter__()
        # Some drivers give a cursor here.
        return self if entered is self._wrapped else entered

    def __exit__(self, *error: Any) -> Any:
        return self._wrapped.__exit__(*error)


def trace_connection(connection: Any, system: str, *, integration: Optional[str] = None, service: Optional[str] = None) -> TracedConnection:
    """Wraps a connection of any driver, `trace_connection(driver.connect(…), "mysql")`."""
    return TracedConnection(connection, Database(integration or system, system, system, service or system))
