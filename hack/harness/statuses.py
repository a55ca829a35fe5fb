"""Rules that every version of every status must follow, in any test."""

from __future__ import annotations

import json
from collections.abc import Iterator

from hack.harness import conditions
from hack.harness.manifests import Object, by_revision, ids, is_true, phase

MAX_BYTES = 200 * 1024
RUNNING = ("RollingForward", "RollForwardAwaitingPulse", "RollingBack", "RollBackAwaitingPulse")
#: Phase -> the conditions that are True (of Ready, Reconciling, Stalled, Complete, Succeeded,
#: Failed); all others are False.
TABLE = {
    "Pending": {"Reconciling"},
    **{name: {"Reconciling"} for name in RUNNING},
    "RollForwardPaused": {"Reconciling"},
    "RollBackPaused": {"Reconciling"},
    "RolledForward": {"Ready", "Complete", "Succeeded"},
    "Planned": {"Ready", "Complete", "Succeeded"},
    "RolledBack": {"Stalled", "Complete", "Failed"},
    "Failed": {"Stalled", "Complete", "Failed"},
    "Error": {"Stalled", "Complete", "Failed"},
    "Rejected": {"Stalled", "Complete", "Failed"},
    "Aborted": {"Ready", "Complete"},
    "Superseded": {"Ready", "Complete"},
}
JUDGED = ("Ready", "Reconciling", "Stalled", "Complete", "Succeeded", "Failed")
TERMINAL = frozenset(name for name, true in TABLE.items() if "Complete" in true)
BACKWARD = ("RollingBack", "RollBackPaused", "RollBackAwaitingPulse", "RolledBack")


def faults_of_job(job: Object, before: Object | None, update: Object | None = None) -> list[str]:
    """Faults of this version of a Job's status. ``update`` is the Update that holds the Job."""
    found = [*_job(job, before)]
    if conditions.written(job, before):
        found += conditions.faults_of_job(job, update)
    return [f"Job {job['metadata']['name']}: {fault}" for fault in found]


def faults_of_update(update: Object, before: Object | None) -> list[str]:
    """Faults of this version of an Update's status; ``before`` is the version before it."""
    found = [*_update(update, before)]
    if conditions.written(update, before):
        found += conditions.faults_of_update(update)
    return [f"Update {update['metadata']['name']}: {fault}" for fault in found]


def _job(job: Object, before: Object | None) -> Iterator[str]:
    status = job.get("status", {})
    yield from _common(job, before)
    if is_true(job, "Ready") and (is_true(job, "Reconciling") or is_true(job, "Stalled")):
        yield "it is Ready and not at the same time"
    yield from _disjoint("assigned", by_revision(status.get("assigned")))
    yield from _disjoint("revisions", by_revision(status.get("revisions")))
    in_force = status.get("instancesInForce")
    assigned: set[int] = set().union(*by_revision(status.get("assigned")).values())
    if in_force is not None and len(assigned) != in_force:
        yield f"{len(assigned)} ids are assigned, {in_force} are in force"
    counts = [status.get(n, 0) for n in ("availableInstances", "readyInstances", "instances")]
    if counts != sorted(counts):
        yield f"availableInstances, readyInstances, instances are {counts}"


def _update(update: Object, before: Object | None) -> Iterator[str]:
    status, now, then = update.get("status", {}), phase(update), phase(before)
    yield from _common(update, before)
    if then in TERMINAL and now != then and _uid(update) == _uid(before):
        yield f"it went from {then} to {now}"
    if not status.get("conditions"):
        return
    true = {name for name in JUDGED if is_true(update, name)}
    stuck = {"Stalled"} if now in RUNNING else TABLE[now]
    if true not in (TABLE[now], stuck):
        yield f"in phase {now} the conditions {sorted(true)} are True"
    yield from _disjoint("instances", {k: ids(v) for k, v in status.get("instances", {}).items()})
    counts = status.get("counts", {})
    if counts and now not in BACKWARD and now != "Pending" and counts.get("total"):
        parts = sum(counts.get(n, 0) for n in ("updated", "updating", "failed", "pending"))
        if now not in ("Failed", "Aborted", "Superseded") and parts != counts["total"]:
            yield f"the counts do not add up: {counts}"


def _common(obj: Object, before: Object | None) -> Iterator[str]:
    if is_true(obj, "Reconciling") and is_true(obj, "Stalled"):
        yield "Reconciling and Stalled are both True"
    for one in obj.get("status", {}).get("conditions", ()):
        if not one["reason"][:1].isupper() or not one["reason"].isalnum():
            yield f"the reason of {one['type']} is {one['reason']!r}"
    if (size := len(json.dumps(obj))) > MAX_BYTES:
        yield f"it has {size} bytes"
    now = obj.get("status", {}).get("observedGeneration", -1)
    then = (before or {}).get("status", {}).get("observedGeneration", -1)
    if _uid(obj) == _uid(before) and now < then:
        yield f"observedGeneration went back from {then} to {now}"


def _disjoint(what: str, sets: dict[str, set[int]]) -> Iterator[str]:
    seen: set[int] = set()
    for name, members in sets.items():
        if seen & members:
            yield f"{what}: {sorted(seen & members)} are in {name} and in another"
        seen |= members


def _uid(obj: Object | None) -> str:
    return str((obj or {}).get("metadata", {}).get("uid", ""))
