"""One budget in bytes for all that waits: never exceeded, and what does not fit is counted and told to the agent."""

import agent as treat
from faults import FaultTest
from tracer import OK

BUDGET = 256 * 1024


class Budget(FaultTest):
    def outage(self, traces, ballast=200, **settings):
        agent = self.agent(treat.answer(503))
        program = self.tracer(agent, **settings)
        largest = 0
        for _ in range(traces // 50):
            largest = max(largest, program.traces(50, ballast)["buffered_bytes"])
        return agent, program, largest

    def test_what_fits_waits_for_the_agent(self):
        agent, program, _ = self.outage(1000)
        self.assertEqual(program.counters()["chunks_dropped"], 0)
        agent.treat(treat.answer(200))
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_what_does_not_fit_is_counted_and_told(self):
        settings = {"DD_TRACE_WRITER_BUFFER_SIZE_BYTES": str(BUDGET)}
        agent, program, largest = self.outage(2000, **settings)
        self.assertLessEqual(largest, BUDGET)
        self.assertGreater(largest, BUDGET // 2)
        dropped = program.counters()["chunks_dropped"]
        self.assertGreater(dropped, 500)
        agent.treat(treat.answer(200))
        program.flush()
        self.assert_balance(agent, program, lost=program.counters()["chunks_dropped"])
        self.assertTrue(all(count == 1 for count in agent.numbers().values()))
        program.traces(10)
        self.assert_status(program.flush(), OK, program)
        self.assert_balance(agent, program)
        rate = agent.chunks()[-1][0]["metrics"]["_dd.tracer_kr"]
        self.assertTrue(0 < rate < 1, rate)

    def test_what_was_taken_before_the_budget_was_full_waits_for_the_agent(self):
        agent = self.agent(listening=False)
        program = self.tracer(agent, DD_TRACE_WRITER_BUFFER_SIZE_BYTES=str(BUDGET))
        for _ in range(40):
            self.assertLessEqual(program.traces(50, 200)["buffered_bytes"], BUDGET)
        before = program.until(lambda counters: counters["payloads_failed"] >= 3)
        self.assertGreater(before["chunks_dropped"], 500)
        agent.appear()
        self.assert_status(program.flush(), OK, program)
        self.assert_balance(agent, program, lost=before["chunks_dropped"])
        self.assertEqual(set(agent.numbers().values()), {1})

    def test_keep_rate_is_one_while_nothing_is_lost(self):
        agent = self.agent()
        program = self.tracer(agent)
        program.traces(10)
        self.assert_status(program.flush(), OK, program)
        rates = {chunk[0]["metrics"].get("_dd.tracer_kr", 1) for chunk in agent.chunks()}
        self.assertEqual(rates, {1})

    def test_large_traces_share_the_budget(self):
        settings = {"DD_TRACE_WRITER_BUFFER_SIZE_BYTES": str(BUDGET)}
        agent, program, largest = self.outage(100, ballast=20000, **settings)
        self.assertLessEqual(largest, BUDGET)
        agent.treat(treat.answer(200))
        program.flush()
        counters = self.assert_balance(agent, program)
        self.assertGreater(counters["chunks_dropped"], 0)
        self.assertGreater(counters["chunks_sent"], 0)

    def test_budget_without_room_for_anything(self):
        agent = self.agent()
        program = self.tracer(agent, DD_TRACE_WRITER_BUFFER_SIZE_BYTES="1")
        program.traces(50)
        self.assertLessEqual(program.counters()["buffered_bytes"], 1)
        program.flush()
        self.assert_balance(agent, program, lost=50)

    def test_everything_is_given_back(self):
        settings = {"DD_TRACE_WRITER_BUFFER_SIZE_BYTES": str(BUDGET)}
        agent, program, _ = self.outage(1000, **settings)
        agent.treat(treat.answer(200))
        program.flush()
        # What is left is what threads keep in advance, and does not grow.
        for _ in range(3):
            program.traces(20)
            self.assert_status(program.flush(), OK, program)
            self.assertLess(program.counters()["buffered_bytes"], BUDGET // 4)

    def test_default_budget_bounds_the_memory_of_the_process(self):
        agent, program, largest = self.outage(20000, ballast=1000)
        counters = program.counters()
        self.assertGreater(counters["chunks_dropped"], 0, "more was made than fits")
        self.assertLessEqual(largest, 20 << 20)
        self.assertLess(program.peak_memory(), 40 << 20)
        agent.treat(treat.answer(200))
        program.flush()
        self.assert_balance(agent, program)


class PayloadSize(FaultTest):
    def test_trace_beyond_it_is_dropped_alone(self):
        agent = self.agent()
        program = self.tracer(agent, DD_TRACE_WRITER_MAX_PAYLOAD_SIZE_BYTES="30000")
        program.traces(10)
        program.traces(1, ballast=20000)
        program.traces(10)
        program.flush()
        self.assert_balance(agent, program, lost=1)
        self.assertNotIn(10, agent.numbers())

    def test_payloads_have_half_a_mebibyte(self):
        agent = self.agent()
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="60")
        program.traces(2000, ballast=500)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)
        sizes = [len(request.body) for request in agent.requests]
        self.assertGreater(len(sizes), 3)
        # Records are somewhat smaller than what they are encoded to.
        self.assertLess(max(sizes), 1 << 20)
