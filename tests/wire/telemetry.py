"""Telemetry as the test agent received it."""

import json

PATH = "/telemetry/proxy/api/v2/apmtelemetry"
BATCH = "message-batch"


class Telemetry:
    """What one session of the agent received, oldest first."""

    def __init__(self, session):
        self.requests = [request for request in session.requests() if request["path"] == PATH]
        self.bodies = [json.loads(request["body"]) for request in self.requests]

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
