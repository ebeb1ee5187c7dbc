"""Functions that run when a module is imported."""

import importlib
import logging
import subprocess
import sys
import textwrap

import pytest

from libddtrace.integrations import import_hooks


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules that the test can import, and forgets them afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(name, text=""):
        path = tmp_path / f"{name}.py"
        path.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()
        return name

    yield write
    for name in set(sys.modules) - before:
        if not name.startswith("libddtrace"):
            del sys.modules[name]


@pytest.fixture
def hook():
    """Registers hooks, and takes them back at the end."""
    known = []

    def register(name, function):
        known.append((name, function))
        import_hooks.when_imported(name, function)

    yield register
    for name, function in known:
        import_hooks.forget(name, function)


def test_hooks_run_after_the_body_in_the_order_of_registration(modules, hook):
    modules("hooked_one", "value = 1")
    seen = []
    hook("hooked_one", lambda module: seen.append(("first", module.value)))
    hook("hooked_one", lambda module: seen.append(("second", module.value)))
    assert seen == []
    importlib.import_module("hooked_one")
    assert seen == [("first", 1), ("second", 1)]


def test_hook_of_a_module_that_was_imported_runs_at_once(modules, hook):
    modules("hooked_before")
    module = importlib.import_module("hooked_before")
    seen = []
    hook("hooked_before", seen.append)
    assert seen == [module]


def test_import_after_deletion_runs_the_hook_again(modules, hook):
    modules("hooked_twice")
    seen = []
    hook("hooked_twice", seen.append)
    importlib.import_module("hooked_twice")
    del sys.modules["hooked_twice"]
    importlib.import_module("hooked_twice")
    assert len(seen) == 2 and seen[0] is not seen[1]


def test_error_of_a_hook_is_logged_and_the_import_succeeds(modules, hook, caplog):
    modules("hooked_badly")
    seen = []
    hook("hooked_badly", lambda module: 1 / 0)
    hook("hooked_badly", seen.append)
    with caplog.at_level(logging.ERROR):
        importlib.import_module("hooked_badly")
    assert len(seen) == 1
    assert "hooked_badly" in caplog.text


def test_error_of_the_body_is_the_import_s_own(modules, hook):
    modules("broken_body", "raise LookupError('mine')")
    seen = []
    hook("broken_body", seen.append)
    with pytest.raises(LookupError, match="mine"):
        importlib.import_module("broken_body")
    assert seen == []
    with pytest.raises(ModuleNotFoundError):
        hook("no_such_module_at_all", seen.append)
        importlib.import_module("no_such_module_at_all")


def test_module_has_its_own_loader(modules, hook):
    modules("hooked_loader")
    hook("hooked_loader", lambda module: None)
    module = importlib.import_module("hooked_loader")
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    assert module.__spec__.loader is module.__loader__
    assert importlib.reload(module) is module


def test_forgotten_hook_does_not_run(modules, hook):
    modules("hooked_no_more")
    seen = []
    hook("hooked_no_more", seen.append)
    assert import_hooks.forget("hooked_no_more", seen.append) is True
    assert import_hooks.forget("hooked_no_more", seen.append) is False
    importlib.import_module("hooked_no_more")
    assert seen == []


def test_finder_is_there_once_and_can_be_taken_away(modules, hook):
    hook("hooked_somewhere", lambda module: None)
    hook("hooked_elsewhere", lambda module: None)
    assert sys.meta_path.count(import_hooks._FINDER) == 1
    import_hooks.uninstall()
    import_hooks.uninstall()
    assert import_hooks._FINDER not in sys.meta_path


def test_module_run_as_a_program_works(tmp_path):
    (tmp_path / "program.py").write_text("print('ran', __name__)")
    code = "import runpy; from libddtrace.integrations import import_hooks as h; h.when_imported('program', print); runpy.run_module('program', run_name='__main__')"
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout
    assert out == "ran __main__\n"
