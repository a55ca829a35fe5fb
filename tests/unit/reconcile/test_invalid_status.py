"""Invalid values in the statuses of a Job and its active Update: nothing is guessed.

Each field is spoilt at several moments of an Update, as a whole and in each of its parts. Then the
operator either acts as if nothing had happened (the field may be lost), or it touches nothing, and
says which field it is and what a person can do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final

import pytest

from controller.api.job import JobStatus
from controller.api.labels import REVISION
from controller.api.meta import Status
from controller.api.update import Phase, UpdateStatus
from hack.chaos.fuzz import Change, apply
from hack.chaos.fuzz_api import JOB, Object
from hack.chaos.fuzz_stages import stage
from hack.chaos.fuzz_world import World

UPDATE: Final = "web-g2"
#: Moments at which an Update is active and old pods run.
MOMENTS: Final = ("rolling", "paused", "back", "surging")
STATUSES: Final[dict[tuple[str, str], type[Status]]] = {
    ("echelonjobs", JOB): JobStatus,
    ("updates", UPDATE): UpdateStatus,
}
#: A value that no field of a status allows, in no place.
WRONG: Final[list[Any]] = [[]]
FIELDS: Final = [
    (*whose, field.alias or "")
    for whose, status in STATUSES.items()
    for field in status.model_fields.values()
]


def spoilt(value: Any) -> Iterator[Any]:
    """``value`` with something wrong in its place, and in the place of each of its parts (of a
    list: of its first item)."""
    yield WRONG
    if isinstance(value, dict):
        for key, part in value.items():
            yield from ({**value, key: bad} for bad in spoilt(part))
    if isinstance(value, list) and value:
        yield from ([bad, *value[1:]] for bad in spoilt(value[0]))


def status_of(world: World, plural: str, name: str) -> Object:
    found: Object = world.api.objects[plural, name]["status"]
    return found


def phase(world: World) -> str:
    found: str = status_of(world, "updates", UPDATE)["phase"]
    return found


def touched(world: World) -> list[tuple[str, str, str]]:
    """The writes of pods."""
    return [write for write in world.api.writes if write[1] == "pods"]


def stalled(world: World, plural: str, name: str) -> Object:
    conditions = status_of(world, plural, name)["conditions"]
    found: Object = next(c for c in conditions if c["type"] == "Stalled")
    return found


def images(world: World) -> set[str]:
    """What the Job's pods run."""
    pods = world.api.all("pods").values()
    ours = [pod for pod in pods if REVISION in pod["metadata"].get("annotations", {})]
    return {container["image"] for pod in ours for container in pod["spec"]["containers"]}


@lru_cache
def undisturbed(moment: str) -> World:
    return lived(moment)


def lived(moment: str, *changes: Change, later: Callable[[World], object] | None = None) -> World:
    """The world some time after ``moment``; ``changes`` are made at that moment, ``later`` when the
    operator has seen them."""

    async def live() -> World:
        world = World()
        world.copy_of(stage(moment))
        world.api.drop("pods", "web-1-s")  # A stranger's, which would hold up a surge.
        for change in changes:
            apply(world, change)
        await world.live(0, 1, 5, 5, 70)
        if later is not None:
            later(world)
            await world.live(*[5] * 12)
        world.reconciler.gates.stop()
        return world

    return asyncio.run(live())


def with_wrong(moment: str, plural: str, name: str, field: str) -> Iterator[tuple[Any, Change]]:
    """Each wrong value of the field at a moment, and the change that writes the value."""
    status = stage(moment).objects[plural, name]["status"]
    for value in spoilt(status.get(field)):
        yield value, Change(plural, name, "status", {**deepcopy(status), field: value})


@pytest.mark.parametrize(("plural", "name", "field"), FIELDS)
def test_an_invalid_value_ends_no_update_and_deletes_no_pod(
    plural: str, name: str, field: str
) -> None:
    needed = field in STATUSES[plural, name].needed()
    for moment in MOMENTS:
        before = stage(moment).objects["updates", UPDATE]["status"]["phase"]
        for value, change in with_wrong(moment, plural, name, field):
            world, sane = lived(moment, change), undisturbed(moment)
            if needed:
                assert touched(world) == [], (moment, value)
                assert phase(world) == (WRONG if field == "phase" else before), (moment, value)
                assert f"status.{field}" in stalled(world, plural, name)["message"]
                assert stalled(world, "echelonjobs", JOB)["reason"] == "TooNew"
            else:
                assert touched(world) == touched(sane), (moment, value)
                assert phase(world) == phase(sane), (moment, value)
                assert stalled(world, "echelonjobs", JOB)["reason"] != "TooNew"


def without_group() -> Change:
    """The group of the Update gets ids that cannot be read, while its first new pod starts beside
    the old one."""
    status = deepcopy(stage("surging").objects["updates", UPDATE]["status"])
    status["batch"]["instances"] = "2-1"
    return Change("updates", UPDATE, "status", status)


def test_an_update_whose_group_cannot_be_read_does_not_end_with_old_pods() -> None:
    world = lived("surging", without_group(), later=lambda _: None)
    assert phase(world) == Phase.ROLLING_FORWARD, "it ended as RolledForward once"
    assert touched(world) == []
    assert images(world) == {"app:1", "app:2"}


def test_the_message_names_the_field_and_the_mend_and_the_mended_update_goes_on() -> None:
    world = lived("surging", without_group())
    told = stalled(world, "updates", UPDATE)["message"]
    assert told.startswith("status.batch.instances: ")
    assert f"kubectl edit updates {UPDATE} -n ns --subresource=status" in told
    assert "or delete the Update" in told
    assert f"Update {UPDATE}: {told}" == stalled(world, "echelonjobs", JOB)["message"]
    assert [said for said in world.events if said == f"TooNew: {told}"] != []


def test_the_update_goes_on_when_a_person_has_mended_the_field() -> None:
    def mend(world: World) -> None:
        status = deepcopy(status_of(world, "updates", UPDATE))
        status["batch"]["instances"] = "0"
        apply(world, Change("updates", UPDATE, "status", status))

    world = lived("surging", without_group(), later=mend)
    assert phase(world) == Phase.ROLLED_FORWARD
    assert images(world) == {"app:2"}
    assert stalled(world, "echelonjobs", JOB)["reason"] != "TooNew"


def test_the_update_can_be_deleted_and_the_instances_stay_as_they_are() -> None:
    world = lived("surging", without_group(), later=lambda w: w.api.drop("updates", UPDATE))
    assert images(world) == {"app:1"}, "the pod beside the old one is removed"
    assert status_of(world, "echelonjobs", JOB)["lastAttempt"]["outcome"] == Phase.ABORTED
    assert stalled(world, "echelonjobs", JOB)["reason"] != "TooNew"
