"""Endpoints of OpenTelemetry's tracing API, and what the agent receives from them."""

import unittest

import app
import endpoints
from test_spans import events


def setUpModule():
    global running
    running = app.test_agent()


class Otel:
    @classmethod
    def setUpClass(cls):
        cls.app = app.App(cls.language, running).__enter__()
        cls.addClassCleanup(cls.app.__exit__)
        if cls.app.ask("POST", "/trace/otel/start_span", {"name": "first"})[0] == 501:
            raise unittest.SkipTest(f"{cls.language} has no tracing by OpenTelemetry's API yet")

    def setUp(self):
        self.session = running.session()

    def start(self, name, **request):
        return self.app.post("/trace/otel/start_span", name=name, **request)["span_id"]

    def end(self, *spans, **request):
        for span in spans:
            self.app.post("/trace/otel/end_span", id=span, **request)

    def sent(self):
        """The spans that the agent has, by resource."""
        self.app.flush()
        return {span["resource"]: span for chunk in self.session.traces() for span in chunk}

    def test_times_kind_attributes_and_name(self):
        span = self.start("GET /cart", timestamp=12_345, span_kind=1, attributes={"http.request.method": "GET", "n": 1, "list": ["a", "b"]})
        self.app.post("/trace/otel/set_attributes", span_id=span, attributes={"n": None, "http.response.status_code": 200})
        self.app.post("/trace/otel/set_name", span_id=span, name="GET /basket")
        self.assertTrue(self.app.post("/trace/otel/is_recording", span_id=span)["is_recording"])
        self.end(span, timestamp=12_845)
        self.end(span, timestamp=99_999)
        self.assertFalse(self.app.post("/trace/otel/is_recording", span_id=span)["is_recording"])
        got = self.sent()["GET /basket"]
        self.assertEqual((got["name"], got["start"], got["duration"]), ("http.server.request", 12_345_000, 500_000))
        self.assertEqual((got["meta"]["span.kind"], got["meta"]["http.status_code"]), ("server", "200"))
        self.assertEqual((got["meta"]["list.0"], got["meta"]["list.1"]), ("a", "b"))
        self.assertNotIn("n", got["metrics"])

    def test_kind_is_internal_when_not_given(self):
        span = self.start("work", span_kind=None)
        self.end(span)
        got = self.sent()["work"]
        self.assertEqual(got["name"], "internal")
        self.assertNotIn("span.kind", got["meta"])

    def test_status_ok_is_final(self):
        for codes, error in ((["ERROR"], 1), (["ERROR", "OK"], 0), (["OK", "ERROR"], 0), (["ERROR", "UNSET"], 1)):
            name = " ".join(codes)
            span = self.start(name)
            for code in codes:
                self.app.post("/trace/otel/set_status", span_id=span, code=code, description="why")
            self.end(span)
            got = self.sent()[name]
            self.assertEqual((got.get("error", 0), got["meta"].get("error.message")), (error, "why" if error else None), name)

    def test_exceptions_are_events_and_tags_but_no_error(self):
        span = self.start("thrower")
        self.app.post("/trace/otel/record_exception", span_id=span, message="woof", attributes={"exception.message": "mine", "n": 3})
        self.end(span)
        got = self.sent()["thrower"]
        (event,) = events(got)
        self.assertEqual((event["name"], event["attributes"]["exception.message"], event["attributes"]["n"]), ("exception", "mine", 3))
        self.assertEqual((got.get("error", 0), got["meta"]["error.message"]), (0, "mine"))
        self.assertLessEqual({"error.type", "error.stack"}, set(got["meta"]))

    def test_events_and_links(self):
        other = self.start("other")
        span = self.start(
            "busy",
            links=[{"parent_id": other, "attributes": {"a": 1}}],
            events=[{"name": "born", "time_unix_nano": 5_000, "attributes": {"b": True}}],
        )
        self.app.post("/trace/otel/add_event", span_id=span, name="later", timestamp=7, attributes={"list": [1, 2]})
        self.app.post("/trace/otel/add_event", span_id=span, name="now", timestamp=None, attributes=None)
        self.end(span, other)
        got = self.sent()["busy"]
        found = events(got)
        self.assertEqual([event["name"] for event in found], ["born", "later", "now"])
        self.assertEqual([event["time_unix_nano"] for event in found[:2]], [5_000, 7_000])
        self.assertEqual([event.get("attributes", {}) for event in found], [{"b": True}, {"list": [1, 2]}, {}])
        self.assertEqual(got["span_links"][0]["span_id"], other)
        self.assertEqual(got["span_links"][0]["attributes"], {"a": "1"})

    def test_span_context(self):
        span = self.start("asked")
        context = self.app.post("/trace/otel/span_context", span_id=span)
        self.assertEqual((context["span_id"], context["trace_flags"], context["remote"]), (span, "01", False))
        self.assertRegex(context["trace_id"], "^[0-9a-f]{32}$")
        self.assertIn(f"p:{span:016x}", context["trace_state"])
        self.assertTrue(context["trace_state"].startswith("dd="))
        self.end(span)
        self.assertEqual(self.app.post("/trace/otel/span_context", span_id=span), context)

    def test_both_apis_see_one_span(self):
        native = self.app.start("native")
        child = self.start("otel child", parent_id=native)
        self.assertEqual(self.app.get("/trace/otel/current_span")["span_id"], child)
        self.assertEqual(self.app.get("/trace/span/current")["span_id"], child)
        self.app.post("/trace/otel/set_attributes", span_id=native, attributes={"from": "otel"})
        self.app.post("/trace/span/set_meta", span_id=child, key="from", value="datadog")
        self.app.finish(child)
        self.assertEqual(self.app.get("/trace/otel/current_span")["span_id"], native)
        self.end(native)
        self.assertEqual(self.app.get("/trace/otel/current_span"), {"span_id": 0, "trace_id": 0})
        spans = self.sent()
        self.assertEqual(spans["otel child"]["parent_id"], native)
        self.assertEqual((spans["native"]["meta"]["from"], spans["otel child"]["meta"]["from"]), ("otel", "datadog"))

    def test_span_without_a_parent_is_a_root(self):
        first, second = self.start("first"), self.start("second")
        self.end(second, first)
        spans = self.sent()
        self.assertEqual((spans["first"]["parent_id"], spans["second"]["parent_id"]), (0, 0))
        self.assertNotEqual(spans["first"]["trace_id"], spans["second"]["trace_id"])

    def test_extracted_context_is_a_parent(self):
        headers = [["traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"], ["tracestate", "other=1"], ["baggage", "a=b"]]
        parent = self.app.post("/trace/span/extract_headers", http_headers=headers)["span_id"]
        span = self.start("continued", parent_id=parent)
        context = self.app.post("/trace/otel/span_context", span_id=span)
        self.assertEqual((context["trace_id"], context["trace_state"].split(",")[1]), ("1" * 32, "other=1"))
        self.assertEqual(self.app.get("/trace/span/get_all_baggage", span_id=span), {"baggage": {"a": "b"}})
        self.end(span)
        self.assertEqual(self.sent()["continued"]["parent_id"], int("2" * 16, 16))

    def test_baggage_of_both_apis_is_one_set(self):
        span = self.start("carrier")
        self.app.post("/trace/span/set_baggage", span_id=span, key="a", value="1")
        self.assertEqual(self.app.post("/trace/otel/otel_set_baggage", span_id=span, key="b", value="2"), {"value": "2"})
        self.assertEqual(self.app.get("/trace/span/get_all_baggage", span_id=span), {"baggage": {"a": "1", "b": "2"}})
        headers = dict(self.app.post("/trace/span/inject_headers", span_id=span)["http_headers"])
        self.assertEqual(sorted(headers["baggage"].split(",")), ["a=1", "b=2"])
        self.end(span)

    def test_flush_succeeds(self):
        self.assertEqual(self.app.post("/trace/otel/flush", seconds=1), {"success": True})


globals().update(endpoints.for_each_app(Otel))
del Otel
