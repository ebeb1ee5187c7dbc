"""Remote configuration against the public test agent: the reference sequence, settings on a live tracer, flares, hostile answers."""

import base64
import io
import json
import time
import unittest
import zipfile

import agent
import program
import remote
from telemetry import Telemetry

FEATURES = "ASM_FEATURES"
BASE, SECOND, THIRD = (remote.path(FEATURES, f"ASM_FEATURES-{name}") for name in ("base", "second", "third"))
NAMED = remote.path(FEATURES, "ASM_FEATURES-third", "testname")
ROGUE = remote.path("ROGUE", "rogue")
APM = remote.path("APM_TRACING", "apm-1")


def setUpModule():
    global executable, running
    executable = program.build("remote_config")
    running = agent.Agent().__enter__()
    unittest.addModuleCleanup(running.__exit__)


def apm(**lib_config):
    return {"service_target": {"service": "WIRE", "env": "Test"}, "lib_config": lib_config}


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


class Sequence(unittest.TestCase):
    """5.2 Reference sequence."""

    B1, B2 = {BASE: (1, "base 1")}, {BASE: (2, "base 2")}
    S1, T1, N1, R1 = {SECOND: (1, "second")}, {THIRD: (1, "third")}, {NAMED: (1, "third")}, {ROGUE: (1, "rogue")}

    def steps(self):
        b1, b2, s1, t1, n1, r1 = self.B1, self.B2, self.S1, self.T1, self.N1, self.R1
        base1, base2, second, third = ("base", 1), ("base", 2), ("second", 1), ("third", 1)
        return [
            (remote.answer(1, {}, {}, []), 1, [], False),
            (remote.answer(2, b1, b1, [BASE]), 2, [base1], False),
            (remote.answer(3, b2, b2, [BASE]), 3, [base2], False),
            (remote.answer(4, {}, {}, []), 4, [], False),
            (remote.answer(5, {**b1, **s1}, {**b1, **s1}, [BASE, SECOND]), 5, [base1, second], False),
            (remote.answer(6, {**b1, **t1}, t1, [BASE, THIRD]), 6, [base1, third], False),
            (remote.answer(7, {**b2, **s1, **t1}, {**b2, **s1}, [BASE, SECOND, THIRD]), 7, [base2, second, third], False),
            (remote.answer(8, {**b1, **s1}, b1, [BASE, SECOND]), 8, [base1, second], False),
            (remote.answer(9, {**b1, **s1}, {}, [BASE, SECOND]), 9, [base1, second], False),
            (remote.answer(10, {**b1, **s1, **r1}, {}, [BASE, SECOND]), 10, [base1, second], False),
            (remote.answer(11, {**b2, **s1, **r1}, b2, [BASE, SECOND]), 11, [base2, second], False),
            (remote.answer(12, {**b2, **s1, **t1}, {}, [BASE, SECOND, THIRD]), 11, [base2, second], True),
            (remote.answer(12, {**b2, **s1}, t1, [BASE, SECOND, THIRD]), 11, [base2, second], True),
            (remote.answer(12, {**b2, **s1, **n1}, n1, [BASE, SECOND, NAMED]), 12, [base2, second, third], False),
            ({}, 12, [base2, second, third], False),
        ]

    def test_the_sequence_is_followed(self):
        backend = remote.Remote(running)
        with remote.Live(executable, running.url) as live:
            live.tell(f"subscribe {FEATURES}")
            live.poll()
            first = backend.polls()[-1]["client"]
            self.assertEqual(first["state"]["targets_version"], 0)
            self.assertEqual(first["state"]["config_states"], [])
            for number, (answer, version, files, is_refused) in enumerate(self.steps(), 1):
                with self.subTest(step=number):
                    backend.respond(answer)
                    live.poll()
                    live.poll()
                    request = backend.polls()[-1]
                    state = request["client"]["state"]
                    self.assertEqual(state["root_version"], 1)
                    self.assertEqual(state["targets_version"], version)
                    self.assertEqual(state["backend_client_state"], f"state {version}")
                    self.assertEqual((state["has_error"], bool(state["error"])), (is_refused, is_refused))
                    known = [(file["id"].removeprefix("ASM_FEATURES-"), file["version"]) for file in state["config_states"]]
                    self.assertEqual(sorted(known), files)
                    self.assertEqual({file["apply_state"] for file in state["config_states"]}, {2} if files else set())
                    self.assertEqual(len(request["cached_target_files"]), len(files))

    def test_first_request_names_the_client_and_all_capabilities(self):
        backend = remote.Remote(running)
        with remote.Live(executable, running.url, LIBDDTRACE_LANGUAGE="nodejs", DD_TAGS="team:blue") as live:
            live.poll()
            client_id = live.tell("id")
        client = backend.polls()[0]["client"]
        self.assertEqual(client["capabilities"], "IAjwAA==")
        self.assertEqual(client["products"], ["APM_TRACING", "AGENT_CONFIG", "AGENT_TASK"])
        self.assertEqual((client["id"], client["is_tracer"]), (client_id, True))
        tracer = client["client_tracer"]
        self.assertEqual([tracer[key] for key in ("service", "env", "app_version", "language")], ["wire", "test", "1.2.3", "node"])
        self.assertNotEqual(tracer["runtime_id"], client_id)
        self.assertIn("team:blue", tracer["tags"])
        (request, *_) = [request for request in backend.session.requests() if request["path"] == "/v0.7/config"]
        self.assertEqual((request["method"], request["headers"]["content-type"]), ("POST", "application/json"))

    def test_services_that_spans_name_are_told_of(self):
        backend = remote.Remote(running)
        with remote.Live(executable, running.url) as live:
            live.tell("span cart-db")
            live.poll()
        self.assertEqual(backend.polls()[-1]["client"]["client_tracer"]["extra_services"], ["cart-db"])

    def test_polls_go_on_by_themselves(self):
        backend = remote.Remote(running)
        with remote.Live(executable, running.url, DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS="0.2"):
            until(lambda: len(backend.polls()) >= 4)

    def test_off_is_off(self):
        backend = remote.Remote(running)
        with remote.Live(executable, running.url, DD_REMOTE_CONFIGURATION_ENABLED="false", DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS="0.1") as live:
            live.tell("span x")
            time.sleep(0.5)
        self.assertEqual(backend.polls(), [])

    def test_without_tracing_the_other_products_stay(self):
        backend = remote.Remote(running)
        with remote.Live(executable, running.url, DD_TRACE_ENABLED="false") as live:
            backend.respond_path(APM, apm(tracing_enabled=True))
            live.poll()
            live.poll()
            self.assertEqual(live.tell("get DD_TRACE_ENABLED"), "false env_var")
        client = backend.polls()[-1]["client"]
        self.assertEqual((client["products"], client["state"]["config_states"]), (["AGENT_CONFIG", "AGENT_TASK"], []))

    def test_a_forked_child_asks_for_itself(self):
        backend = remote.Remote(running)
        backend.respond_path(BASE, {"asm": True})
        with remote.Live(executable, running.url) as live:
            live.tell(f"subscribe {FEATURES}")
            live.poll()
            self.assertIn("add=ASM_FEATURES-base", live.tell("seen"))
            self.assertEqual(live.tell("fork poll"), "ok")
            self.assertNotEqual(live.tell("fork id"), live.tell("id"))
        ids = {(poll["client"]["id"], poll["client"]["client_tracer"]["runtime_id"]) for poll in backend.polls()}
        self.assertGreaterEqual(len(ids), 2)
        children = [poll for poll in backend.polls() if poll["client"]["id"] != backend.polls()[0]["client"]["id"]]
        self.assertEqual(children[0]["client"]["state"]["config_states"], [])
        self.assertIn(FEATURES, children[0]["client"]["products"])


