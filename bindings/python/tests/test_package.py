"""The package as users get it: installed from the checkout, and as a wheel, each in a clean environment."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from processes import CLEAN

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import pathlib, sys
import libddtrace
from libddtrace import Tracer, exporters
exporter = exporters.MemoryExporter()
tracer = Tracer({"DD_SERVICE": "clean"}, exporter)
with tracer.trace("clean", tags={"a": "b"}):
    pass
assert exporter.find("clean")["meta"]["a"] == "b"
assert pathlib.Path(libddtrace._load.native.library_path).is_relative_to(sys.prefix), libddtrace._load.native.library_path
assert (pathlib.Path(libddtrace.__file__).parent / "py.typed").exists()
tracer.shutdown(20)
"""


def clean_environment(directory):
    venv.create(directory, with_pip=True)
    return directory / "bin" / "python"


def works(python):
    environment = {key: value for key, value in CLEAN.items() if key not in ("LIBDDTRACE_PATH", "LD_LIBRARY_PATH")}
    subprocess.run([python, "-W", "error", "-c", PROGRAM], env=environment, cwd="/", check=True, timeout=120)


def test_pip_install_of_the_checkout(tmp_path):
    python = clean_environment(tmp_path / "venv")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ROOT / "bindings" / "python"], check=True)
    works(python)


def test_the_wheel_carries_the_library(tmp_path):
    # With the tools of this environment, and nothing from the network.
    subprocess.run(
        [ROOT / "scripts" / "wheel", os.environ["LIBDDTRACE_BUNDLE"], tmp_path, "--quiet", "--no-build-isolation"],
        env={**os.environ, "PYTHON": sys.executable},
        check=True,
    )
    (wheel,) = tmp_path.glob("libddtrace-*.whl")
    assert "-cp310-abi3-" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert {"libddtrace/lib/libddtrace.so.0", "libddtrace/py.typed", "libddtrace/_native.pyi"} <= set(names)
    python = clean_environment(tmp_path / "venv")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel], check=True)
    works(python)
