"""Clients of HTTP: requests, urllib3 and httpx do the same in their own ways."""

import asyncio

import httpx
import pytest
import requests
import urllib3

import libddtrace
from libddtrace import integrations


def with_requests(method, url, **options):
    return requests.request(method, url, timeout=20, **options).status_code


def with_urllib3(method, url, **options):
    return urllib3.PoolManager(retries=False).request(method, url, timeout=20, **options).status


def with_httpx(method, url, **options):
    with httpx.Client(timeout=20) as client:
        return client.request(method, url, **options).status_code


def with_httpx_async(method, url, **options):
    async def send():
        async with httpx.AsyncClient(timeout=20) as client:
            return (await client.request(method, url, **options)).status_code

    return asyncio.run(send())


CLIENTS = {
    "requests": (with_requests, "requests.request", "requests"),
    "urllib3": (with_urllib3, "urllib3.request", "urllib3"),
    "httpx": (with_httpx, "http.request", "httpx"),
    "httpx async": (with_httpx_async, "http.request", "httpx"),
}


@pytest.fixture(params=sorted(CLIENTS))
def client(request):
    send, name, integration = CLIENTS[request.param]
    integrations.patch(**{integration: True})
    yield send, name, integration
    integrations.unpatch()


def test_request_has_a_span_with_tags(traced, echo, client):
    send, name, integration = client
    spans = traced(DD_TRACE_HEADER_TAGS="x-team:team,x-answer:answer")
    with libddtrace.tracer.trace("caller") as caller:
        assert send("get", f"{echo.url}/200/a?token=secret&b=2#c", headers={"X-Team": "blue"}) == 200
    span = spans.one(name)
    assert (span["resource"], span["type"], span["error"]) == ("GET /200/a", "http", 0)
    assert (span["parent_id"], span["service"]) == (caller.span_id, integration)
    meta = span["meta"]
    assert (meta["http.method"], meta["http.status_code"], meta["span.kind"], meta["component"]) == ("GET", "200", "client", integration)
    assert "<redacted>" in meta["http.url"] and "secret" not in meta["http.url"]
    assert (meta["out.host"], meta["team"], meta["answer"]) == ("127.0.0.1", "blue", "42")
    assert span["metrics"]["_dd.measured"] == 1


def test_headers_continue_the_trace(traced, echo, client):
    send, name, _ = client
    spans = traced()
    headers = {"traceparent": "stale"}
    assert send("POST", f"{echo.url}/200/", headers=headers) == 200
    (request,) = echo.requests
    request = {key.lower(): value for key, value in request.items()}
    span = spans.one(name)
    assert request["x-datadog-parent-id"] == str(span["span_id"])
    assert f"{span['span_id']:016x}" in request["traceparent"]
    assert headers == {"traceparent": "stale"}


def test_status_of_the_client_is_an_error_by_the_settings(traced, echo, client):
    send, name, _ = client
    spans = traced()
    assert send("GET", f"{echo.url}/404/") == 404
    span = spans.one(name)
    assert (span["error"], span["meta"]["http.status_code"]) == (1, "404")


def test_exception_is_recorded_and_raised_unchanged(traced, client):
    send, name, _ = client
    spans = traced()
    with pytest.raises(Exception) as raised:
        send("GET", "http://127.0.0.1:1/")
    span = spans.one(name)
    assert span["error"] == 1
    assert span["meta"]["error.type"].endswith(type(raised.value).__name__) or "Connect" in span["meta"]["error.type"]
    assert {"error.message", "error.stack"} <= set(span["meta"])
    assert libddtrace.tracer.current_span() is None


def test_failure_of_ours_is_not_the_application_s(traced, echo, client, monkeypatch):
    send, name, _ = client
    traced()

    def broken(*_, **__):
        raise RuntimeError("ours")

    monkeypatch.setattr(libddtrace.integrations.http_client, "begin_external", broken)
    assert send("GET", f"{echo.url}/200/") == 200
    monkeypatch.undo()


def test_patching_twice_is_once_and_unpatching_restores(traced, echo):
    spans = traced()
    originals = (requests.Session.send, httpx.Client._send_single_request, urllib3.HTTPConnectionPool.urlopen)
    for _ in range(2):
        integrations.patch(requests=True, httpx=True, urllib3=True)
    assert requests.Session.send is not originals[0]
    with_httpx("GET", f"{echo.url}/200/")
    assert len(spans.all()) == 1
    for _ in range(2):
        integrations.unpatch("requests", "httpx", "urllib3")
    assert (requests.Session.send, httpx.Client._send_single_request, urllib3.HTTPConnectionPool.urlopen) == originals
    with_httpx("GET", f"{echo.url}/200/")
    assert len(spans.all()) == 1


def test_redirects_are_spans_of_their_own(traced, echo):
    integrations.patch(requests=True)
    spans = traced()
    assert with_requests("GET", f"{echo.url}/302/") == 200
    assert sorted(span["meta"]["http.status_code"] for span in spans.all()) == ["200", "200"] or [
        span["resource"] for span in spans.all()
    ] == ["GET /302/", "GET /200/moved"]


def test_propagation_can_be_switched_off(traced, echo, monkeypatch):
    monkeypatch.setenv("DD_HTTPX_DISTRIBUTED_TRACING", "false")
    monkeypatch.setenv("DD_HTTPX_SERVICE", "backend")
    integrations.patch(httpx=True)
    spans = traced()
    with_httpx("GET", f"{echo.url}/200/")
    assert spans.one("http.request")["service"] == "backend"
    assert not [name for name in echo.requests[0] if name.lower() == "traceparent"]
