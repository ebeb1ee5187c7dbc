"""The subjects, how each is started, and with which settings."""

import json
import os
import subprocess

LIBDDTRACE = "libddtrace"
PEERS = ["fastrace", "fastrace-owned", "opentelemetry_sdk", "datadog-opentelemetry"]
ALL = [LIBDDTRACE, *PEERS]
# Those that send to something, and so take part in W5 and W8.
EXPORTING = [LIBDDTRACE, "opentelemetry_sdk", "datadog-opentelemetry"]

# Nothing but traces: what the products around tracing cost is another question.
QUIET = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STATS_COMPUTATION_ENABLED": "false",
    "DD_SERVICE": "bench",
    "DD_ENV": "bench",
    # Everything is on this machine.
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
# Everything that the library does beside tracing.
EVERYTHING = {
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "true",
    "DD_REMOTE_CONFIGURATION_ENABLED": "true",
    "DD_TRACE_STATS_COMPUTATION_ENABLED": "true",
    "DD_TRACE_HEALTH_METRICS_ENABLED": "true",
    "DD_RUNTIME_METRICS_ENABLED": "true",
}
SETTINGS = ("DD_", "OTEL_", "LIBDDTRACE_")


class Subjects:
    def __init__(self, built, names):
        self.built = built
        self.names = names

    def command(self, subject, *arguments):
        program = [str(self.built.bench)] if subject == LIBDDTRACE else [str(self.built.peers), subject]
        return [*program, *map(str, arguments)]

    def run(self, subject, *arguments, environment=None, before=()):
        """Runs a command of a subject to its end and returns what it measured. `before` is a program to run it under."""
        done = subprocess.run(
            [*before, *self.command(subject, *arguments)],
            env=environment or hot_path_settings(subject, None),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=900,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"{subject} {' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def base_settings(**more):
    """The environment without settings that somebody left in it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**clean, **QUIET, **more}


def hot_path_settings(subject, sink_url):
    """No export where a subject can go without; datadog-opentelemetry cannot, and sends to the sink."""
    if subject == LIBDDTRACE:
        return base_settings(LIBDDTRACE_EXPORTER="null")
    if subject == "datadog-opentelemetry" and sink_url is not None:
        return base_settings(DD_TRACE_AGENT_URL=sink_url)
    return base_settings()


def export_settings(subject, url, **more):
    if subject == "opentelemetry_sdk":
        return base_settings(OTEL_EXPORTER_OTLP_ENDPOINT=url, **more)
    return base_settings(DD_TRACE_AGENT_URL=url, **more)
