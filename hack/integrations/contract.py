"""What Argo CD and kstatus must say of a version of a Job or an Update, by the contract's table.

It is derived from phases, generations and revisions. Where these leave a choice (a Job whose
instances are not all available may need a person, or just time), the conditions of the Job decide,
which `hack.harness.conditions` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from hack.harness.manifests import Object, by_revision, condition, ids, is_true, outside, phase
from hack.harness.statuses import TABLE, TERMINAL


class Said(NamedTuple):
    """The words of both tools."""

    kstatus: str
    argocd: str


WELL: Final = Said("Current", "Healthy")
MOVING: Final = Said("InProgress", "Progressing")
WAITING: Final = Said("InProgress", "Suspended")
BAD: Final = Said("Failed", "Degraded")
GOING: Final = Said("Terminating", "Progressing")
_WAITS: Final = ("Paused", "AwaitingPulse")


def of_update(update: Object) -> Said:
    """What both must say of an Update."""
    if "deletionTimestamp" in update["metadata"]:
        return GOING
    if not _observed(update):
        return MOVING
    now = phase(update)
    if now in TERMINAL:
        return WELL if "Ready" in TABLE[now] else BAD
    return BAD if is_true(update, "Stalled") else _moving(now)


def of_job(job: Object, phases: Iterable[str]) -> set[Said]:
    """What both may say of a Job. ``phases``: those of its active Update since the last version of
    the Job, which may report it a moment later."""
    if "deletionTimestamp" in job["metadata"]:
        return {GOING}
    if not _observed(job):
        return {MOVING}
    status = job["status"]
    if is_true(job, "Stalled"):
        return {BAD}
    if status.get("activeUpdate"):
        shown = condition(job, "Reconciling").get("reason", "")
        # The Job may name what holds it (a quota, a pod that does not end) instead of the phase.
        other = set() if shown in TABLE else {MOVING}
        return {_moving(each) for each in phases} | other or {MOVING}
    outcome = status.get("lastAttempt", {}).get("outcome")
    frozen = status.get("frozen", "")
    assigned = outside(by_revision(status.get("assigned")), frozen)
    behind = assigned - {status.get("updateRevision")}
    if behind and outcome in ("RolledBack", "Failed", "Error"):
        return {BAD}
    if len(assigned) > 1 and outcome == "Aborted":
        return {BAD}
    available = status.get("availableInstances", 0) + len(ids(frozen)) >= (
        status.get("instancesInForce") or 0
    )
    return {WELL if is_true(job, "Ready") and available else MOVING}


def _moving(now: str) -> Said:
    return WAITING if now.endswith(_WAITS) else MOVING


def _observed(obj: Object) -> bool:
    seen: Any = obj.get("status", {}).get("observedGeneration", -1)
    return bool(seen == obj["metadata"]["generation"])


def versions(objects: Iterable[Object]) -> Iterator[tuple[Object, set[Said]]]:
    """Each version of Jobs and Updates, in the order in which they were stored, with what both
    tools may say of it."""
    everything = list(objects)
    known: dict[str, str] = {}
    since: dict[str, set[str]] = {}
    for index, obj in enumerate(everything):
        name = obj["metadata"]["name"]
        if obj["kind"] == "Update":
            known[name] = phase(obj) or "Pending"
            for told in since.values():
                told.add(known[name])
            yield obj, {of_update(obj)}
        else:
            held = (obj.get("status", {}).get("activeUpdate") or {}).get("name", "")
            told = since.get(name, set()) | {known.get(held, "Pending")}
            told |= {_next(everything[index + 1 :], held)} - {""}
            since[name] = {known[held]} if held in known else set()
            yield obj, of_job(obj, told)


def _next(later: list[Object], update: str) -> str:
    for obj in later:
        if obj["kind"] == "Update" and obj["metadata"]["name"] == update:
            return phase(obj)
        if obj["kind"] != "Update":
            break
    return ""
