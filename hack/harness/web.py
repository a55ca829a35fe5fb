"""A real HTTP server that gates ask. A test sets its answers."""

from __future__ import annotations

import json
import selectors
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final

from hack.devcluster.ports import free


@dataclass(frozen=True)
class Asked:
    """A request. ``local``: the address of the server, which identifies the instance."""

    at: float
    method: str
    path: str
    local: str
    headers: dict[str, str]
    body: str


#: Status and body of an answer.
Said = tuple[int, str]


def verdict(name: str, message: str = "") -> Said:
    """The answer of a webhook."""
    return 200, json.dumps({"verdict": name, "message": message})


#: The addresses of the instances: pod `web-3` may report 127.0.1.3 as its own.
_PODS: Final = tuple(f"127.0.1.{instance}" for instance in range(8))


class Web:
    """Listens on 127.0.0.1 and the addresses of the instances, at one port. ``answer`` returns the
    answer to a request. ``tls``: files of certificate and key."""

    def __init__(self, tls: tuple[Path, Path] | None = None, port: int = 0) -> None:
        self.answer: Callable[[Asked], Said] = lambda _: (200, "ok")
        self.asked: list[Asked] = []
        self.port = port or free(1)[0]
        self._servers = [_Server((host, self.port), _Handler) for host in ("127.0.0.1", *_PODS)]
        for server in self._servers:
            server.owner = self
            if tls is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*tls)
                server.socket = context.wrap_socket(server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Web:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        for server in self._servers:
            server.server_close()

    def _serve(self) -> None:
        """One thread accepts for all addresses; each request has a thread of its own."""
        with selectors.DefaultSelector() as ready:
            for server in self._servers:
                ready.register(server, selectors.EVENT_READ, server)
            while not self._end.is_set():
                for key, _ in ready.select(0.05):
                    key.data.handle_request()


class _Server(ThreadingHTTPServer):
    owner: Web
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect or do not trust the certificate."""


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
        """Log nothing."""
