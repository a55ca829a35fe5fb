"""Coordinators by the real shell: asked before the act, one question at a time, again after a
crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.api.update import Action, Phase
from controller.core.model.coordination import Question
from controller.core.verdicts.answer import Answer, failed, inconclusive, passed
from controller.reconcile.coordinators import lease_name
from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]
ALLOW, DENY = passed("", "Allow"), failed("not now", "Deny")


def asking(make_world: Make, count: int = 3, **update: Any) -> ShellWorld:
    policy = {"slaAware": True, "strategy": {"type": "Batch", "size": 10}, **update}
    coordinator = {"url": "https://consent.test/may?token=hush"}
    return make_world(instances=count, update=policy, sla={"coordinator": coordinator}).ready()


def taken_down(world: ShellWorld) -> list[str]:
    verbs = ("evict pod", "delete pod", "patch pod", "change pod")
    return [name for verb, name in world.cluster.writes if verb in verbs]


def waits(world: ShellWorld) -> bool:
    return bool(world.cluster.updates) and world.update.status.reason == "Coordinator"


def started(world: ShellWorld) -> bool:
    return bool(world.questions)


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
def test_each_pod_is_asked_about_once_and_goes_before_the_next(
    make_world: Make, replacement: str
) -> None:
    world = asking(make_world, replacement=replacement)
    before, acted = set(world.uids().values()), list[int]()

    def consent(_: Question) -> Answer:
        acted.append(len(taken_down(world)))
        return ALLOW

    world.consent = consent
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert {q.pod_uid for q in world.questions} == before
    assert len(world.questions) == 3
    if replacement == "Recreate":
        assert acted == [0, 1, 2]
    assert world.turn is None


def test_what_was_denied_stays_and_is_asked_again_later(make_world: Make) -> None:
    world = asking(make_world)
    before = world.uids()
    world.consent = lambda q: DENY if q.instance == 0 else ALLOW
    world.edit(image="app:2")
    world.run(40)
    assert world.uids()[0] == before[0]
    assert world.images()[1] == world.images()[2] == "app:2", "it chooses among the group"
    assert world.update.status.reason == "Coordinator"
    words = "coordinator https://consent.test/may does not allow web-0 to go: not now"
    assert words in world.update.status.message
    assert words in world.message("Reconciling")
    about = [q for q in world.questions if q.instance == 0]
    assert 3 <= len(about) <= 4, "after 5, 10 and 20 seconds"
    assert len(set(about)) == 1, "the same question has the same id"
    world.consent = lambda _: ALLOW
    world.until_ended(within=100)
    assert world.phase is Phase.ROLLED_FORWARD


def test_one_without_an_answer_is_not_asked_about_the_others(make_world: Make) -> None:
    world = asking(make_world)
    before = world.uids()
    world.consent = lambda _: inconclusive("no answer in 10 s")
    world.edit(image="app:2")
    world.until(lambda: waits(world), 20)
    world.run(4)
    assert len(world.questions) == 1
    assert "has not answered about web-0: no answer in 10 s" in world.update.status.message
    world.run(600)
    assert world.uids() == before
    assert world.phase is Phase.ROLLING_FORWARD, "it counts towards no deadline"
    assert len(world.questions) < 20
    world.consent = lambda _: ALLOW
    world.until_ended(within=200)
    assert world.phase is Phase.ROLLED_FORWARD


@pytest.mark.parametrize("verb", ["pause", "abort", "roll back"])
@pytest.mark.parametrize("replacement", ["Recreate", "InPlace"])
def test_an_answer_that_is_not_wanted_any_more(
    make_world: Make, verb: str, replacement: str
) -> None:
    world = asking(make_world, replacement=replacement)
    before, images = world.uids(), world.images()
    world.thinking = 30.0
    world.edit(image="app:2")
    world.until(lambda: started(world), 20)
    name = world.update.metadata.name
    if verb == "pause":
        world.cluster.user_edit_update(name, paused=True)
    else:
        action = Action.ABORT if verb == "abort" else Action.ROLLBACK
        world.cluster.user_edit_update(name, action=action)
    world.run(60)
    assert world.uids() == before
    assert world.images() == images
    assert len(world.questions) == 1
    assert world.turn is None, "others can ask meanwhile"


def test_an_operator_that_dies_between_the_answer_and_the_act_asks_the_same_again(
    make_world: Make,
) -> None:
    world = asking(make_world, count=1)
    died = list[Question]()

    def consent(question: Question) -> Answer:
        if not died:
            died.append(question)
            world.loop.call_soon(world.restart)
        return ALLOW

    world.consent = consent
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.questions == died * 2
    assert taken_down(world) == ["web-0"]


@pytest.mark.parametrize("fate", ["lost", "crash", "down", "twice", "429", "500", "504"])
def test_whatever_becomes_of_the_requests(make_world: Make, fate: str) -> None:
    world = asking(make_world)
    world.edit(image="app:2")
    world.until(lambda: started(world), 20)
    world.cluster.fates.extend([fate] * 3)
    world.until_ended(within=600)
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.turn is None


def test_a_budget_that_forbids_after_the_answer(make_world: Make) -> None:
    world = asking(make_world, count=2)
    before = world.uids()

    def consent(_: Question) -> Answer:
        if len(world.questions) == 1:
            world.cluster.put_budget("late", 2)
        return ALLOW

    world.consent = consent
    world.edit(image="app:2")
    world.run(20)
    assert world.update.status.reason == "DisruptionBudget"
    assert world.uids() == before
    world.cluster.put_budget("late", 1)
    world.until_ended(within=300)
    assert world.questions[0] in world.questions[1:]


@pytest.mark.parametrize("later", [0.0, 0.005])
def test_without_the_turn_nothing_is_sent(make_world: Make, later: float) -> None:
    """It is lost while the coordinator thinks, or before the next decision acts on its answer."""
    world = asking(make_world, count=1)
    lost = list[Question]()

    def lose() -> None:
        world.turn = None

    def consent(question: Question) -> Answer:
        if len(lost) < 2:
            lost.append(question)
            if later:
                world.loop.call_later(later, lose)
            else:
                lose()
        return ALLOW

    world.consent = consent
    world.edit(image="app:2")
    world.until(lambda: len(lost) == 2, 60)
    assert taken_down(world) == [], "the first answer was not acted on"
    world.until_ended(within=100)
    assert world.phase is Phase.ROLLED_FORWARD


def test_it_is_not_asked_about_a_scale(make_world: Make) -> None:
    world = asking(make_world)
    world.consent = lambda _: DENY
    world.edit(instances=2)
    world.run(20)
    assert world.questions == []
    assert sorted(world.uids()) == [0, 1]


def test_the_name_of_the_lease_hides_the_url() -> None:
    assert lease_name("https://consent.test/may") == "echelon-coordinator-6cc93ec3e9137ed0"
    assert lease_name("https://consent.test/may?") != lease_name("https://consent.test/may")


def test_who_loses_the_job_gives_the_turn_back(make_world: Make) -> None:
    world = asking(make_world)
    before = world.uids()
    world.thinking = 30.0
    world.edit(image="app:2")
    world.until(lambda: started(world), 20)
    assert world.turn is world.operator
    reconciler = world.operator.reconciler
    ending = world.loop.create_task(reconciler.end(lambda _: False, 5.0))
    world.until(ending.done, 3)
    assert world.turn is None
    assert world.uids() == before


def test_a_job_that_is_gone_is_not_asked_about_any_more(make_world: Make) -> None:
    world = asking(make_world)
    world.thinking = 30.0
    world.edit(image="app:2")
    world.until(lambda: started(world), 20)
    entry = world.operator.entry
    world.operator.store.drop_job(entry.key, entry.uid)
    world.until(lambda: world.turn is None, 3)
    assert taken_down(world) == []
