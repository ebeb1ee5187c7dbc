"""How an app starts and ends, which endpoints it has, and what it answers about the tracer as a whole."""

import unittest

import app
import endpoints


def setUpModule():
    global running
    running = app.test_agent()


class AnApp(unittest.TestCase):
    """There is at least one, or nothing was tested."""

    def test_exists(self):
        self.assertNotEqual(app.languages(), [])


class Process:
    def test_has_every_endpoint_or_says_which_product_is_missing(self):
        with app.App(self.language, running, DD_REMOTE_CONFIGURATION_ENABLED="true") as one:
            served = []
            for method, paths in (("GET", endpoints.GET[:-1]), ("POST", endpoints.POST)):
                for path in paths:
                    status, answer = one.ask(method, path, {})
                    self.assertNotEqual(status, 404, f"{method} {path}: {answer}")
                    if status == 501:
                        self.assertRegex(answer["error"], "the library has no .+ yet", path)
                    else:
                        served.append(path)
            for path in ["/trace/span/start", "/trace/span/finish", "/trace/span/flush", "/trace/stats/flush", "/trace/otel/flush"]:
                self.assertIn(path, served)

    def test_ends_by_sigterm(self):
        with app.App(self.language, running) as one:
            one.start("open")
            status, seconds = one.terminate()
            self.assertEqual(status, 0)
            self.assertLess(seconds, 5)

    def test_crash_is_a_memory_fault(self):
        with app.App(self.language, running) as one:
            with self.assertRaises((OSError, app.http.client.HTTPException)):
                one.ask("GET", "/trace/crash")
            self.assertEqual(one.process.wait(app.STOP_SECONDS), -app.signal.SIGSEGV)

    def test_bad_requests_are_refused(self):
        with app.App(self.language, running) as one:
            self.assertGreaterEqual(one.ask("POST", "/trace/span/start", {"name": "child", "parent_id": 4711})[0], 400)
            self.assertGreaterEqual(one.ask("POST", "/trace/span/set_meta", {"span_id": 4711, "key": "k", "value": "v"})[0], 400)
            self.assertEqual(one.ask("POST", "/trace/span/finish", {"span_id": one.start("good")})[0], 200)

    def test_works_without_an_agent(self):
        with app.App(self.language, None) as one:
            one.finish(one.start("lost"))
            one.flush()
            self.assertEqual(one.get("/trace/config")["config"]["dd_service"], "parametric")
            self.assertIs(one.get("/trace/agent/ensure_agent_info")["ready"], True)

    def test_config_tells_what_is_in_effect(self):
        settings = {
            "DD_SERVICE": "web",
            "DD_TAGS": "k1:v1,k2:v2",
            "DD_TRACE_SAMPLE_RATE": "0.5",
            "DD_TRACE_PROPAGATION_STYLE": "b3,tracecontext",
            "OTEL_SERVICE_NAME": "hidden",
            "OTEL_LOG_LEVEL": "error",
        }
        with app.App(self.language, running, **settings) as one:
            config = one.get("/trace/config")["config"]
        expected = {
            "dd_service": "web",
            "dd_env": "test",
            "dd_version": "1.2.3",
            "dd_trace_enabled": "true",
            "dd_trace_debug": "false",
            "dd_log_level": "error",
            "dd_trace_sample_rate": "0.5",
            "dd_trace_rate_limit": "100",
            "dd_trace_propagation_style": "b3,tracecontext",
            "dd_trace_otel_enabled": "true",
            "dd_trace_agent_url": f"http://127.0.0.1:{running.port}",
            "dd_runtime_metrics_enabled": "false",
            "dd_logs_injection": "false",
        }
        self.assertEqual({name: config.get(name) for name in expected}, expected)
        self.assertIn("k1:v1,k2:v2", config["dd_tags"])

    def test_statistics_are_sent_by_the_flush(self):
        with app.App(self.language, running, DD_TRACE_STATS_COMPUTATION_ENABLED="true") as one:
            session = running.session()
            one.get("/trace/agent/ensure_agent_info")
            one.finish(one.start("counted", service="shop", resource="GET /"))
            one.flush()
            self.assertIn("/v0.6/stats", [request["path"] for request in session.requests()])
            names = [stat["Name"] for payload in session.stats() for bucket in payload["Stats"] for stat in bucket["Stats"]]
            self.assertEqual(names, ["counted"])


globals().update(endpoints.for_each_app(Process))
del Process