class Settings(unittest.TestCase):
    """7. APM_TRACING on a tracer that runs, and back."""

    def setUp(self):
        self.backend = remote.Remote(running)

    def put(self, live, content, config_id="apm-1"):
        path = remote.path("APM_TRACING", config_id)
        self.backend.respond(remote.answer_with({path: content}))
        live.poll()
        live.poll()
        (state,) = self.backend.polls()[-1]["client"]["state"]["config_states"]
        return state

    def last_span(self, live, service="wire"):
        live.tell(f"span {service}")
        # The newest come first.
        return self.backend.session.traces()[0][0]

    def test_sampling_changes_and_returns(self):
        with remote.Live(executable, running.url, DD_TRACE_SAMPLE_RATE="1") as live:
            sampled = lambda service="wire": self.sampling(self.last_span(live, service))
            self.assertEqual(sampled(), ("-3", 1, 2))
            rules = [
                {"service": "web*", "resource": "*", "sample_rate": 0.75, "provenance": "customer"},
                {"service": "job", "resource": "*", "sample_rate": 0.0, "provenance": "Dynamic"},
            ]
            self.assertEqual(self.put(live, apm(tracing_sampling_rate=0, tracing_sampling_rules=rules))["apply_state"], 2)
            self.assertEqual(sampled(), ("-3", 0, -1))
            self.assertEqual((sampled("web")[0], sampled("web")[1]), ("-11", 0.75))
            self.assertEqual(sampled("job"), ("-12", 0, -1))
            self.put(live, apm(tracing_sampling_rate=None))
            self.assertEqual(sampled(), ("-3", 1, 2))
            self.assertEqual(live.tell("get DD_TRACE_SAMPLE_RATE"), "1.0 env_var")

    def test_provenance_is_told(self):
        with remote.Live(executable, running.url) as live:
            rule = lambda service, provenance: {"service": service, "resource": "*", "sample_rate": 1, "provenance": provenance}
            self.put(live, apm(tracing_sampling_rules=[rule("a", "customer"), rule("*", "dynamic")]))
            self.assertEqual(self.sampling(self.last_span(live, "a")), ("-11", 1, 2))
            self.assertEqual(self.sampling(self.last_span(live, "b")), ("-12", 1, 2))
            self.put(live, apm(tracing_sampling_rate=1))
            self.assertEqual(self.sampling(self.last_span(live, "a")), ("-3", 1, 2))

    @staticmethod
    def sampling(span):
        metrics = span["metrics"]
        return span["meta"].get("_dd.p.dm"), metrics.get("_dd.rule_psr"), metrics["_sampling_priority_v1"]

    def test_tags_change_and_return(self):
        with remote.Live(executable, running.url, DD_TAGS="local:1") as live:
            self.put(live, apm(tracing_tags=["team:blue", "url:http://x:1", "env:other", "bare"]))
            meta = self.last_span(live)["meta"]
            self.assertEqual([meta.get(key) for key in ("team", "url", "bare", "local", "env")], ["blue", "http://x:1", "", None, "test"])
            self.put(live, apm(tracing_tags=None))
            meta = self.last_span(live)["meta"]
            self.assertEqual((meta.get("team"), meta["local"]), (None, "1"))

    def test_service_names_change_and_return(self):
        with remote.Live(executable, running.url) as live:
            self.put(live, apm(tracing_service_mapping=[{"from_key": "db", "to_name": "postgres"}]))
            self.assertEqual(self.last_span(live, "db")["service"], "postgres")
            self.put(live, apm())
            self.assertEqual(self.last_span(live, "db")["service"], "db")

    def test_header_tags_and_log_correlation_change_and_return(self):
        with remote.Live(executable, running.url) as live:
            headers = [{"header": "X-A", "tag_name": "a"}, {"header": "X-B", "tag_name": ""}]
            self.put(live, apm(tracing_header_tags=headers, log_injection_enabled=True))
            self.assertEqual(live.tell("get DD_TRACE_HEADER_TAGS"), "X-A:a,X-B remote_config")
            self.assertEqual(live.tell("get DD_LOGS_INJECTION"), "true remote_config")
            self.assertEqual(live.tell("seen"), "changed=DD_TRACE_HEADER_TAGS;changed=DD_LOGS_INJECTION;")
            self.put(live, apm(log_injection_enabled=None))
            self.assertEqual(live.tell("get DD_LOGS_INJECTION"), "false default")
            self.assertEqual(live.tell("get DD_TRACE_HEADER_TAGS"), "- default")

    def test_tracing_goes_off_and_on(self):
        for language, comes_back in [("cpp", True), ("go", False)]:
            with self.subTest(language=language):
                self.setUp()
                with remote.Live(executable, running.url, LIBDDTRACE_LANGUAGE=language) as live:
                    self.put(live, apm(tracing_enabled=False))
                    live.tell("span lost")
                    self.assertEqual(self.backend.session.traces(), [])
                    self.put(live, apm(tracing_enabled=True))
                    live.tell("span found")
                    self.assertEqual(len(self.backend.session.traces()), int(comes_back))

    def test_files_for_others_are_acknowledged_without_effect(self):
        with remote.Live(executable, running.url) as live:
            for target in ({"service": "other", "env": "test"}, {"service": "wire", "env": "other"}):
                state = self.put(live, {"service_target": target, "lib_config": {"tracing_sampling_rate": 0.5}})
                self.assertEqual(state["apply_state"], 2)
                self.assertEqual(live.tell("get DD_TRACE_SAMPLE_RATE"), "- default")

    def test_bad_files_are_refused_with_a_reason(self):
        with remote.Live(executable, running.url) as live:
            self.put(live, apm(tracing_sampling_rate=0.5))
            for content in ("no json", "[]", apm(tracing_sampling_rate=1.5), apm(tracing_enabled="true"), apm(tracing_sampling_rules=[{"service": "a"}])):
                with self.subTest(content=content):
                    state = self.put(live, content)
                    self.assertEqual((state["apply_state"], bool(state["apply_error"])), (3, True))
                    self.assertEqual(live.tell("get DD_TRACE_SAMPLE_RATE"), "- default")

    def test_two_files_are_merged_by_priority(self):
        everybody = {"service_target": {"service": "*", "env": "*"}, "lib_config": {"tracing_sampling_rate": 0.1, "tracing_tags": ["a:b"]}}
        with remote.Live(executable, running.url) as live:
            files = {remote.path("APM_TRACING", "org"): everybody, APM: apm(tracing_sampling_rate=0.5)}
            self.backend.respond(remote.answer_with(files))
            live.poll()
            self.assertEqual(live.tell("get DD_TRACE_SAMPLE_RATE"), "0.5 remote_config")
            self.assertEqual(live.tell("get DD_TAGS"), "a:b remote_config")

    def test_telemetry_is_told_before_the_acknowledgement(self):
        with remote.Live(executable, running.url, DD_INSTRUMENTATION_TELEMETRY_ENABLED="true", DD_TRACE_SAMPLE_RATE="0.25") as live:
            self.put(live, apm(tracing_sampling_rate=0.5))
            change = until(lambda: [entry for entry in self.backend.configuration_changes() if entry["origin"] == "remote_config"])[-1]
            self.assertEqual((change["name"], change["value"], change["config_id"]), ("DD_TRACE_SAMPLE_RATE", 0.5, "apm-1"))
            self.put(live, apm(tracing_sampling_rate=None))
            entries = until(lambda: [entry for entry in self.backend.configuration_changes() if entry["origin"] == "env_var"])
            self.assertEqual((entries[-1]["name"], float(entries[-1]["value"])), ("DD_TRACE_SAMPLE_RATE", 0.25))
            self.assertGreater(entries[-1]["seq_id"], change["seq_id"])


