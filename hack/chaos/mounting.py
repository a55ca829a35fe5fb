"""Whether each pod that the operator made had its claims before, by watches and the audit log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from hack.harness.audit import Request
from hack.harness.sightings import Seen

_CLAIMS: Final = "persistentvolumeclaims"


def judge(events: Iterable[Seen], requests: Iterable[Request]) -> Iterator[str]:
    """Faults, in words: each claim that a pod mounts was made, or taken over, before the pod.
    ``events`` and ``requests`` of the operator: since there was nothing, in their order."""
    before = _before(requests)
    for event in events:
        # Pods that somebody else made are nobody's fault.
        if event.kind != "Pod" or event.type != "ADDED" or not before[event.name]:
            continue
        there = before[event.name].pop(0)
        for claim in event.object.claims:
            if claim not in there:
                yield f"pod {event.name} was made before its claim {claim}"


def _before(requests: Iterable[Request]) -> dict[str, list[frozenset[str]]]:
    """Of each pod, for each time that it was made, the claims that were written before."""
    written = set[str]()
    found = defaultdict[str, list[frozenset[str]]](list)
    for each in requests:
        if each.code >= 300 or each.dry_run or each.subresource:
            continue
        if each.resource == _CLAIMS and each.verb in ("create", "patch"):
            written.add(each.name)
        if each.resource == "pods" and each.verb == "create":
            found[each.name].append(frozenset(written))
    return found
