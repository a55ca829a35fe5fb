"""Known bad: only a revision whose instances failed for a reason of the revision itself."""

from __future__ import annotations

import pytest

from controller.api.pods.pod import Trouble
from controller.api.update import Failure, Phase
from controller.core.rollout.blame import blamed
from tests.unit.core.sim import World
from tests.values import replace


def failure(instance: int, attempt: int, reason: str, time: float = 10.0) -> Failure:
    return Failure(instance=instance, attempt=attempt, reason=reason, time=time)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        ([failure(1, 1, "Unschedulable")], False),
        ([failure(1, 1, "QuotaExceeded"), failure(2, 1, "NodeAffinity")], False),
        ([failure(1, 1, "Unschedulable"), failure(2, 1, "Error")], True),
        ([failure(1, 1, "ReadyTimeout")], True),
        ([failure(1, 1, "Unschedulable"), failure(1, 1, "Error", 30.0)], False),
        ([], True),
    ],
)
def test_whether_the_revision_is_blamed(failures: list[Failure], expected: bool) -> None:
    assert blamed(failures, 0, until=20.0) is expected


def test_a_tolerated_failure_of_another_instance_does_not_count() -> None:
    tolerated = failure(2, 1, "Error")
    assert not blamed(
        [failure(1, 2, "Unschedulable"), failure(1, 1, "Unschedulable"), tolerated], 1, None
    )


@pytest.mark.parametrize("rollback", [True, False])
@pytest.mark.parametrize("reason", ["Unschedulable", "ImagePullBackOff"])
def test_a_pod_without_a_node_makes_no_revision_known_bad(reason: str, rollback: bool) -> None:
    update = {"maxFailuresPerInstance": 0, "rollbackOnFailure": rollback}
    world = World(instances=2, update=update).ready()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    trouble = Trouble(reason, 'persistentvolumeclaim "data" not found')
    world.cluster.set_pod(replace(world.pod(0), trouble=trouble))
    world.until_ended()
    assert world.phase is (Phase.ROLLED_BACK if rollback else Phase.FAILED)
    known = [bad.revision for bad in world.status.known_bad]
    assert known == ([] if reason == "Unschedulable" else [world.cluster.revision])
    world.quiet()


@pytest.mark.parametrize("own_fault", [False, True])
def test_failures_of_the_rollback_do_not_change_what_is_known_bad(own_fault: bool) -> None:
    """The rollback has more failures than are kept; they push out those of rolling forward."""
    update = {"strategy": {"type": "Batch", "size": 60}, "maxFailuresPerInstance": 1}
    world = World(instances=60, update=update).ready()
    world.behave("app:2", ready=None)
    world.cluster.quota = None if own_fault else 0
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.update.status.turn is not None)
    world.cluster.quota = 0
    world.until_ended()
    assert world.phase is Phase.FAILED
    turn = world.update.status.turn
    assert turn is not None
    assert all(f.time > turn.time for f in world.update.status.failures)
    known = [bad.revision for bad in world.status.known_bad]
    assert known == ([world.cluster.revision] if own_fault else [])
