"""Aurora's JobUpdaterIT, for the features that Echelon has; the tests keep Aurora's names.

``{1: "U D"}`` lists the sets that instance 1 was in, in order: updating (U), updated (D), failed
(UF), rolling back (RB), rolled back (RD), rollback failed (RF!). Instances not listed were in none.
A Job of Echelon has no gaps in its ids: where a job of Aurora has gaps, the ids differ.
"""

from __future__ import annotations

from typing import Any

from controller.api.update import Phase
from tests.unit.core.sim import World

LETTERS = {
    "updating": "U",
    "updated": "D",
    "failed": "UF",
    "rolling_back": "RB",
    "rolled_back": "RD",
    "rollback_failed": "RF!",
}


def aurora(instances: int, **update: Any) -> World:
    given = {"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 0, **update}
    world = World(instances=instances, minReadySeconds=2, update=given).ready()
    world.run(2)
    return world


def events(world: World) -> dict[int, str]:
    """Follow the newest Update to its end."""
    found: dict[int, list[str]] = {}

    def look() -> None:
        for update in world.cluster.updates.values():
            for name, letter in LETTERS.items():
                for i in getattr(update.status.instances, name):
                    if not (there := found.setdefault(i, [])) or there[-1] != letter:
                        there.append(letter)

    world.after_step = look
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()
    return {i: " ".join(letters) for i, letters in sorted(found.items())}


def kills(world: World) -> int:
    return [verb for verb, _ in world.cluster.writes].count("delete pod")


def test_successful_update() -> None:
    world = aurora(2)
    world.edit(image="app:2", instances=3)
    assert events(world) == {0: "U D", 1: "U D", 2: "U D"}
    assert world.phase is Phase.ROLLED_FORWARD
    assert kills(world) == 2, "the created instance comes first and costs no deletion"


def test_successful_batched_update() -> None:
    world = aurora(3, strategy={"type": "Batch", "size": 2})
    world.behave("app:2", instance=0, ready=10.0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and 1 in world.update.status.instances.updated)
    assert str(world.update.status.instances.updating) == "0"
    assert world.images()[2] == "app:1", "2 is not started"
    assert events(world) == {0: "U D", 1: "D", 2: "U D"}, "1 was done before we looked"
    assert world.phase is Phase.ROLLED_FORWARD
    assert kills(world) == 3


def test_rollback_with_a_created_instance() -> None:
    world = aurora(2)
    world.behave("app:2", instance=1, crash=1.0)
    world.edit(image="app:2", instances=3)
    assert events(world) == {0: "U D RB RD", 1: "U UF RB RD", 2: "U D RB RD"}
    assert world.phase is Phase.ROLLED_BACK
    assert world.images() == {0: "app:1", 1: "app:1"}, "2 is gone"
    assert kills(world) == 5


def test_rollback() -> None:
    """Instance 2 fails, then 2, 1 and 0 are rolled back; 3, which the update was to remove, is
    never touched."""
    world = aurora(4)
    before = world.uids()
    world.behave("app:2", instance=2, crash=1.0)
    world.edit(image="app:2", instances=3)
    assert events(world) == {0: "U D RB RD", 1: "U D RB RD", 2: "U UF RB RD"}
    assert world.phase is Phase.ROLLED_BACK
    assert world.images() == dict.fromkeys(range(4), "app:1")
    assert world.uids()[3] == before[3]
    assert kills(world) == 6


def test_rollback_disabled() -> None:
    world = aurora(4, rollbackOnFailure=False)
    world.behave("app:2", instance=2, crash=1.0)
    world.edit(image="app:2")
    assert events(world) == {0: "U D", 1: "U D", 2: "U UF"}
    assert world.phase is Phase.FAILED
    assert kills(world) == 3


def test_rollback_failed() -> None:
    """Instance 0 stays at the new revision: the rollback had not reached it."""
    world = aurora(3)
    world.behave("app:2", instance=1, crash=1.0)
    world.behave("app:1", instance=1, crash=1.0)
    world.edit(image="app:2")
    assert events(world) == {0: "U D", 1: "U UF RB RF!"}
    assert world.phase is Phase.FAILED
    assert world.images() == {0: "app:2", 1: "app:1", 2: "app:1"}
    assert kills(world) == 3


def test_immediately_successful_update() -> None:
    world = aurora(3)
    world.edit(retryToken="again")
    assert events(world) == {}
    assert (world.phase, world.update.status.reason) == (Phase.ROLLED_FORWARD, "NoChange")
    assert kills(world) == 0


def test_slow_to_schedule_task() -> None:
    """Without a deadline no slow pod is a failure; deleting the Update aborts it."""
    world = aurora(2)
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.run(86_400)
    sets = world.update.status.instances
    assert (str(sets.updated), str(sets.updating)) == ("0", "1")
    world.cluster.user_delete_update(world.update.metadata.name)
    world.run(10)
    assert world.status.active_update is None
    assert kills(world) == 2


def test_add_instances() -> None:
    """In Echelon a scale, which needs no Update."""
    world = aurora(2)
    world.edit(instances=3)
    world.run(10)
    assert (world.cluster.updates, sorted(world.uids()), kills(world)) == ({}, [0, 1, 2], 0)


def test_remove_instances() -> None:
    world = aurora(2)
    world.edit(instances=1)
    world.run(10)
    assert (world.cluster.updates, sorted(world.uids()), kills(world)) == ({}, [0], 1)
