"""Agents that fail for a while lose nothing, agents that refuse for good are not asked again, and what is lost is counted."""

import os
import random
import tempfile
import threading

import agent as treat
from faults import FaultTest
from tracer import ERR_IO, ERR_TIMEOUT, OK

MAX_ATTEMPTS = 6


class Recovery(FaultTest):
    """The agent accepts in the end, within the retries: everything arrives, once."""

    def test_nothing_is_wrong(self):
        agent = self.agent()
        program = self.tracer(agent)
        for _ in range(5):
            program.traces(40)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def recovers_after(self, *treatments, **settings):
        agent = self.agent(*treatments, treat.answer(200))
        program = self.tracer(agent, **settings)
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)
        self.assertEqual(len(agent.requests), len(treatments) + len(agent.accepted()))
        return agent

    def test_too_many_requests(self):
        self.recovers_after(treat.answer(429), treat.answer(429))

    def test_server_errors(self):
        self.recovers_after(treat.answer(500), treat.answer(503), treat.answer(502, b"<html>bad gateway</html>"), treat.answer(504))

    def test_last_of_all_attempts(self):
        self.recovers_after(*[treat.answer(500)] * (MAX_ATTEMPTS - 1))

    def test_request_timeout(self):
        self.recovers_after(treat.answer(408))

    def test_garbage(self):
        self.recovers_after(treat.garbage, treat.garbage)

    def test_closed_connections(self):
        self.recovers_after(treat.close, treat.close)

    def test_reset_connections(self):
        self.recovers_after(treat.reset, treat.reset)

    def test_silence(self):
        self.recovers_after(treat.silent, treat.silent, DD_TRACE_AGENT_TIMEOUT_SECONDS="0.2")

    def test_all_at_once(self):
        faults = [treat.answer(429), treat.garbage, treat.close, treat.answer(500), treat.silent]
        self.recovers_after(*faults, DD_TRACE_AGENT_TIMEOUT_SECONDS="0.2")

    def test_unknown_format_falls_back_to_the_older_one(self):
        for status in [404, 415]:
            with self.subTest(status=status):
                agent = self.recovers_after(treat.answer(status), DD_TRACE_API_VERSION="v0.5")
                paths = [request.path for request in agent.requests]
                self.assertEqual(paths, ["/v0.5/traces"] + ["/v0.4/traces"] * (len(paths) - 1))

    def test_newer_format_with_faults(self):
        agent = self.recovers_after(treat.answer(500), treat.close, DD_TRACE_API_VERSION="v0.5")
        self.assertEqual({request.path for request in agent.requests}, {"/v0.5/traces"})

    def test_refused_connections(self):
        agent = self.agent(listening=False)
        program = self.tracer(agent)
        program.traces(50)
        program.until(lambda counters: counters["payloads_failed"] >= 2)
        agent.appear()
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_outage_that_is_longer_than_all_pauses(self):
        agent = self.agent()
        program = self.tracer(agent)
        program.traces(20)
        self.assert_status(program.flush(), OK, program)
        agent.disappear()
        for failures in range(1, MAX_ATTEMPTS + 3):
            program.traces(20)
            program.until(lambda counters: counters["payloads_failed"] >= failures)
        self.assert_status(program.flush(100), ERR_TIMEOUT, program)
        agent.appear()
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_agent_disappears_and_returns(self):
        self.disappears_and_returns(self.agent())

    def test_agent_disappears_and_returns_on_a_unix_socket(self):
        directory = self.entered(tempfile.TemporaryDirectory())
        self.disappears_and_returns(self.agent(path=os.path.join(directory, "apm.socket")))

    def test_unix_socket_that_is_not_there_yet(self):
        directory = self.entered(tempfile.TemporaryDirectory())
        path = os.path.join(directory, "apm.socket")
        program = self.tracer_of(f"unix://{path}")
        program.traces(20)
        program.until(lambda counters: counters["payloads_failed"] >= 2)
        agent = self.agent(path=path)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def disappears_and_returns(self, agent):
        program = self.tracer(agent)
        for round in range(1, 4):
            program.traces(20)
            self.assert_status(program.flush(), OK, program)
            agent.disappear()
            program.traces(20)
            program.until(lambda counters: counters["payloads_failed"] >= 2 * round)
            agent.appear()
            self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_agent_restarts_between_two_payloads(self):
        agent = self.agent()
        program = self.tracer(agent)
        for _ in range(5):
            program.traces(20)
            self.assert_status(program.flush(), OK, program)
            # The connection that was kept alive is dead now, and nobody has told.
            agent.disappear()
            agent.appear()
        program.traces(20)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_what_is_made_during_an_outage_arrives_too(self):
        agent = self.agent(treat.answer(503))
        program = self.tracer(agent)
        timer = threading.Timer(0.5, agent.treat, [treat.answer(200)])
        timer.start()
        for _ in range(20):
            program.traces(50)
        timer.join()
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)


class Answered(FaultTest):
    """The agent accepts, and says so in an odd way: the payload is not sent again."""

    def accepted_once(self, treatment, **settings):
        agent = self.agent(treatment)
        program = self.tracer(agent, **settings)
        for _ in range(2):
            program.traces(20)
            self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)
        return agent

    def test_late(self):
        self.accepted_once(treat.late(0.5))

    def test_no_content(self):
        self.accepted_once(treat.answer(204, b""))

    def test_body_is_no_json(self):
        self.accepted_once(treat.answer(200, b"OK\n"))

    def test_body_in_chunks(self):
        self.accepted_once(treat.chunked([b'{"rate_by_', b'service": {}}']))

    def test_huge_body(self):
        self.accepted_once(treat.answer(200, b"[" * (8 << 20)))

    def test_endless_body(self):
        self.accepted_once(treat.endless_body)

    def test_unfinished_body(self):
        self.accepted_once(treat.unfinished_body)

    def test_body_that_trickles(self):
        self.accepted_once(treat.trickling_body, DD_TRACE_AGENT_TIMEOUT_SECONDS="0.3")


