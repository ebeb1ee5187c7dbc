"""The same traces arrive in every format, apart from what a format cannot carry."""

import copy
import unittest

import agent
import otlp
import program
import spans_seen

AGENT_FORMATS = ["v0.5", "v1.0"]
OTLP_FORMATS = ["http/protobuf", "http/json"]

# What becomes of a span of v0.4 in the other formats.
#
# The fields that cannot be sent:
NOT_SENT = {"v0.5": ["documents"]}
# What a reader adds to spans that do not say it themselves:
ADDED = {"v1.0": {"meta": {"span.kind": "internal"}}}
# What a chunk says for all of its spans, where v0.4 has it on the first one alone:
ON_EVERY_SPAN = {"v1.0": {"metrics": ["_sampling_priority_v1"]}}
# Chunks with such priorities are not sent at all:
CHUNKS_NOT_SENT = {"http/protobuf": [-1, 0], "http/json": [-1, 0]}


def setUpModule():
    global running, formats_program
    formats_program = program.build("formats")
    running = agent.Agent().__enter__()
    unittest.addModuleCleanup(running.__exit__)


def sent(version):
    """Names of the spans of each chunk, and all spans by name."""
    session = running.session()
    program.run(formats_program, {"DD_TRACE_API_VERSION": version, "DD_TRACE_AGENT_URL": running.url})
    paths = {request["path"] for request in session.requests() if request["path"].endswith("/traces")}
    assert paths == {f"/{version}/traces"}, paths
    chunks = session.traces()
    return sorted([span["name"] for span in chunk] for chunk in chunks), spans_seen.of_agent(chunks)


def sent_by_otlp(protocol):
    """All spans by name."""
    session = running.session()
    settings = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": running.otlp_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    program.run(formats_program, settings)
    return spans_seen.of_otlp([otlp.Payload(request) for request in session.otlp_requests()])


def expected(spans, chunks, version):
    """Spans of v0.4 as this format carries them."""
    spans = copy.deepcopy(spans)
    for chunk in chunks:
        first = spans[chunk[0]]
        if first["metrics"]["_sampling_priority_v1"] in CHUNKS_NOT_SENT.get(version, []):
            for name in chunk:
                del spans[name]
            continue
        for span in (spans[name] for name in chunk):
            for field in NOT_SENT.get(version, []):
                span[field] = type(span[field])()
            for field, tags in ADDED.get(version, {}).items():
                span[field] = {**tags, **span[field]}
            for field, keys in ON_EVERY_SPAN.get(version, {}).items():
                span[field].update({key: first[field][key] for key in keys if key in first[field]})
    return spans


class Formats(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.chunks, cls.spans = sent("v0.4")

    def test_v04_says_what_was_recorded(self):
        self.assertEqual(
            self.chunks,
            [
                ["linked"],
                ["narrow.first", "narrow.second"],
                ["rejected.first", "rejected.second"],
                ["request", "query", "plain", "publish"],
                ["wide.first", "wide.second"],
            ],
        )
        request, query, linked = (self.spans[name] for name in ("request", "query", "linked"))
        self.assertEqual((request["resource"], request["type"], request["trace"], request["parent"]), ("GET /cart", "web", "request", 0))
        self.assertEqual((request["documents"], request["meta"]["list.0"]), ({"document": {"k": [1, "v", True]}}, "a"))
        self.assertEqual((request["metrics"]["int.large"], request["metrics"]["float"]), (9007199254740991, -12.5))
        self.assertEqual((query["parent"], query["error"], query["meta"]["error.message"]), ("request", 1, "no answer"))
        self.assertEqual((query["service"], query["meta"]["env"]), ("cart-db", "elsewhere"))
        self.assertEqual(self.spans["wide.second"]["trace"], 0x112233445566778899AABBCCDDEEFF00)
        self.assertEqual((self.spans["wide.first"]["parent"], self.spans["wide.first"]["meta"]["_dd.origin"]), (0xFEDCBA9876543210, "synthetics"))
        self.assertEqual((self.spans["narrow.first"]["trace"], self.spans["narrow.first"]["parent"]), (77, 42))
        self.assertEqual(self.spans["rejected.first"]["metrics"]["_sampling_priority_v1"], -1)
        self.assertEqual([link["trace"] for link in linked["links"]], [2, 1 << 64 | 2])
        self.assertEqual([link["flags"] for link in linked["links"]], [None, 1])
        attributes = {"text": "t", "bool": False, "int": -7, "float": 0.5, "texts": ["a", ""], "numbers": [1, -1]}
        self.assertEqual([event["attributes"] for event in linked["events"]], [attributes, {}])

    def assert_same(self, spans, version):
        wanted = expected(self.spans, self.chunks, version)
        self.assertEqual(sorted(spans), sorted(wanted))
        for name in wanted:
            self.assertEqual(spans[name], wanted[name], name)

    def test_every_format_of_the_agent_carries_the_same(self):
        for version in AGENT_FORMATS:
            with self.subTest(version=version):
                chunks, spans = sent(version)
                self.assertEqual(chunks, self.chunks)
                self.assert_same(spans, version)

    def test_otlp_carries_the_same(self):
        for protocol in OTLP_FORMATS:
            with self.subTest(protocol=protocol):
                self.assert_same(sent_by_otlp(protocol), protocol)


if __name__ == "__main__":
    unittest.main()
