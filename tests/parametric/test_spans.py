"""Endpoints of the library's own API, and what the agent receives from them."""

import json
import unittest

import app
import endpoints


def setUpModule():
    global running
    running = app.test_agent()


class Spans:
    @classmethod
    def setUpClass(cls):
        cls.app = app.App(cls.language, running).__enter__()
        cls.addClassCleanup(cls.app.__exit__)

    def setUp(self):
        self.session = running.session()

    def sent(self):
        """The spans that the agent has, by name."""
        self.app.flush()
        return {span["name"]: span for chunk in self.session.traces() for span in chunk}

    def test_start_takes_what_is_given(self):
        root = self.app.start("root", service="shop", resource="GET /", type="web", span_tags=[["team", "blue"]])
        child = self.app.start("child", parent_id=root, service="", resource=None)
        self.app.finish(child, root, root)
        spans = self.sent()
        got = spans["root"]
        self.assertEqual([got[key] for key in ("service", "resource", "type", "parent_id")], ["shop", "GET /", "web", 0])
        self.assertEqual(got["meta"]["team"], "blue")
        self.assertEqual(got["span_id"], root)
        self.assertEqual((spans["child"]["parent_id"], spans["child"]["trace_id"]), (root, got["trace_id"]))
        self.assertEqual(spans["child"]["resource"], "child")

    def test_tags_of_all_types_are_set_changed_and_removed(self):
        span = self.app.start("tagged")
        meta = {"text": "a", "flag": True, "list": ["x", ["y"]], "gone": "b"}
        metrics = {"whole": 7, "half": 0.5, "numbers": [1, 2], "removed": 1}
        for key, value in meta.items():
            self.app.post("/trace/span/set_meta", span_id=span, key=key, value=value)
        for key, value in metrics.items():
            self.app.post("/trace/span/set_metric", span_id=span, key=key, value=value)
        self.app.post("/trace/span/set_meta", span_id=span, key="gone", value=None)
        self.app.post("/trace/span/set_metric", span_id=span, key="removed", value=None)
        self.app.post("/trace/span/set_resource", span_id=span, resource="other")
        self.app.finish(span)
        self.app.post("/trace/span/set_meta", span_id=span, key="late", value="c")
        got = self.sent()["tagged"]
        meta, metrics = got["meta"], got["metrics"]
        self.assertEqual((meta["text"], meta["flag"], meta["list.0"], meta["list.1.0"]), ("a", "true", "x", "y"))
        self.assertEqual((metrics["whole"], metrics["half"], metrics["numbers.0"], metrics["numbers.1"]), (7, 0.5, 1, 2))
        self.assertFalse({"gone", "removed", "late"} & (set(meta) | set(metrics)))
        self.assertEqual(got["resource"], "other")

    def test_errors_have_three_tags(self):
        span = self.app.start("failed")
        self.app.post("/trace/span/error", span_id=span, type="E", message="m", stack="s")
        self.app.finish(span)
        got = self.sent()["failed"]
        self.assertEqual(got["error"], 1)
        self.assertEqual([got["meta"][f"error.{part}"] for part in ("type", "message", "stack")], ["E", "m", "s"])

    def test_links_name_spans_and_contexts(self):
        headers = [["x-datadog-trace-id", "7"], ["x-datadog-parent-id", "8"], ["x-datadog-sampling-priority", "2"]]
        context = self.app.post("/trace/span/extract_headers", http_headers=headers)["span_id"]
        self.assertEqual(context, 8)
        other, span = self.app.start("other"), self.app.start("linked")
        self.app.post("/trace/span/add_link", span_id=span, parent_id=other, attributes={"a": ["b", 1]})
        self.app.post("/trace/span/add_link", span_id=span, parent_id=context, attributes={})
        self.app.finish(span, other)
        got = self.sent()["linked"]
        links = got["span_links"] if "span_links" in got else json.loads(got["meta"]["_dd.span_links"])
        self.assertEqual(links[0]["span_id"] if isinstance(links[0]["span_id"], int) else int(links[0]["span_id"], 16), other)
        self.assertEqual(links[0]["attributes"], {"a.0": "b", "a.1": "1"})
        self.assertEqual((links[1]["trace_id"], links[1]["span_id"], links[1]["flags"] & 1), (7, 8, 1))

    def test_events_keep_time_and_types(self):
        span = self.app.start("eventful")
        attributes = {"text": "a", "whole": 1, "flag": True, "half": 0.5, "list": [1, 2]}
        self.app.post("/trace/span/add_event", span_id=span, name="happened", timestamp=1_700_000_000_000_000_123, attributes=attributes)
        self.app.finish(span)
        (event,) = events(self.sent()["eventful"])
        self.assertEqual((event["name"], event["time_unix_nano"]), ("happened", 1_700_000_000_000_000_123))
        self.assertEqual(event["attributes"], attributes)

    def test_keep_and_drop_decide_the_trace(self):
        for action, priority in (("manual_keep", 2), ("manual_drop", -1)):
            span = self.app.start(action)
            self.app.post(f"/trace/span/{action}", span_id=span)
            self.app.finish(span)
            self.assertEqual(self.sent()[action]["metrics"]["_sampling_priority_v1"], priority)

    def test_switches_work_whatever_the_value_is(self):
        for value in ("1", "true", "", None):
            span = self.app.start(f"kept {value}")
            self.app.post("/trace/span/set_meta", span_id=span, key="manual.keep", value=value)
            self.app.finish(span)
            self.assertEqual(self.sent()[f"kept {value}"]["metrics"]["_sampling_priority_v1"], 2)

    def test_headers_go_round(self):
        span = self.app.start("sender")
        self.app.post("/trace/span/set_baggage", span_id=span, key="k", value="v")
        self.app.finish(span)
        headers = self.app.post("/trace/span/inject_headers", span_id=span)["http_headers"]
        names = [name for name, _ in headers]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({"x-datadog-trace-id", "x-datadog-parent-id", "traceparent", "tracestate", "baggage"}, set(names))
        parent = self.app.post("/trace/span/extract_headers", http_headers=[[name.upper(), f" {value} "] for name, value in headers])
        receiver = self.app.start("receiver", parent_id=parent["span_id"])
        self.assertEqual(self.app.get("/trace/span/get_all_baggage", span_id=receiver), {"baggage": {"k": "v"}})
        self.app.finish(receiver)
        spans = self.sent()
        self.assertEqual(spans["receiver"]["parent_id"], span)
        self.assertEqual(spans["receiver"]["trace_id"], spans["sender"]["trace_id"])

    def test_repeated_headers_are_all_seen(self):
        one = ["traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"]
        states = [["tracestate", "a=1"], ["tracestate", "b=2"]]
        parent = self.app.post("/trace/span/extract_headers", http_headers=[one, *states])["span_id"]
        span = self.app.start("stateful", parent_id=parent)
        headers = dict(self.app.post("/trace/span/inject_headers", span_id=span)["http_headers"])
        self.assertTrue(headers["tracestate"].endswith("a=1,b=2"), headers["tracestate"])
        self.app.finish(span)
        answer = self.app.post("/trace/span/extract_headers", http_headers=[one, one])
        self.assertIsNone(answer["span_id"])

    def test_baggage_alone_is_a_parent(self):
        parent = self.app.post("/trace/span/extract_headers", http_headers=[["baggage", "a=b%20c"]])["span_id"]
        self.assertGreater(parent, 0)
        span = self.app.start("alone", parent_id=parent)
        self.assertEqual(self.app.get("/trace/span/get_baggage", span_id=span, key="a"), {"baggage": "b c"})
        self.app.finish(span)
        self.assertEqual(self.sent()["alone"]["parent_id"], 0)
        self.assertIsNone(self.app.post("/trace/span/extract_headers", http_headers=[["accept", "*/*"]])["span_id"])

    def test_baggage_is_changed_and_removed(self):
        span = self.app.start("laden")
        for key in ("a", "b", "c"):
            self.app.post("/trace/span/set_baggage", span_id=span, key=key, value=f"{key} ü,;")
        self.app.post("/trace/span/remove_baggage", span_id=span, key="a")
        child = self.app.start("heir", parent_id=span)
        self.assertEqual(self.app.get("/trace/span/get_all_baggage", span_id=child)["baggage"], {"b": "b ü,;", "c": "c ü,;"})
        self.assertEqual(self.app.get("/trace/span/get_baggage", span_id=child, key="a"), {"baggage": None})
        self.app.post("/trace/span/remove_all_baggage", span_id=span)
        self.assertEqual(self.app.get("/trace/span/get_all_baggage", span_id=span), {"baggage": {}})
        self.app.finish(child, span)

    def test_active_span_follows_starts_and_ends(self):
        root = self.app.start("root")
        child = self.app.start("child", parent_id=root)
        other = self.app.start("unrelated")
        self.assertEqual(self.current(), other)
        self.app.finish(other)
        self.assertEqual(self.current(), 0)
        self.app.finish(child)
        self.assertEqual(self.current(), root)
        self.app.finish(child)
        self.assertEqual(self.current(), root)
        self.app.finish(root)
        self.assertEqual(self.current(), 0)
        self.assertEqual(int(self.app.get("/trace/span/current")["trace_id"], 16), 0)

    def current(self):
        return self.app.get("/trace/span/current")["span_id"]


def events(span):
    """Events in either of their forms, with plain attributes."""
    if "span_events" not in span:
        return json.loads(span["meta"]["events"])
    return [{**event, "attributes": {key: plain(value) for key, value in event.get("attributes", {}).items()}} for event in span["span_events"]]


def plain(value):
    kind = value["type"]
    if kind == 4:
        return [plain(item) for item in value["array_value"]["values"]]
    return value[["string_value", "bool_value", "int_value", "double_value"][kind]]


globals().update(endpoints.for_each_app(Spans))
del Spans
