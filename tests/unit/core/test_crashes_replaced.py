"""The operator is killed after any write, with each replacement: by surge, in place, by force."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Action, Phase
from tests.unit.core.sim import World
from tests.unit.core.sim.telling import Story, same_end, tell

SURGE = {"replacement": "Surge", "maxFailuresPerInstance": 0}
IN_PLACE = {"replacement": "InPlace", "maxFailuresPerInstance": 0}
PAIRS = {"type": "Batch", "size": 2}
FORCED = {"terminationTimeoutSeconds": 20, "maxFailuresPerInstance": 0}


def created(world: World) -> None:
    world.ready()


def ended(world: World) -> None:
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()


def forward(world: World) -> None:
    world.ready().edit(image="app:2")
    ended(world)


def forward_twice(world: World) -> None:
    world.behave("app:2", ready=0.3, stop=0.1)
    world.ready().edit(image="app:2")
    ended(world)
    world.edit(image="app:3", instances=3)
    world.until(lambda: len(world.cluster.updates) == 2)
    world.until_ended()


def late_failure(world: World) -> None:
    """Three instances are replaced before the fourth fails."""
    world.behave("app:2", instance=3, ready=None, end=1.0)
    world.ready().edit(image="app:2")
    ended(world)


def tolerated(world: World) -> None:
    world.behave("app:2", instance=1, ready=None)
    world.ready().edit(image="app:2", maxFailedInstances=1)
    ended(world)
    world.behave("app:2", instance=1, ready=0.3)
    for pod in list(world.cluster.pods.values()):
        if not pod.ready:
            world.cluster.let_go(pod)


def aborted_half_way(world: World) -> None:
    """The second group never becomes ready."""
    for i in (2, 3):
        world.behave("app:2", instance=i, ready=50.0)
    world.ready().edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until(lambda: len(world.update.status.instances.updated) == 2)
    world.run(10)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    ended(world)
    world.run(60)


def superseded(world: World) -> None:
    for i in (2, 3):
        world.behave("app:2", instance=i, ready=50.0)
    world.ready().edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until(lambda: len(world.update.status.instances.updated) == 2)
    world.run(10)
    world.edit(image="app:3")
    world.until(lambda: len(world.cluster.updates) == 2)
    world.until_ended()


def scaled_half_way(world: World) -> None:
    world.behave("app:2", instance=2, ready=30.0)
    world.ready().edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until(lambda: len(world.update.status.instances.updated) == 2)
    world.run(3)
    world.edit(instances=6)
    world.run(5)
    world.edit(instances=2)
    ended(world)


def in_place_refused(world: World) -> None:
    """The API server refuses to change any pod in place: all pods are replaced."""
    world.cluster.in_place_refused = {0, 1, 2, 3}
    forward(world)


def resized(world: World) -> None:
    world.edit(image="app:1", cpu="1")
    world.ready().edit(image="app:1", cpu="2")
    ended(world)


def never_feasible(world: World) -> None:
    world.edit(image="app:1", cpu="1")
    world.ready().behave("app:1", instance=1, infeasible=True)
    world.edit(image="app:1", cpu="2")
    ended(world)


def stuck(world: World) -> None:
    """A lost node: a pod does not terminate until it is deleted by force."""
    world.ready().behave("app:1", instance=1, stop=None)
    world.edit(image="app:2")
    ended(world)


def stuck_in_the_rollback(world: World) -> None:
    world.behave("app:2", instance=0, ready=0.3, stop=None)
    late_failure(world)


def both(name: str) -> list[tuple[Story, dict[str, Any], str]]:
    """The stories for a replacement, with a queue of size one and of size two."""
    policy = {"surge": SURGE, "in place": IN_PLACE}[name]
    return [
        (forward, policy, name),
        (forward_twice, {**policy, "strategy": PAIRS}, name),
        (late_failure, policy, name),
        (tolerated, {**policy, "strategy": PAIRS}, name),
        (aborted_half_way, {**policy, "strategy": PAIRS}, name),
        (superseded, {**policy, "strategy": PAIRS}, name),
        (scaled_half_way, policy, name),
    ]


STORIES = [
    *both("surge"),
    *both("in place"),
    (in_place_refused, IN_PLACE, "in place"),
    (resized, IN_PLACE, "in place"),
    (never_feasible, IN_PLACE, "in place"),
    (stuck, FORCED, "by force"),
    (stuck_in_the_rollback, FORCED, "by force"),
]
NAMES = [f"{name}: {story.__name__}" for story, _, name in STORIES]


@pytest.mark.parametrize(("story", "policy", "name"), STORIES, ids=NAMES)
def test_killed_after_any_write(story: Story, policy: dict[str, Any], name: str) -> None:
    del name
    same_end(story, policy, "crash")


@pytest.mark.parametrize("fate", ["lost", "down"])
@pytest.mark.parametrize(("story", "policy", "name"), STORIES, ids=NAMES)
def test_any_write_fails(story: Story, policy: dict[str, Any], name: str, fate: str) -> None:
    del name
    same_end(story, policy, fate, every=7)


@pytest.mark.parametrize("policy", [SURGE, IN_PLACE], ids=["surge", "in place"])
def test_a_crash_repeats_no_action_on_a_pod(policy: dict[str, Any]) -> None:
    """With a crash as many pods are created, changed and deleted as without one."""

    def acts(world: World) -> list[tuple[str, str]]:
        return sorted(w for w in world.cluster.writes if "pod" in w[0])

    same_end(late_failure, policy, "crash", ending=acts)


@pytest.mark.parametrize(
    ("story", "policy", "phase", "images"),
    [
        (late_failure, SURGE, Phase.ROLLED_BACK, {"app:1"}),
        (late_failure, IN_PLACE, Phase.ROLLED_BACK, {"app:1"}),
        (tolerated, SURGE, Phase.ROLLED_FORWARD, {"app:1", "app:2"}),
        (tolerated, IN_PLACE, Phase.ROLLED_FORWARD, {"app:2"}),
        (aborted_half_way, {**SURGE, "strategy": PAIRS}, Phase.ABORTED, {"app:1", "app:2"}),
        (aborted_half_way, {**IN_PLACE, "strategy": PAIRS}, Phase.ABORTED, {"app:2"}),
        (superseded, {**SURGE, "strategy": PAIRS}, Phase.ROLLED_FORWARD, {"app:3"}),
        (scaled_half_way, SURGE, Phase.ROLLED_FORWARD, {"app:2"}),
        (stuck_in_the_rollback, FORCED, Phase.ROLLED_BACK, {"app:1"}),
    ],
)
def test_the_stories_end_as_they_say(
    story: Story, policy: dict[str, Any], phase: Phase, images: set[str]
) -> None:
    world = tell(story, policy)
    world.run(60)
    assert world.phase is phase
    assert set(world.images().values()) == images


def test_in_place_keeps_the_pods() -> None:
    def uids(world: World) -> set[str]:
        return {p.uid for p in world.cluster.pods.values()}

    made = uids(tell(created, IN_PLACE))

    def kept(story: Story) -> int:
        return len(uids(tell(story, IN_PLACE)) & made)

    assert kept(forward) == kept(resized) == 4
    assert kept(late_failure) == 3, "one pod ended"
    assert kept(never_feasible) == 3
    assert kept(in_place_refused) == 0
