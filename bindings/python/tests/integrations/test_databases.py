"""Databases: sqlite3, any driver by the DB-API, and psycopg's own classes."""

import asyncio
import sqlite3

import pytest

import libddtrace
from libddtrace import integrations
from libddtrace.integrations.dbapi import trace_connection


class TestSqlite:
    @pytest.fixture
    def connection(self, traced, tmp_path):
        integrations.patch(sqlite3=True)
        self.spans = traced()
        connection = sqlite3.connect(tmp_path / "shop.db")
        yield connection
        connection.close()

    def test_statements_have_spans(self, connection, tmp_path):
        with libddtrace.tracer.trace("caller") as caller:
            connection.execute("CREATE TABLE item (name TEXT, price INTEGER)")
            cursor = connection.cursor()
            cursor.execute("INSERT INTO item VALUES (?, ?)", ("pen", 2))
            cursor.executemany("INSERT INTO item VALUES (?, ?)", [("ink", 3), ("nib", 1)])
            assert cursor.execute("SELECT name FROM item ORDER BY price").fetchall() == [("nib",), ("pen",), ("ink",)]
            connection.commit()
        spans = [span for span in self.spans.all() if span["name"] == "sqlite.query"]
        assert [span["resource"].split()[0] for span in spans] == ["CREATE", "INSERT", "INSERT", "SELECT"]
        insert = spans[1]
        assert (insert["service"], insert["type"], insert["parent_id"]) == ("sqlite", "sql", caller.span_id)
        assert insert["resource"] == "INSERT INTO item VALUES (?, ?)"
        meta = insert["meta"]
        assert (meta["db.system"], meta["component"], meta["span.kind"]) == ("sqlite", "sqlite", "client")
        assert meta["db.name"] == str(tmp_path / "shop.db")
        assert insert["metrics"]["db.row_count"] == 1
        assert (spans[2]["meta"]["sql.executemany"], spans[2]["metrics"]["db.row_count"]) == ("true", 2)
        commit = self.spans.one("sqlite.connection.commit")
        assert (commit["type"], commit["parent_id"]) == ("", caller.span_id)

    def test_errors_are_recorded_and_raised(self, connection):
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("SELEKT")
        span = self.spans.one("sqlite.query")
        assert (span["error"], span["meta"]["error.type"]) == (1, "sqlite3.OperationalError")

    def test_rollback_has_a_span(self, connection):
        connection.rollback()
        self.spans.one("sqlite.connection.rollback")

    def test_connection_and_cursor_are_those_of_sqlite(self, connection):
        assert isinstance(connection, sqlite3.Connection) and isinstance(connection.cursor(), sqlite3.Cursor)
        with connection as entered:
            assert entered is connection
        connection.row_factory = sqlite3.Row
        assert connection.execute("SELECT 1 AS one").fetchone()["one"] == 1
        assert connection.cursor().connection is connection

    def test_classes_of_the_program_are_kept(self, traced):
        integrations.patch(sqlite3=True)
        spans = traced()

        class Connection(sqlite3.Connection):
            def answer(self):
                return self.execute("SELECT 42").fetchone()[0]

        class Cursor(sqlite3.Cursor):
            def only(self):
                return self.fetchone()[0]

        connection = sqlite3.connect(":memory:", factory=Connection)
        assert isinstance(connection, Connection)
        assert connection.answer() == 42
        cursor = connection.cursor(Cursor)
        assert isinstance(cursor, Cursor) and cursor.execute("SELECT 43").only() == 43
        connection.close()
        assert len(spans.all()) == 2

    def test_unpatching_restores(self, traced):
        original = sqlite3.connect
        integrations.patch(sqlite3=True)
        assert sqlite3.connect is not original
        integrations.unpatch("sqlite3")
        assert sqlite3.connect is original and sqlite3.dbapi2.connect is original


