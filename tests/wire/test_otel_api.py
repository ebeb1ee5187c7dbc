"""Spans of the OpenTelemetry API and peer services, as the public test agent understands them, which checks peer services itself."""

import unittest

import agent
import program


def setUpModule():
    global spans
    with agent.Agent() as running:
        session = running.session()
        settings = {"DD_TRACE_AGENT_URL": running.address("tcp"), "DD_TRACE_PEER_SERVICE_DEFAULTS_ENABLED": "true"}
        program.run(program.build("otel_api"), settings)
        spans = {span["resource"]: span for chunk in session.traces() for span in chunk}


class OtelApi(unittest.TestCase):
    def test_text_of_the_span_is_the_resource_and_the_name_follows_from_attributes(self):
        self.assertEqual(sorted(spans), ["GET /cart", "SELECT", "failed.request"])
        self.assertEqual(spans["GET /cart"]["name"], "http.server.request")
        self.assertEqual(spans["SELECT"]["name"], "redis.query")

    def test_reserved_attributes_are_not_left_in_meta(self):
        meta, metrics = spans["GET /cart"]["meta"], spans["GET /cart"]["metrics"]
        self.assertEqual((meta["http.status_code"], metrics["_dd1.sr.eausr"]), ("200", 1))
        self.assertNotIn("analytics.event", meta)
        self.assertNotIn("http.response.status_code", {**meta, **metrics})
        self.assertEqual(spans["SELECT"]["service"], "cache")
        self.assertNotIn("service.name", spans["SELECT"]["meta"])

    def test_recorded_exception_is_no_error_and_an_error_status_is(self):
        server, query = spans["GET /cart"], spans["SELECT"]
        self.assertEqual(server.get("error", 0), 0)
        self.assertEqual([server["meta"][f"error.{part}"] for part in ("type", "message", "stack")], ["E", "handled", "a:1"])
        self.assertEqual((query["error"], query["meta"]["error.message"]), (1, "no answer"))

    def test_peer_service_follows_from_its_source(self):
        meta = spans["SELECT"]["meta"]
        self.assertEqual((meta["peer.service"], meta["_dd.peer.service.source"]), ("carts", "db.name"))
        self.assertEqual(spans["failed.request"]["meta"]["_dd.peer.service.source"], "peer.service")
        self.assertNotIn("peer.service", spans["GET /cart"]["meta"])

    def test_another_service_has_a_base_service_and_no_version(self):
        meta = spans["SELECT"]["meta"]
        self.assertEqual((meta["_dd.base_service"], meta["_dd.svc_src"]), ("wire", "m"))
        self.assertNotIn("_dd.base_service", spans["GET /cart"]["meta"])
        self.assertEqual(spans["GET /cart"]["meta"]["version"], "1.2.3")

    def test_status_that_is_an_error_marks_the_server_span(self):
        self.assertEqual(spans["failed.request"]["error"], 1)

    def test_process_tags_are_on_the_chunk_root(self):
        self.assertIn("entrypoint.name:", spans["GET /cart"]["meta"]["_dd.tags.process"])
        self.assertNotIn("_dd.tags.process", spans["SELECT"]["meta"])
