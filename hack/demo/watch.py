"""Copies of the cluster's objects, kept up to date by watches of the API server.

Each kind has one list and one watch, in a thread of its own. Every event wakes the waiting reader.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
#: Called with the event's type and its object, in the watch's thread.
OnEvent = Callable[[str, Object], None]

_RETRY = 0.3
_TIMEOUT = 30


@dataclass(frozen=True)
class Server:
    """The port of the API server, and the TLS settings to connect with."""

    port: int
    tls: ssl.SSLContext

    def open(self, path: str) -> tuple[http.client.HTTPSConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=self.tls, timeout=_TIMEOUT
        )
        try:
            connection.request("GET", path, headers={"User-Agent": "echelon-demo"})
            response = connection.getresponse()
            if response.status != 200:
                raise OSError(f"{path}: {response.status} {response.read(300)!r}")
        except BaseException:
            connection.close()
            raise
        return connection, response

    def get(self, path: str) -> Object:
        connection, response = self.open(path)
        try:
            answer: Object = json.loads(response.read())
            return answer
        finally:
            connection.close()

    def stream(self, path: str) -> Iterator[Object]:
        """The events of a watch until the server ends it."""
        connection, response = self.open(path)
        try:
            for line in response:
                yield json.loads(line)
        finally:
            connection.close()


@dataclass
class World:
    """Objects by name, per kind. `changed` is notified after each change of an object."""

    pods: dict[str, Object] = field(default_factory=dict)
    jobs: dict[str, Object] = field(default_factory=dict)
    updates: dict[str, Object] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)


class Watch(threading.Thread):
    """Keeps ``objects`` equal to the list at ``path``, and calls ``on_event`` after each change."""

    def __init__(
        self,
        server: Server,
        path: str,
        objects: dict[str, Object],
        changed: threading.Condition,
        on_event: OnEvent | None = None,
    ) -> None:
        super().__init__(name=f"watch {path}", daemon=True)
        self._server = server
        self._path = path
        self._objects = objects
        self._changed = changed
        self._on_event = on_event

    def run(self) -> None:
        while True:
            # The API server ends watches from time to time; list again then.
            with suppress(OSError, http.client.HTTPException, ValueError):
                self._follow()
            time.sleep(_RETRY)

    def _follow(self) -> None:
        listed = self._server.get(self._path)
        items = {item["metadata"]["name"]: item for item in listed["items"]}
        with self._changed:
            for name in set(self._objects) - set(items):
                self._take("DELETED", self._objects[name])
            for item in items.values():
                self._take("ADDED", item)
            self._changed.notify_all()
        version = listed["metadata"]["resourceVersion"]
        separator = "&" if "?" in self._path else "?"
        path = f"{self._path}{separator}watch=1&timeoutSeconds=20&resourceVersion={version}"
        for event in self._server.stream(path):
            if event["type"] == "ERROR":
                return
            with self._changed:
                self._take(event["type"], event["object"])
                self._changed.notify_all()

    def _take(self, kind: str, item: Object) -> None:
        name = item["metadata"]["name"]
        if kind == "DELETED":
            self._objects.pop(name, None)
        else:
            self._objects[name] = item
        if self._on_event:
            self._on_event(kind, item)
