"""The API server's audit log: which client made which request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

DECISION = "authorization.k8s.io/decision"
READS = frozenset({"get", "list", "watch"})


@dataclass(frozen=True)
class Request:
    """One answered request."""

    at: datetime
    user: str
    agent: str
    verb: str
    #: With its group if a kind of Echelon has the same name: ``jobs.batch``.
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    dry_run: bool
    #: Refused for a missing permission. (An admission plugin may answer 403, too.)
    denied: bool
    #: What was sent, if the audit policy logs that.
    body: Any = field(default=None, compare=False, repr=False)

    @property
    def writes(self) -> bool:
        return self.verb not in READS

    def __str__(self) -> str:
        what = f"{self.resource}/{self.subresource}".rstrip("/")
        where = f"{self.namespace}/{self.name}"
        return f"{self.at:%H:%M:%S.%f} {self.verb} {what} {where} -> {self.code} ({self.agent})"


class Audit:
    """The audit log since the creation of this object, or since `mark`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.mark()

    def mark(self) -> None:
        """Ignore the requests so far."""
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    def requests(self, *, user: str | None = None, namespace: str | None = None) -> list[Request]:
        """The requests answered since the mark, in the order of arrival."""
        found = [
            request
            for request in self._read([word for word in (user, namespace) if word])
            if (user is None or request.user == user)
            and (namespace is None or request.namespace == namespace)
        ]
        return sorted(found, key=lambda request: request.at)

    def _read(self, words: list[str]) -> Iterator[Request]:
        """The requests whose lines have all ``words``: to read a line as JSON takes longest."""
        with self._path.open("rb") as log:
            if self._offset:
                # The line before the mark, or the rest of the one that was being written then.
                log.seek(self._offset - 1)
                log.readline()
            for line in log:
                if not line.endswith(b"\n"):
                    return
                if not all(word.encode() in line for word in words):
                    continue
                event = json.loads(line)
                if event["stage"] != "ResponseComplete":
                    continue
                target = event.get("objectRef", {})
                yield Request(
                    at=datetime.fromisoformat(event["requestReceivedTimestamp"]),
                    user=event["user"].get("username", ""),
                    agent=event.get("userAgent", ""),
                    verb=event["verb"],
                    resource=named(target.get("resource", ""), target.get("apiGroup", "")),
                    subresource=target.get("subresource", ""),
                    namespace=target.get("namespace", ""),
                    name=target.get("name", ""),
                    code=event.get("responseStatus", {}).get("code", 0),
                    dry_run="dryRun=All" in event["requestURI"],
                    denied=event.get("annotations", {}).get(DECISION) == "forbid",
                    body=event.get("requestObject"),
                )


def named(resource: str, group: str) -> str:
    """The name of a resource in `Request`: Kubernetes has `jobs` of its own."""
    return f"{resource}.{group}" if group == "batch" else resource


def pods_made(requests: list[Request]) -> Counter[str]:
    """Number of creates of pods by name."""
    return Counter(
        r.name
        for r in requests
        if r.verb == "create"
        and r.resource == "pods"
        and not r.subresource
        and r.code == 201
        and not r.dry_run
    )


def pods_deleted(requests: list[Request]) -> Counter[str]:
    """How many pods were deleted or evicted, by name. A repeated request that names the same uid,
    such as one whose answer was lost, is the same one."""
    found = set[tuple[str, str]]()
    for r in requests:
        if r.verb == "delete" and r.resource == "pods" and r.code == 200:
            meant = ((r.body or {}).get("preconditions") or {}).get("uid")
            found.add((r.name, meant or str(r.at)))
    return Counter(name for name, _ in found | evicted(requests).keys())


def evicted(requests: Iterable[Request]) -> Counter[tuple[str, str]]:
    """How often each pod was evicted, by its name and the uid that was meant (without one: the
    time)."""
    found = Counter[tuple[str, str]]()
    for r in requests:
        if r.subresource == "eviction" and r.code == 201 and not r.dry_run:
            options = (r.body or {}).get("deleteOptions") or {}
            found[r.name, (options.get("preconditions") or {}).get("uid") or str(r.at)] += 1
    return found
