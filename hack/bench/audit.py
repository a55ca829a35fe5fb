"""The writes to the API server, from the operator's metrics and from the audit log."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

READS = frozenset({"get", "list", "watch"})
#: The beginning of the operator's user agents.
AGENT = "echelon-controller/"

_SAMPLE = re.compile(r"^echelon_api_requests_total\{(?P<labels>[^}]*)\} (?P<value>\S+)$", re.M)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def counted(metrics: str) -> Counter[str]:
    """Number of requests so far by ``"create pods"``, from a text of Prometheus metrics."""
    found: Counter[str] = Counter()
    for sample in _SAMPLE.finditer(metrics):
        labels = dict(_LABEL.findall(sample["labels"]))
        found[f"{labels['verb']} {labels['resource']}"] += int(float(sample["value"]))
    return found


def writes(requests: Counter[str]) -> Counter[str]:
    """The requests that write."""
    return Counter({k: n for k, n in requests.items() if k.partition(" ")[0] not in READS})


@dataclass(frozen=True, slots=True)
class Write:
    """A write that the API server has answered. ``received``, ``answered``: Unix times.

    ``what``: such as ``"patch pods/resize"``; of a dry run ``"dry-run create pods"``.
    """

    received: float
    answered: float
    agent: str
    what: str
    name: str

    def by(self, agents: Iterable[str]) -> bool:
        """Whether one of the clients has sent it. A client is the beginning of a user agent, or
        with a ``/`` before it the last part of one, as kube-controller-manager's controllers
        have."""
        return any(
            self.agent.endswith(each) if each[0] == "/" else self.agent.startswith(each)
            for each in agents
        )


class Audit:
    """The API server's audit log since the last `mark`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def mark(self) -> None:
        """Ignore the entries so far."""
        self._offset = self._path.stat().st_size

    def entries(self) -> Iterator[Write]:
        """All writes, in the order in which they were answered."""
        with self._path.open("rb") as log:
            if self._offset:
                # The line before the mark, or the rest of the one that was being written then.
                log.seek(self._offset - 1)
                log.readline()
            for line in log:
                if line.endswith(b"\n") and (found := _write(json.loads(line))) is not None:
                    yield found

    def writes(self, agents: Iterable[str] = (AGENT,)) -> Counter[str]:
        """Number of writes by ``"update leases"``, of these clients."""
        wanted = tuple(agents)
        return Counter(each.what for each in self.entries() if each.by(wanted))


def _write(event: dict[str, object]) -> Write | None:
    if event["verb"] in READS:
        return None
    ref = event.get("objectRef")
    refers = ref if isinstance(ref, dict) else {}
    resource = "/".join(x for x in (refers.get("resource"), refers.get("subresource")) if x)
    dry = "dryRun=" in str(event.get("requestURI", ""))
    return Write(
        _time(event.get("requestReceivedTimestamp")),
        _time(event.get("stageTimestamp")),
        str(event.get("userAgent", "")),
        f"{'dry-run ' if dry else ''}{event['verb']} {resource}",
        str(refers.get("name", "")),
    )


def _time(stamp: object) -> float:
    return datetime.fromisoformat(stamp).timestamp() if isinstance(stamp, str) else 0.0


def in_words(writes: Counter[str]) -> str:
    """The writes as one line of text."""
    return ", ".join(f"{count:,} {what}" for what, count in writes.most_common())
