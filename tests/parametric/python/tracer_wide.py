"""Endpoints about the tracer as a whole: flush, configuration, agent, remote configuration, crash."""

import ctypes
import json
import time
from functools import partial

from libddtrace import remote_config

from server import Failure

# What the library calls the names of /trace/config. Names that are missing here are those of the environment in lower case.
SETTINGS = {
    "dd_log_level": "DD_TRACE_LOG_LEVEL",
    "dd_trace_agent_url": "DD_TRACE_AGENT_URL",
}
NAMES = (
    "dd_service dd_env dd_version dd_tags dd_trace_enabled dd_trace_debug dd_log_level dd_trace_sample_rate dd_trace_rate_limit"
    " dd_trace_propagation_style dd_trace_sample_ignore_parent dd_trace_otel_enabled dd_trace_agent_url dd_dogstatsd_host"
    " dd_dogstatsd_port dd_runtime_metrics_enabled dd_logs_injection dd_profiling_enabled dd_data_streams_enabled"
).split()
FLUSH_SECONDS = 10
AGENT_SECONDS = 5
REMOTE_SECONDS = 10


def routes(state):
    found = {
        ("POST", "/trace/span/flush"): flush,
        ("POST", "/trace/stats/flush"): flush,
        ("GET", "/trace/config"): config,
        ("GET", "/trace/agent/ensure_agent_info"): ensure_agent_info,
        ("POST", "/trace/remote-config/apply"): apply_remote_config,
        ("GET", "/trace/crash"): crash,
    }
    return {route: partial(function, state) for route, function in found.items()}


def flush(state, request, seconds=None):
    """Sends traces and statistics. That the agent cannot be reached is no error."""
    state.tracer.flush(FLUSH_SECONDS if seconds is None else max(float(seconds), 1))
    state.forget()


def config(state, request):
    found = {name: state.tracer.config_get(SETTINGS.get(name, name.upper())) for name in NAMES}
    if found["dd_trace_propagation_style"] is None:
        found["dd_trace_propagation_style"] = state.tracer.config_get("DD_TRACE_PROPAGATION_STYLE_EXTRACT")
    return {"config": found}


def ensure_agent_info(state, request):
    state.tracer.refresh_agent_info(AGENT_SECONDS)
    return {"ready": True}


def apply_remote_config(state, request):
    if remote_config.next_request() is None:
        raise Failure(404, "remote configuration is off")
    if not remote_config.poll(REMOTE_SECONDS):
        raise Failure(504, f"no answer within {REMOTE_SECONDS} s")
    request = remote_config.next_request()
    configs = json.loads(request)["client"]["state"].get("config_states") or []
    return {"applied_configs": [{"config_id": config["id"], "product": config["product"]} for config in configs]}


def crash(state, request):
    time.sleep(0)
    ctypes.string_at(0)
