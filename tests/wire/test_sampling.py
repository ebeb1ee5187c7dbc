"""Sampling decisions as the agent receives them, item by item."""

import json
import unittest

import traces
from traces import decision, headers, items, member, meta, metric, priority

# Trace ids and the rates at which they are kept: 1 from 0.1 on, 10 from 0.75 on, 18444899399302180862 from 0.01 on.
KEPT_FROM = [(1, 0.1), (10, 0.75), (18444899399302180862, 0.01), (1000, 0.25), (100, 0.05)]
RATES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75]
PSR = ["_dd.rule_psr", "_dd.agent_psr", "_dd.limit_psr"]


def setUpModule():
    global runner
    runner = traces.Runner(unittest.addModuleCleanup)


def run(*steps, **settings):
    return runner.run(*steps, **settings)


def rules(*given):
    return json.dumps(given)


def with_id(trace_id):
    """Steps that go on with a trace that is not decided."""
    return headers(x_datadog_trace_id=str(trace_id), x_datadog_parent_id="5")


def rates_of(span):
    return {key: metric(span, key) for key in PSR if metric(span, key) is not None}


class Checklist(unittest.TestCase):
    def test_item_01_ids_are_kept_from_their_rate_on(self):
        for rate in RATES:
            steps = [step for trace_id, _ in KEPT_FROM for step in [*with_id(trace_id), ["root", f"r{trace_id}"], "end"]]
            ran = run(*steps, DD_TRACE_SAMPLE_RATE=str(rate))
            for trace_id, kept_from in KEPT_FROM:
                root = ran.span(f"r{trace_id}")
                self.assertEqual(decision(root), (2 if rate >= kept_from else -1, "-3"), (trace_id, rate))

    def test_item_02_priority_2_from_upstream_stays(self):
        for value in ["2", "1", "0"]:
            given = headers(x_datadog_trace_id="1", x_datadog_parent_id="2", x_datadog_sampling_priority=value)
            settings = {"DD_TRACE_SAMPLING_RULES": rules({"sample_rate": 0 if value != "0" else 1}), "DD_TRACE_RATE_LIMIT": "0"}
            ran = run(*given, ["root", "r"], **settings)
            self.assertEqual((decision(ran.root), rates_of(ran.root)), ((int(value), None), {}))
            self.assertIsNone(meta(ran.root, "_dd.p.ksr"))

    def test_item_03_rules_see_what_was_set_before_injection_and_no_later(self):
        settings = {"DD_TRACE_SAMPLING_RULES": rules({"resource": "late", "sample_rate": 0}, {"sample_rate": 1})}
        ran = run(["root", "r"], ["resource", "late"], **settings)
        self.assertEqual((priority(ran.root), metric(ran.root, "_dd.rule_psr")), (-1, 0))
        ran = run(["root", "r"], "inject", ["resource", "late"], **settings)
        self.assertEqual((priority(ran.root), metric(ran.root, "_dd.rule_psr")), (2, 1))

    def test_item_03_the_decision_is_locked_by_injection(self):
        two = rules({"tags": {"tag2": "x"}, "sample_rate": 0}, {"tags": {"tag1": "x"}, "sample_rate": 1})
        steps = [["root", "r"], ["tag", "tag0", "x"], ["tag", "tag1", "x"], "inject", ["tag", "tag2", "x"]]
        ran = run(*steps, DD_TRACE_SAMPLING_RULES=two)
        self.assertEqual(ran.headers["x-datadog-sampling-priority"], "2")
        self.assertEqual((priority(ran.root), metric(ran.root, "_dd.rule_psr")), (2, 1))

    def test_item_06_a_keep_by_hand_is_told_by_later_headers(self):
        ran = run(["root", "r"], "inject", ["override", "2"], "inject", DD_TRACE_SAMPLE_RATE="0")
        self.assertEqual([out["x-datadog-sampling-priority"] for out in ran.injected], ["-1", "2"])
        self.assertEqual([out["traceparent"][-2:] for out in ran.injected], ["00", "01"])
        self.assertEqual((decision(ran.root), rates_of(ran.root), meta(ran.root, "_dd.p.ksr")), ((2, "-4"), {}, None))

    def test_item_06_a_keep_by_hand_after_injection_with_priority_0(self):
        upstream = headers(x_datadog_trace_id="1", x_datadog_parent_id="2", x_datadog_sampling_priority="0")
        ran = run(*upstream, ["root", "r"], "inject", ["tag", "manual.keep", ""], "inject", ["child", "c"], "inject")
        self.assertEqual([out["x-datadog-sampling-priority"] for out in ran.injected], ["0", "2", "2"])
        self.assertEqual([items(out)["s"] for out in ran.injected], ["0", "2", "2"])
        self.assertEqual(decision(ran.root), (2, "-4"))

    def test_item_06_a_keep_by_hand_is_over_any_decision_and_limit(self):
        upstream = headers(
            x_datadog_trace_id="1", x_datadog_parent_id="2", x_datadog_sampling_priority="-1", x_datadog_tags="_dd.p.dm=-3,_dd.p.ksr=0"
        )
        ran = run(*upstream, ["root", "r"], ["child", "c"], ["tag", "manual.keep", ""], DD_TRACE_RATE_LIMIT="0")
        self.assertEqual((decision(ran.root), meta(ran.root, "_dd.p.ksr")), ((2, "-4"), None))
        self.assertIsNone(meta(ran.span("c"), "manual.keep"))
        ran = run(["root", "r"], ["tag", "manual.keep", ""], ["tag", "manual.drop", ""])
        self.assertEqual(decision(ran.root), (-1, "-4"))

    def test_item_07_span_rules(self):
        span_rules = rules({"service": "wi*", "name": "k?pt", "max_per_second": 2})
        steps = [["root", "dropped"], ["child", "kept"], "end", ["child", "other"], "end", "end"]
        ran = run(*steps, DD_SPAN_SAMPLING_RULES=span_rules, DD_TRACE_SAMPLE_RATE="0")
        found = {key.rsplit(".", 1)[1]: value for key, value in ran.span("kept")["metrics"].items() if "span_sampling" in key}
        self.assertEqual(found, {"mechanism": 8, "rule_rate": 1, "max_per_second": 2})
        for name in ["dropped", "other"]:
            self.assertFalse([key for key in ran.span(name)["metrics"] if "span_sampling" in key])
            self.assertEqual(meta(ran.span(name), "_dd.p.dm"), "-3" if name == "dropped" else None)
        self.assertEqual(priority(ran.span("dropped")), -1)

    def test_item_07_span_rules_in_order_and_for_dropped_traces_alone(self):
        def kept(first, second, **settings):
            given = rules({"name": "s*", "sample_rate": first}, {"name": "*", "sample_rate": second})
            ran = run(["root", "span"], DD_SPAN_SAMPLING_RULES=given, **settings)
            return metric(ran.root, "_dd.span_sampling.mechanism") == 8

        self.assertTrue(kept(1, 0, DD_TRACE_SAMPLE_RATE="0"))
        self.assertFalse(kept(0, 1, DD_TRACE_SAMPLE_RATE="0"))
        self.assertFalse(kept(1, 1, DD_TRACE_SAMPLE_RATE="1"))
        by_hand = run(["root", "s"], ["override", "-1"], DD_SPAN_SAMPLING_RULES=rules({"name": "s"}))
        self.assertEqual((priority(by_hand.root), metric(by_hand.root, "_dd.span_sampling.mechanism")), (-1, 8))
        upstream = headers(x_datadog_trace_id="1", x_datadog_parent_id="2", x_datadog_sampling_priority="0")
        ran = run(*upstream, ["root", "s"], DD_SPAN_SAMPLING_RULES=rules({"name": "s"}), DD_TRACE_SAMPLE_RATE="1")
        self.assertEqual(metric(ran.root, "_dd.span_sampling.mechanism"), 8)
        self.assertEqual((decision(ran.root), rates_of(ran.root)), ((0, None), {}))

    def test_item_07_span_rules_have_limits_of_their_own(self):
        given = rules({"name": "a", "max_per_second": 2}, {"name": "b", "max_per_second": 4}, {"name": "c", "max_per_second": 0.5})
        steps = [step for name in "abc" for step in [["root", name], "end"] * 6]
        ran = run(*steps, DD_SPAN_SAMPLING_RULES=given, DD_TRACE_SAMPLE_RATE="0")
        count = {name: sum(metric(span, "_dd.span_sampling.mechanism") == 8 for span in ran.spans(name)) for name in "abc"}
        self.assertEqual(count, {"a": 2, "b": 4, "c": 1})

    def test_item_09_without_apm_tracing_one_trace_a_minute(self):
        steps = [step for name in "abc" for step in [["root", name], ["child", name + "2"], "inject", "end", "end"]]
        ran = run(*steps, DD_APM_TRACING_ENABLED="false", DD_TRACE_RATE_LIMIT="100")
        self.assertEqual([decision(ran.span(name)) for name in "abc"], [(1, "-5"), (0, "-5"), (0, "-5")])
        for chunk in ran.chunks:
            for span in chunk:
                self.assertEqual(metric(span, "_dd.apm.enabled"), 0)
        self.assertEqual(ran.injected, [{}, {}, {}])
        self.assertTrue(ran.requests)
        for request in ran.requests:
            self.assertEqual(request["headers"]["datadog-client-computed-stats"], "yes")

    def test_item_09_without_apm_tracing_rules_have_the_same_limit(self):
        settings = {"DD_APM_TRACING_ENABLED": "false", "DD_TRACE_SAMPLING_RULES": rules({"name": "ruled", "sample_rate": 1})}
        ran = run(["root", "ruled"], "end", ["root", "other"], **settings)
        self.assertEqual(decision(ran.span("ruled")), (2, "-3"))
        self.assertEqual(decision(ran.span("other")), (0, "-5"))

    def test_item_09_without_apm_tracing_products_keep(self):
        off = {"DD_APM_TRACING_ENABLED": "false"}
        ran = run(["root", "first"], "end", ["root", "r"], ["child", "c"], ["keep", 2], ["keep", 32], "inject", **off)
        root = ran.span("r")
        self.assertEqual((decision(root), meta(root, "_dd.p.ts")), ((2, "-13"), "22"))
        self.assertIsNone(meta(ran.span("c"), "_dd.p.ts"))
        self.assertEqual(ran.headers["x-datadog-sampling-priority"], "2")
        self.assertIn("_dd.p.ts=22", ran.headers["x-datadog-tags"])
        self.assertIsNone(member(ran.headers, "ot"))
        upstream = headers(
            x_datadog_trace_id="1", x_datadog_parent_id="2", x_datadog_sampling_priority="2", x_datadog_tags="_dd.p.foo=bar"
        )
        ran = run(["root", "first"], "inject", "end", *upstream, ["root", "r"], "inject", **off)
        self.assertEqual((priority(ran.span("r")), meta(ran.span("r"), "_dd.p.foo")), (0, "bar"))
        self.assertEqual(ran.injected, [{}, {}])
        wanted = headers(
            x_datadog_trace_id="1", x_datadog_parent_id="2", x_datadog_sampling_priority="1", x_datadog_tags="_dd.p.ts=02"
        )
        ran = run(["products", 2], *wanted, ["root", "r"], "inject", **off)
        self.assertEqual((priority(ran.root), ran.headers["x-datadog-sampling-priority"]), (2, "2"))
        ran = run(*wanted, ["root", "r"], "inject", **off)
        self.assertEqual((priority(ran.root), ran.headers["x-datadog-sampling-priority"]), (1, "1"))

    def test_item_09_with_apm_tracing_products_keep_too(self):
        ran = run(["root", "r"], "inject", ["keep", 2], "inject", DD_TRACE_SAMPLE_RATE="0")
        self.assertEqual((decision(ran.root), meta(ran.root, "_dd.p.ts"), rates_of(ran.root)), ((2, "-5"), "02", {}))
        self.assertEqual([out["x-datadog-sampling-priority"] for out in ran.injected], ["-1", "2"])
        self.assertIsNone(metric(ran.root, "_dd.apm.enabled"))
        self.assertNotIn("datadog-client-computed-stats", ran.requests[0]["headers"])

    def test_item_10_the_rate_as_text(self):
        for rate, text in [("1.0", "1"), ("0.5", "0.5"), ("0.000001", "0.000001"), ("0.00000051", "0.000001"), ("1e-07", "0")]:
            ran = run(["root", "r"], "inject", DD_TRACE_SAMPLE_RATE=rate)
            self.assertEqual(meta(ran.root, "_dd.p.ksr"), text)
            self.assertIn(f"_dd.p.ksr={text}", ran.headers["x-datadog-tags"].split(","))
        self.assertIsNone(meta(run(["root", "r"]).root, "_dd.p.ksr"))

    def test_item_11_remote_rules_and_rates(self):
        local = rules({"service": "wire", "name": "local", "sample_rate": 0.25})
        remote = rules(
            {"service": "*", "sample_rate": 0.4, "provenance": "dynamic"},
            {
                "service": "test_service",
                "sample_rate": 0.8,
                "provenance": "customer",
                "tags": [{"key": "tag-a", "value_glob": "tag-a-val*"}],
            },
        )
        only_customer = rules({"service": "test_service", "sample_rate": 0.8, "provenance": "customer"})
        for given, rate, name, service, expected in [
            # Nothing remote: local rules, then the local rate.
            ("-", "-", "local", "wire", ("-3", 0.25)),
            ("-", "-", "other", "wire", ("-3", 0.5)),
            # A remote rate catches what local rules do not match.
            ("-", "0.75", "local", "wire", ("-3", 0.25)),
            ("-", "0.75", "other", "wire", ("-3", 0.75)),
            # Remote rules come instead of the local ones; what they do not match has the remote rate, else the local one.
            (only_customer, "0.75", "local", "wire", ("-3", 0.75)),
            (only_customer, "-", "local", "wire", ("-3", 0.5)),
            (only_customer, "-", "local", "test_service", ("-11", 0.8)),
            # Customer rules come first, whatever the order.
            (remote, "0.75", "other", "wire", ("-12", 0.4)),
            ("[]", "-", "local", "wire", ("-3", 0.25)),
        ]:
            steps = [["rules", given, rate], ["root", name], ["service", service]]
            ran = run(*steps, DD_TRACE_SAMPLING_RULES=local, DD_TRACE_SAMPLE_RATE="0.5")
            found = (meta(ran.root, "_dd.p.dm"), metric(ran.root, "_dd.rule_psr"))
            self.assertEqual(found, expected, (given, rate, name, service))
        steps = [["rules", remote, "-"], ["root", "r"], ["service", "test_service"], ["tag", "tag-a", "tag-a-value"]]
        ran = run(*steps)
        self.assertEqual((meta(ran.root, "_dd.p.dm"), metric(ran.root, "_dd.rule_psr")), ("-11", 0.8))

    def test_item_11_remote_rules_come_and_go_while_the_tracer_runs(self):
        customer = rules({"service": "*", "sample_rate": 1, "provenance": "customer"})
        dynamic = rules({"service": "*", "sample_rate": 1, "provenance": "dynamic"})
        steps = []
        for number, given in enumerate(["-", customer, dynamic, "-"]):
            steps += [["rules", given, "-"], ["root", f"r{number}"], "inject", "end"]
        ran = run(*steps)
        self.assertEqual(
            [meta(ran.span(f"r{number}"), "_dd.p.dm") for number in range(4)], ["-0", "-11", "-12", "-0"]
        )

    def test_item_11_a_decision_made_before_stays(self):
        drop = rules({"service": "*", "sample_rate": 0, "provenance": "customer"})
        ran = run(["root", "r"], "inject", ["rules", drop, "-"], "inject")
        self.assertEqual([out["x-datadog-sampling-priority"] for out in ran.injected], ["1", "1"])
        self.assertEqual(priority(ran.root), 1)

    def test_item_11_the_limit_outlasts_rules(self):
        keep = rules({"service": "*", "sample_rate": 1, "provenance": "customer"})
        steps = [["root", "a"], "inject", "end", ["rules", keep, "-"], ["root", "b"], "inject", "end"]
        ran = run(*steps, DD_TRACE_SAMPLE_RATE="1", DD_TRACE_RATE_LIMIT="1")
        self.assertEqual([decision(ran.span(name)) for name in "ab"], [(2, "-3"), (-1, "-11")])

    def test_item_12_a_second_chunk_repeats_the_decision(self):
        steps = [["root", "r"], ["child", "a"], "end", ["child", "b"], "end", ["resource", "late"], ["child", "c"], "end"]
        settings = {
            "DD_TRACE_PARTIAL_FLUSH_MIN_SPANS": "2",
            "DD_TRACE_SAMPLING_RULES": rules({"resource": "late", "sample_rate": 1}, {"sample_rate": 0}),
        }
        ran = run(*steps, **settings)
        # The agent puts the chunks of a trace together. Each began with a root of its own.
        self.assertEqual([decision(ran.span(name)) for name in "abrc"], [(-1, "-3"), (None, None), (-1, "-3"), (None, None)])


