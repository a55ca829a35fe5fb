"""Jobs with runs, and batch/v1 Jobs, as the API server gives them."""

from __future__ import annotations

from typing import Any

from controller.api.meta import format_time
from tests.unit.ui.objects import NOW, Object, condition, job, meta


def with_runs(name: str = "web", kind: str = "Adhoc", **status: Any) -> Object:
    """A Job of this type of three instances; ``cron``: fields of its schedule."""
    cron = status.pop("cron", {})
    made = job(
        name, conditions=[condition("Reconciling", reason="Running", message=f"{name}-r2: 1 of 3")]
    )
    made["spec"] |= {"type": kind}
    if kind == "Cron":
        made["spec"]["cron"] = {"schedule": "30 2 * * *", "timeZone": "Europe/Berlin", **cron}
    for field in ("instancesInForce", "assigned", "revisions"):
        del made["status"][field]
    made["status"] |= {"availableInstances": 0, **status}
    return made


def last(name: str = "web-r2", ago: float = 90, took: float | None = None, **fields: Any) -> Object:
    """``status.lastRun``; ``took``: seconds until it ended."""
    made = {"name": name, "revision": "web-aaaa", "instances": 3, "startedAt": at(ago), **fields}
    return made if took is None else {**made, "finishedAt": at(ago - took)}


def at(ago: float) -> str:
    return format_time(NOW - ago)


def run(
    name: str = "web-r1",
    job: str = "web",
    *,
    ago: float = 600,
    took: float | None = 60,
    failed: str = "",
    cron: bool = False,
    **status: Any,
) -> Object:
    """A batch/v1 Job. ``took``: seconds until it ended; None: it is active. ``failed``: the reason
    of its failure. ``cron``: its CronJob made it."""
    owner = {"kind": "EchelonJob", "uid": f"uid-shop-{job}", "name": job}
    notes = {"echelon.dev/revision": f"{job}-aaaa"}
    if cron:
        owner = {"kind": "CronJob", "uid": "uid-of-cron", "name": job}
        notes["batch.kubernetes.io/cronjob-scheduled-timestamp"] = at(ago + 1)
    whole: Object = {"succeeded": 3, **status}
    if took is not None:
        end = {"status": "True", "lastTransitionTime": at(ago - took)}
        words = {"type": "Complete"}
        if failed:
            words = {"type": "Failed", "reason": failed, "message": "Job has failed indexes"}
        whole["conditions"] = [{**words, **end}]
    return {
        "metadata": meta(
            name,
            creationTimestamp=at(ago),
            labels={"echelon.dev/job": job},
            annotations=notes,
            ownerReferences=[{**owner, "controller": True}],
        ),
        "spec": {"completions": 3, "parallelism": 3},
        "status": whole,
    }
