"""Answers of remote configuration, and a program that is told what to do while it runs."""

import base64
import hashlib
import http.server
import json
import subprocess
import threading
import urllib.request

import native
import program


def path(product, config_id, name="config"):
    return f"datadog/2/{product}/{config_id}/{name}"


def answer(version, targets, sent, active):
    """`targets` and `sent` map paths to version and content; `active` lists paths."""

    def target(version, content):
        digest = hashlib.sha256(content.encode()).hexdigest()
        return {"custom": {"v": version}, "hashes": {"sha256": digest}, "length": len(content.encode())}

    signed = {
        "_type": "targets",
        "version": version,
        "spec_version": "1.0",
        "expires": "2035-01-01T00:00:00Z",
        "custom": {"opaque_backend_state": f"state {version}"},
        "targets": {path: target(*file) for path, file in targets.items()},
    }
    encode = lambda text: base64.b64encode(text.encode()).decode()
    files = [{"path": path, "raw": encode(content)} for path, (_, content) in sent.items()]
    targets = encode(json.dumps({"signed": signed, "signatures": []}))
    return {"roots": [], "targets": targets, "target_files": files, "client_configs": active}


def answer_with(files):
    """An answer with these files, content by path, all of them active."""
    files = {path: (1, content if isinstance(content, str) else json.dumps(content)) for path, content in files.items()}
    return answer(1, files, files, list(files))


class Remote:
    """A session of the test agent that answers with what a test says."""

    def __init__(self, running):
        self._agent = running
        self.session = running.session()
        # What the agent answers belongs to no session, because the program names none.
        self.respond({})

    def respond(self, response):
        self._post("/test/session/responses/config", response)

    def respond_path(self, path, message):
        self._post("/test/session/responses/config/path", {"path": path, "msg": message})

    def polls(self):
        """Bodies of the polls, oldest first."""
        return [json.loads(request["body"]) for request in self.session.requests() if request["path"] == "/v0.7/config"]

    def flares(self):
        return self.session._get("tracerflares")

    def configuration_changes(self):
        """All entries of messages about changed configuration, oldest first."""
        entries = []
        for message in self.session._get("apmtelemetry"):
            parts = message["payload"] if message["request_type"] == "message-batch" else [message]
            for part in parts:
                if part["request_type"] == "app-client-configuration-change":
                    entries += part["payload"]["configuration"]
        return sorted(entries, key=lambda entry: entry["seq_id"])

    def _post(self, path, body):
        request = urllib.request.Request(self._agent.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()


class Live:
    """A program that does what it is told. Use it in a `with` block."""

    def __init__(self, executable, url, **settings):
        settings = {
            "DD_TRACE_AGENT_URL": url,
            "DD_REMOTE_CONFIGURATION_ENABLED": "true",
            "DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS": "3600",
            "DD_TRACE_LOG_LEVEL": "off",
            **settings,
        }
        environment = native.environment({**program.BASE_SETTINGS, **settings})
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([executable], env=environment, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._process.communicate(timeout=30)
        finally:
            self._process.kill()
        self.status = self._process.returncode

    def tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the program ended at {line}: {self._process.wait(10)}"
        return answer.rstrip("\n")

    def poll(self):
        assert self.tell("poll") == "ok"


class Scripted:
    """An agent that answers what a function of path and body says: status and body."""

    def __init__(self, handle):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(b"")

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers["Content-Length"])))

            do_PUT = do_POST

            def answer(self, body):
                try:
                    status, content = handle(self.path, body)
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Clients that go away are part of the tests.
        self._server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
