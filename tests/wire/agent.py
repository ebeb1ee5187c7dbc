"""The public test agent, started on a free port of the loopback interface and on a unix socket."""

import base64
import json
import os
import socket
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import background

CHECKS = [
    "trace_count_header",
    "meta_tracer_version_header",
    "trace_content_length",
    "trace_peer_service",
    "trace_dd_service",
    "meta_events_is_valid_json",
    "trace_stall",
]
START_SECONDS = 60


class Session:
    """What the agent received since the session began."""

    def __init__(self, agent, token):
        self._agent = agent
        self._token = token

    def traces(self):
        """Chunks of spans, decoded."""
        return self._get("traces")

    def requests(self):
        """The requests of tracers, oldest first; header names in lower case, bodies as bytes."""
        requests = self._get("requests")
        for request in requests:
            request["headers"] = {name.lower(): value for name, value in request["headers"].items()}
            request["body"] = base64.b64decode(request["body"])
            request["path"] = urllib.parse.urlsplit(request["url"]).path
        return requests

    def otlp_requests(self, path="/v1/traces"):
        """The requests by OTLP, oldest first; header names as they were sent, bodies as bytes."""
        requests = self._get("requests", self._agent.otlp_url)
        requests = [request for request in requests if urllib.parse.urlsplit(request["url"]).path == path]
        for request in requests:
            request["body"] = base64.b64decode(request["body"])
        return requests

    def stats(self):
        return self._get("stats")

    def _get(self, what, url=None):
        return json.loads(self._agent.get(f"/test/session/{what}?test_session_token={self._token}", url))


class Agent:
    """A running test agent. Use it in a `with` block."""

    def __init__(self, **environment):
        self._environment = environment
        self._directory = tempfile.TemporaryDirectory(prefix="ddtrace-wire-")
        self.socket = os.path.join(self._directory.name, "agent.sock")
        self._log_path = os.path.join(self._directory.name, "agent.log")
        self._sessions = 0

    def __enter__(self):
        self.port, self.otlp_port, otlp_grpc = free_ports(3)
        program = os.environ.get("DDAPM_TEST_AGENT") or os.path.join(os.path.dirname(sys.executable), "ddapm-test-agent")
        command = [
            program,
            f"--port={self.port}",
            f"--otlp-http-port={self.otlp_port}",
            f"--otlp-grpc-port={otlp_grpc}",
            f"--trace-uds-socket={self.socket}",
            f"--snapshot-dir={self._directory.name}",
            f"--vcr-cassettes-directory={self._directory.name}",
        ]
        # Its option for the same thing does not work.
        environment = {**os.environ, "ENABLED_CHECKS": ",".join(CHECKS), **self._environment}
        self._program = background.Program(command, self._log_path, self._is_ready, environment, START_SECONDS)
        self._program.__enter__()
        return self

    def __exit__(self, *_):
        self._program.end()
        self._directory.cleanup()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def otlp_url(self):
        return f"http://127.0.0.1:{self.otlp_port}"

    def address(self, transport):
        """The value of DD_TRACE_AGENT_URL for `tcp` or `unix`."""
        return {"tcp": self.url, "unix": f"unix://{self.socket}"}[transport]

    def session(self):
        """Begins a session: what arrives from now on belongs to it."""
        self._sessions += 1
        token = f"session-{self._sessions}"
        self.get(f"/test/session/start?test_session_token={token}")
        return Session(self, token)

    def get(self, path, url=None):
        with urllib.request.urlopen((url or self.url) + path, timeout=30) as response:
            return response.read()

    def log(self):
        return self._program.log()

    def _is_ready(self):
        try:
            self.get("/info")
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def free_ports(count):
    """Ports that nobody uses now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
