"""What the agent says about itself is asked for before traces leave, and again when it changes; who does not answer holds nobody up."""

import time

import agent as treat
from faults import FaultTest
from tracer import ERR_TIMEOUT, OK

# A look that nobody asked for comes a second after the former one at the earliest.
PAUSE = 1.2


class Discovery(FaultTest):
    def wait_for_looks(self, agent, count, program):
        end = time.monotonic() + 20
        while len(agent.looks) < count:
            program.traces(1)
            self.assert_status(program.flush(), OK, program)
            self.assertLess(time.monotonic(), end, f"{len(agent.looks)} looks\n{program.messages()}")
            time.sleep(0.05)

    def test_is_asked_before_the_first_trace_leaves(self):
        order = []

        def noted(name, treatment):
            return lambda exchange: order.append(name) or treatment(exchange)

        agent = self.agent(noted("traces", treat.answer(200)), info=noted("info", treat.late(0.3)))
        program = self.tracer(agent)
        program.traces(3)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual(order, ["info", "traces"])
        self.assert_all_arrived_once(agent, program)
        program.traces(3)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual(len(agent.looks), 1)

    def test_question_has_the_headers_of_the_process_and_none_of_traces(self):
        agent = self.agent(info=treat.info())
        program = self.tracer(agent, DD_EXTERNAL_ENV="it-false,cn-x")
        program.traces(1)
        self.assert_status(program.flush(), OK, program)
        headers = agent.looks[0].headers
        self.assertEqual((headers["datadog-meta-lang"], headers["datadog-external-env"]), ("cpp", "it-false,cn-x"))
        self.assertIn("datadog-meta-tracer-version", headers)
        for name in ["content-type", "content-length", "x-datadog-trace-count", "datadog-client-computed-top-level"]:
            self.assertNotIn(name, headers)

    def test_failures_hold_no_trace_back(self):
        failures = [treat.answer(500), treat.garbage, treat.close, treat.reset, treat.answer(200, b"no JSON"), treat.unfinished_body]
        for failure in [*failures, treat.endless_body]:
            with self.subTest(failure=failure):
                agent = self.agent(info=failure)
                program = self.tracer(agent)
                program.traces(5)
                self.assert_status(program.flush(), OK, program)
                self.assert_all_arrived_once(agent, program)

    def test_silence_costs_the_time_of_one_request(self):
        agent = self.agent(info=treat.silent)
        program = self.tracer(agent, DD_TRACE_AGENT_TIMEOUT_SECONDS="0.5")
        program.traces(5)
        answer = program.flush(100)
        self.assert_status(answer, ERR_TIMEOUT, program)
        self.assertLess(answer["ms"], 400)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)

    def test_silence_does_not_make_a_shutdown_wait_longer_than_it_may(self):
        agent = self.agent(info=treat.silent)
        program = self.tracer(agent, DD_TRACE_AGENT_TIMEOUT_SECONDS="60")
        program.traces(5)
        answer = program.shutdown(500)
        self.assertLess(answer["ms"], 1500)
        # If the look had not begun yet, it gets half of the time, and the traces the other half.
        program.until(lambda counters: counters["chunks_dropped"] + counters["chunks_sent"] == 5)

    def test_silence_delays_exit_no_longer_than_the_shutdown_timeout(self):
        agent = self.agent(info=treat.silent)
        program = self.tracer(agent, DD_TRACE_AGENT_TIMEOUT_SECONDS="60", LIBDDTRACE_SHUTDOWN_TIMEOUT_MS="500")
        program.traces(1)
        self.assertLess(program.end(), 2)

    def test_agent_restart_with_changed_state_is_noticed(self):
        """11. Agent restart: info refresh picks up changed state."""
        old = treat.answer(200, Datadog_Agent_State="1")
        agent = self.agent(old, info=treat.info(state="1"))
        program = self.tracer(agent)
        for _ in range(3):
            program.traces(1)
            self.assert_status(program.flush(), OK, program)
        self.assertEqual(len(agent.looks), 1, "the state is the one that is known")
        time.sleep(PAUSE)
        agent.info = treat.info(state="2")
        agent.treat(treat.answer(200, Datadog_Agent_State="2"))
        self.wait_for_looks(agent, 2, program)
        time.sleep(PAUSE)
        program.traces(1)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual(len(agent.looks), 2, "the new state is known")

    def test_agents_that_take_turns_are_not_asked_all_the_time(self):
        states = [treat.answer(200, Datadog_Agent_State=str(number)) for number in range(40)]
        agent = self.agent(*states, info=treat.info(state="x"))
        program = self.tracer(agent)
        begin = time.monotonic()
        for _ in range(40):
            program.traces(1)
            self.assert_status(program.flush(), OK, program)
        self.assertLessEqual(len(agent.looks), 2 + (time.monotonic() - begin))

    def test_agent_absent_at_start_then_present_works_within_one_refresh(self):
        """11. Agent absent at start then present works within one refresh."""
        agent = self.agent(listening=False, info=treat.info())
        program = self.tracer(agent)
        program.traces(3)
        program.until(lambda counters: counters["payloads_failed"] >= 1)
        agent.appear()
        self.assert_status(program.flush(), OK, program)
        self.wait_for_looks(agent, 1, program)
        self.assert_all_arrived_once(agent, program)

    def test_refused_format_comes_back_when_the_agent_says_so(self):
        agent = self.agent(treat.answer(404), treat.answer(200), info=treat.info(endpoints=["/v0.4/traces", "/v0.5/traces"]))
        program = self.tracer(agent, DD_TRACE_API_VERSION="v0.5")

        def send():
            program.traces(1)
            self.assert_status(program.flush(), OK, program)
            return agent.requests[-1].path

        self.assertEqual(send(), "/v0.4/traces")
        self.wait_for_looks(agent, 2, program)
        self.assertEqual(send(), "/v0.4/traces", "it says what it said before")
        time.sleep(PAUSE)
        agent.info = treat.info(endpoints=["/v0.4/traces", "/v0.5/traces"], state="2")
        agent.treat(treat.answer(200, Datadog_Agent_State="2"))
        self.wait_for_looks(agent, 3, program)
        self.assertEqual(send(), "/v0.5/traces")
        self.assert_all_arrived_once(agent, program)

    def test_404_on_v1_makes_the_next_request_v04(self):
        """4. 404 on v1 → next request v0.4."""
        agent = self.agent(treat.answer(404), treat.answer(200), info=treat.info(endpoints=["/v0.4/traces", "/v1.0/traces"]))
        program = self.tracer(agent, DD_TRACE_API_VERSION="v1")
        program.traces(5)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual([request.path for request in agent.requests], ["/v1.0/traces", "/v0.4/traces"])
        self.assert_all_arrived_once(agent, program)
        self.wait_for_looks(agent, 2, program)

    def test_v1_is_for_agents_that_name_it(self):
        agent = self.agent(info=treat.info(endpoints=["/v0.4/traces"]))
        program = self.tracer(agent, DD_TRACE_API_VERSION="v1", DD_TRACE_LOG_LEVEL="warn")
        for _ in range(3):
            program.traces(1)
            self.assert_status(program.flush(), OK, program)
        self.assertEqual({request.path for request in agent.requests}, {"/v0.4/traces"})
        self.assertEqual(program.messages().count("/v1.0/traces"), 1, program.messages())

    def test_payload_that_is_too_large_is_halved_once(self):
        agent = self.agent(treat.answer(413), treat.answer(413), treat.answer(200))
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="600")
        program.traces(100, ballast=2000)
        program.flush()
        counters = self.assert_balance(agent, program)
        self.assertGreater(counters["chunks_sent"], 0)
        self.assertGreater(counters["chunks_dropped"], 0)
        sizes = [len(request.body) for request in agent.requests]
        self.assertGreater(sizes[0], sizes[1])
        # The half that is lost is told, the whole that was sent in halves is not.
        self.assertEqual(program.messages().count("413"), 1, program.messages())
        self.assertIn("1 payload dropped", program.messages())

    def test_payload_that_arrives_in_halves_is_not_told(self):
        agent = self.agent(treat.answer(413), treat.answer(200))
        program = self.tracer(agent, DD_TRACE_WRITER_INTERVAL_SECONDS="600")
        program.traces(100, ballast=2000)
        self.assert_status(program.flush(), OK, program)
        self.assert_all_arrived_once(agent, program)
        self.assertNotIn("413", program.messages())