class Told(unittest.TestCase):
    """Who hears of what remote configuration does."""

    def setUp(self):
        self.backend = remote.Remote(running)

    def put(self, live, files):
        self.backend.respond(remote.answer_with(files))
        live.poll()

    def telemetry(self, kind):
        return Telemetry(self.backend.session).messages(kind)

    def test_files_and_settings_are_events(self):
        with remote.Live(executable, running.url, DD_VERSION="1") as live:
            live.tell(f"subscribe {FEATURES}")
            live.tell("listen")
            live.poll()
            self.put(live, {BASE: "x", APM: apm(tracing_sampling_rate=0.5)})
            seen = live.tell("seen")
            self.assertIn(f"event=rc.applied;={FEATURES};={BASE};=2;", seen)
            self.assertIn(f"event=rc.applied;=APM_TRACING;={APM};=2;", seen)
            self.assertIn("event=config.changed;=DD_TRACE_SAMPLE_RATE;=-;=0.5;=remote_config;", seen)
            self.put(live, {APM: "no json"})
            seen = live.tell("seen")
            self.assertIn(f"event=rc.removed;={FEATURES};={BASE};", seen)
            self.assertIn(f"event=rc.applied;=APM_TRACING;={APM};=3;", seen)
            self.assertIn("event=config.changed;=DD_TRACE_SAMPLE_RATE;=0.5;=-;=default;", seen)

    def test_a_subscriber_that_takes_too_long_is_told_of(self):
        quick = {"DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true", "DD_TELEMETRY_HEARTBEAT_INTERVAL": "0.2"}
        with remote.Live(executable, running.url, **quick) as live:
            live.tell(f"slow {FEATURES}")
            self.put(live, {BASE: "x"})
            (log,) = until(lambda: [log for payload in self.telemetry("logs") for log in payload["logs"]])
        self.assertEqual((log["message"], log["level"]), ("RC callback operation exceeded threshold", "WARN"))
        tags = dict(tag.split(":") for tag in log["tags"].split(","))
        self.assertEqual((tags["product"], tags["callback_type"]), (FEATURES, "deliver"))
        self.assertGreater(float(tags["elapsed_time"]), 0.5)

    def test_products_are_switched_where_the_binding_has_them(self):
        for capabilities, expected in [("12,38", [True, False]), ("12", [])]:
            with self.subTest(capabilities=capabilities):
                self.setUp()
                settings = {"LIBDDTRACE_REMOTE_CAPABILITIES": capabilities, "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true"}
                with remote.Live(executable, running.url, **settings) as live:
                    self.put(live, {APM: apm(dynamic_instrumentation_enabled=True)})
                    until(lambda: self.backend.configuration_changes())
                    self.put(live, {APM: apm()})
                    until(lambda: len(self.backend.configuration_changes()) >= 2)
                changes = [payload["products"]["dynamic_instrumentation"]["enabled"] for payload in self.telemetry("app-product-change")]
                self.assertEqual(changes, expected)
                told = [(entry["value"], entry["origin"]) for entry in self.backend.configuration_changes()]
                self.assertEqual(told, [(True, "remote_config"), (False, "default")])

    def test_metrics_of_the_runtime_are_switched(self):
        with remote.Live(executable, running.url) as live:
            self.assertEqual(live.tell("collect none"), "none")
            self.put(live, {APM: apm(runtime_metrics_enabled=True)})
            self.assertEqual((live.tell("get DD_RUNTIME_METRICS_ENABLED"), live.tell("collect some")), ("true remote_config", "some"))
            self.put(live, {APM: apm()})
            self.assertEqual((live.tell("get DD_RUNTIME_METRICS_ENABLED"), live.tell("collect none")), ("false default", "none"))

    def test_the_agent_is_told_of_another_service(self):
        with remote.Live(executable, running.url) as live:
            file = {"service_target": {"service": "renamed", "env": "*"}, "lib_config": {"tracing_sampling_rate": 0.5}}
            self.put(live, {APM: file})
            self.assertEqual(live.tell("get DD_TRACE_SAMPLE_RATE"), "- default")
            live.tell("service renamed")
            self.assertEqual(live.tell("get DD_TRACE_SAMPLE_RATE"), "0.5 remote_config")
            live.poll()
        asked = [poll["client"]["client_tracer"]["service"] for poll in self.backend.polls()]
        self.assertEqual((asked[0], asked[-1]), ("wire", "renamed"))

    def test_spans_name_the_client(self):
        with remote.Live(executable, running.url) as live:
            live.tell("span x")
            self.assertEqual(self.backend.session.traces()[0][0]["meta"]["_dd.rc.client_id"], live.tell("id"))


