"""Updates at memorable moments, as snapshots: what the picture and the lines are tested with."""

from __future__ import annotations

from controller.cli.live.snapshot import Happening, Snapshot
from tests.unit.cli.live.objects import (
    GATES,
    IMAGES,
    NOW,
    at,
    job,
    pod,
    unready,
    update,
    with_status,
)


def running() -> Snapshot:
    """One group of a Batch is up in part; a gate waits."""
    gates = [
        {
            "name": "error-rate",
            "group": 1,
            "result": "Passed",
            "value": "0.002",
            "successes": 3,
            "time": at(41),
        },
        {
            "name": "restarts",
            "group": 0,
            "result": "Passed",
            "value": "0 against 0",
            "time": at(3),
        },
    ]
    made = update(
        message="9 of 12 instances updated",
        sets={"updated": "0-8", "updating": "9-11"},
        gates=GATES,
        batch={"index": 2, "instances": "8-11", "startedAt": at(33)},
    )
    return Snapshot(
        update=with_status(made, gates=gates),
        now=NOW,
        job=job(12, "0-11"),
        pods=(unready(9, 31), pod(10, 12, "node-1"), pod(11, 4, "")),
        images=IMAGES,
        events=(
            Happening(
                NOW - 12,
                "web-9",
                "Unhealthy",
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
                True,
                4,
            ),
            Happening(
                NOW - 41, "web-g4", "GatePassed", "gate error-rate, group 1: result is 0.002"
            ),
            Happening(
                NOW - 250, "web-g4", "UpdateStarted", "web-g4 updates 12 instances to web-4d5e6f"
            ),
        ),
    )


def failed_gate() -> Snapshot:
    """A gate has failed; the Update rolls back."""
    cause = "gate error-rate failed: 0.072 is not < 0.01"
    made = update(
        "RollingBack",
        message=f"2 of 8 instances rolled back ({cause})",
        sets={"rolledBack": "6-7", "rollingBack": "4-5", "updated": "0-3"},
        gates=GATES,
        turn={"time": at(18), "phase": "RollingBack", "reason": "GateFailed", "message": cause},
        batch={"index": 0, "instances": "4-7", "startedAt": at(17)},
    )
    gates = [
        {
            "name": "error-rate",
            "group": 1,
            "result": "Failed",
            "value": "0.072",
            "failures": 1,
            "message": "0.072 is not < 0.01",
            "time": at(19),
        }
    ]
    return Snapshot(
        update=with_status(made, gates=gates),
        now=NOW,
        job=job(12, "0-3"),
        pods=(pod(4, 9, "node-2"), pod(5, 8, "node-1")),
        images=IMAGES,
        events=(
            Happening(NOW - 18, "web-g4", "RollingBack", cause, True),
            Happening(
                NOW - 19,
                "web-g4",
                "GateFailed",
                "gate error-rate, group 1: 0.072 is not < 0.01",
                True,
            ),
        ),
    )


def crashed(phase: str = "RollingBack") -> Snapshot:
    """Instances crash; the Update rolls back or has."""
    words = "container web: last exit code 3, panic: cannot connect to postgres at db:5432"
    cause = f"instance 2 failed: CrashLoopBackOff, {words}"
    failures = [
        {
            "instance": i,
            "attempt": 2,
            "reason": "CrashLoopBackOff",
            "message": words,
            "node": f"node-{i}",
            "exitCode": 3,
            "time": at(20 + i),
        }
        for i in (2, 1)
    ] + [
        {
            "instance": 0,
            "attempt": 1,
            "reason": "ReadyTimeout",
            "message": "not Ready within 600s",
            "node": "node-7",
            "time": at(80),
        }
    ]
    over = phase != "RollingBack"
    sets = {"rolledBack": "0-3"} if over else {"rollingBack": "2-3", "failed": "0-1"}
    made = update(
        phase,
        message=cause if over else f"0 of 4 instances rolled back ({cause})",
        sets=sets,
        failures=failures,
        turn={
            "time": at(20),
            "phase": "RollingBack",
            "reason": "InstancesFailed",
            "message": cause,
        },
        finishedAt=at(2) if over else None,
    )
    counts = made.status.counts.model_copy(update={"failed": 2})
    made = made.model_copy(update={"status": made.status.model_copy(update={"counts": counts})})
    return Snapshot(
        update=made,
        now=NOW,
        job=job(12),
        pods=() if over else (pod(2, 3), pod(3, 2, "")),
        images=IMAGES,
        last_words={
            2: (
                "goroutine 1 [running]:",
                "main.connect({0xc00001c0a8, 0x7})",
                "\x1b[31mpanic: cannot connect to postgres at db:5432\x1b[0m",
            )
        },
        events=(
            Happening(
                NOW - 22,
                "web-2",
                "BackOff",
                "Back-off restarting failed container web in pod web-2",
                True,
                3,
            ),
        ),
    )


def paused() -> Snapshot:
    """A person has paused the Update."""
    made = update(
        "RollForwardPaused",
        message="8 of 12 instances updated; paused by sam@example.com",
        sets={"updated": "0-7"},
        spec={"paused": True},
        reason="Paused",
    )
    return Snapshot(update=made, now=NOW, job=job(12, "0-7"), images=IMAGES)


def done() -> Snapshot:
    made = update(
        "RolledForward",
        message="12 of 12 instances updated",
        sets={"updated": "0-11"},
        finishedAt=at(10),
        reason="RolledForward",
    )
    return Snapshot(update=made, now=NOW, job=job(12, "0-11"), images=IMAGES)


def large(instances: int = 1000) -> Snapshot:
    """A sliding window over many instances, of which some have failed."""
    first = instances * 2 // 5
    updated = f"0-16,18-300,302-{first}"
    updating = f"{first + 1}-{first + 20}"
    made = update(
        instances=instances,
        message=f"{first - 1} of {instances} instances updated; instance {first + 3}: "
        "ImagePullBackOff: container web: Back-off pulling image registry.example.com/shop/web:1.1",
        strategy={"type": "Queue", "size": 20},
        sets={"updated": updated, "updating": updating, "failed": "17,301"},
        reason="InstanceNotReady",
        batch={"index": 0, "instances": updating, "startedAt": at(3)},
        failures=[
            {
                "instance": i,
                "attempt": 2,
                "reason": "OOMKilled",
                "message": "container web: last exit code 137, out of memory",
                "node": f"node-{i}",
                "exitCode": 137,
                "time": at(60 + i / 10),
            }
            for i in (301, 17)
        ],
    )
    pods = tuple(unready(i, 3.0 + i % 17, f"node-{i % 9}") for i in range(first + 1, first + 21))
    return Snapshot(
        update=made, now=NOW, job=job(instances, f"0-{first + 20}"), pods=pods, images=IMAGES
    )


def waiting() -> Snapshot:
    """Nothing has happened, because no operator runs."""
    made = update("Pending", startedAt=None, observedGeneration=-1, to=None, from_=[])
    return Snapshot(update=made, now=NOW, job=job(12))


SCENES = {
    "running": running,
    "failed gate": failed_gate,
    "crashed": crashed,
    "rolled back": lambda: crashed("RolledBack"),
    "paused": paused,
    "done": done,
    "1,000 instances": large,
    "10,000 instances": lambda: large(10_000),
    "no operator": waiting,
}
