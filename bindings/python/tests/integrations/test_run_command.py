"""`libddtrace-run` starts any program with its integrations on."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
import concurrent.futures
import flask
from libddtrace import integrations
pool = concurrent.futures.ThreadPoolExecutor.submit
print(json.dumps({
    "patched": integrations.patched(),
    "flask": hasattr(flask.Flask.wsgi_app, "__wrapped__"),
    "futures": hasattr(pool, "__wrapped__"),
    "arguments": sys.argv[1:],
    "customized": getattr(sys, "customized_by_the_user", None),
}))
"""


def run(tmp_path, *command, **environment):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DD_", "OTEL_"))},
        "DD_TRACE_STARTUP_LOGS": "false",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-m", "libddtrace.run", *command], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return str(path)


def test_program_runs_with_integrations(tmp_path, program):
    ended = run(tmp_path, sys.executable, program, "a", "b")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert {"flask", "requests", "sqlite3", "futures"} <= set(told["patched"])
    assert "urllib3" not in told["patched"]
    assert (told["flask"], told["futures"], told["arguments"]) == (True, True, ["a", "b"])


def test_environment_chooses(tmp_path, program):
    ended = run(tmp_path, sys.executable, program, DD_TRACE_FLASK_ENABLED="false", DD_PATCH_MODULES="urllib3:true,requests:false")
    told = json.loads(ended.stdout)
    assert "urllib3" in told["patched"] and not {"flask", "requests"} & set(told["patched"])
    assert told["flask"] is False


def test_sitecustomize_of_the_user_runs_too(tmp_path, program):
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "sitecustomize.py").write_text("import sys; sys.customized_by_the_user = 'yes'")
    ended = run(tmp_path, sys.executable, program, PYTHONPATH=str(tmp_path / "user"))
    assert json.loads(ended.stdout)["customized"] == "yes", ended.stderr


def test_opentelemetry_is_ours_if_asked_for(tmp_path):
    code = "from opentelemetry import trace; print(type(trace.get_tracer_provider()).__module__)"
    assert run(tmp_path, sys.executable, "-c", code, DD_TRACE_OTEL_ENABLED="true").stdout == "libddtrace.opentelemetry.provider\n"
    assert run(tmp_path, sys.executable, "-c", code).stdout == "opentelemetry.trace\n"


def test_broken_start_leaves_the_program_alone(tmp_path):
    ended = run(tmp_path, sys.executable, "-c", "print('ran')", LIBDDTRACE_PATH="/nonexistent/libddtrace.so")
    assert (ended.returncode, ended.stdout) == (0, "ran\n"), ended.stderr


def test_status_of_the_program_is_kept(tmp_path):
    assert run(tmp_path, sys.executable, "-c", "import sys; sys.exit(7)").returncode == 7


def test_wrong_use_is_told(tmp_path):
    assert run(tmp_path).returncode == 2
    ended = run(tmp_path, "no-such-program-anywhere")
    assert ended.returncode == 127 and "no-such-program-anywhere" in ended.stderr
    assert run(tmp_path, "--help").stdout.startswith("usage: libddtrace-run")
