"""Servers of HTTP: WSGI, ASGI, Flask, Starlette and wsgiref."""

import asyncio
import threading
import urllib.error
import urllib.request
import wsgiref.simple_server
import wsgiref.util

import pytest

import libddtrace
from libddtrace import integrations
from libddtrace.integrations import asgi, wsgi

CONTINUED = {
    "x-datadog-trace-id": "7",
    "x-datadog-parent-id": "8",
    "x-datadog-sampling-priority": "2",
}


def environ(path="/", query="", **more):
    found = {"REQUEST_METHOD": "get", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "shop.example", "REMOTE_ADDR": "203.0.113.9", **more}
    wsgiref.util.setup_testing_defaults(found)
    return found


def answer(application, environ):
    """Status and body, as a server would get them."""
    seen = []
    body = application(environ, lambda status, headers, *rest: seen.append(status))
    try:
        pieces = list(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return seen[-1], b"".join(pieces)


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Answer", "42")])
    return [b"hello"]


class TestWsgi:
    def test_request_has_a_span_with_tags(self, traced):
        spans = traced(DD_TRACE_CLIENT_IP_ENABLED="true", DD_TRACE_HEADER_TAGS="x-team:team,x-answer:answer")
        request = environ("/a", "token=secret&b=2", HTTP_USER_AGENT="curl", HTTP_X_TEAM="blue", HTTP_REFERER="https://from.example/x?y")
        request["HTTP_X_DATADOG_ENDPOINT_SCAN"] = "scan-1"
        assert answer(wsgi.TraceMiddleware(hello), request) == ("200 OK", b"hello")
        span = spans.one("wsgi.request")
        assert (span["resource"], span["type"], span["error"], span["service"]) == ("GET /a", "web", 0, "shop")
        meta = span["meta"]
        assert meta["http.url"] == "http://shop.example/a?<redacted>&b=2"
        assert (meta["http.method"], meta["http.status_code"], meta["http.useragent"]) == ("GET", "200", "curl")
        assert (meta["span.kind"], meta["component"], meta["http.version"]) == ("server", "wsgi", "1.0")
        assert (meta["http.client_ip"], meta["network.client.ip"]) == ("203.0.113.9", "203.0.113.9")
        assert (meta["team"], meta["answer"], meta["http.referrer_hostname"]) == ("blue", "42", "from.example")
        assert meta["http.request.headers.x-datadog-endpoint-scan"] == "scan-1"
        assert span["metrics"]["_dd.measured"] == 1

    def test_headers_continue_the_trace(self, traced):
        spans = traced()
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in CONTINUED.items()}
        answer(wsgi.TraceMiddleware(hello), environ(**headers))
        span = spans.one("wsgi.request")
        assert (span["trace_id"], span["parent_id"]) == (7, 8)

    def test_span_is_active_in_the_application_and_while_the_body_is_made(self, traced):
        spans = traced()

        def application(environ, start_response):
            libddtrace.tracer.trace("work").finish()
            start_response("200 OK", [])
            for piece in (b"a", b"b"):
                with libddtrace.tracer.trace("piece"):
                    yield piece

        body = wsgi.TraceMiddleware(application)(environ(), lambda *_: None)
        assert next(body) == b"a"
        assert libddtrace.tracer.current_span() is None or libddtrace.tracer.current_span().name == "piece"
        assert list(body) == [b"b"]
        body.close()
        assert libddtrace.tracer.current_span() is None
        request = spans.one("wsgi.request")
        children = [span for span in spans.all() if span is not request and span["name"] != "wsgi.request"]
        assert sorted(span["name"] for span in children) == ["piece", "piece", "work"]
        assert {span["parent_id"] for span in children} == {request["span_id"]}

    def test_exceptions_are_recorded_and_raised(self, traced):
        spans = traced()

        def application(environ, start_response):
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            answer(wsgi.TraceMiddleware(application), environ())
        span = spans.one("wsgi.request")
        assert (span["error"], span["meta"]["http.status_code"]) == (1, "500")
        assert (span["meta"]["error.type"], span["meta"]["error.message"]) == ("builtins.LookupError", "mine")
        assert "LookupError" in span["meta"]["error.stack"]

    def test_exception_while_the_body_is_made(self, traced):
        spans = traced()

        def application(environ, start_response):
            start_response("200 OK", [])
            yield b"a"
            raise LookupError("late")

        with pytest.raises(LookupError, match="late"):
            answer(wsgi.TraceMiddleware(application), environ())
        assert spans.one("wsgi.request")["meta"]["error.message"] == "late"

    def test_status_is_an_error_by_the_settings(self, traced):
        spans = traced(DD_TRACE_HTTP_SERVER_ERROR_STATUSES="404,500-599")

        def application(environ, start_response):
            start_response("404 Not Found", [])
            return []

        answer(wsgi.TraceMiddleware(application), environ("/missing"))
        span = spans.one("wsgi.request")
        assert (span["error"], span["resource"]) == (1, "GET 404")

    def test_middleware_within_middleware_is_one_span(self, traced):
        spans = traced()
        answer(wsgi.TraceMiddleware(wsgi.TraceMiddleware(hello)), environ())
        spans.one("wsgi.request")

    def test_body_stays_what_it_was(self, traced):
        traced()
        body = wsgi.TraceMiddleware(hello)(environ(), lambda *_: None)
        assert len(body) == 1 and bool(body)
        body.close()

    def test_broken_environ_does_not_disturb(self, traced):
        traced()
        request = environ()
        request["PATH_INFO"] = "/\u20ac\udc80"
        request["SERVER_PROTOCOL"] = None
        request["HTTP_BAD"] = 7
        assert answer(wsgi.TraceMiddleware(hello), request)[0] == "200 OK"


