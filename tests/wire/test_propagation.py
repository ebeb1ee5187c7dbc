"""Context propagation from the headers that come in to the headers and the tags that go out, item by item."""

import unittest

import traces
from traces import decision, headers, items, member, meta, metric, priority

TID = "1111111111111111"
TID_DECIMAL = 1229782938247303441
H0 = {
    "x_datadog_trace_id": "1",
    "x_datadog_parent_id": "1",
    "x_datadog_sampling_priority": "2",
    "x_datadog_tags": f"_dd.p.tid={TID},_dd.p.dm=-4",
    "traceparent": f"00-{TID}0000000000000001-0000000000000001-01",
    "tracestate": "dd=s:2;t.dm:-4,foo=1",
}
H1 = {
    **H0,
    "x_datadog_trace_id": "2",
    "x_datadog_parent_id": "2",
    "traceparent": "00-12345678901234567890123456789012-1234567890123456-01",
}
H2 = {**H1, "x_datadog_trace_id": "1", "x_datadog_parent_id": "1"}
H3 = {**H0, "traceparent": f"00-{TID}0000000000000001-1234567890123456-01"}


def setUpModule():
    global runner
    runner = traces.Runner(unittest.addModuleCleanup)


def run(*steps, **settings):
    return runner.run(*steps, **settings)


def passed_through(given, *, style=None, **settings):
    """One span below the headers, and what it injects."""
    if style:
        settings["DD_TRACE_PROPAGATION_STYLE"] = style
    return run(*headers(**given), ["root", "server"], "inject", "end", **settings)


def links_of(span):
    found = span.get("span_links") or []
    return [{key: value for key, value in link.items() if key not in ("flags", "tracestate")} for link in found]


