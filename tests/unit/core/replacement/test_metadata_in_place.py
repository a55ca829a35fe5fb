"""Labels and annotations of the template, changed on running pods (second contract, section 3)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from controller.api.update import Action, Phase
from tests.unit.core.sim import World
from tests.unit.core.sim.cluster import CrashError

IN_PLACE = {"replacement": "InPlace"}


def noted(instances: int = 3, spec: dict[str, Any] | None = None, **update: Any) -> World:
    """A Job whose pods bear a note."""
    world = World(instances=instances, update={**IN_PLACE, **update}, **(spec or {}))
    world.edit(image="app:1", cpu="1", note="old")
    return world.ready()


def notes(world: World) -> list[str]:
    templates, pods = world.cluster.templates, [world.pod(i) for i in sorted(world.uids())]
    return [templates[pod.revision]["metadata"]["annotations"]["note"] for pod in pods]


def finished(world: World) -> bool:
    return world.update.status.finished_at is not None


def test_no_pod_is_replaced_or_restarted() -> None:
    world = noted()
    before, always_ready = world.uids(), list[bool]()
    world.after_step = lambda: always_ready.append(
        all(pod.ready for pod in world.cluster.pods.values())
    )
    world.edit(image="app:1", cpu="1", note="new")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert notes(world) == ["new"] * 3
    assert world.uids() == before
    assert all(always_ready)
    assert [verb for verb, name in world.cluster.writes if name == "web-1"][1:] == ["change pod"]
    world.quiet()


def test_the_next_group_waits_until_the_patch_has_proven_itself() -> None:
    world = noted(spec={"minReadySeconds": 40})
    changed = dict[int, float]()

    def look() -> None:
        for pod in world.cluster.pods.values():
            if pod.changed:
                changed.setdefault(pod.instance, pod.changed)

    world.after_step = look
    world.edit(image="app:1", cpu="1", note="new")
    world.until_ended()
    moments = sorted(changed.values())
    assert len(moments) == 3
    assert all(b - a >= 40 for a, b in pairwise(moments))
    assert all(b - a < 50 for a, b in pairwise(moments))
    end = world.update.status.finished_at
    assert end is not None
    assert end - moments[-1] >= 40


def test_nothing_that_serves_on_is_held_back() -> None:
    """Neither by `spec.sla`, by a disruption budget, nor by ``maxUnavailable``."""
    world = noted(
        4,
        spec={"sla": {"minAvailable": 3}},
        strategy={"type": "Batch", "size": 4},
        slaAware=True,
        maxUnavailable=1,
    )
    most = list[int]()

    def look() -> None:
        most.append(len({pod.changed for pod in world.cluster.pods.values() if pod.changed}))

    world.after_step = look
    world.edit(image="app:1", cpu="1", note="new")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert max(most) == 1, "all at the same moment"


def test_an_image_that_changes_as_well_is_held_back() -> None:
    world = noted(
        4,
        spec={"sla": {"minAvailable": 3}},
        strategy={"type": "Batch", "size": 4},
        slaAware=True,
    )
    least = [4]
    world.after_step = lambda: least.append(
        sum(pod.ready and pod.in_effect for pod in world.cluster.pods.values())
    )
    world.edit(image="app:2", cpu="1", note="new")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert min(least) == 3
    assert notes(world) == ["new"] * 4


def test_a_rollback_takes_it_back_on_the_running_pods() -> None:
    world = noted(4)
    before = world.uids()
    world.edit(image="app:1", cpu="1", note="bad")
    world.until(lambda: notes(world).count("bad") == 2)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert notes(world) == ["old"] * 4
    assert world.uids() == before
    assert all(pod.restarts == 0 for pod in world.cluster.pods.values())


def test_a_pod_whose_patch_is_refused_is_replaced() -> None:
    world = noted()
    before = world.uids()
    world.cluster.in_place_refused.add(2)
    world.edit(image="app:1", cpu="1", note="new")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert {i for i, uid in world.uids().items() if uid != before[i]} == {2}
    assert notes(world) == ["new"] * 3


@pytest.mark.parametrize("action", [None, Action.ABORT, Action.ROLLBACK])
@pytest.mark.parametrize("seconds", [0, 120])
def test_killed_between_the_resize_and_the_metadata(action: Action | None, seconds: int) -> None:
    """No pod is replaced, and none is left half-way, however long nobody sees to it."""
    world = noted(4)
    finish, uids = world.cluster.finish_pod, dict[int, str]()

    def die(name: str, uid: str) -> Any:
        if name == "web-1" and not uids:
            uids.update(world.uids())
            raise CrashError
        return finish(name, uid)

    def meanwhile() -> None:
        if uids and action and world.update.spec.action is not action:
            world.cluster.user_edit_update(world.update.metadata.name, action=action)

    world.cluster.finish_pod = die  # type: ignore[method-assign]
    world.after_step = meanwhile
    world.edit(image="app:1", cpu="2", note="new")
    world.until(lambda: bool(uids))
    world.cluster.now += seconds
    world.until_ended()
    world.run(300)
    assert world.uids() == uids
    assert all(p.labelled and not p.unfinished for p in world.cluster.pods.values())
    expected = {None: ["new"] * 4, Action.ABORT: ["new", "new", "old", "old"]}
    assert notes(world) == expected.get(action, ["old"] * 4)


def test_killed_after_any_write() -> None:
    for strike in range(1, 40):
        world = noted(2)
        before, made = world.uids(), len(world.cluster.writes)
        world.edit(image="app:1", cpu="2", note="new")
        killed = False

        def strike_once(world: World = world, made: int = made, strike: int = strike) -> None:
            nonlocal killed
            if not killed and len(world.cluster.writes) - made >= strike:
                killed = True
                world.restart()

        world.after_step = strike_once
        world.until_ended()
        world.run(60)
        assert world.phase is Phase.ROLLED_FORWARD
        assert notes(world) == ["new", "new"]
        assert world.uids() == before
        if not killed:
            break
    else:
        pytest.fail("more writes than expected")
