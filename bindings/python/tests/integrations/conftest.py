"""A tracer that sends to memory in place of the default one, servers on the loopback interface, and integrations that end with their test."""

import http.server
import json
import threading

import pytest

import libddtrace
from libddtrace import integrations
from libddtrace.integrations import settings


def with_numbers(span):
    """A span whose ids are numbers, of which that of the trace has 64 bits."""
    low, span_id, parent_id = int(span["trace_id"][-16:], 16), int(span["span_id"], 16), int(span["parent_id"] or "0", 16)
    return {**span, "trace_id": low, "span_id": span_id, "parent_id": parent_id}


class Spans:
    """What a tracer has sent."""

    def __init__(self, exporter, tracer):
        self._exporter = exporter
        self.tracer = tracer

    def all(self):
        """The finished spans, oldest first."""
        self.tracer.flush(20)
        spans = [with_numbers(span) for span in self._exporter.spans()]
        return sorted(spans, key=lambda span: span["start"])

    def one(self, name):
        found = [span for span in self.all() if span["name"] == name]
        assert len(found) == 1, [span["name"] for span in self.all()]
        return found[0]


@pytest.fixture
def traced(monkeypatch):
    """`traced(DD_…="…")` makes the default tracer one with these settings, and gives what it sent."""
    tracers = []

    def make(**config):
        exporter = libddtrace.exporters.MemoryExporter()
        tracer = libddtrace.Tracer(config={"DD_SERVICE": "shop", **config}, exporter=exporter)
        tracers.append(tracer)
        monkeypatch.setattr(libddtrace, "tracer", tracer)
        return Spans(exporter, tracer)

    monkeypatch.setattr(settings, "_ALL", {})
    yield make
    integrations.unpatch()
    for tracer in tracers:
        tracer.shutdown(5)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


class Echo:
    """A server that answers `/STATUS/…` with that status, and tells which headers it got."""

    def __init__(self):
        echo = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                echo.requests.append(dict(self.headers.items()))
                status = int(self.path.split("?")[0].split("/")[1] or 200)
                body = json.dumps({"path": self.path}).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/200/moved")
                self.send_header("X-Answer", "42")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(20)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.close()
