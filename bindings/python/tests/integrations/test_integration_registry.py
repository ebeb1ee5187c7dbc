"""Which integrations are turned on, and what becomes of those that fail."""

import logging
import sys
import types

import pytest

from libddtrace import integrations
from libddtrace.integrations import registry


@pytest.fixture(autouse=True)
def nothing_stays(traced):
    traced()
    yield
    integrations.unpatch()


@pytest.fixture
def failing(monkeypatch):
    """An integration that replaces something and fails then."""
    target = types.ModuleType("failing_target")
    target.value = "original"
    code = types.ModuleType("libddtrace.integrations.failing")
    code.DISTRIBUTION = None

    def patch(module, patches):
        patches.replace(module, "value", "replaced")
        raise RuntimeError("cannot")

    code.patch = patch
    monkeypatch.setitem(sys.modules, "failing_target", target)
    monkeypatch.setitem(sys.modules, "libddtrace.integrations.failing", code)
    monkeypatch.setitem(registry.INTEGRATIONS, "failing", registry.Integration(("failing_target",), "failing"))
    return target


def test_unknown_name_is_an_error_or_a_message(caplog):
    with pytest.raises(integrations.PatchError, match="weather does not have automatic instrumentation"):
        integrations.patch(weather=True)
    with caplog.at_level(logging.ERROR):
        integrations.patch(raise_errors=False, weather=True)
    assert "weather" in caplog.text


def test_false_is_ignored():
    integrations.patch(flask=False, weather=False)
    assert integrations.patched() == []


def test_what_is_patched_is_told(caplog):
    with caplog.at_level(logging.INFO):
        integrations.patch(requests=True, httpx=True)
    assert "Configured libddtrace instrumentation for 2 integration(s). The following modules have been patched: requests,httpx" in caplog.text
    assert integrations.patched() == ["httpx", "requests"]


def test_all_are_on_by_default_but_some(monkeypatch):
    monkeypatch.setenv("DD_TRACE_HTTPX_ENABLED", "false")
    monkeypatch.setenv("DD_TRACE_URLLIB3_ENABLED", "true")
    integrations.patch_all(sqlite3=False, opentelemetry=False)
    assert "flask" in integrations.patched() and "urllib3" in integrations.patched()
    assert not {"httpx", "sqlite3", "opentelemetry"} & set(integrations.patched())


def test_failing_integration_is_undone_and_logged(failing, caplog):
    with caplog.at_level(logging.ERROR):
        integrations.patch(failing=True)
    assert failing.value == "original"
    assert "failing" in caplog.text and "cannot" in caplog.text


def test_every_integration_has_its_code():
    for name in registry.INTEGRATIONS:
        code = registry._code(name)
        assert callable(code.patch), name
    assert integrations.get_version("requests").count(".") == 2
    assert integrations.get_version("sqlite3") is None


def test_patching_imports_nothing(tmp_path):
    import subprocess

    code = (
        "import sys, libddtrace.integrations as i; i.patch_all(urllib3=True)\n"
        "print(sorted({'flask', 'requests', 'httpx', 'urllib3', 'psycopg', 'sqlite3', 'asyncio'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path).stdout
    assert out.strip() == "[]"
