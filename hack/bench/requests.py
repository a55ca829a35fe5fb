"""The writes to the API server, from the operator's metrics and from the audit log."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

READS = frozenset({"get", "list", "watch"})
#: Prefix of the operator's user agents.
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


class Audit:
    """The API server's audit log since the last `mark`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def mark(self) -> None:
        """Ignore the entries so far."""
        self._offset = self._path.stat().st_size

    def writes(self) -> Counter[str]:
        """Number of the operator's writes by ``"update leases"``."""
        found: Counter[str] = Counter()
        with self._path.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                if AGENT.encode() not in line or not line.endswith(b"\n"):
                    continue
                event = json.loads(line)
                if event["verb"] not in READS and event.get("userAgent", "").startswith(AGENT):
                    found[f"{event['verb']} {event.get('objectRef', {}).get('resource', '')}"] += 1
        return found


def in_words(writes: Counter[str]) -> str:
    """The writes as one line of text."""
    return ", ".join(f"{count:,} {what}" for what, count in writes.most_common())
