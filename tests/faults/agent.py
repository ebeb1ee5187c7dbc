"""An agent that misbehaves as it is told, on a port of its own of the loopback interface, or a unix socket.

`Agent(a, b, c)` treats the first payload as `a` says, the second as `b`, and all others as `c`; questions about the agent itself (`/info`) are
treated as `info` says. A treatment is a function of an
`Exchange`; it answers or does not, and says whether the connection lives on. What was answered with a status below 300 counts as
accepted; the tests compare that with what the program made.
"""

import collections
import contextlib
import json
import os
import socket
import struct
import threading

import msgpack

# For treatments that wait for the end of the test.
LONG_SECONDS = 60


class Agent:
    def __init__(self, *treatments, listening=True, path=None, info=None):
        self.requests = []
        self.looks = []
        self.info = info or answer(404)
        self.stopping = threading.Event()
        self._treatments = list(treatments) or [answer(200)]
        self._lock = threading.Lock()
        self._connections = set()
        self._path = path
        self._bound = self._bind(0)
        self._port = None if path else self._bound.getsockname()[1]
        if listening:
            self.appear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.disappear()
        self._bound.close()

    @property
    def url(self):
        return f"unix://{self._path}" if self._path else f"http://127.0.0.1:{self._port}"

    def treat(self, *treatments):
        """From now on requests are treated like this."""
        with self._lock:
            self._treatments = list(treatments)

    def appear(self):
        """Listens; before, connections are refused."""
        self._bound.listen(16)
        threading.Thread(target=self._accept, args=(self._bound,), daemon=True).start()

    def ignore(self):
        """Lets connections wait that nobody accepts or reads from."""
        self._bound.listen(16)

    def disappear(self):
        """Ends all connections and refuses new ones, at the same address."""
        old = self._bound
        with self._lock:
            connections, self._connections = self._connections, set()
        # This awakens the threads that wait for them; closing would not.
        for one in [*connections, old]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        old.close()
        self._bound = self._bind(self._port)

    def accepted(self):
        with self._lock:
            return [request for request in self.requests if request.status is not None and request.status < 300]

    def chunks(self):
        """The chunks of all accepted requests: lists of spans."""
        return [chunk for request in self.accepted() for chunk in request.chunks()]

    def numbers(self):
        """How often each trace arrived, by its number; the parts of one that came in parts would count for themselves."""
        return collections.Counter(chunk[0]["metrics"]["number"] for chunk in self.chunks())

    def _bind(self, port):
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            bound = socket.socket(socket.AF_UNIX)
            bound.bind(self._path)
            return bound
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        return bound

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                while self._serve_one(connection, stream):
                    pass
        except OSError:
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _serve_one(self, connection, stream):
        request = read_request(stream)
        if request is None:
            return False
        with self._lock:
            if request.path == "/info":
                self.looks.append(request)
                treatment = self.info
            else:
                self.requests.append(request)
                treatment = self._next_treatment()
        return treatment(Exchange(self, request, connection))

    def _next_treatment(self):
        return self._treatments.pop(0) if len(self._treatments) > 1 else self._treatments[0]


class Request:
    """A request, and the status it was answered with, if it was."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body
        self.status = None

    def chunks(self):
        decoded = msgpack.decode(self.body)
        if self.path == "/v0.5/traces":
            strings, chunks = decoded
            decoded = [[named_span(strings, span) for span in chunk] for chunk in chunks]
        announced = int(self.headers["x-datadog-trace-count"])
        assert announced == len(decoded), f"{announced} chunks announced, {len(decoded)} sent"
        return decoded


def named_span(strings, span):
    """A span of v0.5, which is an array with numbers of strings, with names for what the tests look at."""
    text = strings.__getitem__
    return {
        "service": text(span[0]),
        "name": text(span[1]),
        "meta": {text(key): text(value) for key, value in span[9].items()},
        "metrics": {text(key): value for key, value in span[10].items()},
    }


class Exchange:
    """One request on one connection."""

    def __init__(self, agent, request, connection):
        self.agent = agent
        self.request = request
        self.connection = connection

    def begin_answer(self, status, *headers):
        self.request.status = status
        self.connection.sendall("\r\n".join([f"HTTP/1.1 {status} Whatever", *headers, "", ""]).encode())


def read_request(stream):
    line = stream.readline().split()
    if len(line) != 3:
        return None
    headers = {}
    while (header := stream.readline().strip()) != b"":
        name, _, value = header.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body = stream.read(length)
    return Request(line[1].decode(), headers, body) if len(body) == length else None


def answer(status, body=b"{}", **headers):
    """Answers completely. Underscores of the headers' names stand for hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    def treatment(exchange):
        exchange.begin_answer(status, f"Content-Length: {len(body)}", *lines)
        exchange.connection.sendall(body)
        return True

    return treatment


def rates(version, **rate_by_key):
    """Answers 200 with sampling rates."""
    body = json.dumps({"rate_by_service": {key.replace("__", ":"): rate for key, rate in rate_by_key.items()}}).encode()
    return answer(200, body, Datadog_Rates_Payload_Version=version)


def info(version="7.65.0", state="1", **facts):
    """Answers with what an agent says about itself."""
    return answer(200, json.dumps({"version": version, **facts}).encode(), Datadog_Agent_State=state)


def chunked(pieces):
    """Answers 200 with a body in pieces whose lengths precede them."""

    def treatment(exchange):
        exchange.begin_answer(200, "Transfer-Encoding: chunked")
        for piece in [*pieces, b""]:
            exchange.connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        return True

    return treatment


def endless_body(exchange):
    """Answers 200 and sends a body until the other side has enough of it."""
    exchange.begin_answer(200)
    while not exchange.agent.stopping.is_set():
        exchange.connection.sendall(b"x" * 65536)
    return False


def unfinished_body(exchange):
    """Answers 200 and closes in the middle of the body."""
    exchange.begin_answer(200, "Content-Length: 1000")
    exchange.connection.sendall(b"{")
    return False


def trickling_body(exchange):
    """Answers 200 and sends a byte of the body now and then, for longer than anybody waits."""
    exchange.begin_answer(200, "Content-Length: 100000")
    while not exchange.agent.stopping.wait(0.05):
        exchange.connection.sendall(b"x")
    return False


def late(seconds):
    """Answers 200 after a while."""

    def treatment(exchange):
        exchange.agent.stopping.wait(seconds)
        return answer(200)(exchange)

    return treatment


def silent(exchange):
    """Never answers."""
    exchange.agent.stopping.wait(LONG_SECONDS)
    return False


def garbage(exchange):
    """Answers with what is not HTTP."""
    exchange.connection.sendall(b"\x00\xff\x16SSH-2.0-nonsense\r\n\r\n" * 10)
    return False


def close(exchange):
    """Closes the connection without an answer."""
    return False


def reset(exchange):
    """Resets the connection without an answer."""
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
