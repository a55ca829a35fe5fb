"""What tests of Cron and Adhoc Jobs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hack.harness.manifests import Object, is_true
from hack.harness.patience import patient
from hack.harness.space import Space


def runs(space: Space) -> list[Object]:
    """The batch/v1 Jobs, oldest first."""
    found: list[Object] = space.api.get(space.path("jobs"))["items"]
    return sorted(found, key=lambda run: (run["metadata"]["creationTimestamp"], _number(run)))


def _number(run: Object) -> int:
    tail = str(run["metadata"]["name"]).rpartition("-r")[2]
    return int(tail) if tail.isdecimal() else 0


def names(space: Space) -> list[str]:
    return [run["metadata"]["name"] for run in runs(space)]


def last(job: Object) -> Object:
    found: Object = job.get("status", {}).get("lastRun", {})
    return found


def wait_run(
    space: Space, what: str, probe: Callable[[Object], Any], timeout: float = 40.0
) -> Object:
    """Wait until ``probe`` is true for `status.lastRun` of the Job, and return the Job."""
    return space.wait_job(what, lambda job: probe(last(job)), timeout=timeout)


def ended(space: Space, name: str, reason: str = "Succeeded", timeout: float = 40.0) -> Object:
    """Wait until the last run has this name and has ended so, and return the Job."""
    return wait_run(
        space,
        f"run {name} has ended as {reason}",
        lambda run: (run.get("name"), run.get("reason")) == (name, reason) and "finishedAt" in run,
        timeout,
    )


def running(space: Space, name: str, timeout: float = 40.0) -> Object:
    """Wait until the run of this name has all its pods, and return the Job."""
    return wait_run(
        space,
        f"run {name} is active",
        lambda run: run.get("name") == name and run.get("active") == run.get("instances"),
        timeout,
    )


def settled(space: Space, timeout: float = 20.0) -> Object:
    """Wait until the Job is not Reconciling at its present generation."""
    return space.wait_job(
        "settled",
        lambda job: (
            job.get("status", {}).get("observedGeneration") == job["metadata"]["generation"]
            and not is_true(job, "Reconciling")
            and (is_true(job, "Ready") or is_true(job, "Stalled"))
        ),
        timeout=patient(timeout),
    )


def lives(space: Space) -> dict[tuple[str, str], int]:
    """Index of a run -> how many pods it has that have not ended: never more than one."""
    found: dict[tuple[str, str], int] = {}
    for pod in space.api.get(space.path("pods"))["items"]:
        if pod["status"].get("phase") not in ("Succeeded", "Failed"):
            meta = pod["metadata"]
            index = meta["annotations"]["batch.kubernetes.io/job-completion-index"]
            key = (meta["labels"]["echelon.dev/job"], index)
            found[key] = found.get(key, 0) + 1
    return found


def event_reasons(space: Space) -> set[str]:
    """The reasons of the Events about the Job and its CronJob."""
    return {event["reason"] for event in space.events("web")}
