"""Servers that no test agent is: an intake that keeps what it gets, TLS in front of another server, and an HTTP proxy."""

import contextlib
import http.server
import os
import socket
import ssl
import subprocess
import tempfile
import threading


# A name that the certificates have and that no resolver knows.
UNRESOLVABLE = "intake.test"


class Certificates:
    """An authority of its own, and the certificate of a server on this machine."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="ddtrace-tls-")
        path = self.path
        subject = ["-subj", "/CN=ddtrace test authority"]
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", *subject,
                "-keyout", path("ca.key"), "-out", path("ca.pem"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                "-keyout", path("server.key"), "-out", path("server.csr"))
        with open(path("names"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName=DNS:localhost,DNS:{UNRESOLVABLE},IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial",
                "-days", "2", "-extfile", path("names"), "-out", path("server.pem"))
        self.file = path("ca.pem")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path("server.pem"), path("server.key"))

    def path(self, name):
        return os.path.join(self._directory.name, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._directory.cleanup()


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)


class Intake:
    """Answers 202 to every POST, and keeps path, headers (in lower case) and body. With a TLS context it speaks HTTPS."""

    def __init__(self, context=None):
        self.requests = []
        requests = self.requests

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                requests.append({"path": self.path, "headers": headers, "body": body})
                self.send_response(202)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Relay:
    """Takes connections and joins them to others; how is up to `join`, which gets the socket of the client."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client):
        with contextlib.suppress(OSError, ssl.SSLError):
            client, server = self.join(client)
            threading.Thread(target=pour, args=(server, client), daemon=True).start()
            pour(client, server)


class TlsInFront(Relay):
    """Speaks TLS for a server that does not."""

    def __init__(self, context, port):
        self._context, self._target = context, port
        super().__init__()

    def join(self, client):
        return self._context.wrap_socket(client, server_side=True), socket.create_connection(("127.0.0.1", self._target))


class Proxy(Relay):
    """Opens tunnels to one port of this machine, whatever host is asked for, and keeps what was asked."""

    def __init__(self, port):
        self.requests, self._target = [], port
        super().__init__()

    def join(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.requests.append(head.decode("ascii"))
        server = socket.create_connection(("127.0.0.1", self._target))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return client, server


def pour(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
