"""The sink that exporting subjects send to, and addresses where nobody listens."""

import json
import socket
import subprocess
import urllib.request

LONGEST_SECONDS = 4 * 3600


class Sink:
    """`mode`: count (answers) or silent (accepts and never answers)."""

    def __init__(self, built, mode="count"):
        self.process = subprocess.Popen(
            [str(built.sink), mode, str(LONGEST_SECONDS)], stdout=subprocess.PIPE, text=True
        )
        port = self.process.stdout.readline().strip()
        if not port:
            raise SystemExit("the sink did not start")
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def counts(self):
        return self.ask("/bench", None)

    def reset(self):
        self.ask("/bench/reset", b"")

    def ask(self, path, body):
        # No proxy: the sink is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, data=body, timeout=10) as answer:
            return json.load(answer)


def refusing_url():
    """A port that was free a moment ago, so that connecting to it is refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
