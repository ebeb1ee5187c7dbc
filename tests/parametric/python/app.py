"""The parametric app for Python: an HTTP server through which tests drive the library.

    APM_TEST_CLIENT_SERVER_PORT=8080 python tests/parametric/python/app.py

What follows on the command line is ignored, and seen by the library as the process's arguments.
"""

import os
import signal
import sys

sys.dont_write_bytecode = True

import datadog  # noqa: E402
import missing  # noqa: E402
import otel  # noqa: E402
import tracer_wide  # noqa: E402
from server import Server  # noqa: E402
from state import State  # noqa: E402


def main() -> None:
    # Process 1 of a container has no default for this signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    state = State()
    routes = {}
    for part in (datadog, otel, tracer_wide, missing):
        routes.update(part.routes(state))
    port = int(os.environ["APM_TEST_CLIENT_SERVER_PORT"])
    with Server(("0.0.0.0", port), routes) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
