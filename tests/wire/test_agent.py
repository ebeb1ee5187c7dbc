"""The conversation with the agent: what it says about itself, statistics, filters, formats. Tests are named by the protocol's checklist."""

import json
import unittest

import agent
import program

FILTERS = {
    "ignore_resources": ["^GET /health"],
    "filter_tags": {"reject": ["debug", "team:red"]},
    "filter_tags_regex": {"reject": ["url:^/private"]},
}
DEFAULTS = {"DD_TRACE_STATS_COMPUTATION_ENABLED": ""}
SERVED = {"DD_TRACE_SAMPLE_RATE": "0"}


def setUpModule():
    global traces_program, able, plain, filtering
    traces_program = program.build("agent_traces")
    able = agent.Agent(TEST_AGENT_VERSION="7.65.0").__enter__()
    unittest.addModuleCleanup(able.__exit__)
    plain = agent.Agent().__enter__()
    unittest.addModuleCleanup(plain.__exit__)
    filtering = agent.Agent(TEST_AGENT_VERSION="7.65.0", DD_AGENT_EXTRA_INFO=json.dumps(FILTERS)).__enter__()
    unittest.addModuleCleanup(filtering.__exit__)


class Run:
    """One run of agent_traces.c."""

    def __init__(self, running, steps, transport="tcp", **settings):
        session = running.session()
        settings = {**DEFAULTS, "DD_TRACE_AGENT_URL": running.address(transport), **settings}
        output, self.messages = program.run(traces_program, settings, steps)
        self.counts = json.loads(output)
        self.names = sorted(span["name"] for chunk in session.traces() for span in chunk)
        requests = session.requests()
        self.requests = [request for request in requests if request["path"].endswith("/traces")]
        self.stats_requests = [request for request in requests if request["path"] == "/v0.6/stats"]
        self.payloads = session.stats()

    def groups(self):
        return [group for payload in self.payloads for bucket in payload["Stats"] for group in bucket["Stats"]]

    def group(self, name):
        (group,) = [group for group in self.groups() if group["Name"] == name]
        return group


class Stats(unittest.TestCase):
    """7. Stats at wire level."""

    def test_seven_distinct_keys_are_seven_groups(self):
        base = {"name": "op", "service": "s", "resource": "r", "type": "web", "http.status_code": "200"}
        changed = [{}, {"name": "op2"}, {"resource": "r2"}, {"service": "s2"}, {"type": "db"}, {"origin": "synthetics"}, {"http.status_code": "400"}]
        steps = [";".join(f"{key}={value}" for key, value in {**base, **change}.items()) for change in changed]
        run = Run(able, steps * 2)
        groups = run.groups()
        self.assertEqual(len(groups), 7, groups)
        self.assertEqual([group["Hits"] for group in groups], [2] * 7)

    def test_measured_children_are_counted_without_top_level_hits(self):
        run = Run(able, ["name=root;child=measured", "name=other;child=plain"])
        self.assertEqual((run.group("child")["Hits"], run.group("child")["TopLevelHits"]), (1, 0))
        self.assertEqual(run.group("root")["TopLevelHits"], 1)

    def test_errors_are_separated(self):
        run = Run(able, ["name=op", "name=op", "name=op;error=1"])
        self.assertEqual((run.group("op")["Hits"], run.group("op")["Errors"]), (3, 1))

    def test_sample_rate_0_still_yields_stats_and_no_traces(self):
        run = Run(able, ["name=op"] * 5, **SERVED)
        self.assertEqual((run.names, run.group("op")["Hits"]), ([], 5))
        self.assertEqual(run.counts, {"sent": 0, "dropped": 0, "rejected": 5, "filtered": 0})

    def test_rejected_traces_with_errors_arrive_and_the_others_are_told(self):
        run = Run(able, ["name=lost", "name=failed;error=1"], **SERVED)
        self.assertEqual(run.names, ["failed"])
        headers = run.requests[0]["headers"]
        self.assertEqual((headers["datadog-client-dropped-p0-traces"], headers["datadog-client-dropped-p0-spans"]), ("1", "1"))
        self.assertEqual(headers["datadog-client-computed-stats"], "yes")

    def test_spans_kept_by_a_rule_of_their_own_arrive_alone(self):
        rules = {"DD_SPAN_SAMPLING_RULES": '[{"name":"child"}]'}
        run = Run(able, ["name=root;child=plain"], **SERVED, **rules)
        self.assertEqual(run.names, ["child"])

    def test_payload_names_the_process(self):
        run = Run(able, ["name=op"])
        (payload,) = run.payloads
        self.assertEqual((payload["Env"], payload["Version"], payload["Hostname"]), ("test", "1.2.3", ""))
        # The agent shows no more of a payload than that.
        (request,) = run.stats_requests
        self.assertRegex(request["body"], rb"RuntimeID\xd9\x24[0-9a-f-]{36}")
        self.assertRegex(request["body"], rb"Sequence[\x00\x01]")
        self.assertRegex(request["body"], rb"AgentAggregation\xa0")
        headers = request["headers"]
        self.assertEqual(headers["content-type"], "application/msgpack")
        self.assertIn("datadog-meta-tracer-version", headers)

    def test_two_flushes_send_what_was_counted_once(self):
        run = Run(able, ["name=op", "flush", "flush"])
        self.assertEqual(len(run.payloads), 1)

    def test_internal_kind_is_excluded(self):
        run = Run(able, ["name=root;child=internal"])
        self.assertEqual([group["Name"] for group in run.groups()], ["root"])

    def test_disabled_flag_means_no_stats(self):
        run = Run(able, ["name=op"], DD_TRACE_STATS_COMPUTATION_ENABLED="false", **SERVED)
        self.assertEqual((run.payloads, run.names), ([], ["op"]))
        self.assertNotIn("datadog-client-computed-stats", run.requests[0]["headers"])

    def test_older_agent_gets_stats_only_if_told_so(self):
        self.assertEqual(len(Run(plain, ["name=op"]).payloads), 0)
        for setting in ["DD_TRACE_STATS_COMPUTATION_ENABLED", "DD_TRACE_STATS_COMPUTATION_IGNORE_AGENT_VERSION"]:
            with self.subTest(setting=setting):
                self.assertEqual(len(Run(plain, ["name=op"], **{setting: "true"}).payloads), 1)

    def test_apm_disabled_means_no_stats_here_and_none_there(self):
        run = Run(able, ["name=op"], DD_APM_TRACING_ENABLED="false")
        self.assertEqual(run.payloads, [])
        self.assertEqual(run.requests[0]["headers"]["datadog-client-computed-stats"], "yes")


