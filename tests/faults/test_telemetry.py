"""Telemetry with an agent that refuses it, fails, is silent or talks nonsense: the program never notices, and what can be told later is."""

import json
import os
import subprocess
import time
import unittest

import agent as treat
import native

SOURCE = os.path.join(native.PROJECT, "tests", "wire", "telemetry.c")
SETTINGS = {
    **native.QUIET_SETTINGS,
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true",
    "DD_TELEMETRY_HEARTBEAT_INTERVAL": "0.2",
    "DD_SERVICE": "faults",
    "DD_TRACE_LOG_LEVEL": "warn",
}
# For machines under load.
MARGIN_SECONDS = 5


def setUpModule():
    global program
    program = native.build(SOURCE, "faults")


class Run:
    """A program's telemetry: its requests, what was taken, and how long it all took."""

    def __init__(self, agent, *steps, **settings):
        environment = native.environment({**SETTINGS, "DD_TRACE_AGENT_URL": agent.url, **settings})
        began = time.monotonic()
        ended = subprocess.run(
            [program, *map(str, steps)], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        self.seconds = time.monotonic() - began
        assert ended.returncode == 0, ended.stderr
        self.stdout, self.stderr = ended.stdout, ended.stderr
        self.sent = bodies(agent.requests)
        self.taken = bodies(agent.accepted())

    def stats(self):
        (line,) = [line for line in self.stdout.splitlines() if line.startswith("stats ")]
        return {key: int(value) for key, value in (pair.split("=") for pair in line.split()[1:])}


def bodies(requests):
    return [json.loads(request.body) for request in requests if request.path.endswith("/apmtelemetry")]


def types(messages):
    found = []
    for body in messages:
        found += [message["request_type"] for message in (body["payload"] if body["request_type"] == "message-batch" else [body])]
    return found


class Faults(unittest.TestCase):
    def agent(self, *treatments, **options):
        return self.enterContext(treat.Agent(*treatments, **options))

    def check_recovers(self, run):
        """What came to be known before the agent was well again was told then, once, behind the beginning."""
        taken = types(run.taken)
        self.assertEqual((taken[0], taken[-1]), ("app-started", "app-closing"))
        self.assertEqual(taken.count("app-started"), 1)
        self.assertEqual(taken.count("app-dependencies-loaded"), 1)
        self.assertEqual(run.stderr, "", "nobody but telemetry has to know")

    def test_failures_of_the_agent(self):
        for status in [500, 503, 429]:
            run = Run(self.agent(*[treat.answer(status)] * 3, treat.answer(202)), "tracer", "add", "sleep", 1500)
            self.check_recovers(run)

    def test_an_agent_that_knows_no_telemetry_yet(self):
        run = Run(self.agent(*[treat.answer(404)] * 3, treat.answer(202)), "tracer", "add", "sleep", 1500)
        self.check_recovers(run)
        run = Run(self.agent(treat.answer(404)), "tracer", "add", "sleep", 500, "stats")
        self.assertEqual(set(types(run.sent)), {"app-started"})
        self.assertEqual(run.stats()["accepted"], 0)
        self.assertEqual(run.stderr, "")

    def test_broken_connections_and_nonsense(self):
        for treatment in [treat.close, treat.reset, treat.garbage, treat.endless_body]:
            run = Run(self.agent(*[treatment] * 2, treat.answer(202)), "tracer", "add", "sleep", 1500)
            self.assertEqual(types(run.taken)[-1], "app-closing", treatment.__name__)
            self.assertEqual(run.stderr, "")

    def test_a_second_attempt_has_the_number_of_the_first(self):
        run = Run(self.agent(treat.answer(500), treat.answer(202)), "tracer", "sleep", 600)
        self.assertEqual([body["seq_id"] for body in run.sent[:2]], [1, 1])
        self.assertEqual(run.sent[0], run.sent[1])
        self.assertEqual([body["seq_id"] for body in run.taken], list(range(1, len(run.taken) + 1)))

    def test_what_is_too_large_is_dropped_and_the_rest_goes_on(self):
        agent = self.agent(treat.answer(202), treat.answer(413), treat.answer(202))
        run = Run(agent, "tracer", "sleep", 100, "add", "sleep", 700, "stats", DD_TELEMETRY_METRICS_ENABLED="false")
        self.assertGreaterEqual(run.stats()["dropped"], 1)
        self.assertEqual(types(run.taken)[-1], "app-closing")
        self.assertIn("app-heartbeat", types(run.taken))

    def test_an_agent_that_is_not_there(self):
        run = Run(self.agent(listening=False), "tracer", "span", "add", "sleep", 300, "stats", DD_TRACE_LOG_LEVEL="off")
        self.assertGreaterEqual(run.stats()["failed"], 2)
        self.assertLess(run.seconds, 0.3 + MARGIN_SECONDS)

    def test_numbers_have_no_gaps_where_nobody_saw_them(self):
        agent = self.agent(treat.answer(202), listening=False)
        environment = native.environment({**SETTINGS, "DD_TRACE_AGENT_URL": agent.url})
        running = subprocess.Popen([program, "tracer", "add", "sleep", "2000"], env=environment, stdout=subprocess.DEVNULL)
        time.sleep(0.7)
        agent.appear()
        self.assertEqual(running.wait(30), 0)
        taken = bodies(agent.accepted())
        self.assertEqual([body["seq_id"] for body in taken], list(range(1, len(taken) + 1)))
        self.assertEqual(types(taken)[0], "app-started")

    def test_silence_does_not_keep_the_process(self):
        run = Run(self.agent(treat.silent), "tracer", "leave", LIBDDTRACE_SHUTDOWN_TIMEOUT_MS="500")
        self.assertLess(run.seconds, 0.5 + MARGIN_SECONDS)
        run = Run(self.agent(treat.silent), "tracer", "tell", 200)
        self.assertIn("told 12", run.stdout)

    def test_a_full_load_is_bounded(self):
        steps = ["log", 1, "metric", 4, "metric", 1] * 50
        run = Run(self.agent(treat.answer(503)), "tracer", *steps, "sleep", 500, "stats")
        self.assertEqual(run.stats()["accepted"], 0)
        self.assertEqual(set(types(run.sent)), {"app-started"})


if __name__ == "__main__":
    unittest.main()
