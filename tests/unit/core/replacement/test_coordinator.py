"""The coordinator: which pods it is asked about, and what is done only if it allows it."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.sla import Sla
from controller.api.update import Action, Phase
from controller.core.decide import decide
from controller.core.model.context import Context
from controller.core.model.coordination import Coordination, Denial, Question
from controller.core.model.disruption import NONE_HELD_BACK
from controller.core.model.plan import ChangePod, DeletePod, Plan
from controller.core.replacement.pods import Convergence
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts
from controller.core.verdicts.answer import Answer, failed, inconclusive, passed
from tests.unit.core.sim.world import World
from tests.values import replace

ALLOW, DENY, SILENT = passed("", "Allow"), failed("not now", "Deny"), inconclusive("too slow")
URL = "https://user:pw@consent.test/may?token=hush"


def world_of(answer: Answer = ALLOW, sla: Any = None, **update: Any) -> tuple[World, list[Any]]:
    """A Job with a coordinator that always answers the same, and what it is asked."""
    policy = {"slaAware": True, "strategy": {"type": "Batch", "size": 10}, **update}
    given = {"coordinator": {"url": URL}, **(sla or {})}
    world, asked = World(instances=4, sla=given, update=policy).ready(), list[Question]()

    def consent(question: Question) -> Answer:
        asked.append(question)
        return answer

    world.cluster.consent = consent
    return world, asked


def planned(world: World, **known: Any) -> Plan:
    """What is decided if this is known of the coordinator."""
    seen = replace(world.operator.observe(), coordination=Coordination(**known))
    return decide(seen, world.now)


def destructive(plan: Plan) -> list[Any]:
    return [a for a in plan.actions if isinstance(a, DeletePod | ChangePod)]


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
@pytest.mark.parametrize("sla", [{}, {"minAvailable": 3}, {"durationSeconds": 20}])
def test_each_pod_that_counts_is_asked_about(replacement: str, sla: Any) -> None:
    world, asked = world_of(sla=sla, replacement=replacement)
    world.run(60)
    before = set(world.uids().values())
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert {q.pod_uid for q in asked} == before
    assert {(q.cause, q.wanted_by) for q in asked} == {("Update", world.update.metadata.name)}


def test_without_sla_aware_nobody_is_asked() -> None:
    world, asked = world_of(DENY, slaAware=False)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert asked == []


def test_what_does_not_count_goes_freely() -> None:
    world, asked = world_of(DENY)
    world.cluster.set_pod(replace(world.pod(2), ready=False))
    world.edit(image="app:2")
    world.until(lambda: world.images().get(2) == "app:2", 60)
    assert {q.instance for q in asked} == {0, 1, 3}


def test_scales_and_removed_instances_are_not_held() -> None:
    world, asked = world_of(DENY)
    world.edit(image="app:2", instances=3)
    world.run(30)
    assert sorted(world.uids()) == [0, 1, 2]
    assert {q.instance for q in asked} == {0, 1, 2}


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
def test_it_chooses_among_those_that_may_go(replacement: str) -> None:
    """Also if the sla lets only one go at a time."""
    world, asked = world_of(sla={"minAvailable": 3}, replacement=replacement)
    world.cluster.consent = lambda q: DENY if q.instance == 0 and not asked else ALLOW
    old = world.uids()[0]
    world.edit(image="app:2")
    world.run(120)
    names = {pod.uid for pod in world.cluster.pods.values()}
    assert old in names
    assert world.update.status.reason == "Coordinator"
    assert "coordinator https://consent.test/may does not allow web-0 to go: not now" in (
        world.update.status.message or ""
    )
    if replacement != "Surge":
        assert world.images_of("app:2") == Ids([1, 2, 3])
    asked.append("it may go now")
    world.until_ended(within=500)
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_queue_of_one_asks_about_no_second_while_one_is_under_way() -> None:
    world, _ = world_of(strategy={"type": "Queue", "size": 1})
    down = list[int]()

    def consent(_: Question) -> Answer:
        down.append(sum(not pod.ready for pod in world.cluster.pods.values()))
        return ALLOW

    world.cluster.consent = consent
    world.roll("app:2")
    assert down == [0, 0, 0, 0]


@pytest.mark.parametrize(("answer", "words"), [
    (DENY, "does not allow web-0 to go: not now (and 3 more)"),
    (SILENT, "has not answered about web-0: too slow"),
])  # fmt: skip
def test_what_is_waited_for_is_said_and_no_deadline_runs(answer: Answer, words: str) -> None:
    world, asked = world_of(answer, readyTimeoutSeconds=60)
    before = world.uids()
    world.edit(image="app:2")
    world.run(3600)
    assert world.uids() == before
    assert world.phase is Phase.ROLLING_FORWARD
    message = world.update.status.message or ""
    assert f"coordinator https://consent.test/may {words}" in message
    assert "hush" not in message
    assert words in world.message("Reconciling")
    assert "Stalled" not in world.conditions(world.update.metadata.name)
    every = 4 if answer is DENY else 1
    assert 60 * every <= len(asked) <= 66 * every, "about once a minute"
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.until_ended()
    assert world.uids() == before


def test_old_pods_of_a_surge_that_are_about_to_go_wait_for_nothing() -> None:
    world, _ = world_of(DENY, replacement="Surge")
    world.edit(image="app:2")
    world.run(30)
    for pod in [pod for pod in world.cluster.pods.values() if not pod.surge]:
        world.operator.instances.assume_evicting(pod.slot, pod.uid)
    seen = replace(world.operator.observe(), coordination=Coordination())
    context = Context(seen, world.now)
    assert context.active is not None
    direction = Direction.of(context, context.active)
    held = Convergence(context, direction, FailureCounts(direction)).held_back
    assert held == NONE_HELD_BACK, "a reason must not be empty"


def test_not_all_of_a_thousand_are_asked_about() -> None:
    policy = {"slaAware": True, "strategy": {"type": "Batch", "size": 80}}
    world = World(instances=80, sla={"coordinator": {"url": URL}}, update=policy).ready()
    asked = set[int]()

    def consent(question: Question) -> Answer:
        asked.add(question.instance)
        return DENY

    world.cluster.consent = consent
    world.edit(image="app:2")
    world.run(3)
    assert len(asked) == 50


def test_an_act_needs_the_answer_to_exactly_its_question() -> None:
    world, _ = world_of(DENY)
    world.edit(image="app:2")
    world.run(3)
    question = planned(world).question
    assert question is not None
    assert destructive(planned(world)) == []
    (act,) = destructive(planned(world, allowed=question))
    assert (act.uid, act.question, act.evict) == (question.pod_uid, question, True)
    for other in (
        replace(question, request_id="another"),
        replace(question, pod_uid="another"),
        replace(question, node="another"),
    ):
        assert destructive(planned(world, allowed=other)) == []
    assert destructive(planned(world, asked=question)) == []


def test_what_is_asked_stays_what_is_asked() -> None:
    world, _ = world_of(DENY)
    world.edit(image="app:2")
    world.run(3)
    questions = []
    for _ in range(4):
        denials = {q.request_id: Denial(q, "no", world.now + 9) for q in questions}
        plan = planned(world, denials=denials)
        assert plan.question is not None
        questions.append(plan.question)
    assert [q.instance for q in questions] == [0, 1, 2, 3]
    last = questions[-1]
    assert planned(world, asked=last).question == last, "although others would be first"
    assert planned(world, allowed=last).question == last


def test_what_an_earlier_update_was_denied_holds_no_later_one() -> None:
    world, asked = world_of(DENY)
    world.edit(image="app:2")
    world.run(3)
    first = len(asked)
    world.edit(image="app:3")
    world.run(3)
    later = asked[first:]
    assert {q.instance for q in later} == {0, 1, 2, 3}
    assert not {q.request_id for q in later} & {q.request_id for q in asked[:first]}


def test_there_and_back_in_place_are_two_questions() -> None:
    world, asked = world_of(replacement="InPlace")

    def consent(question: Question) -> Answer:
        asked.append(question)
        return DENY if question.instance > 1 else ALLOW

    world.cluster.consent = consent
    world.edit(image="app:2")
    world.until(lambda: world.images_of("app:2") == Ids([0, 1]), 60)
    world.run(20)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    there, back = (q for q in asked if q.instance == 0)
    assert there.pod_uid == back.pod_uid
    assert there.request_id != back.request_id
    assert there.revision != back.revision


def test_while_it_is_taken_away_nothing_is_asked() -> None:
    world, asked = world_of(DENY)
    world.edit(image="app:2")
    world.run(3)
    world.cluster.user_edit(
        lambda job: job.model_copy(update={"spec": job.spec.model_copy(update={"sla": None})})
    )
    count = len(asked)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert len(asked) == count


@pytest.mark.parametrize("answer", [DENY, SILENT])
def test_another_url_is_asked_at_once(answer: Answer) -> None:
    world, asked = world_of(answer)
    world.edit(image="app:2")
    world.run(3)
    count = len(asked)
    assert {q.url for q in asked} == {URL}
    world.cluster.user_edit(_with_url("http://other.test"))
    world.run(1)
    later = asked[count:]
    assert {q.url for q in later} == {"http://other.test"}
    assert len(later) == (4 if answer is DENY else 1)
    said = "does not allow" if answer is DENY else "has not answered about"
    assert f"coordinator http://other.test {said} web-0" in (world.update.status.message or "")


def test_what_one_coordinator_allowed_another_has_not() -> None:
    world, asked = world_of(DENY)
    world.edit(image="app:2")
    world.run(3)
    world.cluster.user_edit(_with_url("http://other.test"))
    world.cluster.consent = lambda _: DENY
    world.run(1)
    assert destructive(planned(world, allowed=asked[0])) == []


def _with_url(url: str) -> Any:
    given = Sla.model_validate({"coordinator": {"url": url}})
    return lambda job: job.model_copy(update={"spec": job.spec.model_copy(update={"sla": given})})
