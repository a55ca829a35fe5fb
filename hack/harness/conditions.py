"""Checks every version of every status against the contract's table of conditions.

Only versions that the operator wrote are checked: after a user's edit a status is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hack.harness.manifests import (
    Object,
    by_revision,
    frozen_on_purpose,
    ids,
    is_true,
    outside,
    phase,
)

KSTATUS = ("Ready", "Reconciling", "Stalled")
#: Conditions that are always present, True or False.
OF_JOB = (*KSTATUS, "Available", "UpdatePending", "RolledBack")
OF_RUNS = (*KSTATUS, "UpdatePending", "RolledBack")
OF_UPDATE = (*KSTATUS, "Complete", "Succeeded", "Failed", "Paused", "AwaitingPulse")
#: Reasons of Stalled with which the operator writes nothing but that it leaves the object alone.
LEFT_ALONE = frozenset({"TooNew", "EngineTooNew"})
#: Reasons of Stalled that a Job may have before the Update of a new template is created: refusals
#: of the API server, which are current. A reason of an earlier template or instance must not
#: remain.
LEFT_BEHIND = frozenset(
    {
        "RolledBack",
        "UpdateFailed",
        "UpdateError",
        "Aborted",
        "KnownBad",
        "InstanceNotReady",
        "WaitingForTermination",
        "PodNameConflict",
        "RevisionMissing",
    }
)


def written(obj: Object, before: Object | None) -> bool:
    """Whether the operator wrote this version, and its status is about this generation."""
    status = obj.get("status", {})
    if status.get("observedGeneration", -1) < 0 or reason(obj, "Stalled") in LEFT_ALONE:
        return False
    if others_wrote(obj):
        return False
    return before is None or status != before.get("status", {})


def others_wrote(obj: Object) -> bool:
    """Whether another client wrote fields of the status."""
    return any(_others(entry) for entry in obj["metadata"].get("managedFields", ()))


def reason(obj: Object, name: str) -> str:
    """The reason of a condition. "" if the condition is absent."""
    return str(_conditions(obj).get(name, {}).get("reason", ""))


def faults_of_update(update: Object) -> Iterator[str]:
    """Faults of the conditions of an Update, except those that its phase decides."""
    yield from _complete(update, OF_UPDATE)
    now = phase(update)
    for name in ("Paused", "AwaitingPulse"):
        if is_true(update, name) != (name in now):
            yield f"in phase {now} {name} is {is_true(update, name)}"


def faults_of_job(job: Object, update: Object | None) -> Iterator[str]:
    """Faults of the conditions of a Job. ``update`` is the last observed version of the Update that
    holds it, or None if that is deleted."""
    status = job["status"]
    has_runs = job.get("spec", {}).get("type", "Service") != "Service"
    yield from _complete(job, OF_RUNS if has_runs else OF_JOB)
    known = _conditions(job)
    if stale := [n for n, c in known.items() if c["observedGeneration"] != _observed(job)]:
        yield f"{stale} are of another generation than the status"
    if has_runs:
        yield from _of_runs(job)
    elif status.get("activeUpdate"):
        yield from _held(job, update)
    else:
        yield from _free(job)


def _of_runs(job: Object) -> Iterator[str]:
    """Faults of the conditions of a Cron or Adhoc Job."""
    status, true = job["status"], _true(job)
    if len(true) != 1:
        yield f"{sorted(true)} are True"
    last = status.get("lastRun")
    if "Ready" in true and last is None and job["spec"]["type"] == "Adhoc":
        yield "it is Ready without a run"
    if "Ready" in true and last is not None and last.get("reason") != "Succeeded":
        yield f"it is Ready with the run {last}"
    if is_true(job, "UpdatePending") and reason(job, "UpdatePending") != "ParentMismatch":
        yield f"it has no Updates, and one is pending: {reason(job, 'UpdatePending')}"
    if kept := {"assigned", "revisions", "slots", "activeUpdate"} & set(status):
        yield f"it has runs, and {sorted(kept)} in its status"


def _held(job: Object, update: Object | None) -> Iterator[str]:
    now, stuck = phase(update) or "Pending", update is not None and is_true(update, "Stalled")
    wanted = {"Stalled"} if stuck else {"Reconciling"}
    if (found := _true(job)) != wanted:
        yield f"its Update is {now}, and {sorted(found)} are True"
    if is_true(job, "RolledBack"):
        yield "RolledBack is True while an Update is active"


def _free(job: Object) -> Iterator[str]:
    status, true = job["status"], _true(job)
    last, assigned = status.get("lastAttempt"), by_revision(status.get("assigned"))
    waits, undone = is_true(job, "UpdatePending"), is_true(job, "RolledBack")
    if len(true) != 1:
        yield f"no Update is active, and {sorted(true)} are True"
    if last is None:
        if "Ready" in true or waits or undone:
            yield "it was not created yet and says otherwise"
        return
    outcome, mixed = last.get("outcome"), len(assigned) > 1
    in_force, present = status.get("frozen", ""), {status.get("updateRevision")}
    behind = outside(assigned, in_force) - present
    # Ids that are no longer to be frozen are behind as soon as the operator has seen that.
    waiting = outside(assigned, frozen_on_purpose(job)) - present
    if assigned and (waits < bool(behind) or waits > bool(waiting)):
        yield f"UpdatePending is {waits} with {sorted(assigned)} assigned, {in_force} frozen"
    if undone and (outcome != "RolledBack" or not behind or "Stalled" not in true):
        yield f"RolledBack is True after {outcome}, with {sorted(true)} True"
    ended_badly = outcome in ("RolledBack", "Failed", "Error") or (outcome == "Aborted" and mixed)
    # A new template that waits by choice has taken the place of the one that failed.
    by_choice = reason(job, "UpdatePending") == "ParentMismatch"
    if ended_badly and behind and "Ready" in true and not by_choice:
        yield f"it is Ready after {outcome}, with {sorted(behind)} assigned"
    available = status.get("availableInstances", 0)
    if "Ready" in true and available + len(ids(in_force)) < status["instancesInForce"]:
        yield f"it is Ready with {available} available"
    if "Ready" in true and reason(job, "UpdatePending") in ("KnownBad", "InvalidTemplate"):
        yield "it is Ready while a refused template waits"
    if "Ready" in true and behind and status.get("updateRevision") in _known_bad(job):
        yield "it is Ready while a known-bad template waits"


def _known_bad(job: Object) -> set[str]:
    """The known bad revisions that the Job must not update to. Empty if retryToken requests one."""
    status, token = job["status"], job.get("spec", {}).get("update", {}).get("retryToken")
    if token not in (None, status["lastAttempt"].get("retryToken")):
        return set()
    return {bad["revision"] for bad in status.get("knownBad", ())} - {status.get("currentRevision")}


class NeverFailed:
    """Checks that a Job is not Stalled for an old cause before the Update of a new template exists.
    Tools that wait for the new template read Stalled as failed (kstatus)."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, int], str] = {}

    def take_job(self, job: Object) -> None:
        """Record a version of a Job that the operator wrote."""
        now = _observed(job)
        if now == job["metadata"]["generation"] and reason(job, "Stalled") in LEFT_BEHIND:
            self._said[(job["metadata"]["uid"], now)] = reason(job, "Stalled")

    def faults(self, update: Object) -> Iterator[str]:
        """Faults about an Update that was just created."""
        meta = update["metadata"]
        owners: list[Object] = meta.get("ownerReferences", [])
        owner: Object = next((o for o in owners if o.get("controller")), {})
        number = meta["name"].rpartition("-g")[2]
        if not number.isdecimal():
            return
        if said := self._said.get((owner.get("uid", ""), int(number))):
            yield f"its Job was Stalled ({said}) at generation {number} before this Update existed"


def _others(entry: dict[str, Any]) -> bool:
    """Whether another client wrote fields of a status after the operator's last write."""
    ours = entry.get("manager", "").startswith("echelon")
    return not ours and bool(entry.get("fieldsV1", {}).get("f:status"))


def _complete(obj: Object, wanted: tuple[str, ...]) -> Iterator[str]:
    known = _conditions(obj)
    if lacking := [name for name in wanted if name not in known]:
        yield f"conditions {lacking} are not there"
    if ahead := [n for n, c in known.items() if c["observedGeneration"] > _observed(obj)]:
        yield f"{ahead} are of a later generation than the status"


def _true(obj: Object) -> set[str]:
    return {name for name in KSTATUS if is_true(obj, name)}


def _observed(obj: Object) -> int:
    return int(obj["status"]["observedGeneration"])


def _conditions(obj: Object) -> dict[str, dict[str, Any]]:
    return {c["type"]: c for c in obj.get("status", {}).get("conditions", ())}
