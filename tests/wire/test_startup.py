"""What a program says at its start: the settings, and whether its agent is there."""

import json
import unittest

import agent
import program

LINE = "DATADOG TRACER CONFIGURATION - "
SAID = "DATADOG TRACER DIAGNOSTIC - Agent not reachable at "


def setUpModule():
    global startup_program
    startup_program = program.build("startup")


class StartUp(unittest.TestCase):
    def start(self, url):
        """The facts of the start-up line, those that the program reads after a flush, and all that it said."""
        settings = {"DD_TRACE_STARTUP_LOGS": "true", "DD_TRACE_AGENT_URL": url, "DD_TAGS": "team:blue", "DD_TRACE_SAMPLE_RATE": "0.5"}
        printed, said = program.run(startup_program, settings)
        lines = [line.removeprefix(LINE) for line in said.splitlines() if line.startswith(LINE)]
        self.assertEqual(len(lines), 1, said)
        return json.loads(lines[0]), json.loads(printed), said

    def test_an_agent_that_is_there(self):
        with agent.Agent() as running:
            line, later, said = self.start(running.url)
        for facts in (line, later):
            self.assertEqual((facts["service"], facts["env"], facts["dd_version"]), ("wire", "test", "1.2.3"))
            self.assertEqual((facts["agent_url"], facts["sample_rate"], facts["tags"]), (running.url, 0.5, {"team": "blue"}))
            self.assertEqual(facts["environment_variables"]["DD_TRACE_SAMPLE_RATE"], "0.5")
            self.assertIsNone(facts["agent_error"])
        self.assertNotIn("agent_features", line, "nobody has asked the agent yet")
        self.assertIn("/v0.4/traces", later["agent_features"]["endpoints"])
        self.assertNotIn(SAID, said)

    def test_an_agent_that_is_not_there(self):
        (port,) = agent.free_ports(1)
        for url in [f"http://127.0.0.1:{port}", "http://no-such-host.invalid:8126", "unix:///nowhere/apm.socket"]:
            with self.subTest(url):
                line, later, said = self.start(url)
                self.assertIsNone(line["agent_error"], "the program was not kept waiting for the answer")
                self.assertEqual(said.count(SAID), 1, said)
                self.assertIn(f"{SAID}{url}: {later['agent_error']}\n", said)
                self.assertTrue(later["agent_error"])
