"""Instrumentation telemetry: what the test agent gets of a process's beginning, life and end. Every request is held against the schema."""

import unittest

import agent
import program
from telemetry import Telemetry

QUICK = {"DD_TELEMETRY_HEARTBEAT_INTERVAL": "0.2"}


def setUpModule():
    global server, client
    server = unittest.enterModuleContext(agent.Agent())
    client = program.build("telemetry")


class Run:
    """The steps of one program, what the agent got, and what the program said."""

    def __init__(self, *steps, transport="tcp", **settings):
        session = server.session()
        defaults = {"DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true", "DD_TELEMETRY_HEARTBEAT_INTERVAL": "60"}
        settings = {"DD_TRACE_AGENT_URL": server.address(transport), **defaults, **settings}
        stdout, self.stderr = program.run(client, settings, [str(step) for step in steps])
        said = [line.split(maxsplit=1) for line in stdout.splitlines()]
        self.ids = [value for key, value in said if key in ("process", "child")]
        self.told = [int(value) for key, value in said if key == "told"]
        self.events = [value for key, value in said if key == "event"]
        self.variables = dict(value.split("=") for key, value in said if key == "variable")
        self.got = Telemetry(session)


class Lifecycle(unittest.TestCase):
    def check_session(self, got):
        """It begins and ends as it should, with numbers without gaps."""
        self.assertEqual((got.types()[0], got.types()[-1]), ("app-started", "app-closing"))
        self.assertEqual((got.types().count("app-started"), got.types().count("app-closing")), (1, 1))
        self.assertEqual([body["seq_id"] for body in got.bodies], list(range(1, len(got.bodies) + 1)))

    def test_a_session_begins_and_ends(self):
        for transport in ["tcp", "unix"]:
            run = Run("tracer", "sleep", 100, transport=transport)
            self.check_session(run.got)
            self.assertEqual(run.got.runtime_ids(), run.ids)
            self.assertEqual(run.stderr, "")

    def test_a_session_begins_before_there_is_a_span(self):
        self.assertEqual(Run("tracer", "sleep", 300, "die").got.types(), ["app-started"])

    def test_a_short_program_has_a_session_too(self):
        self.check_session(Run("tracer").got)

    def test_a_program_that_forgets_its_tracer_ends_its_session(self):
        self.check_session(Run("tracer", "span", "leave").got)

    def test_several_tracers_are_one_session(self):
        run = Run("tracer", "tracer", "span", "shutdown", "span", "sleep", 100)
        self.check_session(run.got)
        self.assertEqual(sum(run.got.series("spans_created")[("integration_name:datadog",)]), 2)

    def test_sessions_that_follow_one_another_have_ids_of_their_own(self):
        run = Run("tracer", "shutdown", "tracer")
        self.assertEqual(len(set(run.ids)), 2)
        for runtime_id in run.ids:
            self.check_session(run.got.of(runtime_id))
        later = run.got.of(run.ids[1]).requests[0]["headers"]
        self.assertEqual(later["dd-root-session-id"], run.ids[0])

    def test_who_wants_no_telemetry_has_none(self):
        run = Run("tracer", "span", "add", "metric", 1, "sleep", 300, DD_INSTRUMENTATION_TELEMETRY_ENABLED="false")
        self.assertEqual(run.got.bodies, [])

    def test_signs_of_life_come_in_their_rhythm(self):
        got = Run("tracer", "sleep", 2100, **QUICK).got
        self.check_session(got)
        self.assertTrue(7 <= got.types().count("app-heartbeat") <= 11, got.types())

    def test_facts_of_the_process(self):
        settings = {"DD_SERVICE": "shop", "DD_ENV": "e", "DD_VERSION": "v", "LIBDDTRACE_LANGUAGE": "python", "DD_TELEMETRY_DEBUG": "1"}
        got = Run("tracer", LIBDDTRACE_LANGUAGE_VERSION="3.13", LIBDDTRACE_INTERPRETER="CPython", **settings).got
        application = got.bodies[0]["application"]
        self.assertEqual([application[key] for key in ["service_name", "env", "service_version"]], ["shop", "e", "v"])
        self.assertEqual([application[key] for key in ["language_name", "language_version", "runtime_name"]], ["python", "3.13", "CPython"])
        self.assertIn("entrypoint.name:telemetry", application["process_tags"])
        self.assertEqual((got.bodies[0]["debug"], got.requests[0]["headers"]["dd-telemetry-debug-enabled"]), (True, "true"))
        self.assertEqual(got.bodies[0]["host"]["os"], "Linux")

    def test_headers_of_tests_are_passed_on(self):
        got = Run("tracer", _DD_TRACE_WRITER_ADDITIONAL_HEADERS="X-Of-Test:7").got
        self.assertEqual({request["headers"].get("x-of-test") for request in got.requests}, {"7"})


