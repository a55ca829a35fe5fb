"""A server that answers the queries of gates as Prometheus does, with numbers that wander."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlparse


class Metrics:
    """Serves on 127.0.0.1 until it is left."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Metrics:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Nothing: a gate that waits no longer hangs up, and the terminal is for the page."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        query = parse_qs(urlparse(self.path).query).get("query", [""])[0]
        self._answer(query)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        query = parse_qs(self.rfile.read(length).decode()).get("query", [""])[0]
        self._answer(query)

    def _answer(self, query: str) -> None:
        # Two answers of one moment never differ so much that a gate which compares them fails.
        wave = 1 + 0.5 * math.sin(time.time() / 9) + random.uniform(-0.06, 0.06)
        value = wave * (0.2 if query.startswith("p99") else 0.004)
        result = [{"metric": {}, "value": [time.time(), f"{value:.4g}"]}]
        data = {"resultType": "vector", "result": result}
        body = json.dumps({"status": "success", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: there is a request every second."""
