"""What the agent receives of a process and of the child that it forked."""

import unittest

import agent
import program

OF_THE_PARENT = {"sent before", "waiting", "open", "of the parent"}
OF_THE_CHILD = {"below what was open", "of the child"}


class Fork(unittest.TestCase):
    def test_child_has_new_runtime_id_no_duplicate_spans(self):
        with agent.Agent() as running:
            session = running.session()
            # Nothing leaves by itself between the end of a span and the fork.
            settings = {"DD_TRACE_AGENT_URL": running.url, "DD_TRACE_WRITER_INTERVAL_SECONDS": "60"}
            program.run(program.build("fork"), settings)
            # The agent puts the spans of both processes together where they are of one trace.
            spans = [span for chunk in session.traces() for span in chunk]
        ids = [span["span_id"] for span in spans]
        self.assertEqual(len(ids), len(set(ids)))
        roots = [span for span in spans if span["name"] != "child"]
        self.assertEqual(sorted(root["name"] for root in roots), sorted(OF_THE_PARENT | OF_THE_CHILD))
        processes = {names: self.process(roots, names) for names in map(frozenset, (OF_THE_PARENT, OF_THE_CHILD))}
        of_parent, of_child = processes.values()
        self.assertNotEqual(of_parent[0], of_child[0], "the runtime id")
        self.assertNotEqual(of_parent[1], of_child[1], "the process id")
        by_name = {root["name"]: root for root in roots}
        self.assertEqual(by_name["below what was open"]["parent_id"], by_name["open"]["span_id"])
        self.assertEqual(by_name["below what was open"]["trace_id"], by_name["open"]["trace_id"])

    def process(self, roots, names):
        """Runtime id and process id, which are the same in all of these local roots."""
        found = {(root["meta"]["runtime-id"], root["metrics"]["process_id"]) for root in roots if root["name"] in names}
        self.assertEqual(len(found), 1, found)
        return found.pop()


if __name__ == "__main__":
    unittest.main()
