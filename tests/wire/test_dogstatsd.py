"""Metrics, as a receiver that keeps to the rules of DogStatsD sees them."""

import http.server
import json
import threading
import time
import unittest

import dogstatsd
import program
import statsd_server

WAYS = ["udp", "unixgram", "unixstream"]


def setUpModule():
    global statsd_program
    statsd_program = program.build("statsd")


class InfoAgent:
    """An agent that knows the port of its DogStatsD server, and answers everything else with one status and body."""

    def __init__(self, statsd_port, status=200, body=b"{}"):
        info = json.dumps({"version": "7.70.0", "endpoints": ["/v0.4/traces"], "config": {"statsd_port": statsd_port}}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self._answer(200, info)

            def do_PUT(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(status, body)

            do_POST = do_PUT

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Messages(unittest.TestCase):
    def check_all(self, receiver, metrics, most_payload):
        receiver.end()
        messages = receiver.messages()
        requests = [message for message in messages if message["kind"] == "metric" and message["name"] == "requests"]
        times = [message for message in messages if message["kind"] == "metric" and message["name"] == "time"]
        self.assertEqual(sum(message["value"] for message in requests), metrics)
        self.assertEqual(len(requests), 1, "counts are added up")
        self.assertEqual(requests[0]["tags"], ["env:test", "service:wire", "version:1.2.3", "route:/a_b_c", "grün"])
        self.assertEqual(sum(message["value"] for message in times), metrics * (metrics - 1) / 2)
        events = [message for message in messages if message["kind"] == "event"]
        self.assertEqual([(event["title"], event["text"]) for event in events], [("Deployed", "a|b\\nc")])
        checks = [message for message in messages if message["kind"] == "check"]
        self.assertEqual([(check["name"], check["status"]) for check in checks], [("database", "1")])
        self.assertLessEqual(max(len(payload) for payload in receiver.payloads), most_payload)

    def test_messages_arrive_by_every_way(self):
        for way in WAYS:
            with self.subTest(way), dogstatsd.Receiver(way) as receiver:
                printed, _ = program.run(statsd_program, {"DD_DOGSTATSD_URL": receiver.url}, ["500", "flush"])
                address, counters = printed.splitlines()
                self.assertEqual(address, receiver.url)
                self.assertEqual(counters, f"{counters.split()[0]} 0")
                self.check_all(receiver, 500, 1432 if way == "udp" else 8192)

    def test_a_program_that_ends_without_a_flush_loses_nothing(self):
        for way in WAYS:
            with self.subTest(way), dogstatsd.Receiver(way) as receiver:
                begin = time.monotonic()
                program.run(statsd_program, {"DD_DOGSTATSD_URL": receiver.url}, ["50", "exit"])
                self.assertLess(time.monotonic() - begin, 1.5)
                self.check_all(receiver, 50, 8192)

    def test_host_and_port_and_a_path_are_addresses(self):
        with dogstatsd.Receiver("udp") as receiver:
            settings = {"DD_AGENT_HOST": "localhost", "DD_DOGSTATSD_PORT": str(receiver.port)}
            printed, _ = program.run(statsd_program, settings, ["5", "exit"])
            self.assertEqual(printed.strip(), f"udp://localhost:{receiver.port}")
            self.check_all(receiver, 5, 1432)
        with dogstatsd.Receiver("unixstream") as receiver:
            printed, _ = program.run(statsd_program, {"DD_DOGSTATSD_URL": receiver.path}, ["5", "exit"])
            self.assertEqual(printed.strip(), f"unix://{receiver.path}")
            self.check_all(receiver, 5, 8192)

    def test_a_server_that_others_wrote_understands_them(self):
        with statsd_server.StatsdServer() as server:
            settings = {"DD_DOGSTATSD_URL": f"udp://127.0.0.1:{server.port}", "DD_ORIGIN_DETECTION_ENABLED": "false"}
            program.run(statsd_program, settings, ["100", "flush"])
            common = "env=test;service=wire;version=1.2.3"
            requests, took, level, users = (
                f"requests;{common};route=/a_b_c;grün",
                f"took;{common}",
                f"level;{common}",
                f"users;{common}",
            )
            found = server.wait_for(lambda found: found["counters"].get(requests) == 100 and took in found["timers"])
            self.assertEqual(found["counters"][f"time;{common}"], 4950, "to this server all unknown kinds are counts")
            self.assertEqual((found["timers"][took], found["gauges"][level], found["sets"][users]), ([12.5], 0.5, ["u1"]))
            self.assertEqual(found["counters"]["statsd.bad_lines_seen"], 2, "an event and a check")

    def test_nobody_there_costs_no_time_and_no_word(self):
        for url in ["udp://127.0.0.1:9", "unix:///nowhere/dsd.socket", "unixstream:///nowhere/dsd.socket"]:
            with self.subTest(url):
                begin = time.monotonic()
                _, said = program.run(statsd_program, {"DD_DOGSTATSD_URL": url}, ["100", "exit"])
                self.assertLess(time.monotonic() - begin, 1.5)
                self.assertEqual(said, "")

    def test_origin_fields(self):
        with dogstatsd.Receiver("udp") as receiver:
            settings = {
                "DD_DOGSTATSD_URL": receiver.url,
                "DD_ENTITY_ID": "pod-7",
                "DD_EXTERNAL_ENV": "it-false,cn-web",
                "DD_CARDINALITY": "low",
            }
            program.run(statsd_program, settings, ["1", "exit"])
            receiver.end()
            metrics = [message for message in receiver.messages() if message["kind"] == "metric"]
            for metric in metrics:
                self.assertEqual(metric["tags"][0], "dd.internal.entity_id:pod-7")
                self.assertIsNone(metric["local"], "the entity stands for the container")
                self.assertEqual((metric["external"], metric["cardinality"]), ("it-false,cn-web", "low"))


class OwnMetrics(unittest.TestCase):
    def test_health_of_a_short_program_arrives(self):
        with dogstatsd.Receiver("udp") as receiver:
            settings = {
                "DD_DOGSTATSD_URL": receiver.url,
                "DD_TRACE_HEALTH_METRICS_ENABLED": "true",
                "LIBDDTRACE_EXPORTER": "null",
            }
            program.run(statsd_program, settings, ["0", "flush", "health"])
            receiver.end()
            counts = {message["name"]: message["value"] for message in receiver.messages()}
            self.assertEqual(counts["datadog.tracer.spans_finished"], 3)
            self.assertEqual(counts["datadog.tracer.flush_traces"], 3)
            self.assertEqual((counts["datadog.tracer.started"], counts["datadog.tracer.stopped"]), (1, 1))

    def health_with(self, agent, **settings):
        """What a program of three spans reports of its health, by name and tags that are not common."""
        with dogstatsd.Receiver("udp") as receiver:
            settings = {
                "DD_TRACE_AGENT_URL": agent.url,
                "DD_DOGSTATSD_URL": receiver.url,
                "DD_TRACE_HEALTH_METRICS_ENABLED": "true",
                "LIBDDTRACE_SHUTDOWN_TIMEOUT_MS": "2000",
                **settings,
            }
            program.run(statsd_program, settings, ["0", "flush", "health"])
            receiver.end()
            own = ("reason:", "endpoint:", "status_code:", "to:", "type:")
            counts, kinds = {}, set()
            for message in receiver.messages():
                name = message["name"].removeprefix("datadog.tracer.")
                tags = ",".join(tag for tag in message["tags"] if tag.startswith(own))
                counts[name, tags] = counts.get((name, tags), 0) + message["value"]
                kinds.add(message["type"])
            return counts, kinds

    def test_requests_to_the_agent_are_told_one_by_one(self):
        with InfoAgent(1) as agent:
            counts, _ = self.health_with(agent)
            self.assertEqual(counts["api.responses", "status_code:200"], counts["api.requests", ""])
            self.assertEqual(counts["flush_triggered", "reason:shutdown"], 1)
            self.assertGreater(counts["flush_duration", ""], 0)
            self.assertFalse([key for key in counts if key[0] in ("api.errors", "decode_error", "traces_dropped")])

    def test_an_agent_that_refuses_is_told_of(self):
        with InfoAgent(1, status=503) as agent:
            counts, _ = self.health_with(agent)
            self.assertGreaterEqual(counts["api.errors", "reason:server_response_503,endpoint:/v0.4/traces"], 1)
            self.assertGreaterEqual(counts["api.responses", "status_code:503"], 1)
            self.assertEqual(counts["traces_dropped", "reason:send_failed"], 3)
        with InfoAgent(1, body=b"<html>") as agent:
            counts, _ = self.health_with(agent)
            self.assertGreaterEqual(counts["decode_error", ""], 1)
            self.assertEqual(counts["flush_traces", ""], 3, "they have arrived all the same")

    def test_names_are_those_of_the_binding(self):
        with InfoAgent(1, status=503) as agent:
            counts, kinds = self.health_with(agent, LIBDDTRACE_HEALTH_METRIC_NAMES="python")
            self.assertGreaterEqual(counts["http.errors", "type:503"], 1)
            self.assertEqual((counts["writer.accepted.traces", ""], counts["http.dropped.traces", ""]), (3, 3))
            self.assertEqual(kinds, {"d"})
            counts, kinds = self.health_with(agent, LIBDDTRACE_HEALTH_METRIC_NAMES="ruby")
            self.assertEqual((counts["queue.accepted", ""], kinds), (3, {"c", "g"}))

    def test_the_agent_s_word_about_its_port_counts(self):
        with dogstatsd.Receiver("udp") as receiver, InfoAgent(receiver.port) as agent:
            settings = {"DD_TRACE_AGENT_URL": agent.url, "DD_TRACE_HEALTH_METRICS_ENABLED": "true"}
            program.run(statsd_program, settings, ["0", "flush", "health"])
            receiver.end()
            counts = {message["name"]: message["value"] for message in receiver.messages()}
            self.assertEqual(counts["datadog.tracer.spans_finished"], 3)

    def test_without_the_settings_nothing_is_sent(self):
        with dogstatsd.Receiver("udp") as receiver:
            settings = {"DD_DOGSTATSD_URL": receiver.url, "LIBDDTRACE_EXPORTER": "null"}
            program.run(statsd_program, settings, ["0", "flush", "health"])
            receiver.end()
            self.assertEqual(receiver.payloads, [])
