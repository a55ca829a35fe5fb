"""The tree of `echelon job status`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.update import Update
from controller.cli.job import tree
from controller.view.instances import instances
from tests.unit.view.raw import NOW, ago, condition, crashing, job, pod, ranges, update

IMAGES = {"web-a": ("web:1",), "web-b": ("web:2",)}
FAILURE = {
    "instance": 2,
    "attempt": 2,
    "reason": "CrashLoopBackOff",
    "message": "container web: last exit code 1, boom",
    "node": "n1",
    "time": ago(21),
}


def shown(seen: Job, *updates: Update, asked: Ids | None = None, **logs: str) -> list[str]:
    """The lines of the tree."""
    pods = [pod(0), pod(1), pod(2, "b", ready_for=None, containerStatuses=[crashing()])]
    found = tree.Seen(
        job=seen,
        rows=instances(seen, pods, NOW),
        updates=updates,
        now=NOW,
        images=IMAGES,
        logs=logs,
        asked=asked,
    )
    out = Console(width=200, highlight=False, emoji=False, markup=False, color_system=None)
    with out.capture() as captured:
        out.print(tree.of(found, tree.next_commands(found)))
    return [line.strip("│├└─ ") for line in captured.get().splitlines()]


def mixed(*conditions: dict[str, Any], **status: Any) -> Job:
    """Two instances at web-a, one at web-b."""
    both = ranges(a="0-1", b="2")
    return job(
        3,
        *conditions,
        readyInstances=2,
        availableInstances=2,
        currentRevision="web-a",
        updateRevision="web-b",
        assigned=both,
        revisions=both,
        **status,
    )


def test_what_it_waits_for_comes_first() -> None:
    stalled = condition("Stalled", "UpdateFailed", "web-g2: instance 2 failed: boom")
    bad = [{"revision": "web-b", "images": ["web:2"]}]
    failed = update(
        phase="Failed",
        finishedAt=ago(20),
        message="instance 2 failed: boom",
        failures=[FAILURE, {**FAILURE, "attempt": 1, "time": ago(50)}],
        instances={"failed": "2"},
    )
    seen = mixed(stalled, knownBad=bad)
    lines = shown(seen, failed, **{"web-2": "starting\npanic: \x1b[31mboom\n"})
    assert lines[:2] == [
        "✖ web  Stalled (UpdateFailed)  in namespace shop",
        "web-g2: instance 2 failed: boom",
    ]
    assert "instances  2 of 3 ready, 2 available" in lines
    assert f"revisions  {'█' * 27}{'▓' * 13}" in lines
    assert "█  66%  web-a  0-1  web:1  (current)" in lines
    assert "▓  33%  web-b  2  web:2  (template, known bad)" in lines
    assert "last update  web-g2  Failed  20s ago  by Echelon" in lines
    assert (
        "instance 2 failed on n1, attempt 2, 21s ago: CrashLoopBackOff: container web: last exit "
        "code 1, boom"
    ) in lines
    assert len([line for line in lines if line.startswith("instance 2 failed")]) == 1
    at = lines.index("instances not well")
    assert lines[at + 1 : at + 6] == [
        "2  Failing  web-b  on n1  4 restarts  5m",
        "CrashLoopBackOff: container web: last exit code 1, boom",
        "last lines of its log",
        "starting",
        "panic: boom",
    ]
    commands = lines[lines.index("next") + 1 :]
    assert any(line.startswith("echelon update retry web-g2") for line in commands)
    assert not any(line.startswith("echelon job status web ") for line in commands)
    assert len(commands) == len({line.partition("    # ")[0] for line in commands})


def test_an_active_update_has_its_progress() -> None:
    active = update(
        "web-g3",
        phase="RollForwardPaused",
        reason="Paused",
        message="1 of 3 instances updated; paused by ann",
        to={"revision": "web-b", "instances": "0-2"},
        counts={"total": 3, "updated": 1, "updating": 1},
        batch={"index": 1, "instances": "1", "startedAt": ago(9)},
    )
    lock = {"name": "web-g3", "uid": ""}
    now = condition("Reconciling", "RollForwardPaused", "web-g3: paused by ann")
    lines = shown(mixed(now, activeUpdate=lock), active)
    assert lines[0] == "↻ web  Reconciling (RollForwardPaused)  in namespace shop"
    at = lines.index("update  web-g3  RollForwardPaused  to web-b  by Echelon")
    assert lines[at + 1] == f"{'█' * 13}{'░' * 27}  1 of 3 updated, 1m40s so far" or (
        lines[at + 1] == f"{'█' * 13}{'░' * 27}  1 of 3 updated, 100s so far"
    )
    assert lines[at + 2] == "Paused: paused by ann"
    assert lines[at + 3] == "group 2: 1"
    assert any("echelon update resume web-g3" in line for line in lines)
    assert any("echelon update watch web-g3" in line for line in lines)


def test_a_job_that_is_well_is_short() -> None:
    both = ranges(a="0-2")
    seen = job(
        3,
        condition("Ready", "Ready", "3 of 3 instances available"),
        readyInstances=3,
        availableInstances=3,
        currentRevision="web-a",
        updateRevision="web-a",
        assigned=both,
        revisions=both,
    )
    found = tree.Seen(seen, instances(seen, [pod(i) for i in range(3)], NOW), [], NOW, IMAGES)
    assert tree.next_commands(found) == []
    assert found.shown == []


def test_instances_that_were_asked_for_are_shown_though_they_are_well() -> None:
    lines = shown(mixed(), asked=Ids([0]))
    at = lines.index("instances asked for")
    assert lines[at + 1 :] == ["0  Good  web-a  on n1  5m"]


def test_missing_instances_and_a_template_that_nobody_runs() -> None:
    both = ranges(a="0-1")
    seen = job(3, assigned=both, revisions=both, currentRevision="web-a", updateRevision="web-b")
    lines = shown(seen)
    assert "·  33%  no pod" in lines
    assert "0%  web-b  web:2  (template)" in lines


def test_a_count_that_a_rollback_overruled() -> None:
    lines = shown(mixed(instancesInForce=2))
    assert "instances  2 of 2 ready, 2 available; spec.instances is 3" in lines


def test_of_a_deleted_update_the_job_remembers_the_end() -> None:
    attempt = {
        "revision": "web-b",
        "update": "web-g2",
        "outcome": "RolledBack",
        "message": "instance 2 failed: boom",
    }
    lines = shown(mixed(lastAttempt=attempt))
    at = lines.index("last update  web-g2  RolledBack")
    assert lines[at + 1] == "instance 2 failed: boom"


def test_the_commands_of_an_active_update_do_not_lead_to_it_twice() -> None:
    held = mixed(
        condition("Reconciling", "RollForwardPaused"), activeUpdate={"name": "web-g3", "uid": "u"}
    )
    paused = update("web-g3", phase="RollForwardPaused", reason="Paused")
    lines = shown(held, paused)
    assert [line.split(" -n ")[0] for line in lines[lines.index("next") + 1 :]] == [
        "echelon update resume web-g3",
        "echelon update rollback web-g3",
        "echelon update abort web-g3",
        "echelon update watch web-g3",
    ]
    hidden = shown(held)
    assert any(line.startswith("echelon update get web-g3 ") for line in hidden)


def test_an_update_that_found_nothing_to_change_is_not_the_last() -> None:
    failed = update(phase="RolledBack", finishedAt=ago(60), message="boom")
    nothing = update("web-g3", phase="RolledForward", reason="NoChange", finishedAt=ago(20))
    lines = shown(mixed(), failed, nothing)
    assert "last update  web-g2  RolledBack  60s ago  by Echelon" in lines
    assert "last update  web-g3  NoChange  20s ago  by Echelon" in shown(mixed(), nothing)
