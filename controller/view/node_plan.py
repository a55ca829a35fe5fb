"""Which nodes could be drained now, and what forbids the others, before a Maintenance is made.

A node can go ``Now`` if all that must leave it may leave in one step, whatever it belongs to. It
goes in ``Steps`` if some may leave now and the rest when those have come up elsewhere: a drain does
so by itself. It is ``Blocked`` if of a Job, or of a PodDisruptionBudget, none may go now, or if a
pod can never be evicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from controller.api.maintenance import MaintenanceSpec
from controller.core.maintenance.observed import Node, Pod
from controller.core.maintenance.pods import Leaving, leaving
from controller.core.maintenance.status import BLOCKED, NOT_READY, WAITING
from controller.core.replacement.foreseen import Foreseen, Foresight

Key = tuple[str, str]


class Verdict(StrEnum):
    """Whether a node could be drained now."""

    NOW = "Now"
    STEPS = "Steps"
    BLOCKED = "Blocked"
    NOT_FOUND = "NotFound"


@dataclass(frozen=True, slots=True)
class JobState:
    """A Job with instances on the nodes, and what its moves would be."""

    namespace: str
    name: str
    foresight: Foresight

    @property
    def place(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A PodDisruptionBudget. ``allowed``: how many pods may be evicted now; ``covers``: the uids of
    those whose eviction it counts."""

    namespace: str
    name: str
    allowed: int
    covers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bound:
    """Of what is on the node, ``here`` count for a Job or a budget, of which ``may_go`` now."""

    reason: str
    what: str
    here: int
    may_go: int
    message: str


@dataclass(frozen=True, slots=True)
class NodePlan:
    """``bounds``: what does not let all go in one step, the worst first."""

    name: str
    verdict: Verdict
    instances: int = 0
    pods: int = 0
    bounds: tuple[Bound, ...] = ()

    @property
    def message(self) -> str:
        return "; ".join(bound.message for bound in self.bounds)


@dataclass(frozen=True, slots=True)
class World:
    """What a plan is made from. ``pods``: by node, of the nodes that are asked about.
    ``holders``: node -> a Maintenance that names it already."""

    nodes: Mapping[str, Node]
    pods: Mapping[str, Sequence[Pod]]
    jobs: Mapping[Key, JobState]
    budgets: Sequence[BudgetState] = ()
    holders: Mapping[str, str] = field(default_factory=dict)
    spec: MaintenanceSpec = field(default_factory=MaintenanceSpec)

    def leaving(self, name: str) -> Leaving:
        return leaving(self.pods.get(name, ()), self.spec)


def node_plans(world: World, names: Iterable[str]) -> list[NodePlan]:
    """A plan for each node, as if it alone were drained."""
    return [_one(world, name) for name in names]


def together(world: World, plans: Iterable[NodePlan]) -> list[str]:
    """The nodes, in their order, that can all go now at the same time."""
    chosen = list[str]()
    for each in plans:
        if each.verdict is Verdict.NOW and not list(_bounds(world, [*chosen, each.name])):
            chosen.append(each.name)
    return chosen


def _one(world: World, name: str) -> NodePlan:
    node = world.nodes.get(name)
    if node is None:
        return NodePlan(name, Verdict.NOT_FOUND)
    left = world.leaving(name)
    bounds = [
        *_of_holder(world, name),
        *_of_pods(left),
        *_of_node(node, left),
        *_bounds(world, [name]),
    ]
    bounds.sort(key=lambda bound: bound.may_go)
    verdict = Verdict.NOW
    if bounds:
        verdict = Verdict.STEPS if bounds[0].may_go else Verdict.BLOCKED
    return NodePlan(name, verdict, len(left.instances), left.others, tuple(bounds))


def _of_holder(world: World, name: str) -> Iterator[Bound]:
    if holder := world.holders.get(name):
        words = f"Maintenance {holder} names this node already, and another one waits for it"
        yield Bound(WAITING, holder, 0, 0, words)


def _of_pods(left: Leaving) -> Iterator[Bound]:
    for pod, why in left.blocked:
        yield Bound(BLOCKED, pod.place, 1, 0, f"pod {pod.place} {why}")


def _of_node(node: Node, left: Leaving) -> Iterator[Bound]:
    if not node.ready and not left.is_empty:
        words = "the node is not Ready, so pods leave it only when it answers again"
        yield Bound(NOT_READY, node.name, len(left.instances), 0, words)


def _bounds(world: World, names: Sequence[str]) -> Iterator[Bound]:
    """What does not let all go at the same time that must leave these nodes."""
    left = [world.leaving(name) for name in names]
    by_job = dict[Key, set[str]]()
    for pod in (pod for each in left for pod in each.instances):
        by_job.setdefault((pod.namespace, pod.job), set()).add(pod.uid)
    others = (pod for each in left for pod in each.evicted if not pod.terminating)
    evicted, at_once = {pod.uid: f"pod {pod.place}" for pod in others}, set[str]()
    at_once |= evicted.keys()
    for key, uids in sorted(by_job.items()):
        if (job := world.jobs.get(key)) is not None:
            found = job.foresight.if_marked(uids)
            yield from _of_job(job, found)
            evicted |= dict.fromkeys(found.evicted, f"pods of Job {job.place}")
            # Where a new pod comes first, it counts for the budget when the old one goes.
            at_once |= frozenset() if job.foresight.surges else found.evicted
    yield from _of_several_budgets(world, evicted)
    for budget in world.budgets:
        here = len(budget.covers & at_once)
        if here > budget.allowed:
            what = f"{budget.namespace}/{budget.name}"
            words = f"disruption budget {what}: {here} here, {budget.allowed} may go now"
            yield Bound("DisruptionBudget", what, here, budget.allowed, words)


def _of_job(job: JobState, found: Foreseen) -> Iterator[Bound]:
    what, foresight = job.place, job.foresight
    if found.held.held_back:
        here, free = len(found.asked), len(found.free)
        words = f"Job {what}: {here} here, {free} may go now: {found.held.message}"
        yield Bound(found.held.reason, what, here, free, words)
    if found.by_update and foresight.update:
        name, goes_on = foresight.update
        here = len(found.by_update)
        words = f"Job {what}: Update {name} is not done with {here} here"
        words += ", which it replaces first" if goes_on else ", and does not go on by itself"
        yield Bound("Update", what, here, here if goes_on else 0, words)
    if found.evicted and foresight.coordinator:
        here = len(found.evicted)
        words = f"Job {what}: coordinator {foresight.coordinator} has to allow each of {here} here"
        yield Bound("Coordinator", what, here, here, words)


def _of_several_budgets(world: World, evicted: Mapping[str, str]) -> Iterator[Bound]:
    """``evicted``: uid of a pod that goes by an eviction -> what it is called."""
    names = dict[str, set[str]]()
    for uid, what in evicted.items():
        covering = {each.name for each in world.budgets if uid in each.covers}
        if len(covering) > 1:
            names.setdefault(what, set()).update(covering)
    for what, covering in names.items():
        words = f"{what} cannot be evicted: several disruption budgets select one pod"
        yield Bound("SeveralBudgets", what, 1, 0, f"{words}: {', '.join(sorted(covering))}")
