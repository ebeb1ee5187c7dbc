"""What the tests of this directory have in common: a program, an agent, and the balance of what was made, accepted and lost."""

import unittest

import tracer
from agent import Agent

_program = []


class FaultTest(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        if not _program:
            _program.append(tracer.build())

    def entered(self, manager):
        """Enters a context for the time of the test. (`enterContext` is not in Python 3.10.)"""
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def agent(self, *treatments, **options):
        """An agent for the time of the test."""
        return self.entered(Agent(*treatments, **options))

    def tracer(self, agent, **settings):
        """A program for the time of the test."""
        return self.tracer_of(agent.url, **settings)

    def tracer_of(self, url, **settings):
        return self.entered(tracer.Tracer(_program[0], url, **settings))

    def assert_status(self, answer, expected, program):
        self.assertEqual(answer["status"], expected, f"{answer}\n{program.messages()}")

    def assert_all_arrived_once(self, agent, program):
        self.assertEqual(agent.numbers(), {number: 1 for number in range(program.made)}, program.messages())
        self.assert_balance(agent, program, lost=0)

    def assert_balance(self, agent, program, lost=None):
        """What was made has arrived or is counted as lost, and the program counts as sent what the agent accepted."""
        counters = program.counters()
        chunks = agent.chunks()
        self.assertTrue(all(len(chunk) == tracer.SPANS_PER_TRACE for chunk in chunks), "chunks arrive whole")
        self.assertEqual(counters["chunks_sent"], len(chunks), counters)
        self.assertEqual(counters["payloads_sent"], len(agent.accepted()), counters)
        self.assertEqual(counters["bytes_sent"], sum(len(request.body) for request in agent.accepted()), counters)
        if lost is not None:
            self.assertEqual(counters["chunks_dropped"], lost, counters)
        self.assertEqual(len(chunks) + counters["chunks_dropped"], program.made, counters)
        self.assertEqual(counters["spans_sent"] + counters["spans_dropped"], program.made * tracer.SPANS_PER_TRACE, counters)
        self.assertEqual(counters["spans_finished"], program.made * tracer.SPANS_PER_TRACE, counters)
        return counters
