"""A shop in one process: a server and a client by the standard library, and the trace that goes through both.

    python examples/shop.py
"""

from __future__ import annotations

import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from libddtrace import SpanKind, Tracer, exporters, propagation

tracer = Tracer({"DD_SERVICE": "shop", "DD_TRACE_STARTUP_LOGS": False}, exporters.ConsoleExporter("tree"))


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        context = propagation.extract(self.headers)
        with tracer.start_span("http.request", child_of=context, kind=SpanKind.SERVER, resource=f"GET {self.path}", activate=True):
            text = price("shoes").encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        pass


@tracer.wrap("price", tags={"currency": "EUR"})
def price(article: str) -> str:
    span = tracer.current_span()
    if span is not None:
        span.set_tag("article", article)
    return "49.90"


def buy(url: str) -> str:
    with tracer.trace("buy", kind=SpanKind.CLIENT) as span:
        headers: dict[str, str] = {}
        propagation.inject(span, headers)
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:
            return str(response.read().decode())


def main() -> None:
    server = HTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(buy(f"http://127.0.0.1:{server.server_port}/shoes"))
    server.shutdown()
    tracer.shutdown()


if __name__ == "__main__":
    main()
