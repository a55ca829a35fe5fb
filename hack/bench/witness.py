"""Watches Jobs and Updates, and records their sizes and the number of groups of an Update."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from controller.api.progress import BACKWARD, Phase
from hack.bench.rig import JOBS, UPDATES, Rig

_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of an object's JSON in a watch event: all of it, and its managedFields."""

    whole: int = 0
    managed: int = 0


class Record:
    """``largest``: largest size by kind. ``seen``: number of versions by kind."""

    def __init__(self) -> None:
        self.largest: dict[str, Size] = defaultdict(Size)
        self.seen: dict[str, int] = defaultdict(int)
        self._groups: dict[str, set[tuple[bool, int]]] = defaultdict(set)

    def groups(self, update: str) -> int:
        """Number of groups (of a Queue: horizons) that an Update has had, in both directions."""
        return len(self._groups[update])

    def take(self, obj: dict[str, Any]) -> None:
        """Record a version of a Job or an Update."""
        kind, meta = obj["kind"], obj["metadata"]
        size = Size(_bytes(obj), _bytes(meta.get("managedFields", [])))
        self.largest[kind] = max(self.largest[kind], size, key=lambda s: s.whole)
        self.seen[kind] += 1
        status = obj.get("status", {})
        if batch := status.get("batch"):
            backward = Phase(status["phase"]) in BACKWARD
            self._groups[meta["name"]].add((backward, batch["index"]))


def _bytes(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


class Witness:
    """Records all Jobs and Updates from its creation until ``close``."""

    def __init__(self, rig: Rig) -> None:
        self.record = Record()
        self._streams = [_Stream(rig, path, self.record) for path in (JOBS, UPDATES)]
        for stream in self._streams:
            stream.start()

    def close(self) -> None:
        for stream in self._streams:
            stream.close()


class _Stream(threading.Thread):
    """One watch. The API server ends watches with slow readers; the watch is then continued."""

    def __init__(self, rig: Rig, path: str, record: Record) -> None:
        super().__init__(name=f"witness of {path}", daemon=True)
        self._path, self._record = path, record
        self._port = int(rig.cluster.url.rpartition(":")[2])
        certs = rig.cluster.layout.certs
        self._tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
        self._tls.load_cert_chain(certs / "admin.crt", certs / "admin.key")
        self._version = rig.cluster.api.get(f"{path}?limit=1")["metadata"]["resourceVersion"]
        self._connection: http.client.HTTPSConnection | None = None
        self._ending = False

    def run(self) -> None:
        while not self._ending:
            with suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
                self._follow()

    def close(self) -> None:
        """End the watches. The record stays."""
        self._ending = True
        if self._connection is not None and (sock := self._connection.sock) is not None:
            with suppress(OSError):
                sock.shutdown(2)
        self.join(timeout=5)

    def _follow(self) -> None:
        self._connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._tls, timeout=_PATIENCE
        )
        query = f"watch=1&allowWatchBookmarks=true&resourceVersion={self._version}"
        self._connection.request("GET", f"{self._path}?{query}")
        for line in self._connection.getresponse():
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise OSError(str(event["object"]))
            self._version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] != "BOOKMARK":
                self._record.take(event["object"])
