"""Endpoints of products that the library does not have yet. They say so, instead of answering as if something had happened."""

from functools import partial

from server import Failure

PRODUCTS = {
    "metrics by OpenTelemetry's API": [
        f"/metrics/otel/{name}"
        for name in (
            "get_meter create_counter counter_add create_updowncounter updowncounter_add create_gauge gauge_record create_histogram"
            " histogram_record create_asynchronous_counter create_asynchronous_updowncounter create_asynchronous_gauge force_flush"
        ).split()
    ],
    "logs by OpenTelemetry's API": ["/otel/logger/create", "/otel/logger/write", "/log/otel/flush"],
    "feature flags": ["/ffe/start", "/ffe/evaluate"],
    "LLM observability": [
        "/llm_observability/trace",
        "/llm_observability/dataset/create",
        "/llm_observability/dataset/delete",
    ],
}


def routes(state):
    return {("POST", path): partial(refuse, product) for product, paths in PRODUCTS.items() for path in paths}


def refuse(product, request):
    raise Failure(501, f"the library has no {product} yet")
