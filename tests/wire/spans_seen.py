"""Spans as the test agent shows them, brought into one form whatever format they came in.

A span is a dict: name, service, resource, type, trace, parent, start, duration, error, meta, metrics, documents, links, events. Ids that are
drawn at random are replaced by the name of the span that they belong to, and values that differ from run to run by what sort they are.
"""

import json
import re

import msgpack

FLAGS_ARE_SET = 1 << 31
HIGH_HALF = "_dd.p.tid"


def of_agent(chunks):
    """From v0.4, v0.5 or v1.0, all of which the test agent shows as v0.4."""
    spans = []
    for chunk in chunks:
        high = next((int(span["meta"][HIGH_HALF], 16) for span in chunk if HIGH_HALF in span["meta"]), 0)
        spans.extend(agent_span(span, high) for span in chunk)
    return by_name(spans)


def agent_span(span, high):
    meta = {key: value for key, value in span["meta"].items() if key != HIGH_HALF}
    links = span.get("span_links") or json.loads(meta.pop("_dd.span_links", "[]"))
    events = span.get("span_events") or json.loads(meta.pop("events", "[]"))
    return {
        "name": span["name"],
        "service": span["service"],
        "resource": span["resource"],
        "type": span.get("type") or "",
        "id": span["span_id"],
        "trace": high << 64 | span["trace_id"],
        "parent": span.get("parent_id") or 0,
        "start": span["start"],
        "duration": span.get("duration", 0),
        "error": span.get("error", 0),
        "meta": meta,
        "metrics": dict(span["metrics"]),
        "documents": span.get("meta_struct") or {},
        "links": [agent_link(link) for link in links],
        "events": [agent_event(event) for event in events],
    }


def of_otlp(payloads):
    """From OTLP, in the form of `otlp.Payload`."""
    return by_name([otlp_span(span, payload.resource["service.name"]) for payload in payloads for span in payload.spans])


def otlp_span(span, service):
    attributes = dict(span["attributes"])
    fields = {
        "name": attributes.pop("operation.name"),
        "service": attributes.pop("service.name", service),
        "resource": attributes.pop("resource.name"),
        "type": attributes.pop("span.type", ""),
    }
    assert span["name"] == fields["resource"]
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    of_type = lambda *types: {key: value for key, value in attributes.items() if isinstance(value, types)}
    return {
        **fields,
        "id": int(span["spanId"], 16),
        "trace": int(span["traceId"], 16),
        "parent": int(span.get("parentSpanId") or "0", 16),
        "start": start,
        "duration": end - start,
        "error": int(span.get("status", {}).get("code") == 2),
        "meta": {key: value for key, value in of_type(str).items() if key != HIGH_HALF},
        "metrics": of_type(int, float),
        "documents": {key: msgpack.unpackb(value) for key, value in of_type(bytes).items()},
        "links": [otlp_link(link) for link in span["links"]],
        "events": [otlp_event(event) for event in span["events"]],
    }


def otlp_link(link):
    return common_link(int(link["traceId"], 16), int(link["spanId"], 16), link.get("traceState"), link.get("flags"), link["attributes"])


def otlp_event(event):
    return {"name": event["name"], "time": int(event["timeUnixNano"]), "attributes": event["attributes"]}


def agent_link(link):
    if isinstance(link["trace_id"], str):
        trace, span = int(link["trace_id"], 16), int(link["span_id"], 16)
    else:
        trace, span = link.get("trace_id_high", 0) << 64 | link["trace_id"], link["span_id"]
    return common_link(trace, span, link.get("tracestate"), link.get("flags"), link.get("attributes"))


def common_link(trace, span, tracestate, flags, attributes):
    return {
        "trace": trace,
        "span": span,
        "tracestate": tracestate or "",
        "flags": None if flags is None else flags & ~FLAGS_ARE_SET,
        "attributes": attributes or {},
    }


def agent_event(event):
    attributes = {key: plain(value) for key, value in (event.get("attributes") or {}).items()}
    return {"name": event["name"], "time": event["time_unix_nano"], "attributes": attributes}


def plain(value):
    """The value of an event's attribute, with a type beside it or without."""
    if not isinstance(value, dict):
        return value
    (held,) = [held for key, held in value.items() if key != "type"]
    return [plain(item) for item in held["values"]] if isinstance(held, dict) else held


def by_name(spans):
    names = {span["id"]: span["name"] for span in spans}
    seen = {}
    for span in spans:
        assert span["name"] not in seen, f"two spans named {span['name']}"
        seen[span["name"]] = {**span, "parent": names.get(span["parent"], span["parent"]), "trace": trace_of(span, spans)}
        del seen[span["name"]]["id"]
        stable(seen[span["name"]])
    return seen


def trace_of(span, spans):
    """The id that came from elsewhere, or the name of the root that drew it."""
    root = [other["name"] for other in spans if other["trace"] == span["trace"] and other["parent"] == 0]
    return root[0] if root else span["trace"]


def stable(span):
    """A UUID and a process id differ from run to run."""
    runtime_id = span["meta"].get("runtime-id")
    if runtime_id is not None and re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", runtime_id):
        span["meta"]["runtime-id"] = "a UUID"
    if span["metrics"].get("process_id", 0) > 0:
        span["metrics"]["process_id"] = "a process"
