"""Metrics of spans by OTLP, as the public test agent receives them, beside traces that go to the agent or by OTLP."""

import json
import unittest

import agent
import otlp
import program
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

BOUNDS = [0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 1.4, 2, 5, 10, 15]
NAME = "traces.span.sdk.metrics.duration"


def setUpModule():
    global running, spans_program, decisions_program
    spans_program = program.build("spans")
    decisions_program = program.build("decisions")
    running = agent.Agent().__enter__()
    unittest.addModuleCleanup(running.__exit__)


class Run:
    """What a run of a program sent."""

    def __init__(self, what, **settings):
        self.session = running.session()
        settings = {
            "OTEL_TRACES_SPAN_METRICS_ENABLED": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": running.otlp_url,
            "DD_TRACE_AGENT_URL": running.url,
            **settings,
        }
        program.run(what, settings)
        self.requests = self.session.otlp_requests("/v1/metrics")

    def points(self):
        """Attributes and points, of all requests."""
        metrics = [of_scope["metrics"] for of_scope in self.scopes()]
        for (metric,) in metrics:
            assert (metric["name"], metric["unit"], metric["histogram"]["aggregationTemporality"]) == (NAME, "s", 1), metric
        points = [point for (metric,) in metrics for point in metric["histogram"]["dataPoints"]]
        return [(otlp.attributes(point), point) for point in points]

    def scopes(self):
        return [of_scope for one in self.resources() for of_scope in one["scopeMetrics"]]

    def resources(self):
        return [one for request in self.requests for one in document(request)["resourceMetrics"]]


def document(request):
    if request["headers"]["Content-Type"] == "application/json":
        return json.loads(request["body"])
    decoded = ExportMetricsServiceRequest()
    decoded.ParseFromString(request["body"])
    return MessageToDict(decoded, use_integers_for_enums=True)


class Metrics:
    """The same assertions for each encoding and each way of the traces."""

    settings, content_type = {}, "application/json"

    @classmethod
    def setUpClass(cls):
        cls.run_of_spans = Run(spans_program, **cls.settings)
        cls.points = {attributes["datadog.operation.name"]: (attributes, point) for attributes, point in cls.run_of_spans.points()}

    def test_one_request_for_one_flush(self):
        (request,) = self.run_of_spans.requests
        self.assertEqual((request["method"], request["url"]), ("POST", f"{running.otlp_url}/v1/metrics"))
        self.assertEqual(request["headers"]["Content-Type"], self.content_type)

    def test_every_span_that_enters_a_service_has_a_point(self):
        self.assertEqual(sorted(self.points), ["db.query", "http.request", "links.events", "remote.child"])

    def test_points_are_exact(self):
        for attributes, point in self.points.values():
            self.assertEqual((int(point["count"]), point["explicitBounds"]), (1, BOUNDS))
            counts = [int(count) for count in point["bucketCounts"]]
            self.assertEqual((len(counts), sum(counts)), (17, 1))
            self.assertEqual(point["min"], point["max"])
            self.assertAlmostEqual(point["sum"], point["max"])
            length = int(point["timeUnixNano"]) - int(point["startTimeUnixNano"])
            self.assertEqual((length, int(point["startTimeUnixNano"]) % length), (10**10, 0))

    def test_attributes_tell_spans_apart(self):
        attributes, _ = self.points["http.request"]
        expected = {
            "service.name": "wire",
            "span.name": "GET /cart",
            "span.kind": "SPAN_KIND_SERVER",
            "status.code": "STATUS_CODE_OK",
            "http.request.method": "GET",
            "datadog.span.type": "web",
            "datadog.span.top_level": True,
            "datadog.is_trace_root": True,
        }
        self.assertEqual({key: attributes.get(key) for key in expected}, expected)
        attributes, _ = self.points["db.query"]
        self.assertEqual((attributes["service.name"], attributes["status.code"]), ("cart-db", "STATUS_CODE_ERROR"))
        attributes, _ = self.points["remote.child"]
        self.assertEqual((attributes["datadog.origin"], attributes["datadog.is_trace_root"]), ("synthetics", False))

    def test_resource_describes_the_process(self):
        (resource,) = [otlp.attributes(one["resource"]) for one in self.run_of_spans.resources()]
        self.assertRegex(resource.pop("datadog.runtime_id"), r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertTrue(resource.pop("telemetry.sdk.version"))
        resource.pop("datadog.process_tags", None)
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
        self.assertTrue(all("scope" not in of_scope for of_scope in self.run_of_spans.scopes()))

    def test_no_statistics_go_to_the_agent(self):
        paths = {request["path"] for request in self.run_of_spans.session.requests()}
        self.assertNotIn("/v0.6/stats", paths)

    def test_rejected_traces_are_counted(self):
        counted = {attributes["span.name"]: int(point["count"]) for attributes, point in Run(decisions_program, **self.settings).points()}
        self.assertEqual(counted, {f"priority {priority}": 1 for priority in [-1, 0, 1, 2]})


class BesideTracesToTheAgent(Metrics, unittest.TestCase):
    def test_traces_say_that_stats_are_computed(self):
        traces = [one for one in self.run_of_spans.session.requests() if one["path"].endswith("/traces")]
        self.assertTrue(traces)
        self.assertTrue(all(one["headers"]["datadog-client-computed-stats"] == "yes" for one in traces))


class BesideTracesByOtlp(Metrics, unittest.TestCase):
    settings = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    content_type = "application/x-protobuf"

    def test_traces_say_that_stats_are_computed(self):
        (request,) = self.run_of_spans.session.otlp_requests()
        headers = {name.lower(): value for name, value in request["headers"].items()}
        self.assertEqual(headers["datadog-client-computed-stats"], "yes")
        self.assertEqual(dict(otlp.Payload(request).resource)["_dd.stats_computed"], "true")


class Switches(unittest.TestCase):
    def test_off_means_no_request(self):
        self.assertEqual(Run(spans_program, OTEL_TRACES_SPAN_METRICS_ENABLED="false").requests, [])
        self.assertEqual(Run(spans_program, DD_APM_TRACING_ENABLED="false").requests, [])

    def test_own_endpoint_and_headers(self):
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{running.otlp_url}/v1/metrics",
            "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "api-key=a%20b",
        }
        (request,) = Run(spans_program, **settings).requests
        self.assertEqual(request["headers"]["api-key"], "a b")


if __name__ == "__main__":
    unittest.main()
