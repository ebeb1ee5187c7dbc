"""Traces by OTLP, as the public test agent receives them and as OpenTelemetry's own definitions read them: in both encodings."""

import json
import re
import unittest

import agent
import otlp
import program


def setUpModule():
    global running, spans_program, decisions_program
    spans_program = program.build("spans")
    decisions_program = program.build("decisions")
    running = agent.Agent().__enter__()
    unittest.addModuleCleanup(running.__exit__)


def sent(what, protocol, **settings):
    """What a run of a program sent."""
    session = running.session()
    settings = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": running.otlp_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        **settings,
    }
    program.run(what, settings)
    requests = session.otlp_requests()
    assert session.traces() == [], "traces that the agent got"
    return requests


class Spans:
    """The same assertions for each encoding."""

    protocol = content_type = None

    @classmethod
    def setUpClass(cls):
        cls.requests = sent(spans_program, cls.protocol)
        cls.payloads = [otlp.Payload(request) for request in cls.requests]
        cls.spans = {span["attributes"]["operation.name"]: span for payload in cls.payloads for span in payload.spans}

    def test_requests_go_to_the_path_of_traces(self):
        for request in self.requests:
            self.assertEqual((request["method"], request["url"]), ("POST", f"{running.otlp_url}/v1/traces"))
            self.assertEqual(request["headers"]["Content-Type"], self.content_type)
            self.assertEqual([name for name in request["headers"] if name.lower().startswith(("datadog", "x-datadog"))], [])

    def test_resource_describes_the_process(self):
        for payload in self.payloads:
            resource = dict(payload.resource)
            self.assertRegex(resource.pop("runtime-id"), r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            version = resource.pop("telemetry.sdk.version")
            self.assertEqual(
                resource,
                {
                    "service.name": "wire",
                    "deployment.environment.name": "test",
                    "service.version": "1.2.3",
                    "telemetry.sdk.name": "datadog",
                    "telemetry.sdk.language": "cpp",
                },
            )
            self.assertEqual(payload.scope, {"name": "libddtrace", "version": version})

    def test_all_spans_arrive_once(self):
        names = [span["attributes"]["operation.name"] for payload in self.payloads for span in payload.spans]
        self.assertEqual(sorted(names), ["db.query", "http.request", "links.events", "remote.child"])

    def test_fields_arrive(self):
        span = self.spans["http.request"]
        self.assertEqual((span["name"], span["kind"], span["flags"]), ("GET /cart", 2, 1))
        self.assertEqual({"parentSpanId", "status"} & set(span), set())
        self.assertGreater(int(span["startTimeUnixNano"]), 1_600_000_000_000_000_000)
        self.assertGreaterEqual(int(span["endTimeUnixNano"]), int(span["startTimeUnixNano"]))

    def test_attributes_arrive_with_their_types(self):
        attributes = self.spans["http.request"]["attributes"]
        expected = {
            "operation.name": "http.request",
            "resource.name": "GET /cart",
            "span.type": "web",
            "span.kind": "server",
            "http.method": "GET",
            "text.utf8": "grün €",
            "cart.empty": "false",
            "cart.items": 3,
            "cart.total": 12.5,
            "env": "test",
            "version": "1.2.3",
            "_sampling_priority_v1": 1,
        }
        self.assertEqual({key: attributes.get(key) for key in expected}, expected)
        self.assertNotIn("service.name", attributes)

    def test_child_belongs_to_its_parent_and_names_its_service(self):
        root, child = self.spans["http.request"], self.spans["db.query"]
        self.assertEqual((child["traceId"], child["parentSpanId"]), (root["traceId"], root["spanId"]))
        self.assertEqual((child["attributes"]["service.name"], child["kind"]), ("cart-db", 3))
        self.assertRegex(root["traceId"], r"^[0-9a-f]{32}$")
        self.assertNotEqual(int(root["traceId"], 16) >> 64, 0)

    def test_error_is_the_status(self):
        self.assertEqual(self.spans["db.query"]["status"], {"code": 2, "message": "no answer"})

    def test_remote_trace_goes_on(self):
        span = self.spans["remote.child"]
        self.assertEqual((span["traceId"], span["parentSpanId"]), ("112233445566778899aabbccddeeff00", f"{42:016x}"))
        self.assertEqual(span["attributes"]["_dd.origin"], "synthetics")

    def test_trace_state_tells_a_probability_that_was_decided_here(self):
        states = {name: span.get("traceState", "") for name, span in self.spans.items()}
        self.assertRegex(states["http.request"], r"^ot=rv:[0-9a-f]{14};th:0$")
        self.assertEqual((states["db.query"], states["remote.child"]), (states["http.request"], ""))

    def test_links_and_events_arrive(self):
        span = self.spans["links.events"]
        (link,), (event,) = span["links"], span["events"]
        self.assertEqual((link["traceId"], link["spanId"], link["flags"]), (f"{1:016x}{2:016x}", f"{3:016x}", 1))
        self.assertEqual((link["attributes"], event["attributes"]), ({"reason": "batch"}, {"reason": "batch"}))
        self.assertEqual((event["name"], event["timeUnixNano"]), ("cache.miss", "1700000000000000000"))

    def test_unsampled_absent(self):
        payloads = [otlp.Payload(request) for request in sent(decisions_program, self.protocol)]
        names = sorted(span["name"] for payload in payloads for span in payload.spans)
        self.assertEqual(names, ["priority 1", "priority 1", "priority 2", "priority 2"])

    def test_nothing_to_send_is_not_sent(self):
        self.assertEqual(sent(decisions_program, self.protocol, DD_TRACE_ENABLED="false"), [])

    def test_pure_attributes_of_opentelemetry(self):
        requests = sent(spans_program, self.protocol, DD_TRACE_OTEL_SEMANTICS_ENABLED="true")
        for span in (span for request in requests for span in otlp.Payload(request).spans):
            left_out = {"service.name", "operation.name", "span.type", "resource.name", "span.kind", "error.message", "error.msg"}
            self.assertEqual(left_out & set(span["attributes"]), set())


class SpansProtobuf(Spans, unittest.TestCase):
    protocol, content_type = "http/protobuf", "application/x-protobuf"


class SpansJson(Spans, unittest.TestCase):
    protocol, content_type = "http/json", "application/json"

    def test_ids_are_hexadecimal_and_integers_texts(self):
        for request in self.requests:
            (of_resource,) = json.loads(request["body"])["resourceSpans"]
            (of_scope,) = of_resource["scopeSpans"]
            for span in of_scope["spans"]:
                self.assertRegex(span["traceId"], r"^[0-9a-f]{32}$")
                for id in [span["spanId"], span.get("parentSpanId", "0" * 16)]:
                    self.assertRegex(id, r"^[0-9a-f]{16}$")
                for time in ["startTimeUnixNano", "endTimeUnixNano"]:
                    self.assertTrue(re.fullmatch("[0-9]+", span[time]), span)
                ints = [pair["value"]["intValue"] for pair in span["attributes"] if "intValue" in pair["value"]]
                self.assertTrue(all(isinstance(one, str) for one in ints), ints)
                self.assertIsInstance(span["kind"], int)


class Requests(unittest.TestCase):
    def one(self, **settings):
        return sent(decisions_program, "http/json", **settings)[0]

    def test_headers_are_sent_as_written(self):
        headers = self.one(OTEL_EXPORTER_OTLP_HEADERS="api-key=a%20b,other-config=x=y")["headers"]
        self.assertEqual((headers["api-key"], headers["other-config"]), ("a b", "x=y"))
        headers = self.one(OTEL_EXPORTER_OTLP_HEADERS="api-key=1", OTEL_EXPORTER_OTLP_TRACES_HEADERS="own=2")["headers"]
        self.assertEqual((headers.get("api-key"), headers.get("own")), (None, "2"))

    def test_endpoint_of_traces_is_taken_verbatim(self):
        url = f"{running.otlp_url}/v1/traces"
        request = self.one(OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=url, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
        self.assertEqual(request["url"], url)

    def test_protocol_that_is_not_built_in_is_protobuf_with_a_warning(self):
        session = running.session()
        settings = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": running.otlp_url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        }
        _, messages = program.run(decisions_program, settings)
        self.assertEqual(session.otlp_requests()[0]["headers"]["Content-Type"], "application/x-protobuf")
        self.assertIn("gRPC is not built in", messages)

    def test_format_of_the_agent_leads_to_the_agent(self):
        session = running.session()
        settings = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "DD_TRACE_AGENT_PROTOCOL_VERSION": "0.4",
            "DD_TRACE_AGENT_URL": running.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": running.otlp_url,
        }
        _, messages = program.run(decisions_program, settings)
        self.assertEqual(session.otlp_requests(), [])
        self.assertNotEqual(session.traces(), [])
        self.assertIn("OTEL_TRACES_EXPORTER is ignored", messages)


if __name__ == "__main__":
    unittest.main()
