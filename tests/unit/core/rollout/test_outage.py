"""Instances that cannot come up: the API server or the kubelet refuses or evicts the pod."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from controller.api.pods.pod import Trouble
from controller.api.update import Phase
from controller.core.model.conditions import is_true
from controller.core.pods.backoff import HEALTHY, following, remake_at
from tests.unit.core.pods.test_index import pod
from tests.unit.core.sim import World
from tests.values import replace

EVICTED = {"ready": None, "end": 1.0, "reason": "Evicted", "disrupted": True}
REFUSED = {"ready": None, "end": 0.0, "reason": "NodeAffinity", "ran": False}


def world_with(instances: int = 2, **update: Any) -> World:
    return World(instances=instances, update={"maxFailuresPerInstance": 0, **update}).ready()


def creations(world: World, image: str) -> list[float]:
    """When each pod of instance 0 with this image was created; the list grows as time passes."""
    made, known = list[float](), set[str]()

    def look() -> None:
        for found in world.cluster.pods.values():
            matches = found.instance == 0 and world.cluster.image(found.revision) == image
            if matches and found.uid not in known:
                known.add(found.uid)
                made.append(world.now)

    look()
    world.after_step = look
    return made


@pytest.mark.parametrize("replacement", ["Recreate", "Surge"])
def test_an_evicted_pod_is_made_again_with_growing_pauses_and_is_no_failure(
    replacement: str,
) -> None:
    world = world_with(replacement=replacement)
    made = creations(world, "app:2")
    world.behave("app:2", instance=0, **EVICTED)
    world.edit(image="app:2")
    world.run(200)
    assert [round(b - a) for a, b in pairwise(made)] == [1, 11, 21, 41, 81]
    status = world.update.status
    assert (status.phase, status.failures) == (Phase.ROLLING_FORWARD, ())
    assert is_true(status.conditions, "Stalled")
    assert "instance 0: Evicted: the node has no room, tried 6 times" in status.message
    assert "Stalled" in world.conditions()
    world.behave("app:2", instance=0)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.down_since == {}
    assert "Stalled" not in world.conditions()


def test_an_update_is_not_stalled_by_an_eviction_before_the_deadline() -> None:
    world = world_with()
    world.behave("app:2", instance=0, **EVICTED)
    world.edit(image="app:2")
    world.run(60)
    assert not is_true(world.update.status.conditions, "Stalled")
    assert "Evicted" in world.update.status.message


@pytest.mark.parametrize("replacement", ["Recreate", "Surge"])
def test_a_pod_that_the_kubelet_keeps_refusing_is_a_failure_at_the_deadline(
    replacement: str,
) -> None:
    world = world_with(replacement=replacement)
    made = creations(world, "app:2")
    world.behave("app:2", instance=0, **REFUSED)
    world.edit(image="app:2")
    world.until(lambda: bool(made))
    world.until(lambda: world.update.status.turn is not None)
    assert 63 <= world.now - made[0] <= 66
    assert [round(b - a) for a, b in pairwise(made)] == [0, 11, 21]
    failure = world.update.status.failures[0]
    assert (failure.instance, failure.reason) == (0, "NodeAffinity")
    assert failure.message == "the node has no room, tried 4 times"
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.status.known_bad == ()


def test_a_tolerated_refusal_has_its_whole_time_again() -> None:
    world = world_with(maxFailuresPerInstance=1)
    world.behave("app:2", instance=0, **REFUSED)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and bool(world.update.status.failures))
    first = world.now
    world.until_phase(Phase.ROLLING_BACK)
    assert 63 <= world.now - first <= 67
    assert [f.attempt for f in world.update.status.failures] == [2, 1]


@pytest.mark.parametrize("behaviour", [EVICTED, REFUSED])
def test_without_an_update_the_job_is_stalled_past_the_deadline(behaviour: dict[str, Any]) -> None:
    world = world_with()
    world.behave("app:1", instance=0, **behaviour)
    world.kill(0)
    world.run(55)
    assert "Stalled" not in world.conditions()
    stalled = list[bool]()
    world.run(30)
    world.after_step = lambda: stalled.append("Stalled" in world.conditions())
    world.run(300)
    assert all(stalled), "the Job is Stalled without interruption"
    message = world.message("Stalled")
    assert message.startswith(f"instance 0: {behaviour['reason']}: the node has no room, tried ")
    writes = len(world.cluster.writes)
    world.run(300)
    assert len(world.cluster.writes) - writes < 10
    world.behave("app:1", instance=0)
    world.run(320)
    assert world.conditions() == {"Ready", "Available"}


def test_a_drained_instance_that_was_up_is_not_stalled_at_once() -> None:
    world = world_with()
    world.run(300)
    stalled = list[bool]()
    world.after_step = lambda: stalled.append("Stalled" in world.conditions())
    evicted = replace(world.pod(0), disrupted=True, deleted=world.cluster.stamp + 30, grace=30)
    world.cluster.set_pod(replace(evicted, trouble=Trouble("EvictionByEvictionAPI")))
    world.run(30)
    assert world.conditions() == {"Ready", "Available"}
    assert not any(stalled)
    assert world.pod(0).remade == 1


def test_the_pauses_survive_a_restart_of_the_operator() -> None:
    world = world_with()
    made = creations(world, "app:2")
    world.behave("app:2", instance=0, **REFUSED)
    world.edit(image="app:2")
    world.until(lambda: len(made) == 3)
    world.restart()
    world.until_phase(Phase.ROLLING_BACK)
    assert [round(b - a) for a, b in pairwise(made)] == [0, 11, 21]
    assert 63 <= world.now - made[0] <= 66


def test_the_deadline_of_one_refused_instance_of_a_queue() -> None:
    world = world_with(instances=8, strategy={"type": "Queue", "size": 2})
    world.behave("app:2", ready=25.0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.pod(0).deleted is not None)
    begin, world.cluster.quota = world.now, 7
    world.until(lambda: world.update.status.reason == "QuotaExceeded")
    world.restart()
    world.until_phase(Phase.ROLLING_BACK)
    assert 63 <= world.now - begin <= 70
    assert len(world.update.status.instances.updated) < 6
    world.cluster.quota = None
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.status.known_bad == ()


def test_ten_minutes_of_running_reset_the_back_off() -> None:
    ran = pod(0, phase="Failed", ran=True, remade=4, created=100.0)
    short = replace(ran, trouble=Trouble("Evicted", at=100.5 + HEALTHY / 2), disrupted=True)
    assert (following(short).count, following(short).since) == (5, 100.0)
    assert remake_at(short) == 100.5 + HEALTHY / 2 + 80
    long = replace(short, trouble=Trouble("Evicted", at=100.5 + HEALTHY))
    assert (following(long).count, following(long).since) == (0, 100.5 + HEALTHY)
    assert remake_at(long) == 0.0


def test_the_pauses_between_pods_that_are_drained_again_and_again_grow() -> None:
    world = world_with()
    made = list[float]()
    known = set[str]()

    def drain() -> None:
        found = world.cluster.pods.get("web-0")
        if found is None or world.cluster.image(found.revision) != "app:2" or found.uid in known:
            return
        known.add(found.uid)
        made.append(world.now)
        going = replace(found, disrupted=True, deleted=world.cluster.stamp + 30, grace=30)
        world.cluster.set_pod(replace(going, trouble=Trouble("EvictionByEvictionAPI", "evicting")))

    world.after_step = drain
    world.edit(image="app:2")
    world.run(120)
    # Each pod takes a second to terminate; the pause begins when it is deleted.
    assert [round(b - a) for a, b in pairwise(made)] == [1, 11, 21, 41]
    status = world.update.status
    assert (status.phase, status.failures) == (Phase.ROLLING_FORWARD, ())
    assert is_true(status.conditions, "Stalled")
    assert "instance 0: EvictionByEvictionAPI: evicting, tried 5 times" in status.message


def test_an_update_stays_stalled_while_the_pod_is_tried_again() -> None:
    world = world_with()
    world.behave("app:2", instance=0, **EVICTED)
    world.edit(image="app:2")
    world.run(90)
    messages = set[str]()

    def look() -> None:
        assert is_true(world.update.status.conditions, "Stalled")
        assert "Stalled" in world.conditions()
        messages.add(world.update.status.message)

    world.after_step = look
    world.run(900)
    assert any("instance 0: not Ready, tried 6 times" in words for words in messages)
    world.after_step = lambda: None
    world.behave("app:2", instance=0)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
