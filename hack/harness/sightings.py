"""All events of pods, Jobs, Updates and runs from the API server, since the start of the tests.

They are independent of the operator: raw watches of the whole cluster. The events are in the order
of their resourceVersion (one counter for all kinds, because all are in one etcd). Tests wait for
these events instead of polling, and the observer replays them.
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

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.harness.pods import PodSeen, slim

T = TypeVar("T")
GROUP = "/apis/echelon.dev/v1alpha1"
#: An API server that has just started may accept a watch and never send an event.
WATCH_SECONDS = 6
#: Events that come within this time are looked at together: a probe may read a thousand pods.
EVENTS_SECONDS = 0.01
_TYPE = {
    "EchelonJob": {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob"},
    "Update": {"apiVersion": "echelon.dev/v1alpha1", "kind": "Update"},
    "Run": {"apiVersion": "batch/v1", "kind": "Job"},
}
#: A batch/v1 Job is a Run here.
PATHS = {
    "Pod": "/api/v1/pods",
    "EchelonJob": f"{GROUP}/echelonjobs",
    "Update": f"{GROUP}/updates",
    "Run": "/apis/batch/v1/jobs",
}


@dataclass(frozen=True)
class Seen:
    """One event. ``object`` is a PodSeen for pods, otherwise the object of the event. ``at`` is the
    time of arrival in epoch seconds."""

    version: int
    kind: str
    type: str
    namespace: str
    name: str
    object: Any
    at: float


class Sightings:
    """All events since ``start`` by namespace, and the present version of each object."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._news = threading.Condition()
        self._count = 0
        self._events: dict[str, list[Seen]] = defaultdict(list)
        #: By namespace and kind, then by name.
        self._present: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        self._streams = [
            _Stream(cluster, kind, path, self._take, self._known) for kind, path in PATHS.items()
        ]

    def start(self) -> None:
        for stream in self._streams:
            stream.start()

    def stop(self) -> None:
        for stream in self._streams:
            stream.stop()

    def _known(self, kind: str) -> dict[tuple[str, str], Any]:
        with self._news:
            return {
                (namespace, name): obj
                for (namespace, its_kind), objects in self._present.items()
                if its_kind == kind
                for name, obj in objects.items()
            }

    def _take(self, seen: Seen) -> None:
        with self._news:
            self._events[seen.namespace].append(seen)
            present = self._present[seen.namespace, seen.kind]
            if seen.type == "DELETED":
                present.pop(seen.name, None)
            else:
                present[seen.name] = seen.object
            self._count += 1
            self._news.notify_all()

    def forget(self, namespace: str) -> None:
        """Forget the events of a namespace so far."""
        with self._news:
            self._events.pop(namespace, None)

    def events(self, namespace: str) -> list[Seen]:
        """All events of a namespace so far, in their order."""
        with self._news:
            return sorted(self._events[namespace], key=lambda seen: seen.version)

    def get(self, namespace: str, kind: str, name: str) -> Any:
        """The last observed version of an object. None if it does not exist."""
        with self._news:
            return self._present[namespace, kind].get(name)

    def all(self, namespace: str, kind: str) -> list[Any]:
        """The last observed versions of all existing objects of a kind."""
        with self._news:
            return list(self._present[namespace, kind].values())

    def wait(self, probe: Callable[[], T], timeout: float) -> T | None:
        """Call ``probe`` after events. Returns its first true value, or None at the timeout."""
        deadline = time.monotonic() + timeout
        while True:
            before = self._count
            if value := probe():
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            with self._news:
                # The probe may depend on more than events.
                self._news.wait_for(lambda was=before: self._count != was, min(0.2, left))  # type: ignore[misc]
            time.sleep(EVENTS_SECONDS)

    def catch_up(self, namespace: str, timeout: float = 60.0) -> None:
        """Return when the observed objects are exactly those in the namespace now."""
        for kind, path in PATHS.items():
            group, _, plural = path.rpartition("/")
            url = f"{group}/namespaces/{namespace}/{plural}"

            def same(kind: str = kind, url: str = url) -> bool:
                listed = {i["metadata"]["uid"]: i for i in self._cluster.api.get(url)["items"]}
                return set(listed) == {_uid(o) for o in self.all(namespace, kind)}

            self._cluster.wait(f"the watch of {kind}s to show what is there", same, timeout)


