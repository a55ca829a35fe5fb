"""Jobs and Updates in every state, as objects of the API server."""

from __future__ import annotations

import time
from typing import Any

from controller.api.meta import format_time
from controller.api.progress import Phase
from tests.unit.ui.objects import Object, condition, job, pod, update
from tests.unit.ui.run_objects import with_runs

LONG = "a-job-with-quite-a-long-name-of-fifty-characters-x"
NO_ROOM = "instance 2: Unschedulable: 0/5 nodes are available: 5 Insufficient cpu."
FAILURE = {
    "instance": 2,
    "attempt": 1,
    "reason": "CrashLoopBackOff",
    "message": "container main: last exit code 3: cannot reach postgres://db.internal.example:5432",
    "node": "node-with-a-long-name.europe-west1-b.c.project.internal",
    "exitCode": 3,
}


def stamp(ago: float) -> str:
    return format_time(time.time() - ago)


def running(done: int = 12, total: int = 40, name: str = "api-g2", **status: Any) -> Object:
    """An Update in the middle, with a gate."""
    prometheus = {"address": "http://p", "query": "q", "condition": "result < 0.01"}
    policy = {
        "strategy": {"type": "Queue", "size": 4},
        "gates": [{"name": "error-rate", "prometheus": prometheus}],
    }
    gate = {"name": "error-rate", "result": "Waiting", "value": f"0.00{done % 9}", "group": 1}
    whole = {
        "startedAt": stamp(90),
        "policy": policy,
        "from": [{"revision": "api-aaaa", "instances": f"0-{total - 1}"}],
        "to": {"revision": "api-bbbb", "instances": f"0-{total - 1}"},
        "counts": {"total": total, "updated": done, "updating": 3, "failed": 1},
        "instances": {
            "updated": f"0-{done - 1}",
            "updating": f"{done}-{done + 2}",
            "failed": f"{done + 3}",
        },
        "failures": [{**FAILURE, "time": stamp(20)}],
        "gates": [{**gate, "time": stamp(40 - done)}],
        "history": [
            {"time": stamp(90), "phase": "RollingForward", "reason": "Admitted", "by": "ada"}
        ],
        **status,
    }
    return update(name, "api", **whole)


def _held(name: str, phase: str, why: str) -> Object:
    """A Job whose active Update waits for something."""
    message = f"{name}-g2: 2 of 4 instances updated; {why}"
    active = {"name": f"{name}-g2", "uid": f"uid-shop-{name}-g2"}
    reconciling = condition("Reconciling", reason=phase, message=message)
    return job(name, activeUpdate=active, conditions=[reconciling])


def _ended(instance: int, cause: str) -> Object:
    """A pod that is no more, as the status of its Job tells."""
    return {
        "instance": instance,
        "revision": "checkout-bbbb",
        "node": FAILURE["node"],
        "startedAt": stamp(600),
        "endedAt": stamp(30),
        "cause": cause,
        "exitCode": 3,
        "message": f"{FAILURE['reason']}: {FAILURE['message']}",
        **({"update": "checkout-g4"} if cause == "Rollback" else {}),
    }


def _with_runs() -> list[Object]:
    """An Adhoc Job whose run failed, and a Cron Job whose run is active."""
    words = "web-import-r2: 2 of 3 instances did not succeed: Job has failed indexes"
    run = {"instances": 3, "startedAt": stamp(120), "succeeded": 1}
    failed = {"failed": 2, "reason": "FailedIndexes", "message": words, "finishedAt": stamp(30)}
    return [
        with_runs(
            "web-import",
            lastRun={**run, **failed, "name": "web-import-r2"},
            conditions=[condition("Stalled", reason="FailedIndexes", message=words)],
        ),
        with_runs(
            "web-report", "Cron", lastRun={**run, "name": "web-report-29312910", "active": 2}
        ),
    ]


def everything() -> list[Object]:
    """Jobs in every health, an Update in every phase, instances in every state."""
    words = "checkout-g4: instance 2 failed: CrashLoopBackOff, container main: last exit code 3"
    jobs = [
        job(),
        job(
            "api",
            instances=40,
            activeUpdate={"name": "api-g2", "uid": "uid-shop-api-g2"},
            conditions=[condition("Reconciling", message="12 of 40 instances updated")],
            updateRevision="api-bbbb",
            revisions=[
                {"revision": "api-aaaa", "instances": "12-39"},
                {"revision": "api-bbbb", "instances": "0-11"},
            ],
        ),
        _held("cart", "RollForwardPaused", "paused by ada"),
        _held("mail", "RollingForward", NO_ROOM),
        job(
            "checkout",
            conditions=[condition("Stalled", reason="RolledBack", message=words)],
            ended=[_ended(2, "Rollback"), _ended(1, "NodeLost"), _ended(0, "Scale")],
        ),
        job("manual", conditions=[condition("UpdatePending", reason="Manual", message="waits")]),
        job("unseen", observedGeneration=-1, conditions=[]),
        job(LONG, "search", instances=0),
        *_with_runs(),
    ]
    phases = [
        update(f"web-{phase.lower()}", phase=phase, finishedAt=stamp(5), startedAt=stamp(60))
        for phase in Phase
    ]
    pods = [
        pod(0),
        pod(1, ready=False, waiting="CrashLoopBackOff", node=FAILURE["node"]),
        *(pod(i, "api") for i in range(38)),
    ]
    return [*jobs, *phases, running(), *pods]


ADDRESSES = (
    "/",
    "/?state=Stalled&q=check",
    "/jobs/shop/web",
    "/jobs/shop/api",
    "/jobs/shop/mail",
    "/jobs/shop/checkout?tab=completed",
    "/jobs/shop/web?tab=configuration",
    "/jobs/shop/web?tab=updates",
    "/jobs/shop/web-import",
    "/jobs/shop/web-import?tab=updates",
    "/jobs/shop/web-report",
    "/updates/shop/api-g2",
    "/updates/shop/web-rolledback",
    "/updates/shop/web-planned",
    "/instances/shop/web/1",
    "/nodes/n1",
)
