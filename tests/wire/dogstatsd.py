"""A receiver of DogStatsD that believes nothing: it takes datagrams or streams apart by the rules of the protocol."""

import os
import re
import socket
import struct
import tempfile
import threading

METRIC = re.compile(
    r"^(?P<name>[A-Za-z][A-Za-z0-9_.]{0,199}):(?P<value>[^|]+)\|(?P<type>c|g|h|d|ms|s)"
    r"(?:\|@(?P<rate>[0-9.]+))?(?:\|#(?P<tags>[^|]+))?(?:\|c:(?P<local>(?:ci|in)-[^|]+))?(?:\|e:(?P<external>[^|]+))?"
    r"(?:\|T(?P<time>[0-9]+))?(?:\|card:(?P<cardinality>none|low|orchestrator|high))?$"
)
CHECK = re.compile(
    r"^_sc\|(?P<name>[^|]+)\|(?P<status>[0-3])(?:\|d:[0-9]+)?(?:\|h:[^|]+)?(?:\|#(?P<tags>[^|]+))?(?:\|m:(?P<message>[^|]+))?"
    r"(?:\|c:[^|]+)?(?:\|e:[^|]+)?$"
)
EVENT = re.compile(r"^_e\{([0-9]+),([0-9]+)\}:")


def parse(line):
    """One message as a dictionary; anything else is an error."""
    if line.startswith("_e{"):
        lengths = EVENT.match(line)
        if not lengths:
            raise ValueError(f"no event: {line!r}")
        rest = line[lengths.end() :].encode()
        title, text = int(lengths[1]), int(lengths[2])
        if rest[title : title + 1] != b"|":
            raise ValueError(f"the title of an event has another length: {line!r}")
        fields = rest[title + 1 + text :].decode()
        if fields and not fields.startswith("|"):
            raise ValueError(f"the text of an event has another length: {line!r}")
        return {"kind": "event", "title": rest[:title].decode(), "text": rest[title + 1 : title + 1 + text].decode()}
    found = CHECK.match(line) if line.startswith("_sc|") else METRIC.match(line)
    if not found:
        raise ValueError(f"no message: {line!r}")
    message = found.groupdict()
    message["tags"] = message["tags"].split(",") if message["tags"] else []
    message["kind"] = "check" if line.startswith("_sc|") else "metric"
    if message["kind"] == "metric" and message["type"] != "s":
        message["value"] = sum(float(value) for value in message["value"].split(":"))
    return message


class Receiver:
    """Listens by `udp`, `unixgram` or `unixstream`. Use it in a `with` block."""

    def __init__(self, way):
        self._way = way
        self.payloads = []
        self._directory = tempfile.TemporaryDirectory(prefix="ddtrace-dsd-")
        self.path = os.path.join(self._directory.name, "dsd.socket")

    def __enter__(self):
        family, kind = {
            "udp": (socket.AF_INET, socket.SOCK_DGRAM),
            "unixgram": (socket.AF_UNIX, socket.SOCK_DGRAM),
            "unixstream": (socket.AF_UNIX, socket.SOCK_STREAM),
        }[self._way]
        self._socket = socket.socket(family, kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0) if self._way == "udp" else self.path)
        self._socket.settimeout(0.2)
        if self._way == "unixstream":
            self._socket.listen(8)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.end()
        self._socket.close()
        self._directory.cleanup()

    def end(self):
        """Takes what is there, and no more."""
        self._ends.set()
        self._thread.join()

    @property
    def port(self):
        return self._socket.getsockname()[1]

    @property
    def url(self):
        return f"udp://127.0.0.1:{self.port}" if self._way == "udp" else f"{self._way}://{self.path}"

    def messages(self):
        return [parse(line) for payload in self.payloads for line in payload.decode().split("\n")]

    def _run(self):
        while True:
            try:
                if self._way == "unixstream":
                    stream, _ = self._socket.accept()
                    with stream:
                        stream.settimeout(10)
                        self._take_stream(stream)
                else:
                    self.payloads.append(self._socket.recv(1 << 17))
            except TimeoutError:
                if self._ends.is_set():
                    return

    def _take_stream(self, stream):
        with stream.makefile("rb") as file:
            while head := file.read(4):
                (length,) = struct.unpack("<I", head)
                payload = file.read(length)
                if len(payload) != length:
                    raise ValueError(f"{length} bytes were promised, {len(payload)} came")
                self.payloads.append(payload)
