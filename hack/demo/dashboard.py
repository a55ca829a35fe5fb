"""The service behind the demo's webhook gate: it answers which share of the requests fails.

Simulated pods serve no requests; the service makes its figures up.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

#: Percent of the requests: that fail usually, that fail with a bad revision, that may fail.
USUAL: Final = 0.1
BAD: Final = 7.2
ALLOWED: Final = 1.0


class Dashboard(ThreadingHTTPServer):
    """``is_bad(revision)`` is True if its requests fail; `requests` counts the gate's requests."""

    daemon_threads = True

    def __init__(self, is_bad: Callable[[str], bool]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.is_bad = is_bad
        self.requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/errors"

    def __enter__(self) -> Dashboard:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, question: dict[str, Any]) -> dict[str, str]:
        """The answer to ``question``, the body that the webhook gate sent."""
        self.requests += 1
        share = BAD if self.is_bad(question["revision"]) else USUAL
        words = f"{share} % of the requests fail, {ALLOWED:g} % is allowed"
        return {"verdict": "Pass" if share <= ALLOWED else "Fail", "message": words}


class _Handler(BaseHTTPRequestHandler):
    server: Dashboard

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(self.server.answer(question)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The demo prints its own lines."""
