"""The scenarios in which Updates leave frozen instances alone, and the operator is killed at each
of its writes (contract part 2 §2). Nothing here stops a process: that is `hack.chaos.frozen`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hack.chaos.holding import hold, release
from hack.chaos.scenario import (
    ONCE,
    PATIENCE,
    WAYS,
    Act,
    Scenario,
    at_rest,
    ended,
    kept,
    long_only,
    made,
    pods,
    runs,
    uids,
    verb,
)
from hack.harness.space import Space

_CRASHES: Final = {"behaviour": "crash-loop", **ONCE}


def frozen_ids() -> list[Scenario]:
    """All of them."""
    updates = [
        long_only(
            f"frozen ids, {way}",
            made(instances=2, frozen="0", update={"replacement": kind}),
            _update,
        )
        for way, kind in WAYS.items()
    ]
    crashes = {**_CRASHES, "instances": "1"}
    return [
        Scenario("thawed, after the end", _left_behind("1-2"), _thaw),
        long_only("thawed, in mid-update", made(frozen="2"), _thaw_midway),
        long_only("thawed, into a failure", _left_behind("1", crashes), _thaw_in_vain),
        long_only("frozen in mid-update, go on", made(), _freeze_midway),
        long_only("frozen in mid-update, roll back", made(), _freeze_and_roll_back),
        long_only(
            "frozen ids fail and roll back",
            made(instances=2, frozen="0", steering=ONCE),
            _fail,
        ),
        long_only("frozen ids stay, scale", _left_behind("1,3", count=4), _scale),
        long_only("frozen ids stay, lost pod", _left_behind("1"), _lose),
        *updates,
    ]


def _left_behind(frozen: str, steering: Mapping[str, str] = {}, count: int = 3) -> Act:
    """A setup: the frozen instances are at `web:1`, all others at `web:2`. ``steering``: of the
    pods at `web:2`."""
    create = made(instances=count, frozen=frozen)

    def setup(space: Space) -> None:
        create(space)
        space.set_image("web:2", **steering)
        ended(space, "RolledForward")

    return setup


def _freeze(space: Space, ids: str | None, in_force: str) -> None:
    """Edit the frozen ids, and wait until ``in_force`` are frozen."""
    space.patch_job(frozen=ids)
    space.wait_job(
        f"{in_force or 'nothing'} to be frozen",
        lambda it: it["status"].get("frozen", "") == in_force,
        timeout=PATIENCE,
    )


def _only(space: Space, *names: str) -> None:
    """The Job has had no other Updates."""
    found = [each["metadata"]["name"] for each in space.updates()]
    assert found == [*names], f"there are the Updates {found}"


def _update(space: Space) -> None:
    before = uids(space)
    space.set_image("web:2")
    total = ended(space, "RolledForward")["status"]["counts"]["total"]
    assert total == 1, f"the Update counts {total} instances"
    runs(space, {"web:1": {0}, "web:2": {1}})
    in_place = space.job()["spec"]["update"].get("replacement") == "InPlace"
    kept(space, before, {0, 1} if in_place else {0})


def _freeze_midway(space: Space) -> None:
    """Instance 0 has been updated, 1 is about to be, 2 was not touched."""
    before = uids(space)
    hold(space)
    _freeze(space, "0-2", "0-2")
    release(space)
    ended(space, "RolledForward")
    runs(space, {"web:1": {2}, "web:2": {0, 1}})
    kept(space, before, {2})


def _freeze_and_roll_back(space: Space) -> None:
    """What the Update has touched goes back, frozen or not."""
    before = uids(space)
    hold(space)
    _freeze(space, "0-2", "0-2")
    verb(space, action="Rollback")
    ended(space, "RolledBack")
    runs(space, {"web:1": {0, 1, 2}})
    kept(space, before, {2})


def _thaw_midway(space: Space) -> None:
    """The active Update goes on without the instance, which gets one of its own."""
    before = uids(space)
    hold(space)
    space.patch_job(frozen=None)
    release(space)
    ended(space, "RolledForward")
    own = ended(space, "RolledForward", "web-g3")
    assert own["spec"]["instances"] == "2"
    runs(space, {"web:2": {0, 1, 2}})
    kept(space, before, set())
    _only(space, "web-g2", "web-g3")


def _thaw(space: Space) -> None:
    """One instance of two."""
    before = uids(space)
    _freeze(space, "2", "2")
    own = ended(space, "RolledForward", "web-g3")
    assert own["spec"]["instances"] == "1"
    runs(space, {"web:1": {2}, "web:2": {0, 1}})
    kept(space, before, {0, 2})
    _only(space, "web-g2", "web-g3")


def _thaw_in_vain(space: Space) -> None:
    """The Update for the instance fails, and is not made again."""
    before = uids(space)
    _freeze(space, None, "")
    ended(space, "RolledBack", "web-g3")
    runs(space, {"web:1": {1}, "web:2": {0, 2}})
    kept(space, before, {0, 2})
    _only(space, "web-g2", "web-g3")


def _fail(space: Space) -> None:
    before = uids(space)
    space.set_image("web:2", **_CRASHES)
    ended(space, "RolledBack")
    runs(space, {"web:1": {0, 1}})
    kept(space, before, {0})


def _scale(space: Space) -> None:
    """A scale removes a frozen instance. Made anew it is what new instances are."""
    before = uids(space)
    _scale_to(3, space)
    _scale_to(5, space)
    runs(space, {"web:1": {1}, "web:2": {0, 2, 3, 4}})
    kept(space, before, {0, 1, 2})


def _scale_to(count: int, space: Space) -> None:
    space.scale(count)
    at_rest(space)
    pods(space, count)
    space.wait_job(
        "the report", lambda it: it["status"]["readyInstances"] == count, timeout=PATIENCE
    )


def _lose(space: Space) -> None:
    """A frozen instance comes back as it was."""
    before = uids(space)
    space.delete_pod("web-1")
    space.until("its successor", lambda: uids(space).get(1, before[1]) != before[1], PATIENCE)
    runs(space, {"web:1": {1}, "web:2": {0, 2}})
    kept(space, before, {0, 2})
    at_rest(space)
