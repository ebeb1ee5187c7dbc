"""Builds the extension. README.md, "Building", says where the header and the library are looked for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


def checkout():
    """The repository that this directory lies in, or None: pip may have copied it away."""
    for parent in HERE.parents:
        if (parent / "include" / "ddtrace.h").exists() and (parent / "Cargo.toml").exists():
            return parent
    return None


def include_dirs():
    """LIBDDTRACE_INCLUDE, the checkout's header, or that of the system (the compiler finds it)."""
    named = os.environ.get("LIBDDTRACE_INCLUDE")
    if named:
        return [named]
    root = checkout()
    return [str(root / "include")] if root else []


def library():
    """The library to carry along: LIBDDTRACE_BUNDLE, or what cargo built in the checkout. None: the system's is used."""
    named = os.environ.get("LIBDDTRACE_BUNDLE")
    if named is not None:
        if named and not Path(named).exists():
            sys.exit(f"LIBDDTRACE_BUNDLE names {named}, which does not exist")
        return Path(named) if named else None
    root = checkout()
    if root is None:
        return None
    target = Path(os.environ.get("CARGO_TARGET_DIR") or root / "target")
    for profile in ("release", "debug"):
        built = root / target / profile / "libddtrace.so"
        if built.exists():
            return built
    return None


class BuildWithLibrary(build_py):
    def run(self):
        super().run()
        found = library()
        carried = Path(self.build_lib) / "libddtrace" / "lib"
        if carried.exists():
            shutil.rmtree(carried)
        if found is not None and not self.editable_mode:
            carried.mkdir(parents=True)
            copy = carried / "libddtrace.so.0"
            shutil.copy2(found, copy)
            if shutil.which("strip"):
                subprocess.run(["strip", "--strip-unneeded", str(copy)], check=False)


setup(
    ext_modules=[
        Extension(
            "libddtrace._native",
            sources=sorted(str(path.relative_to(HERE)) for path in (HERE / "native").glob("*.c")),
            depends=sorted(str(path.relative_to(HERE)) for path in (HERE / "native").glob("*.h")),
            include_dirs=include_dirs(),
            define_macros=[("Py_LIMITED_API", "0x030A0000")],
            extra_compile_args=["-std=c11", "-O2", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-missing-field-initializers"],
            py_limited_api=True,
        )
    ],
    cmdclass={"build_py": BuildWithLibrary},
)