class TestAnyDriver:
    def test_wrapped_connection(self, traced):
        spans = traced()
        plain = sqlite3.connect(":memory:")
        connection = trace_connection(plain, "mysql", service="orders-db")
        cursor = connection.cursor()
        assert cursor.execute("SELECT 1") is cursor
        assert list(cursor) == [(1,)]
        assert cursor.connection is connection
        cursor.execute("CREATE TABLE item (name TEXT)")
        cursor.executemany("INSERT INTO item VALUES (?)", [("pen",), ("ink",)])
        connection.commit()
        connection.rollback()
        with connection as entered:
            assert entered is connection
        assert connection.total_changes == plain.total_changes
        connection.row_factory = sqlite3.Row
        assert plain.row_factory is sqlite3.Row
        with pytest.raises(sqlite3.OperationalError):
            cursor.execute("SELEKT")
        connection.close()
        found = spans.all()
        assert [span["name"] for span in found] == [
            "mysql.query", "mysql.query", "mysql.query", "mysql.connection.commit", "mysql.connection.rollback", "mysql.query"]
        assert found[2]["metrics"]["db.row_count"] == 2
        assert {span["service"] for span in found} == {"orders-db"}
        assert found[-1]["error"] == 1


class TestPsycopg:
    """Without a server: what the driver's classes are asked, and what they would have done."""

    class Info:
        dbname, user, host, port = "shop", "clerk", "db.example", 5432

    @pytest.fixture
    def psycopg(self, traced, monkeypatch):
        psycopg = pytest.importorskip("psycopg")
        self.asked = asked = []

        def execute(self, query, params=None, **_):
            asked.append((query, params))
            if query == "BROKEN":
                raise psycopg.errors.SyntaxError("mine")
            return self

        async def execute_async(self, query, params=None, **_):
            await asyncio.sleep(0)
            return execute(self, query, params)

        monkeypatch.setattr(psycopg.Cursor, "execute", execute)
        monkeypatch.setattr(psycopg.AsyncCursor, "execute", execute_async)
        monkeypatch.setattr(psycopg.Connection, "commit", lambda self: None)
        monkeypatch.setattr(psycopg.Connection, "info", self.Info)
        self.originals = (execute, execute_async)
        integrations.patch(psycopg=True)
        self.spans = traced()
        yield psycopg
        integrations.unpatch()

    def cursor(self, psycopg, cls):
        class Connection:
            info = self.Info

        cursor = object.__new__(cls)
        cursor._conn = Connection()
        cursor.pgresult = None
        return cursor

    def test_statements_have_spans(self, psycopg):
        cursor = self.cursor(psycopg, psycopg.Cursor)
        assert cursor.execute("SELECT %s", (1,)) is cursor
        assert self.asked == [("SELECT %s", (1,))]
        span = self.spans.one("postgres.query")
        assert (span["service"], span["resource"], span["type"]) == ("postgres", "SELECT %s", "sql")
        meta = span["meta"]
        assert (meta["db.system"], meta["db.name"], meta["db.user"]) == ("postgresql", "shop", "clerk")
        assert (meta["out.host"], meta["server.address"]) == ("db.example", "db.example")
        assert span["metrics"]["network.destination.port"] == 5432
        assert "password" not in str(span)

    def test_composed_statements_are_shown_as_they_are_sent(self, psycopg):
        statement = psycopg.sql.SQL("SELECT {} FROM item").format(psycopg.sql.Literal(1))
        cursor = self.cursor(psycopg, psycopg.Cursor)
        cursor._conn = None
        cursor.execute(statement)
        cursor.execute(b"SELECT 2")
        assert [span["resource"] for span in self.spans.all()] == ["SELECT 1 FROM item", "SELECT 2"]

    def test_errors_are_recorded_and_raised(self, psycopg):
        with pytest.raises(psycopg.errors.SyntaxError):
            self.cursor(psycopg, psycopg.Cursor).execute("BROKEN")
        assert self.spans.one("postgres.query")["meta"]["error.message"] == "mine"

    def test_asynchronous_statements_have_spans(self, psycopg):
        async def run():
            with libddtrace.tracer.trace("caller"):
                await self.cursor(psycopg, psycopg.AsyncCursor).execute("SELECT 1")

        asyncio.run(run())
        span = self.spans.one("postgres.query")
        assert span["parent_id"] == self.spans.one("caller")["span_id"]

    def test_commit_has_a_span(self, psycopg):
        connection = object.__new__(psycopg.Connection)
        psycopg.Connection.commit(connection)
        assert self.spans.one("postgres.connection.commit")["meta"]["db.name"] == "shop"

    def test_unpatching_restores(self, psycopg):
        assert psycopg.Cursor.execute is not self.originals[0]
        integrations.unpatch("psycopg")
        assert (psycopg.Cursor.execute, psycopg.AsyncCursor.execute) == self.originals
