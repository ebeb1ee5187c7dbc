"""Instrumentation telemetry: what the test agent gets of a process's beginning, life and end."""

import unittest

import agent
import program
from telemetry import Telemetry


def setUpModule():
    global server, client
    server = unittest.enterModuleContext(agent.Agent())
    client = program.build("telemetry")


def run(*steps, transport="tcp", **settings):
    """Runs the steps; returns what the agent got, and the runtime ids that the program told."""
    session = server.session()
    defaults = {"DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true", "DD_TELEMETRY_HEARTBEAT_INTERVAL": "60"}
    settings = {"DD_TRACE_AGENT_URL": server.address(transport), **defaults, **settings}
    stdout, stderr = program.run(client, settings, [str(step) for step in steps])
    ids = [line.split()[1] for line in stdout.splitlines()]
    return Telemetry(session), ids, stderr


class Lifecycle(unittest.TestCase):
    def test_a_session_begins_and_ends(self):
        for transport in ["tcp", "unix"]:
            got, ids, stderr = run("tracer", "sleep", 100, transport=transport)
            self.assertEqual(got.types()[0], "app-started")
            self.assertEqual(got.types()[-1], "app-closing")
            self.assertEqual(got.types().count("app-started"), 1)
            self.assertEqual(got.runtime_ids(), ids)
            self.assertEqual(stderr, "")

    def test_a_session_begins_before_there_is_a_span(self):
        got, _, _ = run("tracer", "sleep", 300, "die")
        self.assertEqual(got.types(), ["app-started"])

    def test_a_short_program_has_a_session_too(self):
        got, _, _ = run("tracer")
        self.assertEqual((got.types()[0], got.types()[-1]), ("app-started", "app-closing"))

    def test_who_wants_no_telemetry_has_none(self):
        got, _, _ = run("tracer", "span", "sleep", 300, DD_INSTRUMENTATION_TELEMETRY_ENABLED="false")
        self.assertEqual(got.bodies, [])


if __name__ == "__main__":
    unittest.main()