def _uid(obj: Any) -> str:
    uid: str = obj.uid if isinstance(obj, PodSeen) else obj["metadata"]["uid"]
    return uid


class _Stream(threading.Thread):
    """One watch, which continues where it ended. After a restart of the API server that is not
    possible; the stream then lists the objects and compares them with the known ones."""

    def __init__(
        self,
        cluster: Cluster,
        kind: str,
        path: str,
        take: Callable[[Seen], None],
        known: Callable[[str], dict[tuple[str, str], Any]],
    ) -> None:
        super().__init__(name=f"sightings of {kind}s", daemon=True)
        self.kind = kind
        self._cluster = cluster
        self._path = path
        self._take = take
        self._known = known
        self._forgotten = False
        self._port = int(cluster.url.rpartition(":")[2])
        certs = cluster.layout.certs
        self._tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
        self._tls.load_cert_chain(certs / "admin.crt", certs / "admin.key")
        self._version = cluster.api.get(f"{path}?limit=1")["metadata"]["resourceVersion"]
        self._connection: http.client.HTTPSConnection | None = None
        self._ending = False

    def run(self) -> None:
        while not self._ending:
            try:
                if self._forgotten:
                    self._compare()
                self._follow()
            except (OSError, ApiError, http.client.HTTPException, ValueError, AttributeError):
                self._connection = None
            time.sleep(0.05)

    def stop(self) -> None:
        self._ending = True
        if self._connection and (sock := self._connection.sock):
            with suppress(OSError):
                sock.shutdown(2)
        self.join(timeout=5)

    def _follow(self) -> None:
        # A new connection would cost more than the rest of a watch in which nothing happens.
        connection = self._connection or http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._tls, timeout=2 * WATCH_SECONDS
        )
        self._connection = connection
        query = f"watch=1&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}"
        query += f"&resourceVersion={self._version}"
        connection.request("GET", f"{self._path}?{query}", headers={"User-Agent": "sightings"})
        answer = connection.getresponse()
        self._forgotten = answer.status == 410
        if answer.status != 200:
            answer.read()
            return
        while line := answer.readline():
            self._hear(json.loads(line))

    def _hear(self, event: dict[str, Any]) -> None:
        raw = event["object"]
        if event["type"] == "ERROR":
            self._forgotten = raw.get("code") == 410
            raise OSError(str(raw))
        self._version = raw["metadata"]["resourceVersion"]
        if event["type"] != "BOOKMARK":
            kept = slim(raw) if self.kind == "Pod" else raw
            self._tell(event["type"], raw["metadata"], kept, int(self._version))

    def _compare(self) -> None:
        found = self._cluster.api.get(self._path)
        now = int(found["metadata"]["resourceVersion"])
        known = self._known(self.kind)
        for raw in found["items"]:
            meta = raw["metadata"]
            before = known.pop((meta["namespace"], meta["name"]), None)
            if before is not None and _uid(before) != meta["uid"]:
                self._tell("DELETED", meta, before, int(meta["resourceVersion"]) - 1)
            kept = slim(raw) if self.kind == "Pod" else raw | _TYPE[self.kind]
            self._tell("MODIFIED", meta, kept, int(meta["resourceVersion"]))
        for (namespace, name), before in known.items():
            self._tell("DELETED", {"namespace": namespace, "name": name}, before, now)
        self._version, self._forgotten = str(now), False

    def _tell(self, type: str, meta: dict[str, Any], kept: Any, version: int) -> None:
        self._take(
            Seen(
                version=version,
                kind=self.kind,
                type=type,
                namespace=meta["namespace"],
                name=meta["name"],
                object=kept,
                at=time.time(),
            )
        )
