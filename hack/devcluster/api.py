"""A simple HTTPS client of the API server, for tests and waits."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from pathlib import Path
from typing import Any, Final

#: Seconds after which a kept connection is not used again; the API server closes it after 90.
_IDLE: Final = 60.0


class ApiError(Exception):
    """The API server refused a request. `code` is the HTTP status, the text its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Api:
    """Makes requests as one user, with one kept connection per thread. Raises OSError if the API
    server does not respond."""

    def __init__(self, port: int, ca: Path, token: str) -> None:
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._headers = {"User-Agent": "devcluster", "Authorization": f"Bearer {token}"}
        self._local = threading.local()

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def create(self, path: str, body: dict[str, Any]) -> Any:
        return self.request("POST", path, body)

    def patch(self, path: str, body: dict[str, Any], kind: str = "merge-patch") -> Any:
        """`kind` is `merge-patch`, `strategic-merge-patch` or `json-patch`."""
        return self.request("PATCH", path, body, f"application/{kind}+json")

    def delete(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.request("DELETE", path, body)

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Any:
        """The decoded answer, or its text if it is not JSON. Raises ApiError for a status of 400 or
        more."""
        payload = None if body is None else json.dumps(body).encode()
        status, kind, said = self._round_trip(method, path, payload, content_type)
        answer = json.loads(said) if "json" in kind else said.decode(errors="replace")
        if status >= 400:
            raise ApiError(status, answer["message"] if isinstance(answer, dict) else answer)
        return answer

    def _round_trip(
        self, method: str, path: str, payload: bytes | None, content_type: str
    ) -> tuple[int, str, bytes]:
        kept: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if kept is not None and time.monotonic() > self._local.used + _IDLE:
            kept.close()
            kept = None
        connection = kept or http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._tls, timeout=30
        )
        self._local.connection, self._local.used = connection, time.monotonic()
        try:
            headers = {"Content-Type": content_type, **self._headers}
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            return response.status, response.getheader("Content-Type") or "", response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._local.connection = None
            # The server may have closed a kept connection: try once more on a new one.
            if kept is not None and method == "GET":
                return self._round_trip(method, path, payload, content_type)
            raise OSError(f"no answer from the API server: {error}") from error
