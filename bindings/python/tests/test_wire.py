"""What the public test agent receives of processes: at exit, from children, from gunicorn's workers."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from processes import CLEAN, run

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests" / "wire"))
import agent as test_agent  # noqa: E402


@pytest.fixture(scope="module")
def agent():
    with test_agent.Agent() as running:
        yield running


def traces(agent, program, **settings):
    session = agent.session()
    run(program, DD_TRACE_AGENT_URL=agent.url, **settings)
    return session.traces(), session


@pytest.mark.parametrize("version", ["v0.4", "v0.5"])
def test_spans_arrive_when_the_interpreter_ends(agent, version):
    chunks, session = traces(
        agent,
        """
        from libddtrace import tracer
        with tracer.trace("web.request", service="shop", resource="GET /", span_type="web", tags={"a": "b", "n": 1}) as span:
            span.set_baggage_item("x", "y")
            try:
                with tracer.trace("db.query"):
                    raise ValueError("no database")
            except ValueError:
                pass
        """,
        DD_TRACE_API_VERSION=version,
    )
    assert [[span["name"] for span in chunk] for chunk in chunks] == [["web.request", "db.query"]]
    root, child = chunks[0]
    assert (root["service"], root["resource"], root["type"], root["meta"]["a"], root["metrics"]["n"]) == ("shop", "GET /", "web", "b", 1)
    assert root["meta"]["language"] == "python" and child["parent_id"] == root["span_id"]
    assert child["error"] == 1 and child["meta"]["error.type"] == "builtins.ValueError"
    sent = [request for request in session.requests() if request["path"].endswith("/traces")]
    assert sent[0]["headers"]["datadog-meta-lang"] == "python"
    assert sent[0]["headers"]["datadog-meta-lang-version"] == ".".join(map(str, sys.version_info[:3]))


def test_spans_arrive_when_the_program_fails(agent):
    session = agent.session()
    run("from libddtrace import tracer\nwith tracer.trace('fails'): 1 / 0", status=1, DD_TRACE_AGENT_URL=agent.url)
    assert session.traces()[0][0]["meta"]["error.message"] == "division by zero"


def test_parent_and_forked_children_send_their_own_and_nothing_twice(agent):
    chunks, _ = traces(
        agent,
        """
        import os, sys
        from libddtrace import tracer
        with tracer.trace("before"):
            pass
        children = []
        with tracer.trace("parent") as parent:
            for number in range(3):
                pid = os.fork()
                if pid == 0:
                    with tracer.trace("child"):
                        pass
                    sys.exit(0)
                children.append(pid)
            assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
        """,
    )
    spans = [span for chunk in chunks for span in chunk]
    assert sorted(span["name"] for span in spans) == ["before", "child", "child", "child", "parent"]
    parent = next(span for span in spans if span["name"] == "parent")
    children = [span for span in spans if span["name"] == "child"]
    assert all((child["trace_id"], child["parent_id"]) == (parent["trace_id"], parent["span_id"]) for child in children)
    assert len({span["meta"]["runtime-id"] for span in [*children, parent]}) == 4


def test_children_of_multiprocessing_send_at_their_end(agent):
    chunks, _ = traces(
        agent,
        """
        import multiprocessing
        from libddtrace import tracer
        def work():
            with tracer.trace("work"):
                pass
        with tracer.trace("root"):
            children = [multiprocessing.get_context("fork").Process(target=work) for _ in range(2)]
            [child.start() for child in children]
            [child.join() for child in children]
        """,
    )
    assert sorted(span["name"] for chunk in chunks for span in chunk) == ["root", "work", "work"]


def test_a_fork_while_threads_trace(agent):
    chunks, _ = traces(
        agent,
        """
        import os, sys, threading
        from libddtrace import Tracer, exporters, tracer
        stop = threading.Event()
        other = Tracer({}, exporters.NullExporter())
        def busy():
            while not stop.is_set():
                with other.trace("busy"), other.trace("inner"):
                    pass
        threads = [threading.Thread(target=busy) for _ in range(2)]
        [thread.start() for thread in threads]
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                with tracer.trace("child"):
                    pass
                tracer.shutdown(20)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        stop.set()
        [thread.join() for thread in threads]
        """,
    )
    assert sum(span["name"] == "child" for chunk in chunks for span in chunk) == 4


APP = """
from libddtrace import propagation, tracer
with tracer.trace("loaded"):
    pass
def app(environ, start_response):
    with tracer.start_span("wsgi.request", child_of=propagation.extract_wsgi(environ), activate=True, kind=2):
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]
"""


def test_gunicorn_with_workers_forked_after_loading(agent, tmp_path):
    (tmp_path / "shop.py").write_text(APP)
    session = agent.session()
    port = test_agent.free_ports(1)[0]
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", f"--bind=127.0.0.1:{port}", "shop:app"]
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen(
            command, cwd=tmp_path, env={**CLEAN, "DD_TRACE_AGENT_URL": agent.url}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        for number in range(20):
            request(port, {"x-datadog-trace-id": str(1000 + number), "x-datadog-parent-id": "5"})
        os.killpg(server.pid, signal.SIGTERM)
        assert server.wait(60) == 0, (tmp_path / "log").read_text()
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    spans = [span for chunk in session.traces() for span in chunk]
    requests = [span for span in spans if span["name"] == "wsgi.request"]
    assert sorted(span["trace_id"] for span in requests) == list(range(1000, 1020)), (tmp_path / "log").read_text()
    assert all(span["parent_id"] == 5 and span["meta"]["span.kind"] == "server" for span in requests)
    assert sum(span["name"] == "loaded" for span in spans) == 1


def request(port, headers):
    """Waits until the server is there."""
    end = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/", headers=headers)
            assert connection.getresponse().read() == b"ok"
            return
        except ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        finally:
            connection.close()