class SuiteOfTags(unittest.TestCase):
    """A parent and its child of one service."""

    def found(self, *of_child, **settings):
        ran = run(["root", "parent"], ["child", "child"], *of_child, **settings)
        parent, child = ran.span("parent"), ran.span("child")
        self.assertEqual((rates_of(child), meta(child, "_dd.p.dm"), priority(child)), ({}, None, None))
        return (*decision(parent), rates_of(parent))

    def test_sst001_and_007_a_child_decides_by_hand(self):
        drop, keep = ["tag", "manual.drop", ""], ["tag", "manual.keep", ""]
        self.assertEqual(self.found(drop, DD_TRACE_SAMPLE_RATE="1"), (-1, "-4", {}))
        self.assertEqual(self.found(keep, DD_TRACE_SAMPLE_RATE="1"), (2, "-4", {}))

    def test_sst002_nothing_is_configured(self):
        self.assertIn(self.found(), [(1, "-0", {}), (1, "-1", {"_dd.agent_psr": 1})])

    def test_sst003_to_006_rates_and_rules(self):
        self.assertEqual(self.found(DD_TRACE_SAMPLE_RATE="1"), (2, "-3", {"_dd.rule_psr": 1}))
        self.assertEqual(self.found(DD_TRACE_SAMPLE_RATE="1e-06"), (-1, "-3", {"_dd.rule_psr": 1e-06}))
        both = {"DD_TRACE_SAMPLE_RATE": "1", "DD_TRACE_SAMPLING_RULES": rules({"sample_rate": 1})}
        self.assertEqual(self.found(**both), (2, "-3", {"_dd.rule_psr": 1}))
        both["DD_TRACE_SAMPLING_RULES"] = rules({"sample_rate": 0})
        self.assertEqual(self.found(**both), (-1, "-3", {"_dd.rule_psr": 0}))

    def test_a_limit_that_was_set_is_reported(self):
        ran = run(["root", "a"], "end", ["root", "b"], DD_TRACE_SAMPLE_RATE="1", DD_TRACE_RATE_LIMIT="1")
        self.assertEqual([priority(ran.span(name)) for name in "ab"], [2, -1])
        self.assertEqual(metric(ran.span("a"), "_dd.limit_psr"), 1)
        self.assertLess(metric(ran.span("b"), "_dd.limit_psr"), 1)
        self.assertEqual([priority(run(["root", "a"], DD_TRACE_RATE_LIMIT=limit).root) for limit in ["0", "1"]], [1, 1])

    def test_names_are_compared_without_regard_to_case(self):
        given = rules({"service": "wIrE", "name": "wEb.rEquEst", "resource": "/rAnDom", "tags": {"tag": "vAlUe"}, "sample_rate": 0})
        ran = run(["root", "web.request"], ["resource", "/random"], ["tag", "tag", "value"], DD_TRACE_SAMPLING_RULES=given)
        self.assertEqual(priority(ran.root), -1)
        numeric = rules({"tags": {"tag": "2*"}, "sample_rate": 0})
        for value, expected in [("20", -1), ("20.1", 1), ("30", 1)]:
            ran = run(["root", "r"], ["number", "tag", value], DD_TRACE_SAMPLING_RULES=numeric)
            self.assertEqual(priority(ran.root), expected, value)

    def test_opentelemetry_s_sampler(self):
        for sampler, argument, expected in [
            ("parentbased_always_on", "", (2, 1)),
            ("always_off", "", (-1, 0)),
            ("parentbased_traceidratio", "0", (-1, 0)),
            ("traceidratio", "", (2, 1)),
        ]:
            settings = {"OTEL_TRACES_SAMPLER": sampler, **({"OTEL_TRACES_SAMPLER_ARG": argument} if argument else {})}
            ran = run(["root", "r"], **settings)
            self.assertEqual((priority(ran.root), metric(ran.root, "_dd.rule_psr")), expected, sampler)


if __name__ == "__main__":
    unittest.main()
