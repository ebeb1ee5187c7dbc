"""Payloads of OTLP in one form, however they were encoded: names in camelCase, ids in hexadecimal, attributes as dicts of plain values."""

import base64
import json

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

VALUES = {
    "stringValue": str,
    "boolValue": bool,
    "intValue": int,
    "doubleValue": float,
    "bytesValue": base64.b64decode,
    "arrayValue": lambda array: [value(one) for one in array.get("values", [])],
}


class Payload:
    """One request: the attributes of its resource, its scope, its spans."""

    def __init__(self, request):
        self.content_type = request["headers"]["Content-Type"]
        document = json.loads(request["body"]) if self.content_type == "application/json" else of_protobuf(request["body"])
        (of_resource,) = document["resourceSpans"]
        (of_scope,) = of_resource["scopeSpans"]
        self.resource = attributes(of_resource["resource"])
        self.scope = of_scope["scope"]
        self.spans = [span(one) for one in of_scope["spans"]]


def of_protobuf(body):
    """Reads protobuf into the form that the protocol has in JSON."""
    from google.protobuf.json_format import MessageToDict

    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    document = MessageToDict(request, use_integers_for_enums=True)
    for of_resource in document["resourceSpans"]:
        for of_scope in of_resource["scopeSpans"]:
            for one in of_scope["spans"]:
                # The general rule for bytes is base64, that of the protocol for ids is another one.
                for holder in [one, *one.get("links", [])]:
                    for key in ["traceId", "spanId", "parentSpanId"]:
                        if key in holder:
                            holder[key] = base64.b64decode(holder[key]).hex()
    return document


def span(one):
    lists = {key: [{**entry, "attributes": attributes(entry)} for entry in one.get(key, [])] for key in ["events", "links"]}
    return {**one, **lists, "attributes": attributes(one)}


def attributes(holder):
    pairs = [(pair["key"], value(pair["value"])) for pair in holder.get("attributes", [])]
    assert len(dict(pairs)) == len(pairs), f"an attribute is there twice: {pairs}"
    return dict(pairs)


def value(any_value):
    ((kind, content),) = any_value.items()
    return VALUES[kind](content)
