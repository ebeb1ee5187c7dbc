"""Beyond a plain connection to an agent: TLS, proxies, and no agent at all."""

import json
import unittest

import agent
import program
import servers
from telemetry import VALIDATOR

KEY = "0123456789abcdef"


def setUpModule():
    global spans_program, certificates
    spans_program = program.build("spans")
    certificates = servers.Certificates().__enter__()
    unittest.addModuleCleanup(certificates.__exit__)


class Https(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = agent.Agent().__enter__()
        cls.addClassCleanup(cls.agent.__exit__)

    def test_an_agent_behind_tls_gets_the_traces(self):
        port = int(self.agent.address("tcp").rsplit(":", 1)[1])
        session = self.agent.session()
        with servers.TlsInFront(certificates.context, port) as tls:
            settings = {"DD_TRACE_AGENT_URL": f"https://localhost:{tls.port}", "SSL_CERT_FILE": certificates.file}
            program.run(spans_program, settings, ["50"])
        self.assertEqual(sum(len(chunk) for chunk in session.traces()), 200)

    def test_a_proxy_is_not_asked_for_the_way_to_the_agent(self):
        session = self.agent.session()
        with servers.Proxy(1) as proxy:
            url = f"http://127.0.0.1:{proxy.port}"
            program.run(spans_program, {"DD_TRACE_AGENT_URL": self.agent.address("tcp"), "HTTP_PROXY": url, "HTTPS_PROXY": url})
        self.assertEqual(proxy.requests, [])
        self.assertEqual(len(session.traces()), 3)


class Otlp(unittest.TestCase):
    def test_a_collector_is_reached_over_tls_through_a_proxy(self):
        with servers.Intake(certificates.context) as collector, servers.Proxy(collector.port) as proxy:
            settings = {
                "OTEL_TRACES_EXPORTER": "otlp",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"https://{servers.UNRESOLVABLE}",
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
                "SSL_CERT_FILE": certificates.file,
            }
            program.run(spans_program, settings)
        self.assertTrue(proxy.requests[0].startswith(f"CONNECT {servers.UNRESOLVABLE}:443 "), proxy.requests)
        self.assertEqual({request["path"] for request in collector.requests}, {"/v1/traces"})
        bodies = [json.loads(request["body"]) for request in collector.requests]
        spans = [span for body in bodies for part in body["resourceSpans"] for scope in part["scopeSpans"] for span in scope["spans"]]
        self.assertEqual(len(spans), 4)


class OfTelemetry(unittest.TestCase):
    def test_the_intake_is_reached_over_tls_through_a_proxy(self):
        telemetry_program = program.build("telemetry")
        with servers.Intake(certificates.context) as intake, servers.Proxy(intake.port) as proxy:
            settings = {
                "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true",
                "DD_APM_TELEMETRY_DD_URL": f"https://{servers.UNRESOLVABLE}",
                "DD_API_KEY": KEY,
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}",
                "SSL_CERT_FILE": certificates.file,
            }
            program.run(telemetry_program, settings, ["tracer", "tell", "20000"])
        self.assertTrue(proxy.requests[0].startswith(f"CONNECT {servers.UNRESOLVABLE}:443 "), proxy.requests)
        self.assertNotIn(KEY, "".join(proxy.requests))
        self.assertEqual({request["path"] for request in intake.requests}, {"/api/v2/apmtelemetry"})
        self.assertEqual({request["headers"]["dd-api-key"] for request in intake.requests}, {KEY})
        bodies = [json.loads(request["body"]) for request in intake.requests]
        for body in bodies:
            VALIDATOR.validate(body)
        self.assertEqual((bodies[0]["request_type"], bodies[-1]["request_type"]), ("app-started", "app-closing"))


class Agentless(unittest.TestCase):
    def run_against(self, intake, url, **settings):
        settings = {"_DD_APM_TRACING_AGENTLESS_ENABLED": "true", "DD_API_KEY": KEY, "_DD_APM_TRACING_AGENTLESS_URL": url, **settings}
        output = program.run(spans_program, {**settings, "DD_TRACE_DEBUG": "true", "DD_TRACE_STARTUP_LOGS": "true"})
        for secret in (KEY, "hunter2"):
            self.assertNotIn(secret, "".join(output))
        return [trace for request in intake.requests for trace in json.loads(request["body"])["traces"]]

    def check(self, intake, traces):
        for request in intake.requests:
            self.assertEqual(request["path"], "/v1/input")
            self.assertEqual(request["headers"]["dd-api-key"], KEY)
            self.assertEqual(request["headers"]["content-type"], "application/json")
        self.assertEqual(sorted(tuple(span["name"] for span in trace["spans"]) for trace in traces),
                         [("http.request", "db.query"), ("links.events",), ("remote.child",)])

    def test_traces_go_to_the_intake(self):
        with servers.Intake() as intake:
            traces = self.run_against(intake, f"http://127.0.0.1:{intake.port}")
        self.check(intake, traces)
        for trace in traces:
            self.assertEqual((trace["env"], trace["languageName"]), ("test", "cpp"))
            self.assertEqual(len(trace["runtimeID"]), 36)
            self.assertTrue(trace["hostname"] and trace["tracerVersion"])
        spans = {span["name"]: span for trace in traces for span in trace["spans"]}
        root, child, remote, links = (spans[name] for name in ("http.request", "db.query", "remote.child", "links.events"))
        self.assertEqual((root["parent_id"], child["parent_id"], remote["parent_id"]), ("0" * 16, root["span_id"], f"{42:016x}"))
        self.assertEqual((root["trace_id"], remote["trace_id"]), (child["trace_id"], "99aabbccddeeff00"))
        self.assertEqual((root["meta"]["_dd.compute_stats"], child["meta"].get("_dd.compute_stats")), ("1", None))
        self.assertEqual((root["metrics"]["_trace_root"], child["metrics"].get("_trace_root")), (1, None))
        self.assertEqual((root["metrics"]["_top_level"], remote["metrics"].get("_trace_root")), (1, None))
        self.assertEqual((root["metrics"]["cart.items"], root["metrics"]["cart.total"], child["error"]), (3, 12.5, 1))
        self.assertEqual(json.loads(links["meta"]["_dd.span_links"])[0]["attributes"], {"reason": "batch"})
        self.assertEqual(json.loads(links["meta"]["events"])[0]["name"], "cache.miss")

    def test_the_intake_is_reached_over_tls_through_a_proxy(self):
        with servers.Intake(certificates.context) as intake, servers.Proxy(intake.port) as proxy:
            proxies = {"HTTPS_PROXY": f"http://user:hunter2@127.0.0.1:{proxy.port}", "SSL_CERT_FILE": certificates.file}
            # The name means something to the proxy alone.
            traces = self.run_against(intake, f"https://{servers.UNRESOLVABLE}", **proxies)
        self.check(intake, traces)
        self.assertTrue(proxy.requests[0].startswith(f"CONNECT {servers.UNRESOLVABLE}:443 HTTP/1.1\r\n"), proxy.requests)
        self.assertIn("Proxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n", proxy.requests[0])

    def test_the_intake_is_reached_over_tls(self):
        with servers.Intake(certificates.context) as intake:
            traces = self.run_against(intake, f"https://localhost:{intake.port}", SSL_CERT_FILE=certificates.file)
        self.check(intake, traces)


if __name__ == "__main__":
    unittest.main()
