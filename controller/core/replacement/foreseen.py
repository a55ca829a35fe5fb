"""What the moves of a Job would be if pods of it were marked: the rules of `Moves`, asked before
any pod is marked. Disruption budgets are not among them: whoever asks knows what they allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from msgspec import structs

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod
from controller.api.sla import MaintenanceSla
from controller.api.update import Update
from controller.core.model import policy
from controller.core.model.context import Context
from controller.core.model.disruption import NONE_HELD_BACK, Allowance
from controller.core.model.observed import Observed
from controller.core.pods.index import Instances
from controller.core.pods.marks import lasting
from controller.core.replacement import coordinator
from controller.core.replacement.moves import Moves
from controller.core.rollout.direction import Direction
from controller.lazy import cached_property

#: A mark that no Maintenance has.
_MARK = "to-be-planned/"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """``asked``: ids of instances that would leave their node by a move; ``free``: those of them
    that may go now (with ``Surge``: whose new pod may be made). ``evicted``: uids of the pods of
    ``asked`` that go only if disruption budgets let them. ``by_update``: ids that the active Update
    is still to replace, and that are not moved besides. ``held``: why not all of ``asked`` are
    free; empty if they are."""

    asked: Ids = NONE
    free: Ids = NONE
    evicted: frozenset[str] = frozenset()
    by_update: Ids = NONE
    held: Allowance = NONE_HELD_BACK


class Foresight:
    """What can be said beforehand of the moves of one Job. ``pods``: all of its pods; ``updates``:
    those that have not ended, by name; ``sla``: of the Maintenance that would be made; ``now``:
    epoch seconds."""

    def __init__(
        self,
        job: Job,
        pods: Iterable[Pod],
        updates: Mapping[str, Update],
        sla: MaintenanceSla | None,
        now: float,
    ) -> None:
        self._job = job
        self._updates = updates
        self._now = now
        self._move = Move(_MARK, sla=sla)
        self._index = Instances(job.metadata.uid)
        for pod in pods:
            self._index.put(pod)
        self._by_uid = {pod.uid: pod for pod in self._index.pods.values()}
        self._marked: AbstractSet[str] = frozenset()
        brought = {self._move, *(p.move for p in self._by_uid.values() if p.move)}
        self.lasting = lasting(job.spec.sla, brought)
        held = job.status.active_update
        active = updates.get(held.name) if held else None
        seconds = active.status.min_ready_seconds if active else None
        ready = job.spec.min_ready_seconds if seconds is None else seconds
        self._index.set_times(ready, self.lasting)
        self._index.advance(now)

    def if_marked(self, uids: AbstractSet[str]) -> Foreseen:
        """What would follow if the pods with these uids were to leave their nodes."""
        self._mark(uids)
        moves = self._moves
        view = moves.context.view
        mine = Ids(i for i in view.marked if view.pod(i).uid in uids)
        asked, allowance = moves.marked & mine, moves.allowance
        return Foreseen(
            asked,
            asked & (allowance.allowed | view.twin.successor),
            frozenset(view.pod(i).uid for i in asked & view.counting),
            moves.left_to_update & mine & view.alive,
            allowance if asked & allowance.held_back else NONE_HELD_BACK,
        )

    @cached_property
    def at_once(self) -> int | None:
        """How many instances may move at the same time if all are available; None: any number."""
        self._mark(self._by_uid.keys())
        moves = self._moves
        agreed, count = moves.agreement, len(moves.context.intended)
        if moves.surges:
            return 1 if agreed.one_by_one else None
        limit = policy.max_unavailable(moves.update_policy.max_unavailable, count)
        spare = max(1, count - agreed.least)
        return spare if limit is None else min(spare, limit)

    @property
    def surges(self) -> bool:
        """Whether a new pod is made before the marked one goes."""
        return self._moves.surges

    @property
    def update(self) -> tuple[str, bool] | None:
        """The name of the active Update, and whether it goes on by itself; None without one."""
        direction = self._moves.direction
        return (direction.update.metadata.name, direction.moving) if direction else None

    @property
    def coordinator(self) -> str:
        """Which coordinator has to allow each move of an instance that counts; "" for none."""
        given = coordinator.of(self._moves.context)
        return given.shown if given else ""

    @property
    def _moves(self) -> Moves:
        view = self._index.view(self._job.status.slots)
        observed = Observed(job=self._job, revision="", view=view, updates=self._updates)
        context = Context(observed, self._now)
        active = context.active
        return Moves(context, Direction.of(context, active) if active else None)

    def _mark(self, uids: AbstractSet[str]) -> None:
        """Mark these pods, and those that a Maintenance has marked."""
        for uid in (self._marked ^ uids) & self._by_uid.keys():
            pod = self._by_uid[uid]
            seen = self._index.pods[pod.slot].resource_version
            move = pod.move or (self._move if uid in uids else None)
            self._index.put(structs.replace(pod, move=move, resource_version=seen + 1))
        self._index.advance(self._now)
        self._marked = frozenset(uids)
