"""The Job's own disruption budget, and evictions under the budgets of others."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ended import EndCause
from controller.api.ids import Ids
from controller.api.pods.pod import Trouble
from controller.api.update import Action, Phase
from controller.core.model.conditions import find
from controller.core.pods.ended import Intent, ended
from tests.unit.core.sim.world import World
from tests.values import replace

BATCH = {"type": "Batch", "size": 10}


def aware(**update: Any) -> World:
    return World(instances=4, update={"slaAware": True, "strategy": BATCH, **update}).ready()


def kept(**spec: Any) -> World:
    return World(instances=4, sla={"minAvailable": "75%"}, **spec).ready()


def acts(world: World, verb: str) -> list[str]:
    return [name for done, name in world.cluster.writes if done == verb]


# The Job's own.


def test_the_budget_is_made_and_follows_a_scale_before_the_pods_go() -> None:
    world = kept()
    world.run(1)
    own = world.cluster.budgets["echelon-web"]
    assert (own.least, own.owner) == (3, world.cluster.job.metadata.uid)
    world.edit(instances=2)
    world.run(20)
    assert world.cluster.budgets["echelon-web"].least == 1
    done = [verb for verb, _ in world.cluster.writes if verb in ("keep budget", "delete pod")]
    assert done == ["keep budget", "keep budget", "delete pod", "delete pod"]
    world.quiet()


def test_a_refused_budget_holds_no_scale_and_is_said() -> None:
    world = kept()
    world.run(1)
    world.cluster.denied["keep budget"] = ("Forbidden", "you may not")
    world.edit(instances=2)
    world.run(20)
    assert list(world.uids()) == [0, 1]
    assert "cannot keep PodDisruptionBudget echelon-web: you may not" in world.message("Ready")


def test_there_is_none_without_a_number() -> None:
    world = aware()
    world.run(1)
    assert not world.cluster.budgets


def test_it_goes_with_the_number() -> None:
    world = kept()
    world.run(1)
    world.cluster.user_edit(
        lambda job: job.model_copy(update={"spec": job.spec.model_copy(update={"sla": None})})
    )
    world.run(1)
    assert not world.cluster.budgets


def test_it_gives_way_to_another_and_comes_back() -> None:
    world = kept()
    world.run(1)
    world.cluster.put_budget("mine", 1)
    world.edit()
    world.run(5)
    assert list(world.cluster.budgets) == ["mine"]
    told = find(world.status.conditions, "BudgetOverlap")
    assert told is not None
    assert (told.status, told.reason) == ("True", "OtherBudget")
    assert told.message == "echelon-web is not kept, because others select the Job's pods: mine"
    assert "Ready" in world.conditions()
    world.cluster.drop_budget("mine")
    world.edit()
    world.run(5)
    assert world.cluster.budgets["echelon-web"].least == 3
    assert "BudgetOverlap" not in world.conditions()


def test_a_strangers_of_that_name_is_left_alone() -> None:
    world = World(instances=4, sla={"minAvailable": 3})
    world.cluster.put_budget("echelon-web", 0, selects=False)
    before = dict(world.cluster.budgets)
    world.ready()
    world.run(5)
    assert world.cluster.budgets == before
    told = find(world.status.conditions, "BudgetOverlap")
    assert told is not None
    assert told.reason == "BudgetNameTaken"


# Evictions.


def test_what_counts_goes_by_eviction_and_the_rest_by_delete() -> None:
    world = aware()
    world.cluster.set_pod(replace(world.pod(2), ready=False))
    world.roll("app:2")
    assert sorted(acts(world, "evict pod")) == ["web-0", "web-1", "web-3"]
    assert acts(world, "delete pod") == ["web-2"]


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
def test_under_a_budget_one_at_a_time(replacement: str) -> None:
    world = aware(replacement=replacement)
    world.cluster.put_budget("mine", 3)
    fewest = [4]

    def look() -> None:
        pods = world.cluster.pods.values()
        fewest.append(len({p.instance for p in pods if p.ready and p.deleted is None}))

    world.after_step = look
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert min(fewest) >= 3


def test_a_budget_that_allows_nothing_is_waited_for_without_a_deadline() -> None:
    world = aware()
    world.cluster.put_budget("mine", 4)
    before = world.uids()
    world.edit(image="app:2")
    world.run(5_000)
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ROLLING_FORWARD, "DisruptionBudget")
    assert "The disruption budget mine needs 4 healthy pods" in (status.message or "")
    assert "Stalled" not in world.conditions()
    assert world.uids() == before
    assert world.cluster.budgets["mine"].disrupted == {}
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.until_ended()
    assert world.phase is Phase.ABORTED
    world.run(100)
    assert world.uids() == before


def test_several_budgets_are_said() -> None:
    world = aware()
    world.cluster.put_budget("mine", 1)
    world.cluster.put_budget("yours", 1)
    world.edit(image="app:2")
    world.run(60)
    assert world.update.status.reason == "SeveralBudgets"
    world.cluster.drop_budget("yours")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_the_successor_is_made_when_the_budget_has_taken_note() -> None:
    world = aware()
    world.cluster.put_budget("mine", 3)
    world.cluster.behind = True
    world.edit(image="app:2")
    world.until(lambda: len(world.uids()) == 3)
    world.run(60)
    assert len(world.uids()) == 3, "its name is still in the status of the budget"
    world.cluster.behind = False
    world.cluster.catch_up()
    world.edit()
    world.until(lambda: world.images_of("app:2") == Ids([0]), within=5)


def test_a_disruption_controller_that_is_dead_is_not_waited_for_for_ever() -> None:
    world = aware()
    world.cluster.put_budget("mine", 3)
    world.cluster.behind = True
    world.edit(image="app:2")
    world.until(lambda: world.images_of("app:2") == Ids([0]), within=200)


def test_an_eviction_of_ours_is_the_updates_and_one_of_others_is_none() -> None:
    world = aware()
    pod = replace(world.pod(0), disrupted=True, trouble=Trouble("EvictionByEvictionAPI"))
    ours = Intent(EndCause.UPDATE, "web-g2", evicts=True)
    assert ended(pod, ours, world.now).cause is EndCause.UPDATE
    assert ended(pod, replace(ours, evicts=False), world.now).cause is EndCause.EVICTED
    lost = replace(pod, trouble=Trouble("DeletionByTaintManager"))
    assert ended(lost, ours, world.now).cause is EndCause.NODE_LOST


def test_an_operator_killed_after_the_eviction_goes_on() -> None:
    world = aware()
    world.cluster.put_budget("mine", 3)
    world.cluster.fate = "crash"
    world.edit(image="app:2")
    world.until(lambda: bool(acts(world, "evict pod")))
    world.cluster.fate = "ok"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(acts(world, "evict pod")) == 4