class TestAsgi:
    def ask(self, application, **scope):
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/a", "query_string": b"b=2", "http_version": "1.1", "scheme": "http",
                 "server": ("127.0.0.1", 8000), "client": ("203.0.113.9", 5), "headers": [(b"host", b"shop.example")], **scope}
        asyncio.run(application(scope, receive, send))
        return sent

    @staticmethod
    async def hello(scope, receive, send):
        await asyncio.sleep(0)
        libddtrace.tracer.trace("work").finish()
        await send({"type": "http.response.start", "status": 201, "headers": [(b"x-answer", b"42")]})
        await send({"type": "http.response.body", "body": b"hello"})

    def test_request_has_a_span_with_tags(self, traced):
        spans = traced(DD_TRACE_CLIENT_IP_ENABLED="true", DD_TRACE_HEADER_TAGS="x-answer:answer")
        sent = self.ask(asgi.TraceMiddleware(self.hello), headers=[(name.encode(), value.encode()) for name, value in CONTINUED.items()])
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
        span = spans.one("asgi.request")
        assert (span["resource"], span["type"], span["trace_id"], span["parent_id"]) == ("GET /a", "web", 7, 8)
        meta = span["meta"]
        assert (meta["http.url"], meta["http.status_code"]) == ("http://127.0.0.1:8000/a?b=2", "201")
        assert (meta["answer"], meta["http.client_ip"], meta["component"]) == ("42", "203.0.113.9", "asgi")
        assert spans.one("work")["parent_id"] == span["span_id"]

    def test_exceptions_are_recorded_and_raised(self, traced):
        spans = traced()

        async def application(scope, receive, send):
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            self.ask(asgi.TraceMiddleware(application))
        span = spans.one("asgi.request")
        assert (span["error"], span["meta"]["error.message"]) == (1, "mine")

    def test_other_scopes_pass_unobserved(self, traced):
        spans = traced()
        seen = []

        async def application(scope, receive, send):
            seen.append(scope["type"])

        self.ask(asgi.TraceMiddleware(application), type="lifespan")
        assert (seen, spans.all()) == (["lifespan"], [])

    def test_starlette_gives_its_route(self, traced):
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        integrations.patch(starlette=True)
        spans = traced()

        async def item(request):
            return PlainTextResponse(request.path_params["id"])

        application = Starlette(routes=[Route("/items/{id}", item)])
        self.ask(application, path="/items/5")
        span = spans.one("starlette.request")
        assert (span["meta"]["component"], span["meta"]["http.status_code"]) == ("starlette", "200")
        assert (span["resource"], span["meta"]["http.route"]) == ("GET /items/{id}", "/items/{id}")


def ask(application, path):
    """The status of an answer that was read to its end."""
    with application.test_client().get(path) as response:
        return response.status_code


class TestFlask:
    @pytest.fixture
    def application(self):
        import flask

        integrations.patch(flask=True)
        application = flask.Flask("shop")
        # Records of logging would keep what the exception's frames hold.
        application.logger.disabled = True

        @application.route("/items/<int:number>")
        def item(number):
            with libddtrace.tracer.trace("view"):
                return f"item {number}"

        @application.route("/broken")
        def broken():
            raise LookupError("mine")

        @application.route("/handled")
        def handled():
            raise KeyError("theirs")

        @application.errorhandler(KeyError)
        def handle(error):
            return "handled", 418

        return application

    def test_route_is_the_resource(self, traced, application):
        spans = traced()
        assert application.test_client().get("/items/5", headers=CONTINUED).data == b"item 5"
        span = spans.one("flask.request")
        assert (span["resource"], span["type"], span["trace_id"]) == ("GET /items/<int:number>", "web", 7)
        meta = span["meta"]
        assert (meta["http.route"], meta["flask.endpoint"], meta["flask.view_args.number"]) == ("/items/<int:number>", "item", "5")
        assert (meta["component"], meta["http.status_code"]) == ("flask", "200")
        assert spans.one("view")["parent_id"] == span["span_id"]

    def test_unknown_paths_are_one_resource(self, traced, application):
        spans = traced()
        assert ask(application, "/nowhere") == 404
        assert spans.one("flask.request")["resource"] == "GET 404"

    def test_unhandled_exception_is_recorded(self, traced, application):
        spans = traced()
        assert ask(application, "/broken") == 500
        span = spans.one("flask.request")
        assert (span["error"], span["meta"]["error.type"], span["meta"]["error.message"]) == (1, "builtins.LookupError", "mine")
        assert span["meta"]["http.status_code"] == "500"

    def test_handled_exception_is_none(self, traced, application):
        spans = traced()
        assert ask(application, "/handled") == 418
        span = spans.one("flask.request")
        assert (span["error"], span["meta"]["http.status_code"]) == (0, "418")
        assert "error.type" not in span["meta"]

    def test_unpatching_restores(self, traced):
        import flask

        originals = (flask.Flask.wsgi_app, flask.Flask.full_dispatch_request, flask.Flask.handle_exception)
        integrations.patch(flask=True)
        assert flask.Flask.wsgi_app is not originals[0]
        integrations.unpatch("flask")
        assert (flask.Flask.wsgi_app, flask.Flask.full_dispatch_request, flask.Flask.handle_exception) == originals


def test_wsgiref_serves_with_spans(traced):
    integrations.patch(wsgiref=True)
    spans = traced()

    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    with wsgiref.simple_server.make_server("127.0.0.1", 0, hello, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/a", timeout=20) as response:
            assert (response.read(), response.headers["Content-Length"]) == (b"hello", "5")
        thread.join(20)
    assert spans.one("wsgi.request")["resource"] == "GET /a"
