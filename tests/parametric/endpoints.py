"""All endpoints of the interface of parametric apps, and how a test class is made for each app."""

import unittest

import app

GET = (
    "/trace/config /trace/agent/ensure_agent_info /trace/span/current /trace/span/get_baggage /trace/span/get_all_baggage"
    " /trace/otel/current_span /trace/crash"
).split()
SPAN = (
    "start finish flush set_meta set_metric set_resource error add_link add_event manual_keep manual_drop inject_headers extract_headers"
    " set_baggage remove_baggage remove_all_baggage"
).split()
OTEL = "start_span end_span set_attributes set_name set_status add_event record_exception is_recording span_context otel_set_baggage flush".split()
METRICS = (
    "get_meter create_counter counter_add create_updowncounter updowncounter_add create_gauge gauge_record create_histogram"
    " histogram_record create_asynchronous_counter create_asynchronous_updowncounter create_asynchronous_gauge force_flush"
).split()
POST = [
    "/trace/stats/flush",
    "/trace/remote-config/apply",
    *(f"/trace/span/{name}" for name in SPAN),
    *(f"/trace/otel/{name}" for name in OTEL),
    *(f"/metrics/otel/{name}" for name in METRICS),
    *("/otel/logger/create", "/otel/logger/write", "/log/otel/flush"),
    *("/ffe/start", "/ffe/evaluate"),
    *("/llm_observability/trace", "/llm_observability/dataset/create", "/llm_observability/dataset/delete"),
]


def for_each_app(base):
    """Makes a test class per app out of one whose attribute `language` is missing. Returns them by name."""
    return {
        f"{base.__name__}_{language}": type(f"{base.__name__}_{language}", (base, unittest.TestCase), {"language": language, "__module__": base.__module__})
        for language in app.languages()
    }
