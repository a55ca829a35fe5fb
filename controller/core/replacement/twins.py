"""Pods in the other slot of their instance: old pods that a surge or a move replaced, new pods of a
surge or a move that are not good yet, have failed, or are not wanted any more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controller.api.ids import NONE, Ids
from controller.core.model.context import Context
from controller.core.model.plan import Action
from controller.core.pods import backoff
from controller.core.replacement import budget, coordinator, sla
from controller.core.replacement.deletion import delete
from controller.core.replacement.moves import Moves, overdue
from controller.core.rollout.direction import Direction
from controller.lazy import cached_property


@dataclass(frozen=True)
class Twins:
    """``direction``: of the active Update; ``late``: ids whose new pod did not become good in time;
    ``unstored``: ids whose pod shows a failure that is not stored yet."""

    context: Context
    direction: Direction | None
    moves: Moves
    late: Ids
    unstored: Ids

    @cached_property
    def part(self) -> Ids:
        """Ids whose new pod in the other slot stays until it is good, or has failed."""
        surging = NONE
        if self.direction is not None:
            surging = self.direction.surging & self.direction.in_flight - self.late
        return (surging | self.moves.beside) - self.overdue

    @cached_property
    def overdue(self) -> Ids:
        """Ids whose pod in the other slot goes now, because it should have left its node by now."""
        return overdue(self.context, self.context.view.twin)

    @cached_property
    def kept(self) -> Ids:
        """Ids whose old pod in the other slot must stay: the coordinator does not allow it, too few
        instances count, or a disruption budget has to take note of another one first."""
        context, direction = self.context, self.direction
        old = context.view.twin.alive - self.part - self.moves.replaced - self.overdue
        kept = coordinator.old_pods_kept(context, direction, old)
        kept |= sla.old_pods_kept(context, direction, old - kept)
        kept |= budget.old_pods_kept(context, direction, old - kept)
        return kept | self.moves.old_pods_kept(old - kept) | context.view.twin.evicting

    @property
    def why_kept(self) -> tuple[str, str]:
        """Reason and message while old pods stay beside the new ones; "" if they are about to
        go."""
        context = self.context
        return coordinator.why_old_pods_stay(context) or budget.why_old_pods_stay(context)

    def deletes(self, held: Ids) -> Iterator[Action]:
        """The deletes and evictions of pods that may go now. ``held``: ids whose pod must not go
        for another reason."""
        twin, moves = self.context.view.twin, self.moves
        evicted = budget.evicts_old_pods(self.context, self.direction) - moves.replaced
        evicted = (evicted | moves.old_pods_evicted) - self.overdue
        moved = moves.replaced | twin.successor | self.overdue
        for i in twin.alive - self.part - held - self.kept:
            if (pod := twin.pod(i)).uid:
                evict = i in evicted
                yield delete(pod, self.direction, self.late, moved=moved, evict=evict)
        for i, at in self.ended():
            if at <= self.context.now or i not in self.part:
                yield delete(twin.pod(i), self.direction, moved=moved)

    def ended(self) -> Iterator[tuple[int, float]]:
        """Ids whose pod in the other slot ended, with the moment (epoch seconds) at which it may be
        created again: 0.0 if no old pod of its instance is alive."""
        view = self.context.view
        for i in view.twin.ended - self.unstored:
            yield i, backoff.remake_at(view.twin.pod(i)) if i in view.alive else 0.0