class Configuration(unittest.TestCase):
    def test_every_source_is_told_in_its_order(self):
        got = Run("tracer", DD_TRACE_SAMPLE_RATE="0.25", DD_LOGS_INJECTION="true", DD_TAGS="a:b", DD_API_KEY="hunter2").got
        self.assertEqual(got.configuration("DD_TRACE_SAMPLE_RATE"), [(None, "default"), ("0.25", "env_var")])
        self.assertEqual(got.configuration("DD_LOGS_INJECTION"), [(False, "default"), (True, "env_var")])
        self.assertEqual(got.configuration("DD_TAGS"), [("", "default"), ("a:b", "env_var")])
        for request in got.requests:
            self.assertNotIn(b"hunter2", request["body"])

    def test_defaults_are_told(self):
        got = Run("tracer").got
        expected = {
            "DD_TRACE_SAMPLE_RATE": None,
            "DD_LOGS_INJECTION": False,
            "DD_TRACE_HEADER_TAGS": "",
            "DD_TAGS": "",
            "DD_TRACE_ENABLED": True,
            "DD_PROFILING_ENABLED": False,
            "DD_APPSEC_ENABLED": None,
            "DD_DATA_STREAMS_ENABLED": False,
            "DD_TRACE_DEBUG": False,
            "DD_DYNAMIC_INSTRUMENTATION_ENABLED": False,
            "DD_EXCEPTION_REPLAY_ENABLED": False,
            "DD_CODE_ORIGIN_FOR_SPANS_ENABLED": False,
            "DD_INSTRUMENTATION_SOURCE": "manual",
        }
        for name, value in expected.items():
            self.assertEqual(got.configuration(name), [(value, "default")], name)
        self.assertEqual(got.configuration("DD_APPSEC_SCA_ENABLED"), [])

    def test_the_installer_is_told_if_it_said_anything(self):
        self.assertNotIn("install_signature", Run("tracer").got.messages("app-started")[0])
        signature = {"install_id": "68e75c48", "install_type": "k8s_single_step", "install_time": "1703188212"}
        settings = {f"DD_INSTRUMENTATION_{key.upper()}": value for key, value in signature.items()}
        self.assertEqual(Run("tracer", **settings).got.messages("app-started")[0]["install_signature"], signature)

    def test_a_change_is_told_at_once(self):
        got = Run("tracer", "sleep", 300, "add", "sleep", 300, "die").got
        self.assertEqual(got.configuration("DD_TRACE_SAMPLE_RATE", "app-client-configuration-change"), [("0.5", "code")])
        self.assertTrue(got.messages("app-product-change")[0]["products"]["appsec"]["enabled"])
        self.assertEqual(got.messages("app-dependencies-loaded"), [], "these can wait")

    def test_a_value_that_is_taken_back_is_told_with_what_counts_again(self):
        tell = ["tell", 20000]
        steps = ["listen", "set", "DD_VERSION", "2", *tell, "set", "DD_TRACE_DEBUG", "false", *tell]
        run = Run("tracer", *tell, *steps, DD_VERSION="1")
        changes = run.got.configuration("DD_VERSION", "app-client-configuration-change")
        self.assertEqual(changes, [("2", "code"), ("1", "env_var")])
        changed = [event for event in run.events if " DD_VERSION " in event]
        self.assertEqual(changed, ["config.changed DD_VERSION 1 2 code", "config.changed DD_VERSION 2 1 env_var"])
        versions = [body["application"].get("service_version") for body in run.got.bodies]
        self.assertEqual((versions[0], "2" in versions, versions[-1]), ("1", True, "1"))

    def test_requests_are_events(self):
        run = Run("listen", "tracer", "tell", 20000)
        sent = [event for event in run.events if event.startswith("telemetry.sent")]
        self.assertTrue(sent[0].startswith("telemetry.sent app-started"), sent)
        self.assertIn("telemetry.sent app-started 200", sent)
        self.assertLessEqual({body["request_type"] for body in run.got.bodies}, {event.split()[1] for event in sent})

    def test_settings_of_integrations_are_told(self):
        got = Run("ask", "redis", "tracer", "sleep", 100, DD_TRACE_REDIS_ENABLED="false", DD_REDIS_SERVICE="env").got
        self.assertEqual(got.configuration("DD_REDIS_SERVICE"), [("coded", "code")])
        self.assertEqual(got.configuration("DD_TRACE_REDIS_ENABLED"), [(False, "env_var")])

    def test_some_languages_tell_an_unset_product(self):
        got = Run("tracer", LIBDDTRACE_LANGUAGE="python").got
        self.assertEqual(got.configuration("DD_APPSEC_SCA_ENABLED"), [(None, "default")])

    def test_everything_is_told_again_from_time_to_time(self):
        got = Run("tracer", "add", "sleep", 1500, DD_TELEMETRY_EXTENDED_HEARTBEAT_INTERVAL="0.7", **QUICK).got
        again = got.messages("app-extended-heartbeat")[0]
        names = lambda payload: {entry["name"] for entry in payload["configuration"]}
        self.assertLessEqual(names(got.messages("app-started")[0]), names(again))
        self.assertEqual(again["dependencies"], [{"name": "openssl", "version": "3.0"}])
        self.assertEqual([one["name"] for one in again["integrations"]], ["redis"])