class Checklist(unittest.TestCase):
    def test_item_01_datadog_headers_leave_in_all_families(self):
        ran = passed_through(
            {
                "x_datadog_trace_id": "1234567890123456789",
                "x_datadog_parent_id": "987654321",
                "x_datadog_sampling_priority": "2",
                "x_datadog_origin": "synthetics",
                "x_datadog_tags": "_dd.p.dm=-4,_dd.p.foo=bar",
            },
            style="datadog,tracecontext,b3multi,b3",
        )
        root, out = ran.root, ran.headers
        span_id = format(root["span_id"], "016x")
        self.assertEqual((root["trace_id"], root["parent_id"]), (1234567890123456789, 987654321))
        self.assertEqual(out["x-datadog-trace-id"], "1234567890123456789")
        self.assertEqual(out["x-datadog-parent-id"], str(root["span_id"]))
        self.assertEqual(out["x-datadog-sampling-priority"], "2")
        self.assertEqual(out["x-datadog-origin"], "synthetics")
        self.assertEqual(out["x-datadog-tags"], "_dd.p.dm=-4,_dd.p.foo=bar")
        low = format(1234567890123456789, "016x")
        self.assertEqual(out["traceparent"], f"00-{low:0>32}-{span_id}-01")
        self.assertEqual(
            items(out), {"s": "2", "p": span_id, "o": "synthetics", "t.dm": "-4", "t.foo": "bar"}
        )
        self.assertEqual((out["x-b3-traceid"], out["x-b3-spanid"], out["x-b3-flags"]), (low, span_id, "1"))
        self.assertEqual(out["b3"], f"{low}-{span_id}-d")
        self.assertEqual((meta(root, "_dd.origin"), meta(root, "_dd.p.foo")), ("synthetics", "bar"))

    def test_item_01_default_styles(self):
        given = {
            "x_datadog_trace_id": "1234567890123456789",
            "x_datadog_parent_id": "987654321",
            "x_datadog_sampling_priority": "1",
            "x_datadog_tags": "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-1",
            "baggage": "user=ada",
        }
        ran = passed_through(given)
        out, span_id = ran.headers, format(ran.root["span_id"], "016x")
        self.assertEqual({name for name in out if not name.startswith("x-datadog-")}, {"traceparent", "tracestate", "baggage"})
        self.assertEqual((out["x-datadog-trace-id"], out["x-datadog-parent-id"]), ("1234567890123456789", str(ran.root["span_id"])))
        self.assertEqual(out["x-datadog-sampling-priority"], "1")
        self.assertEqual(set(out["x-datadog-tags"].split(",")), {"_dd.p.tid=640cfd8d00000000", "_dd.p.dm=-1"})
        self.assertEqual(out["traceparent"], f"00-640cfd8d00000000{1234567890123456789:016x}-{span_id}-01")
        self.assertEqual(items(out), {"s": "1", "p": span_id, "t.dm": "-1"})
        self.assertEqual(out["baggage"], "user=ada")

    def test_item_02_a_malformed_tid_leaves_a_64_bit_trace(self):
        for tid in ["0000000000000000", "640CFD8D00000000", "1234567890abcdef1", "1234567890abcde", "1234567890abcdeX"]:
            with self.subTest(tid=tid):
                given = {"x_datadog_trace_id": "1", "x_datadog_parent_id": "2", "x_datadog_sampling_priority": "1"}
                ran = passed_through({**given, "x_datadog_tags": f"_dd.p.tid={tid}"})
                self.assertEqual(meta(ran.root, "_dd.propagation_error"), f"malformed_tid {tid}")
                self.assertIsNone(meta(ran.root, "_dd.p.tid"))
                self.assertNotIn("tid", ran.headers.get("x-datadog-tags", ""))
                self.assertEqual(ran.headers["traceparent"][3:35], "1".zfill(32))

    def test_item_03_a_long_b3_id_becomes_tid(self):
        ran = passed_through(
            {"b3": "640cfd8d00000000abcdefab12345678-000000003ade68b1-1"}, style="b3,datadog"
        )
        self.assertEqual(ran.root["trace_id"], 0xABCDEFAB12345678)
        self.assertEqual(meta(ran.root, "_dd.p.tid"), "640cfd8d00000000")
        self.assertIn("_dd.p.tid=640cfd8d00000000", ran.headers["x-datadog-tags"])
        self.assertEqual(ran.headers["b3"][:32], "640cfd8d00000000abcdefab12345678")

    def test_item_04_versions_of_traceparent(self):
        parent = "12345678901234567890123456789012-1234567890123456-01"
        later = passed_through({"traceparent": f"cc-{parent}-what-the-future"})
        self.assertEqual(later.root["parent_id"], 0x1234567890123456)
        self.assertTrue(later.headers["traceparent"].startswith("00-12345678901234567890123456789012-"))
        refused = passed_through({"traceparent": f"00-{parent}-what-the-past"})
        self.assertFalse(refused.root.get("parent_id"))

    def test_item_05_tracestates_are_joined_and_normalized(self):
        parent = ["header", "traceparent", "00-12345678901234567890123456789012-1234567890123456-00"]
        states = ["foo=1 \t , \t bar=2, \t baz=3", "", "\t rojo=1,, ,congo=2 "]
        ran = run(parent, *(["header", "tracestate", state] for state in states), "extract", ["root", "server"], "inject")
        self.assertEqual(ran.headers["tracestate"].split(",")[1:], ["foo=1", "bar=2", "baz=3", "rojo=1", "congo=2"])

    def test_item_06_the_last_datadog_parent_is_on_the_local_root_alone(self):
        given = {"traceparent": "00-0000000000000000000000000000000a-000000000000000b-01", "tracestate": "dd=s:2;t.dm:-4;p:XX!X"}
        ran = run(*headers(**given), ["root", "server"], ["child", "query"], "inject", style="tracecontext")
        root, child = ran.span("server"), ran.span("query")
        self.assertEqual((meta(root, "_dd.parent_id"), meta(child, "_dd.parent_id")), ("XX!X", None))
        self.assertEqual(items(ran.headers)["p"], format(child["span_id"], "016x"))

    def test_item_07_conflicting_ids_become_links(self):
        ran = passed_through(H1)
        self.assertEqual((ran.root["trace_id"], ran.root["parent_id"]), (2, 2))
        link = {
            "trace_id": 8687463697196027922,
            "trace_id_high": 1311768467284833366,
            "span_id": 1311768467284833366,
            "attributes": {"reason": "terminated_context", "context_headers": "tracecontext"},
        }
        self.assertEqual(links_of(ran.root), [link])
        [full] = ran.root["span_links"]
        self.assertEqual((full["flags"] & 1, full["tracestate"]), (1, "dd=s:2;t.dm:-4,foo=1"))
        self.assertIsNone(member(ran.headers, "foo"))

    def test_item_07_restart_has_one_link(self):
        link = {
            "trace_id": 1,
            "trace_id_high": TID_DECIMAL,
            "span_id": 1,
            "attributes": {"reason": "propagation_behavior_extract", "context_headers": "datadog"},
        }
        for first in ["false", "true"]:
            for given in [H0, H2]:
                ran = passed_through(
                    {**given, "baggage": "key1=value1"},
                    DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT="restart",
                    DD_TRACE_PROPAGATION_EXTRACT_FIRST=first,
                )
                self.assertNotEqual(ran.root["trace_id"], 1)
                self.assertFalse(ran.root.get("parent_id"))
                self.assertEqual(links_of(ran.root), [link])
                self.assertNotIn(TID, ran.headers["x-datadog-tags"])
                self.assertEqual(ran.headers["baggage"], "key1=value1")
                self.assertNotEqual(meta(ran.root, "_dd.p.dm"), "-4")
        ran = passed_through(H3, DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT="restart")
        self.assertEqual(links_of(ran.root), [{**link, "span_id": 1311768467284833366}])

    def test_item_07_ignore_reads_nothing(self):
        for given in [H0, H1]:
            ran = passed_through({**given, "baggage": "key1=value1"}, DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT="ignore")
            self.assertNotIn(ran.root["trace_id"], (1, 2))
            self.assertEqual((links_of(ran.root), ran.headers.get("baggage")), ([], None))

    def test_item_08_tags_too_long_or_disabled(self):
        ids = {"x_datadog_trace_id": "1", "x_datadog_parent_id": "2", "x_datadog_sampling_priority": "1"}
        long_tags = "_dd.p.foo=" + "x" * 503
        ran = passed_through({**ids, "x_datadog_tags": long_tags})
        self.assertEqual(meta(ran.root, "_dd.propagation_error"), "extract_max_size")
        self.assertNotIn("x-datadog-tags", ran.headers)
        ran = passed_through({**ids, "x_datadog_tags": "_dd.p.foo=bar"}, DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH="0")
        self.assertEqual(meta(ran.root, "_dd.propagation_error"), "disabled")
        self.assertNotIn("x-datadog-tags", ran.headers)
        ran = passed_through({**ids, "x_datadog_tags": "_dd.p.foo=bar,nonsense"})
        self.assertEqual(meta(ran.root, "_dd.propagation_error"), "decoding_error")
        self.assertEqual((ran.root["trace_id"], priority(ran.root), meta(ran.root, "_dd.p.foo")), (1, 1, None))
        ran = passed_through({**ids, "x_datadog_tags": "_dd.p.foo=bar"}, DD_TRACE_X_DATADOG_TAGS_MAX_LENGTH="10")
        self.assertEqual(meta(ran.root, "_dd.propagation_error"), "inject_max_size")
        self.assertNotIn("x-datadog-tags", ran.headers)

    def test_item_09_baggage(self):
        for key, value, written in [
            ("userId", "Amélie", "userId=Am%C3%A9lie"),
            ("serverNode", "DF 28", "serverNode=DF%2028"),
            ('",;\\()/:<=>?@[]{}', "v", "%22%2C%3B%5C%28%29%2F%3A%3C%3D%3E%3F%40%5B%5D%7B%7D=v"),
            ("k", '",;\\', "k=%22%2C%3B%5C"),
        ]:
            self.assertEqual(run(["root", "r"], ["baggage", key, value], "inject").headers["baggage"], written)
        many = [["baggage", f"k{number}", "v"] for number in range(70)]
        self.assertEqual(len(run(["root", "r"], *many, "inject").headers["baggage"].split(",")), 64)
        for malformed in ["no-equal-sign,foo=x", "=no-key", "no-value=", "foo=x,="]:
            self.assertNotIn("baggage", passed_through({"baggage": malformed}).headers)
        self.assertEqual(passed_through({"baggage": "serverNode=DF 28"}).headers["baggage"], "serverNode=DF%2028")
        self.assertEqual(passed_through({"baggage": "foo=x"}, style="none").headers, {})
        only = run(*headers(**H0, baggage="foo=x"), ["root", "r"], "inject", DD_TRACE_PROPAGATION_STYLE="baggage")
        self.assertEqual((only.headers, only.root["trace_id"] == 1), ({"baggage": "foo=x"}, False))

    def test_item_09_baggage_becomes_tags_of_the_local_root(self):
        given = headers(baggage="user.id=ada,session.id=s1,other=x,feature*flag=on")
        steps = [*given, ["root", "r"], ["baggage", "account.id", "local"], ["child", "c"]]
        ran = run(*steps)
        found = {key: value for key, value in ran.span("r")["meta"].items() if key.startswith("baggage.")}
        self.assertEqual(found, {"baggage.user.id": "ada", "baggage.session.id": "s1"})
        self.assertFalse([key for key in ran.span("c")["meta"] if key.startswith("baggage.")])
        every = run(*steps, DD_TRACE_BAGGAGE_TAG_KEYS="*").span("r")["meta"]
        self.assertEqual(sum(key.startswith("baggage.") for key in every), 4)
        literal = run(*steps, DD_TRACE_BAGGAGE_TAG_KEYS="feature*flag, User.id").span("r")["meta"]
        self.assertEqual([key for key in literal if key.startswith("baggage.")], ["baggage.feature*flag"])
        none = run(*steps, DD_TRACE_BAGGAGE_TAG_KEYS="").span("r")["meta"]
        self.assertFalse([key for key in none if key.startswith("baggage.")])

    def test_item_10_priorities_survive(self):
        for value in ["-2", "3"]:
            given = {"x_datadog_trace_id": "1", "x_datadog_parent_id": "2", "x_datadog_sampling_priority": value}
            ran = passed_through({**given, "x_datadog_tags": "_dd.p.foo=bar", "x_datadog_origin": "synthetics"})
            self.assertEqual(priority(ran.root), int(value))
            self.assertEqual(ran.headers["x-datadog-sampling-priority"], value)
            self.assertEqual((meta(ran.root, "_dd.p.foo"), meta(ran.root, "_dd.origin")), ("bar", "synthetics"))

    def test_item_11_injection_freezes_the_decision(self):
        rules = '[{"resource":"late","sample_rate":0},{"resource":"early","sample_rate":1}]'
        steps = [["root", "r"], ["resource", "early"], "inject", ["resource", "late"], "inject"]
        ran = run(*steps, DD_TRACE_SAMPLING_RULES=rules)
        self.assertEqual([out["x-datadog-sampling-priority"] for out in ran.injected], ["2", "2"])
        self.assertEqual((priority(ran.root), metric(ran.root, "_dd.rule_psr")), (2, 1))

    def test_item_12_sampling_state_of_a_decision_made_here(self):
        for trace_id, rate, expected, kept in [
            (1, "1", "rv:f0948a54d43b8e;th:0", True),
            (10, "0.75", "rv:65cd67504a538e;th:4", True),
            (10, "0.1", "rv:65cd67504a538e;th:e6666666666668", False),
            (0x03A93EE8B1999F00, "0.1", "rv:e6666666666668;th:e6666666666668", True),
            (5401449561355763072, "0.05", "rv:f333333333332f;th:f333333333333", False),
        ]:
            given = {"x_datadog_trace_id": str(trace_id), "x_datadog_parent_id": "2"}
            ran = passed_through(given, DD_TRACE_SAMPLE_RATE=rate)
            self.assertEqual((member(ran.headers, "ot"), priority(ran.root)), (expected, 2 if kept else -1))
        ran = passed_through({"x_datadog_trace_id": "1", "x_datadog_parent_id": "2"})
        self.assertEqual(member(ran.headers, "ot"), "rv:f0948a54d43b8e;th:0")
        self.assertEqual(list(ran.headers["tracestate"].split("="))[0], "dd")

    def test_item_12_sampling_state_of_others(self):
        parent = "00-0000000000000000000000000000000a-000000000000000b-0"
        for flag, state, expected in [
            ("1", "ot=rv:1234567890abcd;th:not-hex-either", "rv:1234567890abcd"),
            ("1", "dd=s:1,ot=rv:not-hex;th:not-hex,congo=xyz123", None),
            ("0", "ot=rv:65cd67504a538e;th:e6666666666668,congo=1", "rv:65cd67504a538e;th:e6666666666668"),
            ("1", "ot=foo:bar", "foo:bar"),
            ("1", "congo=1", None),
        ]:
            out = passed_through({"traceparent": parent + flag, "tracestate": state}).headers
            self.assertEqual(member(out, "ot"), expected, state)
            self.assertEqual(member(out, "congo") is not None, "congo" in state)
        given = {"traceparent": parent + "0", "tracestate": "ot=rv:65cd67504a538e;th:e6666666666668"}
        out = run(*headers(**given), ["root", "r"], ["override", "2"], "inject").headers
        self.assertEqual((out["traceparent"][-2:], member(out, "ot")), ("01", "rv:65cd67504a538e"))
        out = run(["root", "r"], ["override", "2"], "inject").headers
        self.assertIsNone(member(out, "ot"))
        out = run(["root", "r"], "inject", ["override", "2"], "inject").injected
        self.assertIn(";th:0", member(out[0], "ot"))
        self.assertNotIn("th", member(out[1], "ot"))

    def test_item_12_the_rate_limit_overturns_the_sampling_state(self):
        settings = {"DD_TRACE_SAMPLE_RATE": "1", "DD_TRACE_RATE_LIMIT": "1"}
        ran = run(["root", "a"], "inject", "end", ["root", "b"], "inject", **settings)
        self.assertEqual([member(out, "ot") is None for out in ran.injected], [False, True])
        self.assertEqual(priority(ran.span("b")), -1)


