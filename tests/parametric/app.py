"""A parametric app that runs: each folder beside this file with a `run` script is one, and is started by that script alone."""

import atexit
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "wire"))

import agent  # noqa: E402
import native  # noqa: E402

START_SECONDS = 60
ANSWER_SECONDS = 60
STOP_SECONDS = 30
READY_PATH = "/non-existent-endpoint-to-ping-until-the-server-starts"

SETTINGS = {
    **native.QUIET_SETTINGS,
    "DD_TRACE_OTEL_ENABLED": "true",
    "DD_SERVICE": "parametric",
    "DD_ENV": "test",
    "DD_VERSION": "1.2.3",
}


def languages():
    """The apps that exist and can run here."""
    return sorted(name for name in os.listdir(HERE) if os.access(os.path.join(HERE, name, "run"), os.X_OK))


def test_agent():
    """The test agent, started by the first test that asks for it, and ended with the tests."""
    global _agent
    if _agent is None:
        _agent = agent.Agent().__enter__()
        atexit.register(_agent.__exit__)
    return _agent


_agent = None


class App:
    """A process of an app, in a `with` block. Every answer but a success is an error, unless it is asked for."""

    def __init__(self, language, running, **settings):
        self._language = language
        self._settings = {
            **SETTINGS,
            "DD_TRACE_AGENT_URL": "",
            "DD_AGENT_HOST": "127.0.0.1",
            "DD_TRACE_AGENT_PORT": str(running.port if running is not None else agent.free_ports(1)[0]),
            **settings,
        }

    def __enter__(self):
        (self._port,) = agent.free_ports(1)
        self._connection = None
        self._log = tempfile.TemporaryFile()
        environment = native.environment({**self._settings, "APM_TEST_CLIENT_SERVER_PORT": str(self._port)})
        self.process = subprocess.Popen(
            [os.path.join(HERE, self._language, "run"), "-Dargument=value"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()
        if self._connection is not None:
            self._connection.close()

    def terminate(self):
        """Sends SIGTERM, and gives the status with which the process ended, and the seconds that it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_SECONDS)
        return status, time.monotonic() - begin

    def post(self, path, **request):
        return self._success("POST", path, request)

    def get(self, path, **request):
        return self._success("GET", path, request)

    def ask(self, method, path, request=None):
        """Status and JSON of an answer. The connection is kept for the next request."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        body = None if request is None else json.dumps(request)
        self._connection.request(method, path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else {}

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    # Sequences of nearly every test.

    def start(self, name, **request):
        """The id of a new span."""
        return self.post("/trace/span/start", name=name, **request)["span_id"]

    def finish(self, *spans):
        for span in spans:
            self.post("/trace/span/finish", span_id=span)

    def flush(self):
        self.post("/trace/span/flush")
        self.post("/trace/stats/flush")
        self.post("/trace/otel/flush", seconds=1)

    def _success(self, method, path, request):
        status, answer = self.ask(method, path, request)
        if not 200 <= status < 300:
            raise AssertionError(f"{method} {path} {request}: status {status}, {answer}")
        return answer

    def _wait_until_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the app for {self._language} ended with {self.process.returncode}:\n{self.log()}")
            try:
                if self.ask("GET", READY_PATH)[0] == 404:
                    return
            except (OSError, http.client.HTTPException):
                self._connection = None
            time.sleep(0.05)
        raise RuntimeError(f"the app for {self._language} was not ready within {START_SECONDS} s:\n{self.log()}")