class Contents(unittest.TestCase):
    def test_what_is_new_goes_in_one_batch(self):
        got = Run("tracer", "sleep", 100, "add", "sleep", 700, "add", "sleep", 300, **QUICK).got
        kinds = ["app-dependencies-loaded", "app-integrations-change", "app-endpoints"]
        for kind in kinds:
            self.assertEqual(got.types().count(kind), 1, kind)
        (batch,) = [body for body in got.bodies if any(kind in str(body.get("payload")) for kind in kinds)]
        self.assertEqual(batch["request_type"], "message-batch")
        self.assertLessEqual({*kinds, "app-heartbeat"}, {message["request_type"] for message in batch["payload"]})
        self.assertTrue(got.messages("app-endpoints")[0]["is_first"])

    def test_dependencies_are_not_told_if_they_are_not_wanted(self):
        got = Run("tracer", "add", "sleep", 500, DD_TELEMETRY_DEPENDENCY_COLLECTION_ENABLED="false", **QUICK).got
        self.assertNotIn("app-dependencies-loaded", got.types())
        self.assertIn("app-integrations-change", got.types())

    def test_metrics_of_the_tracer(self):
        got = Run("tracer", "span", "span", "inject", "flush", "sleep", 600, "metric", 1, "metric", 4, **QUICK).got
        for name, tags, value in [
            ("spans_created", ("integration_name:datadog",), 3),
            ("spans_finished", ("integration_name:datadog",), 3),
            ("spans_enqueued_for_serialization", (), 3),
            ("trace_segments_created", ("new_continued:new",), 3),
            ("trace_segments_closed", (), 3),
            ("trace_chunks_enqueued_for_serialization", ("reason:p0_keep",), 3),
            ("trace_chunks_sent", (), 3),
            ("trace_api.requests", (), 1),
            ("trace_api.responses", ("status_code:200",), 1),
            ("context_header_style.injected", ("header_style:tracecontext",), 1),
        ]:
            self.assertEqual(sum(got.series(name).get(tags, [])), value, (name, got.series(name)))
        self.assertEqual(got.series("own.1", "appsec"), {(): [2]})
        self.assertGreaterEqual(sum(got.series("telemetry_api.requests", "telemetry")[("endpoint:agent",)]), 2)
        answered = got.series("telemetry_api.responses", "telemetry")
        self.assertEqual([tags[1].split(":")[0] for tags in answered], ["status_code"])
        self.assertEqual(got.messages("generate-metrics")[0]["namespace"], "tracers")
        names = [series["metric"] for payload in got.messages("distributions") for series in payload["series"]]
        self.assertLessEqual({"own.4", "trace_api.bytes", "trace_api.ms"}, set(names))

    def test_spans_are_told_by_what_made_them(self):
        steps = ["span", "tagged", "Redis", "tagged", "Redis", "continue", "flush", "sleep", 600, "tagged", "kafka"]
        got = Run("tracer", *steps, "broken", **QUICK).got
        for name in ["spans_created", "spans_finished"]:
            counts = {tags: sum(values) for tags, values in got.series(name).items()}
            self.assertEqual(counts, {("integration_name:datadog",): 2, ("integration_name:redis",): 2, ("integration_name:kafka",): 1})
        segments = {tags: sum(values) for tags, values in got.series("trace_segments_created").items()}
        self.assertEqual(segments, {("new_continued:new",): 4, ("new_continued:continued",): 1})
        self.assertEqual(got.series("integration_errors"), {("error_type:importerror", "integration_name:kafka"): [1]})

    def test_chunks_are_told_of_and_the_beginning(self):
        got = Run("tracer", "parts", "flush", "sleep", 300, DD_TRACE_PARTIAL_FLUSH_MIN_SPANS="4").got
        self.assertEqual(got.series("trace_partial_flush.count"), {("reason:large_trace",): [2]})
        values = {}
        for payload in got.messages("distributions"):
            for series in payload["series"]:
                values.setdefault((payload["namespace"], series["metric"]), []).extend(series["points"])
        tracers = lambda name: sorted(values["tracers", name])
        self.assertEqual(tracers("trace_chunk_size"), [2, 4, 4])
        self.assertEqual(tracers("trace_partial_flush.spans_closed"), [4, 4])
        self.assertEqual(tracers("trace_partial_flush.spans_remaining"), [1, 1])
        self.assertGreater(tracers("trace_chunk_serialization.bytes")[0], 100)
        self.assertGreaterEqual(tracers("trace_chunk_serialization.ms")[0], 0)
        self.assertEqual(len(values["general", "init_time"]), 1)

    def test_the_first_metrics_have_what_is_wrong_with_variables_of_opentelemetry(self):
        settings = {"OTEL_SERVICE_NAME": "other", "OTEL_PROPAGATORS": "nonsense"}
        got = Run("tracer", "span", "sleep", 600, **settings, **QUICK).got
        first = got.messages("generate-metrics")[0]
        found = {series["metric"]: series for series in first["series"] if series["metric"].startswith("otel.env.")}
        self.assertEqual(found["otel.env.hiding"]["tags"], ["config_datadog:dd_service", "config_opentelemetry:otel_service_name"])
        self.assertEqual([value for _, value in found["otel.env.hiding"]["points"]], [1])
        tags = ["config_datadog:dd_trace_propagation_style", "config_opentelemetry:otel_propagators"]
        self.assertEqual(found["otel.env.invalid"]["tags"], tags)

    def test_metrics_are_not_told_if_they_are_not_wanted(self):
        got = Run("tracer", "span", "metric", 1, "sleep", 500, DD_TELEMETRY_METRICS_ENABLED="false", **QUICK).got
        self.assertEqual({"generate-metrics", "distributions"} & set(got.types()), set())

    def test_an_idle_process_tells_nothing_but_that_it_lives(self):
        got = Run("tracer", "sleep", 600, "die", **QUICK).got
        others = set(got.types()) - {"app-started", "app-heartbeat", "generate-metrics", "distributions"}
        self.assertEqual(others, set())
        self.assertEqual({payload["namespace"] for payload in got.messages("generate-metrics")} - {"telemetry"}, set())

    def test_logs(self):
        got = Run("tracer", "log", 1, "log", 1, "log", 4, "sleep", 500, **QUICK).got
        (log,) = [log for payload in got.messages("logs") for log in payload["logs"]]
        self.assertEqual((log["message"], log["level"], log["count"], log["tags"]), ("a message", "ERROR", 2, "a:b"))
        got = Run("tracer", "log", 1, "sleep", 500, DD_TELEMETRY_LOG_COLLECTION_ENABLED="false", **QUICK).got
        self.assertEqual(got.messages("logs"), [])

    def test_a_collector_that_blocks_holds_nobody_up(self):
        run = Run("tracer", "collector", 50000, "sleep", 500, "add", "tell", 20000, "die", DD_RUNTIME_METRICS_ENABLED="true")
        self.assertEqual(run.told, [0])
        self.assertIn("app-dependencies-loaded", run.got.types())

    def test_a_collector_that_is_slow_is_told_of(self):
        run = Run("tracer", "collector", 1200, "sleep", 500, DD_RUNTIME_METRICS_ENABLED="true", **QUICK)
        (log,) = [log for payload in run.got.messages("logs") for log in payload["logs"]]
        self.assertEqual((log["message"], log["level"]), ("runtime metrics collector exceeded threshold", "WARN"))
        self.assertTrue(log["tags"].startswith("collector:toy,elapsed_time:1."), log)
        self.assertIn("the collector toy of runtime metrics took 1.", run.stderr)

    def test_a_flush_tells_everything_now(self):
        run = Run("tracer", "add", "span", "metric", 1, "tell", 20000, "die")
        self.assertEqual(run.told, [0])
        self.assertLessEqual({"app-started", "app-dependencies-loaded", "generate-metrics"}, set(run.got.types()))
        self.assertNotIn("app-heartbeat", run.got.types())


