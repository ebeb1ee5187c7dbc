"""A program that knows nothing of tracing, run by `libddtrace-run`: its frameworks and libraries make one trace together."""

import json
import os
import subprocess
import sys

PROGRAM = """
import concurrent.futures
import logging
import sqlite3
import threading

import flask
import requests
from werkzeug.serving import make_server

logging.basicConfig(format="%(message)s trace=%(dd_trace_id)s")
logging.getLogger("werkzeug").setLevel(logging.ERROR)
application = flask.Flask("shop")
pool = concurrent.futures.ThreadPoolExecutor(1)


def stock(name):
    connection = sqlite3.connect(":memory:")
    return connection.execute("SELECT length(?)", (name,)).fetchone()[0]


@application.get("/items/<name>")
def item(name):
    logging.getLogger("shop").warning("asked for")
    answer = requests.get(f"http://127.0.0.1:{server.server_port}/prices/{name}", timeout=20)
    return {"price": answer.json()["price"], "stock": pool.submit(stock, name).result()}


@application.get("/prices/<name>")
def price(name):
    return {"price": 7}


server = make_server("127.0.0.1", 0, application, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
session.trust_env = False
print(session.get(f"http://127.0.0.1:{server.server_port}/items/pen", timeout=20).json())
server.shutdown()
"""


def test_one_trace(tmp_path):
    program, traces = tmp_path / "shop.py", tmp_path / "traces.json"
    program.write_text(PROGRAM)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DD_", "OTEL_", "LIBDDTRACE_"))},
        "LIBDDTRACE_EXPORTER": f"file:{traces}",
        "DD_SERVICE": "shop",
        "DD_LOGS_INJECTION": "true",
        "DD_TRACE_STARTUP_LOGS": "false",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    }
    command = [os.path.join(os.path.dirname(sys.executable), "libddtrace-run"), sys.executable, str(program)]
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.stdout == "{'price': 7, 'stock': 3}\n", ended.stderr
    spans = [json.loads(line) for line in traces.read_text().splitlines()]
    spans = {span["span_id"]: span for span in spans}
    assert len({span["trace_id"] for span in spans.values()}) == 1, spans

    def path(span):
        parent = spans.get(span["parent_id"])
        return (path(parent) if parent else []) + [f"{span['name']} {span['resource'].split(' ')[0]}"]

    outer = ["requests.request GET", "flask.request GET"]
    assert sorted(path(span) for span in spans.values()) == sorted([
        outer[:1],
        outer,
        [*outer, "requests.request GET"],
        [*outer, "requests.request GET", "flask.request GET"],
        [*outer, "sqlite.query SELECT"],
    ])
    trace_id = next(iter(spans.values()))["trace_id"]
    assert f"asked for trace={trace_id}" in ended.stderr
