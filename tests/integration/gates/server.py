"""A real HTTP server that gates ask, and that a test tells what to answer."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True)
class Asked:
    """``local``: the address that was connected to, by which instances are told apart."""

    at: float
    method: str
    path: str
    local: str
    headers: dict[str, str]
    body: str


#: Status and body.
Said = tuple[int, str]


def verdict(name: str, message: str = "") -> Said:
    """What a webhook answers."""
    return 200, json.dumps({"verdict": name, "message": message})


class Web:
    """On all of 127/8 at one port; ``answer`` says what to whom. TLS with a pair of files."""

    def __init__(self, tls: tuple[Path, Path] | None = None, port: int = 0) -> None:
        self.answer: Callable[[Asked], Said] = lambda _: (200, "ok")
        self.asked: list[Asked] = []
        self._server = _Server(("0.0.0.0", port), _Handler)
        self._server.owner = self
        self.port: int = self._server.server_address[1]
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Web:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    owner: Web
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who breaks off, or does not trust the certificate, is no error of a test."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_GET  # noqa: N815, named by the base class

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(
            time.time(),
            self.command,
            self.path,
            self.connection.getsockname()[0],
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length).decode(),
        )
        self.server.owner.asked.append(asked)
        status, body = self.server.owner.answer(asked)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
