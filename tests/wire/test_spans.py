"""What the library sends, as the public test agent understands it: in each format, over each transport."""

import json
import unittest

import agent
import program

FORMATS = ["v0.4", "v0.5"]
TRANSPORTS = ["tcp", "unix"]


def setUpModule():
    global running, spans_program
    spans_program = program.build("spans")
    running = agent.Agent().__enter__()
    unittest.addModuleCleanup(running.__exit__)


class Sent:
    """What one run of spans.c sent."""

    def __init__(self, version, transport, rounds=1, **settings):
        session = running.session()
        settings = {"DD_TRACE_API_VERSION": version, "DD_TRACE_AGENT_URL": running.address(transport), **settings}
        program.run(spans_program, settings, [str(rounds)])
        self.chunks = session.traces()
        self.requests = [request for request in session.requests() if request["path"].endswith("/traces")]

    def span(self, name):
        found = [span for chunk in self.chunks for span in chunk if span["name"] == name]
        assert len(found) == 1, f"{len(found)} spans named {name} in {self.chunks}"
        return found[0]


class Spans:
    """The same assertions for each format and transport."""

    version = transport = None

    @classmethod
    def setUpClass(cls):
        cls.sent = Sent(cls.version, cls.transport)

    def test_requests_have_the_headers_of_the_protocol(self):
        self.assertTrue(self.sent.requests)
        for request in self.sent.requests:
            self.assertEqual(request["path"], f"/{self.version}/traces")
            headers = request["headers"]
            self.assertEqual(headers["content-type"], "application/msgpack")
            self.assertEqual(headers["datadog-meta-tracer-version"].count("."), 2)
            self.assertIn("datadog-meta-lang", headers)
            self.assertEqual(int(headers["content-length"]), len(request["body"]))
            self.assertEqual(headers["datadog-client-computed-top-level"], "yes")
        count = sum(int(request["headers"]["x-datadog-trace-count"]) for request in self.sent.requests)
        self.assertEqual(count, len(self.sent.chunks))

    def test_each_local_trace_is_one_chunk(self):
        names = sorted(tuple(span["name"] for span in chunk) for chunk in self.sent.chunks)
        self.assertEqual(names, [("http.request", "db.query"), ("links.events",), ("remote.child",)])

    def test_fields_arrive(self):
        span = self.sent.span("http.request")
        self.assertEqual((span["service"], span["resource"], span["type"]), ("wire", "GET /cart", "web"))
        self.assertEqual((span.get("parent_id") or 0, span["error"]), (0, 0))
        self.assertGreater(span["start"], 1_600_000_000_000_000_000)
        self.assertGreaterEqual(span["duration"], 0)

    def test_tags_arrive_with_their_types(self):
        span = self.sent.span("http.request")
        meta, metrics = span["meta"], span["metrics"]
        self.assertEqual(meta["http.method"], "GET")
        self.assertEqual(meta["text.utf8"], "grün €")
        self.assertEqual(meta["cart.empty"], "false")
        self.assertEqual(meta["span.kind"], "server")
        self.assertEqual((metrics["cart.items"], metrics["cart.total"]), (3, 12.5))

    def test_library_tags_are_added(self):
        span = self.sent.span("http.request")
        meta, metrics = span["meta"], span["metrics"]
        self.assertEqual((meta["env"], meta["version"]), ("test", "1.2.3"))
        self.assertEqual(len(meta["runtime-id"].replace("-", "")), 32)
        self.assertGreater(metrics["process_id"], 0)
        self.assertEqual(metrics["_sampling_priority_v1"], 1)
        self.assertEqual(metrics["_dd.top_level"], 1)
        self.assertIn("_dd.p.dm", meta)

    def test_child_belongs_to_its_parent(self):
        root, child = self.sent.span("http.request"), self.sent.span("db.query")
        self.assertEqual(child["trace_id"], root["trace_id"])
        self.assertEqual(child["parent_id"], root["span_id"])
        self.assertEqual((child["service"], child["resource"]), ("cart-db", "db.query"))
        self.assertEqual(child["meta"]["_dd.base_service"], "wire")
        # Its service was set after its start.
        self.assertEqual(child["metrics"]["_dd.top_level"], 1)
        self.assertNotIn("version", child["meta"])

    def test_exception_marks_the_span(self):
        span = self.sent.span("db.query")
        meta = span["meta"]
        self.assertEqual(span["error"], 1)
        self.assertEqual((meta["error.type"], meta["error.message"], meta["error.stack"]), ("TimeoutError", "no answer", "query.c:1"))

    def test_remote_trace_goes_on(self):
        span = self.sent.span("remote.child")
        self.assertEqual((span["trace_id"], span["parent_id"]), (0x99AABBCCDDEEFF00, 42))
        self.assertEqual(span["meta"]["_dd.p.tid"], "1122334455667788")
        self.assertEqual(span["meta"]["_dd.origin"], "synthetics")
        self.assertEqual(span["metrics"]["_sampling_priority_v1"], 2)

    def test_links_arrive(self):
        span = self.sent.span("links.events")
        (link,) = span.get("span_links") or json.loads(span["meta"]["_dd.span_links"])
        self.assertEqual(link["attributes"], {"reason": "batch"})
        if self.version == "v0.5":
            self.assertEqual((link["trace_id"], link["span_id"]), (f"{1:016x}{2:016x}", f"{3:016x}"))
        else:
            self.assertEqual((link["trace_id"], link["trace_id_high"], link["span_id"]), (2, 1, 3))
            self.assertEqual(link["flags"] & 0xFF, 1)

    def test_events_arrive(self):
        span = self.sent.span("links.events")
        (event,) = span.get("span_events") or json.loads(span["meta"]["events"])
        self.assertEqual((event["name"], event["time_unix_nano"]), ("cache.miss", 1_700_000_000_000_000_000))
        self.assertIn("batch", json.dumps(event["attributes"]))


class SpansV04Tcp(Spans, unittest.TestCase):
    version, transport = "v0.4", "tcp"


class SpansV04Unix(Spans, unittest.TestCase):
    version, transport = "v0.4", "unix"


class SpansV05Tcp(Spans, unittest.TestCase):
    version, transport = "v0.5", "tcp"


class SpansV05Unix(Spans, unittest.TestCase):
    version, transport = "v0.5", "unix"


class Load(unittest.TestCase):
    def test_no_span_of_many_is_lost_or_sent_twice(self):
        for version in FORMATS:
            for transport in TRANSPORTS:
                with self.subTest(version=version, transport=transport):
                    sent = Sent(version, transport, rounds=2000)
                    ids = [(span["trace_id"], span["span_id"]) for chunk in sent.chunks for span in chunk]
                    self.assertEqual((len(ids), len(set(ids))), (8000, 8000))


if __name__ == "__main__":
    unittest.main()
