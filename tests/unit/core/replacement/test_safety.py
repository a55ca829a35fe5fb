"""Deletions that no Update, scale or move explains stop when they are too many."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api import labels
from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.safety import Safety
from controller.api.update import Action, Phase
from controller.core.decide import decide
from controller.core.model import brake as brakes
from controller.core.model.brake import Brake
from controller.core.model.conditions import find
from controller.core.model.context import Context
from controller.core.model.observed import Observed
from controller.core.model.plan import Action as Action_
from controller.core.model.plan import ChangePod, Plan
from controller.core.replacement import safety
from tests.unit.core.sim import World
from tests.values import replace


class Braked(World):
    """A world with a brake. ``others``: how many disruptions other Jobs asked for."""

    def __init__(self, setting: int | str = "30%", others: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.setting, self.others, self.token = setting, others, "stop-1"
        self.careful = False
        self.decide = self._decide

    def _decide(self, seen: Observed, now: float) -> Plan:
        return decide(replace(seen, brake=self.brake), now)

    def brake(self) -> Brake:
        count = len(self.cluster.pods)
        asked = self.others + brakes.recent(self.status.safety, self.now)[1]
        limit = brakes.limit_of(self.setting, count)
        return Brake(str(self.setting), limit, count, asked, self.token)

    def spoil(self, *instances: int) -> None:
        """A fault: the pods of these instances say that they run another revision."""
        for i in instances:
            self.cluster.set_pod(replace(self.pod(i), revision="web-other"))

    def annotate(self, token: str) -> None:
        def change(job: Job) -> Job:
            notes = {**job.metadata.annotations, labels.SAFETY_RELEASE: token}
            meta = job.metadata.model_copy(update={"annotations": notes})
            return job.model_copy(update={"metadata": meta})

        self.cluster.user_edit(change)

    @property
    def spoiled(self) -> Ids:
        return Ids(p.instance for p in self.cluster.pods.values() if p.revision == "web-other")


def braked(setting: int | str = "30%", **kwargs: Any) -> Braked:
    world = Braked(setting, **kwargs)
    world.ready()
    return world


def test_a_few_repairs_are_made_and_recorded_before() -> None:
    world = braked(2, instances=4)
    world.spoil(1, 2)
    world.run(40)
    assert not world.spoiled
    assert world.status.safety is not None
    assert brakes.recent(world.status.safety, world.now) == (Ids([1, 2]), 2)
    assert "SafetyStop" not in world.conditions()
    assert find(world.status.conditions, "SafetyStop") is None


def test_more_than_the_limit_stops_and_the_condition_says_what_to_do() -> None:
    world = braked(2, instances=4)
    world.spoil(0, 1, 2, 3)
    world.run(300)
    assert world.spoiled == Ids([2, 3]), "two of four were repaired"
    assert {"SafetyStop", "Stalled"} <= world.conditions()
    assert world.message("SafetyStop") == (
        "not deleted: the running pod of instance 2, for which there is no Update, scale or move; "
        "that would make 3 of 4 instances in a minute, and --max-voluntary-disruption is 2; "
        "to let it go on, set the annotation echelon.dev/safety-release to stop-1"
    )
    assert world.told("SafetyStop") == [world.message("SafetyStop")]


def test_what_other_jobs_ask_for_counts() -> None:
    world = braked("50%", others=2, instances=4)
    world.spoil(3)
    world.run(10)
    assert world.spoiled == Ids([3])
    assert "that would make 3 of 4 instances" in world.message("SafetyStop")
    assert "is 50% (2);" in world.message("SafetyStop")


def test_a_stop_outlives_the_minute_and_a_restart() -> None:
    world = braked(0, instances=3)
    world.spoil(1)
    world.run(5)
    world.setting = 100
    world.restart()
    world.run(600)
    assert world.spoiled == Ids([1])
    assert "SafetyStop" in world.conditions()


def test_a_release_lets_the_job_repair_all_and_is_then_used_up() -> None:
    world = braked(0, instances=4)
    world.spoil(0, 1, 2, 3)
    world.run(5)
    world.annotate("stop-0")
    world.run(5)
    assert world.spoiled == Ids.span(0, 4), "the annotation of another stop"
    world.annotate("stop-1")
    world.run(2)
    assert "SafetyStop" not in world.conditions()
    assert not brakes.recent(world.status.safety, world.now)[1], "it counts for nobody"
    world.run(100)
    assert not world.spoiled
    assert world.status.safety is None
    assert world.told("SafetyReleased") == ["the safety stop stop-1 has ended"]
    assert "Ready" in world.conditions()


def test_the_annotation_of_the_last_stop_does_not_end_the_next() -> None:
    world = braked(0, instances=2)
    world.spoil(0)
    world.run(5)
    world.annotate("stop-1")
    world.run(60)
    assert not world.spoiled
    world.spoil(1)
    world.run(60)
    assert world.spoiled == Ids([1])
    assert world.status.safety is not None
    stop = world.status.safety.stop
    assert stop is not None
    assert stop.token != "stop-1"
    assert stop.token in world.message("SafetyStop")


def test_updates_scales_and_creates_go_on_while_a_job_is_stopped() -> None:
    world = braked(0, instances=4)
    world.spoil(3)
    world.run(5)
    assert "SafetyStop" in world.conditions()
    world.kill(0)
    world.run(30)
    assert world.pod(0).ready, "a lost pod is created again"
    world.edit(instances=3)
    world.run(30)
    assert world.uids().keys() == {0, 1, 2}
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(3), "app:2")


@pytest.mark.parametrize("replacement", ["Recreate", "Surge"])
def test_an_update_its_rollback_and_a_scale_count_for_nothing(replacement: str) -> None:
    world = braked(0, instances=6, update={"replacement": replacement})
    world.roll("app:2", strategy={"type": "Batch", "size": 6})
    world.behave("app:3", ready=None)
    world.roll("app:3")
    assert world.phase is Phase.ROLLED_BACK
    world.edit(instances=1)
    world.run(60)
    assert world.uids().keys() == {0}
    assert world.status.safety is None


def test_an_aborted_surge_leaves_pods_that_it_explains() -> None:
    world = braked(0, instances=2, update={"replacement": "Surge"})
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: len(world.cluster.pods) == 3)
    world.cluster.user_edit_update("web-g2", action=Action.ABORT)
    world.run(60)
    assert len(world.cluster.pods) == 2
    assert world.status.safety is None


def test_pods_that_ended_are_replaced_without_asking() -> None:
    world = braked(0, instances=2)
    world.behave(instance=0, end=1.0)
    world.run(30)
    assert world.status.safety is None


def context_of(world: World) -> Context:
    return Context(world.operator.observe(), world.now)


def test_surplus_pods_beyond_the_spec_are_a_scale() -> None:
    world = World(instances=3).ready()
    found = safety.unexplained_surplus(context_of(world), None, Ids([2, 3, 9]))
    assert found == Ids([2])


def test_a_record_is_not_acted_on_when_the_others_came_first() -> None:
    """Several Jobs may store their records at the same time; only after that they are counted."""
    world = braked(2, instances=4)
    world.spoil(1)
    world.settle()
    world.others = 2
    world.run(20)
    assert world.spoiled in (NONE, Ids([1]))
    first = Safety(disrupted={"2026-01-01T00:00:00Z": Ids([1])})
    assert brakes.recent(first, 1_767_225_600 + 60.5) == (Ids([1]), 1)
    assert brakes.recent(first, 1_767_225_600 + 61.0) == (NONE, 0)


def test_a_refused_record_means_that_nothing_is_deleted() -> None:
    world = braked(4, instances=4)
    world.spoil(1)
    world.cluster.refused["the Job's status"] = "exceeded quota"
    world.run(50)
    assert world.spoiled == Ids([1])
    world.cluster.refused.clear()
    world.run(100)
    assert not world.spoiled


@pytest.mark.parametrize(
    ("setting", "instances", "limit"),
    [("30%", 3, 1), ("30%", 1, 1), ("30%", 10, 3), ("30%", 11, 4), ("0%", 9, 0), ("100%", 7, 7),
     (0, 9, 0), (5, 2, 5), ("30%", 0, 0)],
)  # fmt: skip
def test_a_percentage_rounds_up(setting: int | str, instances: int, limit: int) -> None:
    assert brakes.limit_of(setting, instances) == limit


def test_changes_in_place_under_way_at_an_abort_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their pods come to the revision that the Job keeps; none is deleted for what it was."""
    update = {"replacement": "InPlace", "strategy": {"type": "Batch", "size": 3}}
    world = braked("100%", instances=3, update=update)
    act, held = world.operator._act, list[ChangePod]()

    def hold(action: Action_) -> None:
        if isinstance(action, ChangePod):
            held.append(action)
        else:
            act(action)

    monkeypatch.setattr(world.operator, "_act", hold)
    world.edit(image="app:2")
    world.run(3)
    assert len(held) == 3
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.run(3)
    assert world.status.active_update is None
    assert (world.plan.actions, world.status.safety) == ((), None)