class Refusal(FaultTest):
    """What the agent does not want is dropped, counted, and does not stand in the way of what follows."""

    def loses_what_is_answered_with(self, status, **settings):
        agent = self.agent(treat.answer(status))
        program = self.tracer(agent, **settings)
        program.traces(30)
        self.assert_status(program.flush(), ERR_IO, program)
        counters = self.assert_balance(agent, program, lost=30)
        self.assertEqual(counters["payloads_failed"], len(agent.requests))
        agent.treat(treat.answer(200))
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        self.assert_balance(agent, program, lost=30)
        self.assertEqual(sorted(agent.numbers()), list(range(30, 60)))
        return program

    def test_payload_is_too_large(self):
        self.assertIn("413", self.loses_what_is_answered_with(413).messages())

    def test_payload_is_refused(self):
        for status in [400, 401, 403, 422, 301]:
            with self.subTest(status=status):
                self.assertIn(str(status), self.loses_what_is_answered_with(status).messages())

    def test_no_endpoint(self):
        self.assertIn("404", self.loses_what_is_answered_with(404).messages())

    def test_failures_that_do_not_end(self):
        agent = self.agent(treat.answer(500))
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60")
        program.traces(30)
        self.assert_status(program.flush(), ERR_IO, program)
        self.assertEqual(len(agent.requests), MAX_ATTEMPTS)
        self.assert_balance(agent, program, lost=30)
        agent.treat(treat.answer(200))
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        self.assert_balance(agent, program, lost=30)

    def test_attempts_are_the_same_payload(self):
        agent = self.agent(treat.answer(500), treat.answer(500), treat.answer(200))
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60")
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        bodies = {request.body for request in agent.requests}
        self.assertEqual((len(agent.requests), len(bodies)), (3, 1))


class Disorder(FaultTest):
    """Many threads, and an agent that does everything in turn: nothing arrives twice, and what is lost is counted."""

    TREATMENTS = [
        treat.answer(200),
        treat.answer(500),
        treat.answer(429),
        treat.answer(413),
        treat.answer(400),
        treat.garbage,
        treat.close,
        treat.reset,
        treat.late(0.05),
        treat.unfinished_body,
        treat.answer(200, b"x" * 100000),
    ]

    def disorder(self, seed, **settings):
        order = random.Random(seed)
        agent = self.agent(*[order.choice(self.TREATMENTS) for _ in range(40)], treat.answer(200))
        program = self.tracer(agent, **settings)
        for _ in range(12):
            program.traces(200, ballast=order.choice([0, 200, 2000]), by="crowd")
            if order.random() < 0.5:
                program.flush(order.choice([10, 5000]))
        program.shutdown()
        counters = self.assert_balance(agent, program)
        self.assertEqual({count for count in agent.numbers().values()}, {1}, f"seed {seed}: {counters}")

    def test_older_format(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self.disorder(seed)

    def test_newer_format(self):
        self.disorder(3, DD_TRACE_API_VERSION="v0.5")

    def test_little_memory(self):
        self.disorder(4, DD_TRACE_WRITER_BUFFER_SIZE_BYTES="200000")


class Flush(FaultTest):
    def test_waits_no_longer_than_it_may_and_loses_nothing(self):
        agent = self.agent(treat.late(3), treat.answer(200))
        program = self.tracer(agent)
        program.traces(30)
        answer = program.flush(200)
        self.assert_status(answer, ERR_TIMEOUT, program)
        self.assertLess(answer["ms"], 2000)
        self.assertGreater(program.counters()["buffered_bytes"], 0)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_with_nothing_to_send_asks_nobody(self):
        agent = self.agent(listening=False)
        program = self.tracer(agent)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual(program.counters()["payloads_failed"], 0)


class Rates(FaultTest):
    def test_rates_of_the_answer_apply_to_what_follows(self):
        agent = self.agent(treat.rates("v1", **{"service__faults,env__": 0.25}), treat.answer(200))
        program = self.tracer(agent)
        program.traces(1)
        self.assert_status(program.flush(), OK, program)
        program.traces(400)
        self.assert_status(program.flush(), OK, program)
        roots = [chunk[0]["metrics"] for chunk in agent.chunks()[1:]]
        self.assertEqual({root["_dd.agent_psr"] for root in roots}, {0.25})
        kept = sum(root["_sampling_priority_v1"] > 0 for root in roots)
        self.assertTrue(40 < kept < 160, kept)

    def test_rates_version_round_trip(self):
        """3. Rates version round trip."""
        first, second = {"service__faults,env__": 0.25}, {"service__faults,env__": 0.125}
        unchanged = treat.answer(200, b"{}", Datadog_Rates_Payload_Version="v1")
        agent = self.agent(
            treat.rates("v1", **first),
            unchanged,
            treat.answer(200, b"OK", Datadog_Rates_Payload_Version="v9"),
            treat.rates("v2", **second),
            treat.answer(200),
        )
        program = self.tracer(agent)
        for _ in range(6):
            program.traces(1)
            self.assert_status(program.flush(), OK, program)
        asked = [request.headers["datadog-rates-payload-version"] for request in agent.requests]
        self.assertEqual(asked, ["0", "v1", "v1", "v1", "v2", "v2"], "a version counts only together with its rates")
        used = [chunk[0]["metrics"].get("_dd.agent_psr") for chunk in agent.chunks()]
        self.assertEqual(used, [None, 0.25, 0.25, 0.25, 0.125, 0.125])