class Descent(unittest.TestCase):
    def test_another_program_is_told_where_it_comes_from(self):
        run = Run("tracer", "variables")
        self.assertEqual(run.variables, {f"_DD_{whose}_CPP_SESSION_ID": run.ids[0] for whose in ["ROOT", "PARENT"]})
        run = Run("tracer", "variables", DD_ROOT_JS_SESSION_ID="root-1", LIBDDTRACE_LANGUAGE="nodejs")
        self.assertEqual(run.variables, {"DD_ROOT_JS_SESSION_ID": "root-1", "DD_PARENT_JS_SESSION_ID": run.ids[0]})
        self.assertEqual(Run("tracer", "variables", DD_INSTRUMENTATION_TELEMETRY_ENABLED="false").variables, {})


class Forks(unittest.TestCase):
    check_session = Lifecycle.check_session

    def test_a_child_that_uses_its_tracer_has_a_session_of_its_own(self):
        run = Run("tracer", "sleep", 200, "fork", "span", "sleep", 200, "wait", "span")
        parent, child = run.ids
        for runtime_id in run.ids:
            self.check_session(run.got.of(runtime_id))
        self.assertEqual(sum(run.got.of(child).series("spans_created")[("integration_name:datadog",)]), 1)
        headers = run.got.of(child).requests[0]["headers"]
        self.assertEqual((headers["dd-root-session-id"], headers["dd-parent-session-id"]), (parent, parent))
        self.assertNotIn("dd-root-session-id", run.got.of(parent).requests[0]["headers"])

    def test_a_child_that_does_not_is_silent(self):
        run = Run("tracer", "sleep", 200, "fork", "sleep", 500, "die", "wait", **QUICK)
        self.assertEqual(run.got.runtime_ids(), run.ids[:1])

    def test_grandchildren_know_the_first_process(self):
        settings = {"_DD_ROOT_CPP_SESSION_ID": "root-1", "_DD_PARENT_CPP_SESSION_ID": "parent-1", "LIBDDTRACE_LANGUAGE": "cpp"}
        headers = Run("tracer", **settings).got.requests[0]["headers"]
        self.assertEqual((headers["dd-root-session-id"], headers["dd-parent-session-id"]), ("root-1", "parent-1"))


if __name__ == "__main__":
    unittest.main()
