"""Shutdown and exit: what is finished is sent, no longer than it may take, whatever the agent does."""

import agent as treat
from faults import FaultTest
from tracer import ERR_IO, ERR_SHUTDOWN, ERR_TIMEOUT, OK

# For machines under load; a bound that fails names a wait without a limit, which would be much longer.
MARGIN_SECONDS = 5
LONG_TIMEOUT = {"DD_TRACE_AGENT_TIMEOUT_SECONDS": "50", "LIBDDTRACE_SHUTDOWN_TIMEOUT_MS": "40000"}


class Shutdown(FaultTest):
    def test_sends_what_is_finished(self):
        agent = self.agent()
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60")
        program.traces(100)
        self.assert_status(program.shutdown(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_twice_finds_nothing_to_do(self):
        agent = self.agent()
        program = self.tracer(agent)
        program.traces(10)
        self.assert_status(program.shutdown(), OK, program)
        self.assert_status(program.shutdown(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_flush_afterwards_is_refused(self):
        program = self.tracer(self.agent())
        self.assert_status(program.shutdown(), OK, program)
        self.assert_status(program.flush(), ERR_SHUTDOWN, program)

    def test_refused_connections_do_not_make_it_wait(self):
        agent = self.agent(listening=False)
        program = self.tracer(agent)
        program.traces(100)
        answer = program.shutdown(30000)
        self.assert_status(answer, ERR_IO, program)
        self.assertLess(answer["ms"], MARGIN_SECONDS * 1000)
        self.assert_balance(agent, program, lost=100)

    def test_silence_does_not_make_it_wait_longer_than_it_may(self):
        agent = self.agent(treat.silent)
        program = self.tracer(agent, **LONG_TIMEOUT)
        program.traces(100)
        program.until(lambda _: agent.requests)
        answer = program.shutdown(300)
        self.assertIn(answer["status"], [ERR_TIMEOUT, ERR_IO])
        self.assertLess(answer["ms"], 300 + MARGIN_SECONDS * 1000)
        counters = program.until(lambda counters: counters["chunks_dropped"] == 100)
        self.assert_balance(agent, program, lost=counters["chunks_dropped"])

    def test_body_without_end_does_not_make_it_wait(self):
        agent = self.agent(treat.trickling_body)
        program = self.tracer(agent, **LONG_TIMEOUT)
        program.traces(100)
        program.until(lambda _: agent.requests)
        self.assertLess(program.shutdown(300)["ms"], 300 + MARGIN_SECONDS * 1000)

    def test_ends_a_pause_between_attempts(self):
        agent = self.agent(treat.answer(503))
        program = self.tracer(agent)
        program.traces(100)
        # The pauses double: this one is the longest, 1.6 s.
        program.until(lambda _: len(agent.requests) == 5)
        agent.treat(treat.answer(200))
        self.assert_status(program.shutdown(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_waits_for_an_answer_that_comes_in_time(self):
        agent = self.agent(treat.late(1))
        program = self.tracer(agent)
        program.traces(100)
        program.until(lambda _: agent.requests)
        self.assert_status(program.shutdown(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_spans_finished_afterwards_are_counted_and_not_sent(self):
        agent = self.agent()
        program = self.tracer(agent)
        program.traces(10)
        program.command("open", 10)
        program.made += 1
        self.assert_status(program.shutdown(), OK, program)
        program.command("close")
        self.assert_balance(agent, program, lost=1)
        self.assertEqual(sorted(agent.numbers()), list(range(10)))

    def test_spans_started_afterwards_are_not_sent(self):
        agent = self.agent()
        program = self.tracer(agent)
        program.traces(10)
        self.assert_status(program.shutdown(), OK, program)
        before = program.counters()
        after = program.command("traces", 10, 5, 0)
        unrecorded = after["spans_not_recorded"] - before["spans_not_recorded"]
        dropped = after["spans_dropped"] - before["spans_dropped"]
        self.assertEqual(unrecorded + dropped, 10, after)
        self.assertEqual(sorted(agent.numbers()), list(range(10)))
        self.assertLess(program.end(), MARGIN_SECONDS)


class Exit(FaultTest):
    """The program returns from main without a shutdown."""

    def test_sends_what_is_finished(self):
        agent = self.agent()
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60")
        program.traces(100)
        program.command("open", 1000)
        program.end()
        self.assertEqual(agent.numbers(), {number: 1 for number in range(100)}, program.messages())

    def test_sends_nothing_if_told_so(self):
        agent = self.agent()
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60", LIBDDTRACE_FLUSH_AT_EXIT="false")
        program.traces(100)
        program.end()
        self.assertEqual(agent.requests, [])

    def test_without_a_span_asks_nobody(self):
        agent = self.agent()
        program = self.tracer(agent)
        program.counters()
        program.end()
        self.assertEqual(agent.requests, [])

    def test_refused_connections_do_not_delay_it(self):
        agent = self.agent(listening=False)
        program = self.tracer(agent, **LONG_TIMEOUT)
        program.traces(100)
        self.assertLess(program.end(), MARGIN_SECONDS)
        self.assertIn("100 trace chunks", program.messages())

    def test_refused_connections_do_not_delay_it_in_a_pause(self):
        agent = self.agent(listening=False)
        program = self.tracer(agent, **LONG_TIMEOUT)
        program.traces(100)
        program.until(lambda counters: counters["payloads_failed"] >= 2)
        self.assertLess(program.end(), MARGIN_SECONDS)

    def test_server_errors_do_not_delay_it(self):
        agent = self.agent(treat.answer(503))
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60", **LONG_TIMEOUT)
        program.traces(100)
        self.assertLess(program.end(), MARGIN_SECONDS)
        self.assertEqual(len(agent.requests), 1)

    def test_silence_delays_it_no_longer_than_the_shutdown_timeout(self):
        for interval in ["0.02", "60"]:
            with self.subTest(interval=interval):
                agent = self.agent(treat.silent)
                settings = {**LONG_TIMEOUT, "LIBDDTRACE_SHUTDOWN_TIMEOUT_MS": "500", "DD_TRACE_WRITER_INTERVAL_SECONDS": interval}
                program = self.tracer(agent, **settings)
                program.traces(100)
                if interval == "0.02":
                    program.until(lambda _: agent.requests)
                self.assertLess(program.end(), 0.5 + MARGIN_SECONDS)
                self.assertEqual(len(agent.requests), 1)

    def test_agent_that_returns_in_time_gets_everything(self):
        agent = self.agent(treat.answer(503))
        program = self.tracer(agent)
        program.traces(100)
        program.until(lambda _: len(agent.requests) >= 3)
        agent.treat(treat.answer(200))
        program.end()
        self.assertEqual(agent.numbers(), {number: 1 for number in range(100)}, program.messages())

    def test_answer_that_is_under_way_is_waited_for(self):
        agent = self.agent(treat.late(1))
        program = self.tracer(agent)
        program.traces(100)
        program.until(lambda _: agent.requests)
        program.end()
        self.assertEqual(agent.numbers(), {number: 1 for number in range(100)}, program.messages())

    def test_agent_that_never_reads_delays_it_no_longer_than_the_shutdown_timeout(self):
        agent = self.agent(listening=False)
        agent.ignore()
        program = self.tracer(agent, **LONG_TIMEOUT | {"LIBDDTRACE_SHUTDOWN_TIMEOUT_MS": "500"})
        program.traces(500, ballast=20000)
        self.assertLess(program.end(), 0.5 + MARGIN_SECONDS)

    def test_unknown_host_delays_it_no_longer_than_the_shutdown_timeout(self):
        # No resolver knows this name: RFC 2606 reserves it.
        program = self.tracer_of("http://agent.invalid:8126", **LONG_TIMEOUT | {"LIBDDTRACE_SHUTDOWN_TIMEOUT_MS": "500"})
        program.traces(100)
        self.assertLess(program.end(), 0.5 + MARGIN_SECONDS)

    def test_timeout_is_one_for_all_tracers(self):
        agent = self.agent(treat.silent)
        seconds = 3
        settings = {**LONG_TIMEOUT, "LIBDDTRACE_SHUTDOWN_TIMEOUT_MS": str(seconds * 1000), "DD_TRACE_WRITER_INTERVAL_SECONDS": "60"}
        program = self.tracer(agent, more_tracers=3, **settings)
        program.traces(10)
        self.assertLess(program.end(), seconds + MARGIN_SECONDS)
        self.assertEqual(len(agent.requests), 4, "each of them tried")
