"""Servers that take OTLP, and misbehave: what is retried, what is lost, and that it is counted."""

import json

import agent as treat
from faults import FaultTest
from tracer import ERR_IO, OK, SPANS_PER_TRACE

MAX_ATTEMPTS = 5


class OtlpTest(FaultTest):
    def otlp(self, server, **settings):
        """A program that sends to the server in JSON. There is no agent."""
        settings = {
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
            # Sent when a test says so.
            "DD_TRACE_WRITER_INTERVAL_SECONDS": "60",
            **settings,
        }
        return self.tracer_of("http://127.0.0.1:9", **settings)

    def spans(self, server):
        return [span for request in server.accepted() for span in spans_of(request)]

    def assert_arrived(self, server, program, traces):
        self.assertEqual(len(self.spans(server)), traces * SPANS_PER_TRACE, program.messages())
        self.assertEqual(len({span["spanId"] for span in self.spans(server)}), traces * SPANS_PER_TRACE)
        self.assertEqual(program.counters()["chunks_dropped"], program.made - traces)


def spans_of(request):
    (of_resource,) = json.loads(request.body)["resourceSpans"]
    (of_scope,) = of_resource["scopeSpans"]
    return of_scope["spans"]


class Delivery(OtlpTest):
    def test_endpoint_of_traces_is_taken_verbatim(self):
        server = self.agent()
        program = self.otlp(server, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{server.url}/Custom//path/?token=a%20b")
        program.traces(3)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual([request.path for request in server.requests], ["/Custom//path/?token=a%20b"])
        self.assert_arrived(server, program, 3)

    def recovers_after(self, *treatments, **settings):
        server = self.agent(*treatments, treat.answer(200))
        program = self.otlp(server, **settings)
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual((len(server.requests), len({request.body for request in server.requests})), (len(treatments) + 1, 1))
        self.assert_arrived(server, program, 30)

    def test_retries(self):
        self.recovers_after(*[treat.answer(503)] * (MAX_ATTEMPTS - 1))

    def test_retries_whatever_went_wrong(self):
        self.recovers_after(treat.close, treat.garbage, treat.answer(429), treat.reset)

    def test_timeout_is_in_milliseconds(self):
        self.recovers_after(treat.silent, treat.silent, OTEL_EXPORTER_OTLP_TIMEOUT="150")

    def test_after_all_retries_traces_are_lost_and_counted(self):
        server = self.agent(treat.answer(500))
        program = self.otlp(server)
        program.traces(30)
        self.assert_status(program.flush(), ERR_IO, program)
        self.assertEqual(len(server.requests), MAX_ATTEMPTS)
        self.assertIn(f"{server.url}/v1/traces answered 500", program.messages())
        server.treat(treat.answer(200))
        program.traces(20)
        self.assert_status(program.flush(), OK, program)
        self.assert_arrived(server, program, 20)

    def test_server_that_is_not_there_loses_traces_and_counts_them(self):
        server = self.agent(listening=False)
        program = self.otlp(server)
        program.traces(30)
        self.assert_status(program.flush(), ERR_IO, program)
        self.assert_arrived(server, program, 0)
        server.appear()
        program.traces(10)
        self.assert_status(program.flush(), OK, program)
        self.assert_arrived(server, program, 10)

    def test_bad_payload_is_not_sent_again(self):
        for status in [400, 413]:
            with self.subTest(status=status):
                server = self.agent(treat.answer(status))
                program = self.otlp(server)
                program.traces(30)
                self.assert_status(program.flush(), ERR_IO, program)
                self.assertEqual(len(server.requests), 1)

    def test_refusal_in_part_is_told(self):
        body = b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"spans are too old"}}'
        server = self.agent(treat.answer(200, body, Content_Type="application/json"))
        program = self.otlp(server)
        program.traces(30)
        self.assert_status(program.flush(), OK, program)
        self.assertEqual(len(server.requests), 1)
        self.assertIn('2 spans were refused: "spans are too old"', program.messages())
        counters = program.counters()
        self.assertEqual((counters["spans_sent"], counters["spans_dropped"], counters["chunks_sent"]), (58, 2, 30))

    def test_odd_answers_are_answers(self):
        for treatment in [treat.answer(202, b""), treat.answer(200, b"\xff" * 1000), treat.unfinished_body, treat.late(0.3)]:
            server = self.agent(treatment)
            program = self.otlp(server)
            program.traces(10)
            self.assert_status(program.flush(), OK, program)
            self.assertEqual(len(server.requests), 1)


class Shutdown(OtlpTest):
    def test_sends_what_is_left(self):
        server = self.agent()
        program = self.otlp(server)
        program.traces(30)
        self.assert_status(program.shutdown(), OK, program)
        self.assert_arrived(server, program, 30)

    def test_at_exit_too(self):
        server = self.agent()
        program = self.otlp(server)
        program.traces(30)
        program.end()
        self.assertEqual(len(self.spans(server)), 30 * SPANS_PER_TRACE)

    def test_does_not_retry(self):
        server = self.agent(treat.answer(503))
        program = self.otlp(server)
        program.traces(30)
        self.assert_status(program.shutdown(), ERR_IO, program)
        self.assertEqual(len(server.requests), 1)
        self.assertEqual(program.counters()["chunks_dropped"], 30)

    def test_of_a_silent_server_ends_in_time(self):
        server = self.agent(treat.silent)
        program = self.otlp(server, LIBDDTRACE_SHUTDOWN_TIMEOUT_MS="500")
        program.traces(30)
        self.assertLess(program.end(), 3)
