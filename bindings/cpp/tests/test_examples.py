"""The examples of the C++ binding and of its README, and what a real test agent receives from them."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(PROJECT, "tests", "wire"))

import native  # noqa: E402
from agent import Agent  # noqa: E402

PROGRAMS = os.environ["DDTRACE_CPP_PROGRAMS"]
LIBRARY = os.environ["DDTRACE_CPP_LIBRARY"]
BINDING = os.path.join(PROJECT, "bindings", "cpp")
LIMIT_SECONDS = 60


class Examples(unittest.TestCase):
    def test_a_trace_goes_from_the_client_through_the_server(self):
        with Agent() as agent:
            session = agent.session()
            settings = native.environment({**native.QUIET_SETTINGS, "DD_TRACE_AGENT_URL": agent.url, "DD_ENV": "test"})
            answers, status = self.run_both(settings, "/items/7", "/broken")
            self.assertEqual(answers, ["item 7", "out of items"])
            self.assertEqual(status, 0)
            spans = [span for trace in session.traces() for span in trace]
        self.assertEqual(len({span["trace_id"] for span in spans}), 1, "one trace")
        self.assertEqual(len(spans), 6)

        run = only(spans, name="client.run")
        self.assertEqual(run["service"], "cpp-client")
        self.assertEqual(run["metrics"]["requests"], 2)
        requests = [span for span in spans if span["parent_id"] == run["span_id"]]
        self.assertEqual([request["meta"]["http.status_code"] for request in requests], ["200", "500"])
        self.assertEqual([request["error"] for request in requests], [0, 1])

        served = only(spans, resource="GET /items/{id}")
        self.assertEqual(served["service"], "cpp-server")
        self.assertEqual(served["parent_id"], requests[0]["span_id"])
        self.assertEqual(served["meta"]["span.kind"], "server")
        self.assertEqual(served["meta"]["http.status_code"], "200")
        query = only(spans, name="db.query")
        self.assertEqual(query["parent_id"], served["span_id"])
        self.assertEqual(query["metrics"]["db.row_count"], 1)

        broken = only(spans, resource="GET /broken")
        self.assertEqual(broken["parent_id"], requests[1]["span_id"])
        self.assertEqual(broken["error"], 1)
        self.assertEqual(broken["meta"]["error.type"], "std::runtime_error")
        self.assertEqual(broken["meta"]["error.message"], "out of items")

    def test_without_an_agent_they_run_as_well(self):
        settings = native.environment({**native.QUIET_SETTINGS, "DD_TRACE_AGENT_URL": "http://127.0.0.1:9"})
        answers, _ = self.run_both(settings, "/items/8")
        self.assertEqual(answers, ["item 8"])

    def run_both(self, settings, *paths):
        """What the client printed, and the server's status."""
        server = subprocess.Popen([os.path.join(PROGRAMS, "server")], env=settings, stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline())
            urls = [f"http://127.0.0.1:{port}{path}" for path in paths]
            client = subprocess.run(
                [os.path.join(PROGRAMS, "client"), *urls], env=settings, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, check=False
            )
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(f"http://127.0.0.1:{port}/stop", data=b"", timeout=LIMIT_SECONDS).close()
            return client.stdout.splitlines(), server.wait(LIMIT_SECONDS)
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()
            server.stdout.close()


class Readme(unittest.TestCase):
    def test_its_programs_run(self):
        with open(os.path.join(BINDING, "README.md")) as file:
            blocks = re.findall(r"```cpp\n(.*?)```", file.read(), re.DOTALL)
        self.assertEqual(len(blocks), 2)
        for block in blocks:
            if "int main" not in block:
                block = f"#include <ddtrace.hpp>\n#undef NDEBUG\n#include <cassert>\nint main() {{\n{block}}}\n"
            self.run_program(block)

    def run_program(self, source):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "program")
            with open(f"{program}.cpp", "w") as file:
                file.write(source)
            include = [f"-I{BINDING}/include", f"-I{PROJECT}/include"]
            link = [f"-L{LIBRARY}", f"-Wl,-rpath,{LIBRARY}", "-lddtrace"]
            subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", *include, f"{program}.cpp", "-o", program, *link], check=True)
            settings = native.environment({**native.QUIET_SETTINGS, "DD_TRACE_AGENT_URL": "http://127.0.0.1:9"})
            subprocess.run([program], env=settings, check=True, timeout=LIMIT_SECONDS)


def only(spans, **wanted):
    found = [span for span in spans if all(span[key] == value for key, value in wanted.items())]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} spans with {wanted} in {spans}")
    return found[0]


if __name__ == "__main__":
    unittest.main()