class Flares(unittest.TestCase):
    """16. Tracer flare."""

    LEVEL = {"name": "flare-log-level.debug", "config": {"log_level": "debug"}}
    ARGUMENTS = {"case_id": "12345", "hostname": "my-host", "user_handle": "support@example.com"}
    TASK = {"task_type": "tracer_flare", "uuid": "d53fc8a4-8820-47a2-aa7d-d565582feb81", "args": ARGUMENTS}

    def put(self, live, **files):
        contents = {remote.path(product, f"{product}-id"): content for product, content in files.items()}
        self.backend.respond(remote.answer_with(contents))
        live.poll()
        live.poll()
        return [state["apply_state"] for state in self.backend.polls()[-1]["client"]["state"]["config_states"]]

    def setUp(self):
        self.backend = remote.Remote(running)

    def test_a_flare_is_collected_and_sent_once(self):
        with remote.Live(executable, running.url) as live:
            self.assertEqual(self.put(live, AGENT_CONFIG=self.LEVEL), [2])
            live.tell("span x")
            self.assertEqual(self.put(live, AGENT_CONFIG=self.LEVEL, AGENT_TASK=self.TASK), [2, 2])
            (flare,) = until(self.backend.flares, seconds=2)
            self.assertEqual(
                {key: flare[key] for key in ("source", "case_id", "hostname", "email", "uuid")},
                {"source": "tracer_cpp", "case_id": "12345", "hostname": "my-host", "email": "support@example.com", "uuid": self.TASK["uuid"]},
            )
            archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(flare["flare_file"])))
            self.assertIsNone(archive.testzip())
            log, config, extra = archive.namelist()
            lines = [json.loads(line) for line in archive.read(log).splitlines()]
            self.assertTrue(lines)
            self.assertTrue(all({"timestamp", "level", "logger", "message"} <= line.keys() for line in lines), lines)
            self.assertEqual(json.loads(archive.read(config))["DD_SERVICE"]["value"], "wire")
            self.assertEqual((extra, archive.read(extra)), ("binding.txt", b"from the binding"))
            live.poll()
            self.assertEqual(len(self.backend.flares()), 1)

    def test_what_is_no_flare_is_acknowledged(self):
        with remote.Live(executable, running.url) as live:
            others = [{}, {"task_type": "other"}, {**self.TASK, "args": {**self.ARGUMENTS, "case_id": "0"}}]
            for task in others:
                self.assertEqual(self.put(live, AGENT_CONFIG={"name": "other"}, AGENT_TASK=task), [2, 2])
            self.assertEqual(self.put(live, AGENT_CONFIG={}, AGENT_TASK="no json"), [2, 3])
            self.assertEqual(self.backend.flares(), [])

    def test_without_tracing_flares_are_sent_too(self):
        with remote.Live(executable, running.url, DD_TRACE_ENABLED="false") as live:
            self.assertEqual(self.put(live, AGENT_TASK=self.TASK), [2])
            until(self.backend.flares, seconds=2)


