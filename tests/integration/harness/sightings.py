"""What the API server itself says about pods, Jobs and Updates, from before anything is made.

Independent of the operator: raw watches of the whole cluster, each event kept in the order of its
resourceVersion (one counter for all kinds, as all live in one etcd). Tests wait on these events
instead of asking again and again, and the observer replays them.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from hack.devcluster.cluster import Cluster
from tests.integration.harness.pods import PodSeen, slim

T = TypeVar("T")
GROUP = "/apis/echelon.dev/v1alpha1"
PATHS = {"Pod": "/api/v1/pods", "Job": f"{GROUP}/jobs", "Update": f"{GROUP}/updates"}


@dataclass(frozen=True)
class Seen:
    """One event. ``object`` is a PodSeen for pods, else the object as it came; ``at`` is the time
    (epoch seconds) it came."""

    version: int
    kind: str
    type: str
    namespace: str
    name: str
    object: Any
    at: float


class Sightings:
    """All events since ``start``, by namespace, with the present state of each object."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._news = threading.Condition()
        self._events: dict[str, list[Seen]] = defaultdict(list)
        self._present: dict[tuple[str, str, str], Any] = {}
        self._streams = [_Stream(cluster, kind, path, self._take) for kind, path in PATHS.items()]

    def start(self) -> None:
        for stream in self._streams:
            stream.start()

    def stop(self) -> None:
        for stream in self._streams:
            stream.stop()

    def _take(self, seen: Seen) -> None:
        key = (seen.namespace, seen.kind, seen.name)
        with self._news:
            self._events[seen.namespace].append(seen)
            if seen.type == "DELETED":
                self._present.pop(key, None)
            else:
                self._present[key] = seen.object
            self._news.notify_all()

    def events(self, namespace: str) -> list[Seen]:
        """Everything of a namespace so far, in the order in which it happened."""
        with self._news:
            return sorted(self._events[namespace], key=lambda seen: seen.version)

    def get(self, namespace: str, kind: str, name: str) -> Any:
        """An object as last seen, or None."""
        with self._news:
            return self._present.get((namespace, kind, name))

    def all(self, namespace: str, kind: str) -> list[Any]:
        """All objects of a kind that are there, as last seen."""
        with self._news:
            return [o for k, o in self._present.items() if k[:2] == (namespace, kind)]

    def wait(self, probe: Callable[[], T], timeout: float) -> T | None:
        """The first true value of ``probe``, which is asked after each event; None: in vain."""
        deadline = time.monotonic() + timeout
        with self._news:
            while not (value := probe()):
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(min(0.2, left))  # what is asked for may be no event
            return value

    def catch_up(self, namespace: str, timeout: float = 10.0) -> None:
        """Return when all that is in the namespace now was seen, and nothing else is there."""
        for kind, path in PATHS.items():
            group, _, plural = path.rpartition("/")
            url = f"{group}/namespaces/{namespace}/{plural}"

            def same(kind: str = kind, url: str = url) -> bool:
                listed = {i["metadata"]["uid"]: i for i in self._cluster.api.get(url)["items"]}
                return set(listed) == {_uid(o) for o in self.all(namespace, kind)}

            self._cluster.wait(f"the watch of {kind}s to show what is there", same, timeout)
        for stream in self._streams:
            assert not stream.lost, f"the watch of {stream.kind}s lost events: {stream.lost}"


def _uid(obj: Any) -> str:
    uid: str = obj.uid if isinstance(obj, PodSeen) else obj["metadata"]["uid"]
    return uid


class _Stream(threading.Thread):
    """One watch, taken up again where it ended for as long as the API server remembers."""

    def __init__(
        self, cluster: Cluster, kind: str, path: str, take: Callable[[Seen], None]
    ) -> None:
        super().__init__(name=f"sightings of {kind}s", daemon=True)
        self.kind = kind
        #: Why events may be missing; "" while none is.
        self.lost = ""
        self._path = path
        self._take = take
        self._port = int(cluster.url.rpartition(":")[2])
        certs = cluster.layout.certs
        self._tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
        self._tls.load_cert_chain(certs / "admin.crt", certs / "admin.key")
        self._version = cluster.api.get(f"{path}?limit=1")["metadata"]["resourceVersion"]
        self._connection: http.client.HTTPSConnection | None = None
        self._ending = False

    def run(self) -> None:
        while not self._ending and not self.lost:
            with suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
                self._follow()
            time.sleep(0.05)

    def stop(self) -> None:
        self._ending = True
        if self._connection and (sock := self._connection.sock):
            with suppress(OSError):
                sock.shutdown(2)
        self.join(timeout=5)

    def _follow(self) -> None:
        self._connection = connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._tls
        )
        query = f"watch=1&allowWatchBookmarks=true&resourceVersion={self._version}"
        connection.request("GET", f"{self._path}?{query}", headers={"User-Agent": "sightings"})
        answer = connection.getresponse()
        if answer.status == 410:
            self.lost = answer.read().decode(errors="replace")
        if answer.status != 200:
            return
        while line := answer.readline():
            self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        raw = event["object"]
        if event["type"] == "ERROR":
            self.lost = str(raw) if raw.get("code") == 410 else ""
            raise OSError(str(raw))
        self._version = raw["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return
        meta = raw["metadata"]
        kept = slim(raw) if self.kind == "Pod" else raw
        self._take(
            Seen(
                version=int(self._version),
                kind=self.kind,
                type=event["type"],
                namespace=meta["namespace"],
                name=meta["name"],
                object=kept,
                at=time.time(),
            )
        )
