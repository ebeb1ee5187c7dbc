"""`libddtrace-run PROGRAM [ARGUMENT…]` runs a Python program with the integrations on."""

import os
import shutil
import sys
from typing import NoReturn, Optional, Sequence

USAGE = """usage: libddtrace-run PROGRAM [ARGUMENT...]

Runs a Python program, such as `python app.py`, `flask run` or `gunicorn app:app`, with the integrations of libddtrace on.
The environment configures them: DD_SERVICE, DD_TRACE_AGENT_URL, DD_TRACE_<NAME>_ENABLED, DD_PATCH_MODULES=name:true,name:false, ...
"""


def main(arguments: Optional[Sequence[str]] = None) -> NoReturn:
    """Replaces this process by the program."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        sys.exit(0 if arguments else 2)
    if arguments[0] in ("-v", "--version"):
        import libddtrace

        print(f"libddtrace-run {libddtrace.__version__}")
        sys.exit(0)
    program = shutil.which(arguments[0])
    if program is None:
        print(f"libddtrace-run: no program named {arguments[0]} is in the PATH", file=sys.stderr)
        sys.exit(127)
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in (bootstrap(), os.environ.get("PYTHONPATH")) if path)
    try:
        os.execv(program, [program, *arguments[1:]])
    except OSError as error:
        print(f"libddtrace-run: {program} cannot be run: {error.strerror}", file=sys.stderr)
        sys.exit(126)


def bootstrap() -> str:
    """The directory that is put in front of the module path."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap")


if __name__ == "__main__":
    main()
