"""Pauses after chosen groups (`strategy.pauses`): their ends, and what ends them early."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from hack.harness.manifests import Object, ids, job
from hack.harness.operator import Operator
from hack.harness.space import Space

STRATEGY: Object = {
    "type": "VariableBatch",
    "sizes": [1, 2, "50%"],
    "pauses": [{"after": 1}, {"after": 2, "seconds": 5}],
}
LONG: Object = {**STRATEGY, "pauses": [{"after": 1, "seconds": 3600}]}
NAME = "web-g2"


def verb(space: Space, **spec: object) -> None:
    space.api.patch(space.path("updates", NAME), {"spec": spec})


def paused(space: Space, after: int) -> Object:
    return space.wait_update(
        "RollForwardPaused",
        name=NAME,
        probe=lambda u: (
            u["status"]["reason"] == "AutoPaused" and u["status"]["batch"]["index"] + 1 == after
        ),
        timeout=30,
    )


def end_of(update: Object) -> float:
    return datetime.fromisoformat(update["status"]["batch"]["pauseEndsAt"]).timestamp()


def begun(space: Space, strategy: Object) -> None:
    space.made(job(instances=5, strategy=strategy))
    space.set_image("web:2")


def test_stops_resumes_and_keeps_its_remaining_time(space: Space, operator: Operator) -> None:
    begun(space, STRATEGY)
    first = paused(space, 1)
    assert ids(first["status"]["instances"]["updated"]) == {0}
    assert "pauseEndsAt" not in first["status"]["batch"]
    verb(space, resumeToken="looks good")
    end = end_of(paused(space, 2))
    operator.kill9()
    operator.start()
    assert end_of(paused(space, 2)) == end, "the remaining time, not the whole one"
    done = space.wait_update("RolledForward", name=NAME, timeout=40)
    assert ids(done["status"]["instances"]["updated"]) == {0, 1, 2, 3, 4}
    made = {i: datetime.fromisoformat(pod.created).timestamp() for i, pod in space.pods().items()}
    assert {i for i, at in made.items() if at >= end} == {3, 4}


def test_an_operator_that_comes_back_after_the_end_goes_on(
    space: Space, operator: Operator
) -> None:
    begun(space, {**STRATEGY, "pauses": [{"after": 1, "seconds": 3}]})
    end = end_of(paused(space, 1))
    operator.kill9()
    space.until("the end of the pause", lambda: time.time() > end)
    operator.start()
    space.wait_update("RolledForward", name=NAME, timeout=40)


@pytest.mark.parametrize(
    ("action", "phase", "updated"),
    [("Rollback", "RolledBack", set()), ("Abort", "Aborted", {0})],
)
def test_ended_in_the_pause(space: Space, action: str, phase: str, updated: set[int]) -> None:
    begun(space, LONG)
    paused(space, 1)
    verb(space, action=action)
    space.wait_update(phase, name=NAME, timeout=30)
    images = {i: pod.image for i, pod in space.pods().items()}
    assert images == {i: "web:2" if i in updated else "web:1" for i in range(5)}


def test_superseded_in_the_pause(space: Space) -> None:
    begun(space, LONG)
    paused(space, 1)
    space.set_image("web:3")
    space.wait_update("Superseded", name=NAME)
    held = space.wait_update(
        "RollForwardPaused", name="web-g3", probe=lambda u: u["status"]["reason"] == "AutoPaused"
    )
    assert held["status"]["batch"]["index"] == 0
    assert {i: pod.image for i, pod in space.pods().items()} == {
        i: "web:1" if i else "web:3" for i in range(5)
    }


def test_a_token_ends_it_before_its_time(space: Space) -> None:
    begun(space, LONG)
    assert end_of(paused(space, 1)) > time.time() + 3000
    verb(space, resumeToken="at once")
    done = space.wait_update("RolledForward", name=NAME, timeout=40)
    assert done["status"]["observedResumeToken"] == "at once"


def test_a_plan_counts_the_pauses(space: Space) -> None:
    space.made(job(instances=5, strategy=LONG, min_ready=1))
    space.create(
        {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "Update",
            "metadata": {"name": "plan"},
            "spec": {"job": "web", "dryRun": True, "restart": True},
        }
    )
    plan = space.wait_update("Planned", name="plan")["status"]["plan"]
    assert plan["estimate"]["seconds"] >= 3600
    assert "pauses (3600 s)" in plan["estimate"]["from"]