class Hostile(unittest.TestCase):
    """Answers that no agent should give. The tracer goes on."""

    INFO = b'{"version":"7.65.0","endpoints":["/v0.7/config","/v0.4/traces"]}'

    def serve(self, answer):
        def handle(path, body):
            if path == "/info":
                return 200, self.INFO
            return answer(json.loads(body)) if path == "/v0.7/config" else (200, b"{}")

        server = remote.Scripted(handle)
        self.addCleanup(server.close)
        return server

    def check(self, bodies):
        for number, body in enumerate(bodies):
            with self.subTest(number=number):
                states = []

                def answer(request, body=body):
                    states.append(request["client"]["state"])
                    return 200, body if len(states) == 1 else b"{}"

                server = self.serve(answer)
                with remote.Live(executable, server.url) as live:
                    live.poll()
                    live.poll()
                    live.poll()
                    self.assertEqual(live.tell("span x"), "ok")
                self.assertEqual(live.status, 0)
                self.assertEqual([bool(state["has_error"]) for state in states[:3]], [False, True, False], states)

    def test_garbage_is_told_and_survived(self):
        deep = b"[" * 200_000
        not_base64 = json.dumps({"targets": "!!!!"}).encode()
        self.check([b"<html>sorry</html>", b'{"targets":"\xff\xfe"}', deep, not_base64, b'{"targets":17}', b"\0" * 1000])

    def test_oversized_answers_are_refused(self):
        self.check([b'{"targets":"' + b"A" * (65 * 1024 * 1024) + b'"}'])

    def test_a_large_answer_is_taken(self):
        large = "x" * (3 * 1024 * 1024)
        answer = json.dumps(remote.answer_with({remote.path("LARGE", "one"): large})).encode()
        server = self.serve(lambda _: (200, answer))
        with remote.Live(executable, server.url) as live:
            live.tell("subscribe LARGE")
            live.poll()
            self.assertIn("add=one", live.tell("seen"))

    def test_a_hanging_agent_holds_nobody_up(self):
        server = self.serve(lambda _: time.sleep(5) or (200, b"{}"))
        begin = time.monotonic()
        with remote.Live(executable, server.url, DD_TRACE_AGENT_TIMEOUT_SECONDS="0.5", LIBDDTRACE_SHUTDOWN_TIMEOUT_MS="1000") as live:
            self.assertEqual(live.tell("span x"), "ok")
        self.assertEqual(live.status, 0)
        self.assertLess(time.monotonic() - begin, 5)


if __name__ == "__main__":
    unittest.main()
