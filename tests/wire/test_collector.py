"""Traces and metrics of spans in an OpenTelemetry Collector, in both encodings: what it understood of them, as its debug exporter tells.

`OTELCOL` names the Collector's program; without it there is nothing to test.
"""

import os
import re
import tempfile
import unittest
import urllib.error
import urllib.request

import agent
import background
import program

COLLECTOR = os.environ.get("OTELCOL")
START_SECONDS = 30
CONFIGURATION = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{debug: {{verbosity: detailed}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug]}}
    metrics: {{receivers: [otlp], exporters: [debug]}}
"""


class Collector:
    """A running Collector. Use it in a `with` block."""

    def __enter__(self):
        (self.port,) = agent.free_ports(1)
        self._directory = tempfile.TemporaryDirectory(prefix="ddtrace-collector-")
        configuration = os.path.join(self._directory.name, "collector.yaml")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(port=self.port))
        command, log = [COLLECTOR, f"--config=file:{configuration}"], os.path.join(self._directory.name, "log")
        self._program = background.Program(command, log, self._is_ready, seconds=START_SECONDS)
        self._program.__enter__()
        return self

    def __exit__(self, *_):
        self._program.end()
        self._directory.cleanup()

    def end(self):
        """Lets it write what it has; returns all that it wrote."""
        return self._program.end()

    def _is_ready(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5)
        except urllib.error.HTTPError:
            return True
        except OSError:
            pass
        return False


@unittest.skipUnless(COLLECTOR, "OTELCOL names no Collector")
class Understood(unittest.TestCase):
    def received(self, protocol):
        with Collector() as collector:
            settings = {
                "OTEL_TRACES_EXPORTER": "otlp",
                "OTEL_TRACES_SPAN_METRICS_ENABLED": "true",
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}",
                "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
                "DD_TRACE_AGENT_URL": "http://127.0.0.1:9",
            }
            program.run(program.build("spans"), settings)
            return collector.end()

    def test_traces_and_metrics_of_both_encodings(self):
        for protocol in ["http/protobuf", "http/json"]:
            with self.subTest(protocol=protocol):
                text = self.received(protocol)
                spans = {field(part, "Name"): part for part in re.split(r"^Span #\d+$", text, flags=re.MULTILINE)[1:]}
                self.assertEqual(set(spans), {"GET /cart", "db.query", "remote.child", "links.events"}, text)
                root, query = spans["GET /cart"], spans["db.query"]
                self.assertEqual((field(root, "Kind"), field(root, "Parent ID")), ("Server", ""))
                self.assertRegex(field(root, "TraceState"), r"^ot=rv:[0-9a-f]{14};th:0$")
                self.assertEqual(field(query, "Trace ID"), field(root, "Trace ID"))
                self.assertEqual(field(query, "Parent ID"), field(root, "ID"))
                self.assertEqual((field(query, "Status code"), field(query, "Status message")), ("Error", "no answer"))
                for attribute in ["cart.items: Int(3)", "cart.total: Double(12.5)", "text.utf8: Str(grün €)"]:
                    self.assertIn(f"-> {attribute}\n", root)
                self.assertEqual(field(spans["remote.child"], "Trace ID"), "112233445566778899aabbccddeeff00")
                self.assertIn("SpanEvent #0\n     -> Name: cache.miss\n", spans["links.events"])
                self.assertIn("SpanLink #0\n     -> Trace ID: 00000000000000010000000000000002\n", spans["links.events"])
                points = text.split("-> Name: traces.span.sdk.metrics.duration\n")[1]
                self.assertEqual(re.findall(r"^Count: (\d+)$", points, flags=re.MULTILINE), ["1"] * 4)
                self.assertIn("-> AggregationTemporality: Delta\n", points)


def field(part, name):
    found = re.search(rf"^    {name} +: (.*)$", part, flags=re.MULTILINE)
    assert found, f"no {name} in {part}"
    return found.group(1).strip()


if __name__ == "__main__":
    unittest.main()
