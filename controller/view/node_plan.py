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

from controller.api.ids import Ids
from controller.api.maintenance import MaintenanceSpec
from controller.core.maintenance.observed import Node, Pod
from controller.core.maintenance.pods import Leaving, leaving
from controller.core.maintenance.status import BLOCKED, NOT_READY, WAITING

Key = tuple[str, str]


class Verdict(StrEnum):
    """Whether a node could be drained now."""

    NOW = "Now"
    STEPS = "Steps"
    BLOCKED = "Blocked"
    NOT_FOUND = "NotFound"


@dataclass(frozen=True, slots=True)
class JobState:
    """What bounds the moves of a Job. ``counting``: pod uid -> id, of the instances that count now;
    ``intended``: how many instances there should be; ``least``: how many must count; ``rule``: who
    says so. ``lasting``: seconds for which an instance must have been available to count."""

    namespace: str
    name: str
    counting: Mapping[str, int]
    intended: int
    least: int
    rule: str
    lasting: int = 0

    @property
    def ids(self) -> Ids:
        return Ids(self.counting.values())

    @property
    def spare(self) -> int:
        """How many counting instances may go now."""
        return max(0, len(self.ids) - self.least)


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
    instances = [pod for each in left for pod in each.instances]
    by_job = dict[Key, list[Pod]]()
    for pod in instances:
        by_job.setdefault((pod.namespace, pod.job), []).append(pod)
    for key, pods in sorted(by_job.items()):
        if (job := world.jobs.get(key)) is not None:
            yield from _of_job(job, pods)
    every = [*instances, *(pod for each in left for pod in each.evicted)]
    yield from _of_budgets(world, [pod for pod in every if not pod.terminating])


def _of_job(job: JobState, pods: Sequence[Pod]) -> Iterator[Bound]:
    # Two pods of one id are a surge: the id goes on counting with one of them.
    here = len({job.counting[pod.uid] for pod in pods if pod.uid in job.counting})
    if here <= job.spare:
        return
    what = f"{job.namespace}/{job.name}"
    since = f" (available for {job.lasting}s)" if job.lasting else ""
    words = (
        f"Job {what}: {len(job.ids)} of {job.intended} instances count{since}, {job.least} must "
        f"({job.rule}): {here} here, {job.spare} may go now"
    )
    yield Bound("SLA", what, here, job.spare, words)


def _of_budgets(world: World, pods: Sequence[Pod]) -> Iterator[Bound]:
    for pod in pods:
        covering = [each.name for each in world.budgets if pod.uid in each.covers]
        if len(covering) > 1:
            words = f"pod {pod.place} cannot be evicted: several disruption budgets select it"
            yield Bound(
                "SeveralBudgets", pod.place, 1, 0, f"{words}: {', '.join(sorted(covering))}"
            )
    for budget in world.budgets:
        here = sum(pod.uid in budget.covers for pod in pods)
        if here > budget.allowed:
            what = f"{budget.namespace}/{budget.name}"
            words = f"disruption budget {what}: {here} here, {budget.allowed} may go now"
            yield Bound("DisruptionBudget", what, here, budget.allowed, words)