class Vectors(unittest.TestCase):
    """Datadog and W3C headers together."""

    def assert_parent(self, low, parent, state, datadog, expected, last_parent, **settings):
        given = {
            "traceparent": f"00-{low}-{parent}-01",
            "tracestate": state,
            "x_datadog_sampling_priority": "2",
            **{f"x_datadog_{key}": value for key, value in datadog.items()},
        }
        ran = passed_through(given, style="datadog,tracecontext", **settings)
        self.assertEqual((ran.root["parent_id"], meta(ran.root, "_dd.parent_id")), (expected, last_parent))
        return ran

    def test_parents_of_both_styles(self):
        near = "000000003ade68b1"
        tags = {"tags": f"_dd.p.tid={TID}"}
        ids = {"trace_id": "1", "parent_id": "987654321", **tags}
        self.assert_parent(f"{TID}0000000000000001", near, f"dd=s:2;p:{near},foo=1", ids, 987654321, None)
        ids = {"trace_id": "2", "parent_id": "10", "tags": "_dd.p.tid=2222222222222222"}
        ran = self.assert_parent(f"{TID}0000000000000002", near, "dd=s:2;p:000000000000000a,foo=1", ids, 10, None)
        self.assertEqual((member(ran.headers, "foo"), len(ran.root["span_links"])), (None, 1))
        ids = {"trace_id": "3", "parent_id": "10", **tags}
        state = "dd=s:2;p:000000000000000a,foo=1"
        self.assert_parent(f"{TID}0000000000000003", near, state, ids, 987654321, "000000000000000a")
        ids = {"trace_id": "4", "parent_id": "10"}
        self.assert_parent("4".zfill(32), near, "dd=s:2,foo=1", ids, 987654321, "000000000000000a")
        ids = {"trace_id": "5", "parent_id": "10"}
        self.assert_parent("5".zfill(32), near, "dd=s:2;p:8fffffffffffffff,foo=1", ids, 987654321, "8fffffffffffffff")
        ids = {"trace_id": "6", "parent_id": "987654320"}
        state = "dd=s:2;p:0123456789abcdef,foo=1"
        self.assert_parent(
            "6".zfill(32), "f".zfill(16), state, ids, 987654320, None, DD_TRACE_PROPAGATION_EXTRACT_FIRST="true"
        )

    def test_the_high_half_is_that_of_traceparent(self):
        for state in ["dd=t.tid:640cfd8d0000ffff", "dd=t.tid:XXXX"]:
            given = {"traceparent": "00-640cfd8d00000000abcdefab12345678-000000003ade68b1-01", "tracestate": state}
            ran = passed_through(given, style="tracecontext")
            self.assertEqual(meta(ran.root, "_dd.p.tid"), "640cfd8d00000000")

    def test_two_extractions_leak_nothing(self):
        first = headers(traceparent="00-640cfd8d00000000abcdefab12345678-000000003ade68b1-01", tracestate="a=1")
        second = headers(x_datadog_trace_id="7", x_datadog_parent_id="8", x_datadog_sampling_priority="1")
        ran = run(*first, ["root", "a"], "end", *second, ["root", "b"], "inject")
        self.assertIsNone(meta(ran.span("b"), "_dd.p.tid"))
        self.assertEqual(ran.headers["traceparent"][3:35], "7".zfill(32))
        self.assertIsNone(member(ran.headers, "a"))

    def test_32_members_at_most(self):
        others = [f"key{number}=v{number}" for number in range(1, 33)]
        parent = {"traceparent": "00-0000000000000000000000000000000a-000000000000000b-01"}
        for state, last in [
            ([*others[:31], "dd=s:1"], "key31=v31"),
            (["dd=s:1", *others[:31]], "key31=v31"),
            (others[:31], "key31=v31"),
            (others, "key31=v31"),
        ]:
            written = passed_through({**parent, "tracestate": ",".join(state)}).headers["tracestate"].split(",")
            self.assertEqual((len(written), written[0][:3], written[-1]), (32, "dd=", last))
        self.assertEqual(len(passed_through(parent).headers["tracestate"].split(",")), 1)

    def test_priority_by_flag_and_state(self):
        for flag, state, expected, maker in [
            ("01", "dd=s:-1", 1, "-0"),
            ("01", "dd=s:2", 2, None),
            ("00", "dd=s:-1", -1, None),
            ("00", "dd=s:1", 0, None),
            ("00", "", 0, None),
            ("01", "dd=s:0;t.dm:-0", 1, "-0"),
            ("01", "dd=s:-1;t.dm:-4", 1, "-0"),
            ("00", "dd=s:2;t.dm:-4;t.usr.id:baz64~~", 0, None),
            ("01", "dd=s:2;t.dm:-4", 2, "-4"),
        ]:
            given = {"traceparent": f"00-0000000000000000000000000000000a-000000000000000b-{flag}"}
            ran = passed_through({**given, **({"tracestate": state} if state else {})})
            self.assertEqual(decision(ran.root), (expected, maker), (flag, state))
            self.assertEqual(meta(ran.root, "_dd.p.usr.id"), "baz64==" if "usr" in state else None)

    def test_a_context_without_a_decision_is_decided_here(self):
        given = {"x_datadog_trace_id": "1", "x_datadog_parent_id": "2", "x_datadog_origin": "rum"}
        ran = passed_through(given, DD_TRACE_SAMPLE_RATE="1")
        self.assertEqual((ran.root["trace_id"], ran.root["parent_id"], decision(ran.root)), (1, 2, (2, "-3")))
        given = {"traceparent": "00-0000000000000000000000000000000a-000000000000000b-01", "tracestate": "dd=o:rum"}
        self.assertEqual(decision(passed_through(given, DD_TRACE_SAMPLE_RATE="1").root), (2, "-3"))

    def test_trace_id_zero_begins_a_new_trace(self):
        given = {"x_datadog_trace_id": "0", "x_datadog_parent_id": "2", "x_datadog_sampling_priority": "2"}
        ran = passed_through({**given, "x_datadog_tags": "_dd.p.dm=-4"}, DD_TRACE_LOG_LEVEL="warn")
        self.assertNotEqual(ran.root["trace_id"], 0)
        self.assertNotEqual(meta(ran.root, "_dd.p.dm"), "-4")
        self.assertIn("_dd.p.dm=", ran.headers["x-datadog-tags"])
        self.assertIn("malformed", ran.messages)

    def test_parent_zero_goes_on_without_a_parent(self):
        given = {"x_datadog_trace_id": "123456789", "x_datadog_parent_id": "0", "x_datadog_sampling_priority": "1"}
        ran = passed_through({**given, "x_datadog_origin": "synthetics;=web,z"}, DD_TRACE_SAMPLE_RATE="0")
        self.assertEqual((ran.root["trace_id"], ran.root.get("parent_id") or 0, priority(ran.root)), (123456789, 0, 1))
        self.assertEqual(meta(ran.root, "_dd.origin"), "synthetics;=web,z")
        self.assertEqual(items(ran.headers)["o"], "synthetics_~web_z")

    def test_an_upstream_rate_is_handed_on_verbatim(self):
        given = {"x_datadog_trace_id": "1", "x_datadog_parent_id": "2", "x_datadog_sampling_priority": "1"}
        ran = passed_through({**given, "x_datadog_tags": "_dd.p.dm=-8,_dd.p.ksr=1.000000"}, DD_TRACE_SAMPLE_RATE="0.5")
        self.assertEqual(ran.headers["x-datadog-tags"], "_dd.p.dm=-8,_dd.p.ksr=1.000000")
        self.assertEqual(meta(ran.root, "_dd.p.ksr"), "1.000000")

    def test_b3(self):
        given = {"b3": "000000000000000000000000075bcd15-000000003ade68b1-1"}
        ran = passed_through(given, style="b3")
        self.assertEqual((ran.root["trace_id"], ran.root["parent_id"], priority(ran.root)), (123456789, 987654321, 1))
        self.assertEqual(ran.headers["b3"], f"00000000075bcd15-{ran.root['span_id']:016x}-1")
        for style, given in [("b3", {"b3": "0-0-1"}), ("b3multi", {"x_b3_traceid": "0", "x_b3_spanid": "1"})]:
            ran = passed_through(given, style=style)
            self.assertFalse(ran.root.get("parent_id"))
        given = {"x_b3_traceid": "000000000000007B", "x_b3_spanid": "1c8", "x_b3_flags": "1", "x_b3_sampled": "0"}
        ran = passed_through(given, style="b3multi")
        self.assertEqual((ran.root["trace_id"], ran.root["parent_id"], priority(ran.root)), (123, 0x1C8, 2))
        self.assertEqual((ran.headers["x-b3-flags"], ran.headers.get("x-b3-sampled")), ("1", None))

    def test_cgi_names_and_legacy_baggage(self):
        steps = [
            ["header", "HTTP_X_DATADOG_TRACE_ID", "7"],
            ["header", "HTTP_X_DATADOG_PARENT_ID", "8"],
            ["header", "HTTP_OT_BAGGAGE_KEY", "not ours"],
            ["header", "ot-baggage-user", "ada"],
            "extract",
            ["root", "r"],
            "inject",
        ]
        ran = run(*steps, DD_TRACE_PROPAGATION_HTTP_BAGGAGE_ENABLED="true")
        self.assertEqual((ran.root["trace_id"], ran.root["parent_id"]), (7, 8))
        self.assertEqual((ran.headers["ot-baggage-user"], ran.headers["baggage"]), ("ada", "user=ada"))
        self.assertNotIn("ot-baggage-user", run(*steps).headers)

    def test_a_remote_context_is_handed_through(self):
        given = {"traceparent": "00-0000000000000000000000000000000a-000000000000000b-01", "tracestate": "dd=s:2;p:000000000000000c"}
        out = run(*headers(**given), "inject-context").headers
        self.assertEqual(out["traceparent"], given["traceparent"])
        self.assertEqual(items(out), {"s": "2", "p": "000000000000000c"})


if __name__ == "__main__":
    unittest.main()