class Filters(unittest.TestCase):
    """8. Filters."""

    def test_traces_that_the_agent_does_not_want_are_neither_sent_nor_counted(self):
        rejected = ["name=a;resource=GET /healthz", "name=b;debug=1", "name=c;team=red", "name=d;url=/private/x"]
        wanted = ["name=e;resource=POST /health", "name=f;team=blue", "name=g;url=/x/private"]
        run = Run(filtering, rejected + wanted)
        self.assertEqual(run.names, ["e", "f", "g"])
        self.assertEqual(sorted(group["Name"] for group in run.groups()), ["e", "f", "g"])
        self.assertEqual(run.counts, {"sent": 3, "dropped": 0, "rejected": 0, "filtered": 4})

    def test_agent_filters_where_it_counts(self):
        run = Run(filtering, ["name=a;debug=1"], DD_TRACE_STATS_COMPUTATION_ENABLED="false")
        self.assertEqual(run.names, ["a"])


class Transports(unittest.TestCase):
    """9. UDS and TCP parity."""

    def test_uds_and_tcp_say_the_same(self):
        steps = ["name=op;child=measured", "name=failed;error=1"]
        tcp, unix = (Run(able, steps, transport, **SERVED) for transport in ("tcp", "unix"))
        self.assertEqual(tcp.names, unix.names)
        self.assertEqual(tcp.counts, unix.counts)
        summary = [sorted((group["Name"], group["Hits"], group["Errors"]) for group in run.groups()) for run in (tcp, unix)]
        self.assertEqual(summary[0], summary[1])
        self.assertEqual(len(summary[0]), 3)


class Formats(unittest.TestCase):
    def test_v1_is_used_where_the_agent_takes_it(self):
        run = Run(plain, ["name=op;child=plain"], DD_TRACE_API_VERSION="v1")
        self.assertEqual([request["path"] for request in run.requests], ["/v1.0/traces"])
        self.assertEqual(run.names, ["child", "op"])


class Rates(unittest.TestCase):
    def test_the_first_request_asks_for_rates_of_any_version(self):
        run = Run(plain, ["name=op", "flush", "name=op"])
        self.assertEqual(run.requests[0]["headers"]["datadog-rates-payload-version"], "0")


class Counts(unittest.TestCase):
    """1. Trace-Count equals chunks for 0/1/many."""

    def test_trace_count_equals_chunks_for_0_1_many(self):
        for count in [0, 1, 25]:
            with self.subTest(count=count):
                run = Run(plain, ["name=op"] * count)
                counts = [int(request["headers"]["x-datadog-trace-count"]) for request in run.requests]
                self.assertEqual(counts, [count] if count else [], "nothing to send is no request")
                self.assertEqual(run.names, ["op"] * count)


if __name__ == "__main__":
    unittest.main()
