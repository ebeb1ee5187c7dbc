"""The npm package `statsd`, a server that others wrote: what it makes of metrics by UDP.

It reads the tags of DogStatsD into the name, `name;key=value;tag`, and knows no events and no checks, which are bad lines to it. What it does
not know as a kind it counts: so histograms and distributions have the sum of their values.
"""

import json
import os
import shutil
import socket
import tempfile
import time

import agent
import background
import native

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.join(native.PROJECT, ".venv", "node", "node_modules", "statsd")
SECONDS = 30


class StatsdServer:
    """A running server. Use it in a `with` block."""

    def __enter__(self):
        node, script = shutil.which("node"), os.path.join(PACKAGE, "stats.js")
        if node is None or not os.path.exists(script):
            raise RuntimeError(f"node or {script} is missing: run scripts/setup")
        self._directory = tempfile.TemporaryDirectory(prefix="ddtrace-statsd-")
        self._found = os.path.join(self._directory.name, "found")
        self.port, (self._management,) = free_udp_port(), agent.free_ports(1)
        configuration = os.path.join(self._directory.name, "configuration.js")
        with open(configuration, "w") as file:
            json.dump(
                {
                    "address": "127.0.0.1",
                    "port": self.port,
                    "mgmt_address": "127.0.0.1",
                    "mgmt_port": self._management,
                    "flushInterval": 200,
                    "deleteCounters": True,
                    "keyNameSanitize": False,
                    "backends": [os.path.join(HERE, "statsd_backend.js")],
                    "found": self._found,
                },
                file,
            )
        log = os.path.join(self._directory.name, "log")
        self._program = background.Program([node, script, configuration], log, self._is_ready)
        self._program.__enter__()
        return self

    def __exit__(self, *_):
        self._program.end()
        self._directory.cleanup()

    def wait_for(self, is_there):
        """What it has found once that is so: counters added up, the last gauges, all values of timers, the members of sets."""
        end = time.monotonic() + SECONDS
        while not is_there(found := self._read()):
            if time.monotonic() > end:
                raise AssertionError(f"the server found {found}\n{self._program.log()}")
            time.sleep(0.1)
        return found

    def _read(self):
        found = {"counters": {}, "gauges": {}, "timers": {}, "sets": {}}
        lines = []
        if os.path.exists(self._found):
            with open(self._found) as file:
                # The last line may be under way.
                lines = [line for line in file if line.endswith("\n")]
        for flush in map(json.loads, lines):
            for name, count in flush["counters"].items():
                found["counters"][name] = found["counters"].get(name, 0) + count
            found["gauges"].update(flush["gauges"])
            for kind in ["timers", "sets"]:
                for name, values in flush[kind].items():
                    found[kind].setdefault(name, []).extend(values)
        return found

    def _is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self._management), timeout=5) as connection:
                connection.sendall(b"health\n")
                return b"up" in connection.recv(100)
        except OSError:
            return False


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
