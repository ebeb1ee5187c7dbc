"""Found by every Python process that `libddtrace-run` starts: turns the integrations on, then runs the program's own `sitecustomize`."""

import importlib
import os
import sys


def _main() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or os.curdir) != here]
    try:
        import libddtrace.auto  # noqa: F401
    except Exception as error:
        print(f"libddtrace: the program runs without instrumentation: {error!r}", file=sys.stderr)
    ours = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours


_main()
