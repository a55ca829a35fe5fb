"""Updates follow their plan: it is compared with what happens in the simulated cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.api.ids import Ids
from controller.api.meta import wire
from controller.api.pods.pod import Pod
from controller.api.preview import UpdatePlan
from controller.api.update import ACTIVE, Phase
from controller.core.admission.dry_run import preview
from controller.core.model.context import Context
from tests.unit.core.sim import World


@dataclass
class Course:
    """The course of one Update. ``plan``: from a dry run, else from the moment when it starts.

    ``groups``: as `Update.status.batch` starts them. ``touched``: the ids whose old pod is deleted
    or changed or whose new pod is created, one set per moment.
    """

    world: World
    plan: UpdatePlan | None = None
    groups: list[Ids] = field(default_factory=list)
    touched: list[Ids] = field(default_factory=list)
    _before: dict[int, Pod] | None = None

    def follow(self, begin: Callable[[], object]) -> Course:
        """Follow the Update that ``begin`` causes until it ends."""
        world, known = self.world, len(self.world.cluster.updates)
        world.after_step = self._look
        begin()
        world.until(lambda: len(world.cluster.updates) > known)
        world.until_ended()
        world.after_step = lambda: None
        return self

    def _look(self) -> None:
        world = self.world
        if not world.cluster.updates or (update := world.update).status.phase not in ACTIVE:
            return
        if self._before is None:
            self._before = self._pods()
            world.deliver()
            context = Context(world.operator.observe(), world.now)
            begin = preview(context, update, update.status, restart=update.spec.restart)
            self.plan = self.plan or begin
        batch = update.status.batch
        if batch is not None and batch.index == len(self.groups):
            self.groups.append(batch.instances)
        pods = world.cluster.pods.values()
        there = {p.uid for p in pods if p.deleted is None}
        new = {i for i, p in self._before.items() if p.uid not in there}
        new |= {p.instance for p in pods if p.update == update.metadata.uid}
        if fresh := Ids(new - {i for ids in self.touched for i in ids}):
            self.touched.append(fresh)

    def _pods(self) -> dict[int, Pod]:
        return {p.instance: p for p in self.world.cluster.pods.values()}

    @property
    def planned(self) -> list[Ids]:
        return [group.instances for group in self.expected.groups.first]

    @property
    def expected(self) -> UpdatePlan:
        assert self.plan is not None
        return self.plan

    def kinds(self) -> dict[str, str]:
        """How each instance was replaced, in the form of a plan."""
        after, before = self._pods(), self._before or {}
        found: dict[str, set[int]] = {}
        for i in {*after, *before}:
            found.setdefault(_kind(before.get(i), after.get(i)), set()).add(i)
        return {kind: str(Ids(ids)) for kind, ids in found.items()}


def _kind(old: Pod | None, new: Pod | None) -> str:
    if old is None or new is None:
        return "remove" if new is None else "create"
    if old.uid == new.uid:
        return "unchanged" if old.revision == new.revision else "inPlace"
    return "recreate" if old.surge == new.surge else "surge"


def agree(course: Course) -> None:
    """Assert that the Update followed the plan."""
    plan, kind = course.expected, course.world.cluster.job.spec.update.strategy.type
    assert course.world.phase is Phase.ROLLED_FORWARD, course.world.story()
    assert wire(plan.instances) == course.kinds()
    assert plan.groups.count == len(course.planned) == sum(r.times for r in plan.groups.sizes)
    sizes = [run.size for run in plan.groups.sizes for _ in range(run.times)]
    assert sizes == [len(ids) for ids in course.planned]
    if kind == "Queue":
        # Ids in flight from the start are in the first group, but are not touched again.
        in_order([ids - plan.instances.unchanged for ids in course.planned], course.touched)
    else:
        assert course.planned == course.groups


def in_order(planned: list[Ids], touched: list[Ids]) -> None:
    """Assert that instances are touched in the order of the plan, whatever the group sizes."""
    left = [ids for ids in planned if ids]
    for ids in touched:
        while ids:
            part = left[0] & ids
            assert part, f"{ids} before {left[0]}"
            ids, left[0] = ids - part, left[0] - part
            assert not (left[0] and ids), f"{ids} before {left[0]}"
            left = left if left[0] else left[1:]
    assert left == []


STRATEGIES = [
    {"type": "Queue"},
    {"type": "Queue", "size": 3},
    {"type": "Batch", "size": 2},
    {"type": "Batch", "size": "40%"},
    {"type": "VariableBatch", "sizes": [1, 2, "50%"]},
    {"type": "VariableBatch", "sizes": [3, 1]},
]
each_strategy = pytest.mark.parametrize("strategy", STRATEGIES, ids=str)


@each_strategy
@pytest.mark.parametrize("after", [3, 7, 10], ids=["removed", "changed", "created"])
def test_the_plan_is_the_course(strategy: dict[str, Any], after: int) -> None:
    world = World(instances=7, update={"strategy": strategy}).ready()
    agree(Course(world).follow(lambda: world.edit(image="app:2", instances=after)))


@each_strategy
def test_mixed_revisions_and_instances_that_are_down(strategy: dict[str, Any]) -> None:
    world = mixed(strategy)
    world.behave("app:1", instance=6, ready=None)
    world.kill(6)
    world.run(30)
    course = Course(world).follow(lambda: world.edit(instances=10, retryToken="again"))
    agree(course)
    assert wire(course.expected.instances) == {
        "create": "8-9",
        "recreate": "4-7",
        "unchanged": "0-3",
    }
    turn = next(n for n, ids in enumerate(course.planned) if 6 in ids)
    before = [ids & Ids([4, 5, 7]) for ids in course.planned[:turn]]
    assert not any(before), "6 is down anyway, so it comes before them"


def mixed(strategy: dict[str, Any]) -> World:
    """Instances 0-3 of 8 at app:2, the others at app:1; the reason why app:2 failed is gone."""
    loose = {"strategy": {"type": "Batch", "size": 4}, "rollbackOnFailure": False}
    world = World(instances=8, update={**loose, "maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=3, crash=1.0)
    world.roll("app:2")
    assert world.phase is Phase.FAILED
    assert world.assigned() == {"app:1": "4-7", "app:2": "0-3"}
    world.kubelet.steering.clear()
    world.run(30)
    world.edit(strategy=strategy)
    return world


@each_strategy
def test_ids_that_a_superseded_update_has_in_flight_are_the_first_group(
    strategy: dict[str, Any],
) -> None:
    world = World(instances=7, update={"strategy": {"type": "Batch", "size": 3}}).ready()
    world.behave("app:2", instance=1, ready=40.0)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 3)
    world.run(10)
    world.edit(strategy=strategy)
    course = Course(world).follow(lambda: world.edit(retryToken="again"))
    agree(course)
    assert wire(course.expected.instances) == {"recreate": "3-6", "unchanged": "0-2"}
    assert 1 in course.planned[0]


# Dry runs: an Update follows the plan of an earlier dry run with the same spec.


def manual(instances: int, strategy: dict[str, Any], **update: Any) -> World:
    """A Job at app:1 with app:2 in its template; volumes and everything else as in `template`."""
    given = {"mode": "Manual", "strategy": strategy, **update}
    world = World(instances=instances, update=given).ready()
    world.edit(image="app:2")
    world.run(5)
    return world


def asked(world: World, name: str = "real", **spec: Any) -> Course:
    """The course of an Update, with the plan of an earlier dry run of the same spec."""
    before = (world.uids(), world.status)
    world.cluster.user_update(f"{name}-plan", dry_run=True, **spec)
    world.until_phase(Phase.PLANNED)
    assert (world.uids(), world.status) == before, "nothing is touched, no lock is taken"
    assert world.conditions(f"{name}-plan") >= {"Ready", "Complete", "Succeeded"}
    plan = world.update.status.plan
    return Course(world, plan).follow(lambda: world.cluster.user_update(name, **spec))


@each_strategy
@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
def test_a_dry_run_of_a_canary_and_of_the_rest(strategy: dict[str, Any], replacement: str) -> None:
    world = manual(7, strategy, replacement=replacement)
    canary = asked(world, "canary", instances="1,4-5")
    agree(canary)
    assert str(canary.expected.instances.unchanged) == "0,2-3,6"
    kind = {"Recreate": "recreate", "InPlace": "in_place", "Surge": "surge"}[replacement]
    assert str(getattr(canary.expected.instances, kind)) == "1,4-5"
    world.edit(instances=9)
    world.run(20)
    rest = asked(world, "rest")
    agree(rest)
    assert str(rest.expected.instances.unchanged) == "1,4-5"


@each_strategy
@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
@pytest.mark.parametrize("spec", [{}, {"instances": "2-4"}], ids=["all", "some"])
def test_a_dry_run_of_a_restart(
    strategy: dict[str, Any], replacement: str, spec: dict[str, Any]
) -> None:
    world = manual(6, strategy, replacement=replacement)
    asked(world, "canary", instances="1,3")
    course = asked(world, "again", restart=True, **spec)
    agree(course)
    assert len(course.expected.instances.unchanged) == (3 if spec else 0)


def test_a_dry_run_to_an_older_revision() -> None:
    world = manual(4, {"type": "Batch", "size": 3})
    before = world.status.current_revision
    asked(world)
    course = asked(world, "back", revision=before, instances="0-1")
    agree(course)
    assert wire(course.expected.instances) == {"recreate": "0-1", "unchanged": "2-3"}


def test_a_dry_run_while_an_update_is_active() -> None:
    """The plan has the conflict, and says what the Update would do now."""
    world = manual(5, {"type": "Queue", "size": 1})
    world.behave("app:2", instance=1, ready=None)
    world.cluster.user_update("first", instances="1")
    world.until(lambda: 1 in world.images_of("app:2"))
    world.cluster.user_update("plan", dry_run=True, instances="2-3")
    world.until_phase(Phase.PLANNED)
    plan = world.update.status.plan
    assert plan is not None
    assert [c.reason for c in plan.conflicts] == ["UpdateInProgress"]
    assert wire(plan.instances) == {"recreate": "2-3", "unchanged": "0-1,4"}
    assert world.named("first").status.phase is Phase.ROLLING_FORWARD


SIZES = st.sampled_from([1, 2, 3, "30%", "100%"])


@settings(max_examples=40, deadline=None)
@given(
    strategy=st.one_of(
        st.builds(lambda n: {"type": "Queue", "size": n}, SIZES),
        st.builds(lambda n: {"type": "Batch", "size": n}, SIZES),
        st.builds(
            lambda n: {"type": "VariableBatch", "sizes": n},
            st.lists(SIZES, min_size=1, max_size=4),
        ),
    ),
    before=st.integers(0, 9),
    after=st.integers(0, 9),
    down=st.sets(st.integers(0, 8), max_size=3),
    image=st.sampled_from(["app:1", "app:2"]),
)
def test_updates_with_any_spec_follow_their_plan(
    strategy: dict[str, Any], before: int, after: int, down: set[int], image: str
) -> None:
    world = World(instances=before, update={"strategy": strategy}).ready()
    # An instance that is down at the target image may fail there: no plan can know that.
    for i in down & set(range(before if image == "app:2" else 0)):
        world.behave("app:1", instance=i, ready=None)
        world.kill(i)
    world.run(20)
    world.kubelet.steering.clear()
    course = Course(world).follow(
        lambda: world.edit(image=image, instances=after, retryToken="again")
    )
    if course.world.update.status.reason != "NoChange":
        agree(course)
