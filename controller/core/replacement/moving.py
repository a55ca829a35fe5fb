"""The condition `Moving` of a Job: which instances move to other nodes, and what they wait for."""

from __future__ import annotations

from itertools import islice
from typing import Final

from controller.api.ids import Ids
from controller.core.model import conditions as cond
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.replacement import budget, coordinator
from controller.core.replacement.moves import Moves
from controller.core.rollout.direction import Direction

MOVING: Final = "Moving"
#: How many successors are searched for a reason; a report must not cost O(instances).
_LOOKED_AT: Final = 64


def condition(context: Context) -> dict[str, Wanted]:
    """Whether instances move to other nodes, and what they wait for. {} if none ever did."""
    if context.has_moves:
        found = Moves(context, Direction.of(context, context.active) if context.active else None)
        if words := _in_words(found):
            return {cond.MOVING: Wanted(True, found.allowance.reason or MOVING, words)}
    told = cond.find(context.status.conditions, cond.MOVING)
    return {cond.MOVING: Wanted(False, "NothingMoves")} if told else {}


def _in_words(moves: Moves) -> str:
    """Which instances move, from where and for whom, and what they wait for; "" if none do."""
    context = moves.context
    ids = moves.marked | moves.overdue | moves.replaced & context.view.twin.marked
    if not ids:
        return ""
    views = context.view, context.view.twin
    pods = [view.pod(i) for view in views for i in view.marked & ids]
    nodes = sorted({pod.node for pod in pods})
    whose = ", ".join(sorted({pod.move.maintenance for pod in pods if pod.move}))
    where = ", ".join(nodes[:3]) + (f" and {len(nodes) - 3} more" if len(nodes) > 3 else "")
    plural = ("s", "move") if len(ids) > 1 else ("", "moves")
    words = f"instance{plural[0]} {ids} {plural[1]} away from {where} (Maintenance {whose})"
    if why := _successors(moves):
        return f"{words}: {why}"
    if moves.allowance.held_back:
        return f"{words}: {moves.allowance.message}"
    if moves.old_pods_kept():
        _, why = coordinator.why_old_pods_stay(context) or budget.why_old_pods_stay(context)
        return f"{words}: {why or moves.agreement.words}"
    return words


def _successors(moves: Moves) -> str:
    """What the first new pod beside a marked one waits for; "" if none shows that."""
    context, twin = moves.context, moves.context.view.twin
    for i in islice(Ids(context.observed.refusals) & moves.marked, _LOOKED_AT):
        if context.observed.refusals[i].surge != (i in context.status.slots):
            return f"instance {i}: no new pod: {context.observed.refusals[i].message}"
    for i in islice(moves.beside & twin.present - twin.good, _LOOKED_AT):
        pod = twin.pod(i)
        why = f": {pod.trouble.words}" if pod.trouble else ""
        return f"instance {i}: its new pod {pod.name} is not available yet{why}"
    return ""
