"""Traces and metrics of spans in an OpenTelemetry Collector, in both encodings: what it understood of them, as its debug exporter tells.

`OTELCOL` names the Collector's program; without it there is nothing to test.
"""

import os
import re
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import agent
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
        self._log = open(os.path.join(self._directory.name, "log"), "w+")
        command = [COLLECTOR, f"--config=file:{configuration}"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._directory.cleanup()

    def end(self):
        """Lets it write what it has; returns all that it wrote."""
        self._process.terminate()
        self._process.wait(10)
        return self._written()

    def _written(self):
        self._log.seek(0)
        return self._log.read()

    def _wait_until_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{COLLECTOR} did not start:\n{self._written()}")


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
