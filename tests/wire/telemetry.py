"""Telemetry as the test agent received it."""

import json
import os

import jsonschema

PATH = "/telemetry/proxy/api/v2/apmtelemetry"
BATCH = "message-batch"
HERE = os.path.dirname(os.path.abspath(__file__))


def validator():
    """What every request has to look like."""
    with open(os.path.join(HERE, "schemas", "telemetry.json"), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


VALIDATOR = validator()


class Telemetry:
    """What one session of the agent received, oldest first."""

    def __init__(self, session):
        self.requests = [request for request in session.requests() if request["path"] == PATH]
        self.bodies = [json.loads(request["body"]) for request in self.requests]
        for request, body in zip(self.requests, self.bodies):
            VALIDATOR.validate(body)
            check_headers(request["headers"], body)
            assert len(request["body"]) < 5_000_000

    def of(self, runtime_id):
        """The same, of one process alone."""
        kept = Telemetry.__new__(Telemetry)
        pairs = [pair for pair in zip(self.requests, self.bodies) if pair[1]["runtime_id"] == runtime_id]
        kept.requests = [request for request, _ in pairs]
        kept.bodies = [body for _, body in pairs]
        return kept

    def messages(self, kind=None):
        """Types and payloads of all messages, those in batches too."""
        found = []
        for body in self.bodies:
            inner = body["payload"] if body["request_type"] == BATCH else [body]
            found += [(message["request_type"], message.get("payload")) for message in inner]
        return [payload for type_, payload in found if type_ == kind] if kind else found

    def types(self):
        return [type_ for type_, _ in self.messages()]

    def runtime_ids(self):
        return list(dict.fromkeys(body["runtime_id"] for body in self.bodies))

    def series(self, name, namespace="tracers"):
        """The points of a metric by their tags, all windows together."""
        found = {}
        for payload in self.messages("generate-metrics"):
            for series in payload["series"] if payload["namespace"] == namespace else []:
                if series["metric"] == name:
                    values = [value for _, value in series["points"]]
                    found.setdefault(tuple(series["tags"]), []).extend(values)
        return found

    def configuration(self, name, kind="app-started"):
        """Values and origins of a setting, in the order of their precedence."""
        entries = [entry for payload in self.messages(kind) for entry in payload["configuration"] if entry["name"] == name]
        return [(entry["value"], entry["origin"]) for entry in sorted(entries, key=lambda entry: entry["seq_id"])]


def check_headers(headers, body):
    """The headers say what the body says."""
    expected = {
        "content-type": "application/json",
        "dd-telemetry-api-version": body["api_version"],
        "dd-telemetry-request-type": body["request_type"],
        "dd-client-library-language": body["application"]["language_name"],
        "dd-client-library-version": body["application"]["tracer_version"],
        "dd-session-id": body["runtime_id"],
    }
    for name, value in expected.items():
        assert headers.get(name) == value, (name, headers.get(name), value)
    for name in ["dd-root-session-id", "dd-parent-session-id"]:
        assert headers.get(name) != body["runtime_id"], name
