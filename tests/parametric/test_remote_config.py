"""The endpoint that runs a cycle of remote configuration."""

import unittest

import app
import endpoints
import remote


def setUpModule():
    global running
    running = app.test_agent()


class RemoteConfig:
    def test_apply_tells_what_is_applied(self):
        file = remote.path("APM_TRACING", "apm-1")
        content = {"service_target": {"service": "parametric", "env": "test"}, "lib_config": {"tracing_sampling_rate": 0.25}}
        answers = remote.Remote(running)
        settings = {"DD_REMOTE_CONFIGURATION_ENABLED": "true", "DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS": "0.2"}
        with app.App(self.language, running, **settings) as one:
            self.assertEqual(one.post("/trace/remote-config/apply"), {"applied_configs": []})
            answers.respond(remote.answer_with({file: content}))
            for _ in range(2):
                applied = one.post("/trace/remote-config/apply")["applied_configs"]
                self.assertEqual(applied, [{"config_id": "apm-1", "product": "APM_TRACING"}])
            self.assertEqual(one.get("/trace/config")["config"]["dd_trace_sample_rate"], "0.25")

    def test_apply_is_unknown_without_remote_configuration(self):
        with app.App(self.language, running) as one:
            self.assertEqual(one.ask("POST", "/trace/remote-config/apply", {})[0], 404)


globals().update(endpoints.for_each_app(RemoteConfig))
del RemoteConfig
