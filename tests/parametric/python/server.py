"""JSON by HTTP: routing, errors, and one request at a time."""

import contextvars
import json
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A driver keeps connections open between requests.
IDLE_SECONDS = 600


class Failure(Exception):
    """An answer that is no success."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """Serves routes, `{(method, path): function of the request's JSON}`. All functions run in one context, as those of one thread would."""

    daemon_threads = True
    # What is closed may be listened to at once by the next process.
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, routes):
        self.routes = routes
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        super().__init__(address, Handler)

    def call(self, function, request):
        with self._lock:
            return self._context.run(function, request)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def _answer(self, method):
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = self._call(method, self.path.partition("?")[0], body)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
        payload = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _call(self, method, path, body):
        function = self.server.routes.get((method, path))
        if function is None:
            return 404, {"error": f"no endpoint {method} {path}"}
        try:
            request = json.loads(body) if body.strip() else {}
        except ValueError as error:
            return 400, {"error": f"the body is no JSON: {error}"}
        if not isinstance(request, dict):
            return 400, {"error": "the body is no JSON object"}
        try:
            return 200, self.server.call(function, request) or {}
        except Failure as failure:
            return failure.status, {"error": str(failure)}

    def log_message(self, *_):
        """What is on stderr belongs to the library."""
