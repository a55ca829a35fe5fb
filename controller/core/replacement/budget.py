"""PodDisruptionBudgets: the one that the operator keeps for a Job, and evictions under any of them.

With `sla.minAvailable` the operator keeps the budget ``echelon-<job>``, so that drains and
evictions by others leave as many instances as its own updates do. Two budgets over one pod make it
unevictable, so it keeps none while another one selects the Job's pods.

An Update with `slaAware` takes a pod that counts down by an eviction: one at a time under the same
budget, and the next when the disruption controller has taken note of the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.policy import Replacement
from controller.core.model import conditions as cond
from controller.core.model.budget import FORGOTTEN, Budget, KeepBudget, own_name
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.model.plan import Prune
from controller.core.replacement import sla
from controller.core.rollout.direction import Direction

REASON: Final = "DisruptionBudget"


# The Job's own budget.


def actions(context: Context) -> Iterator[KeepBudget | Prune]:
    """What brings the Job's own budget to what it should be."""
    if context.observed.keeping:
        return
    name, own, least = own_name(context.job.metadata.name), _own(context), _wanted(context)
    if own is not None and least is None:
        yield Prune("PodDisruptionBudget", own.name, own.uid)
    elif own is not None and least is not None and (own.least != least or not own.as_made):
        yield KeepBudget(name, least, own.uid)
    elif own is None and least is not None:
        yield KeepBudget(name, least)


def lags(context: Context) -> bool:
    """Whether the budget still asks for more instances than the Job is to have after a scale: its
    number follows before the pods go. A refused write of it holds nothing."""
    own, least = _own(context), _wanted(context)
    if own is None or own.least is None or least is None or own.least <= least:
        return False
    return KeepBudget(own.name, least, own.uid).key not in context.observed.refused_actions


def overlap(context: Context) -> dict[str, Wanted]:
    """The condition that says why the Job has no budget of its own; {} if it has one or needs
    none."""
    sla_, name = context.job.spec.sla, own_name(context.job.metadata.name)
    if sla_ is None or sla_.min_available is None:
        return {}
    if others := _others(context):
        names = ", ".join(sorted(b.name for b in others)[:5])
        words = f"{name} is not kept, because others select the Job's pods: {names}"
        return {cond.BUDGET_OVERLAP: Wanted(True, "OtherBudget", words)}
    if any(b.name == name for b in context.observed.budgets) and _own(context) is None:
        words = f"PodDisruptionBudget {name} is not the Job's; delete it, and the operator makes it"
        return {cond.BUDGET_OVERLAP: Wanted(True, "BudgetNameTaken", words)}
    return {}


def _wanted(context: Context) -> int | None:
    """The number of the Job's own budget; None if it should have none."""
    given = context.job.spec.sla
    if given is None or given.min_available is None or overlap(context):
        return None
    return sla.least(context)


def _own(context: Context) -> Budget | None:
    meta = context.job.metadata
    ours = (b for b in context.observed.budgets if b.name == own_name(meta.name))
    return next((b for b in ours if b.owner == meta.uid), None)


def _others(context: Context) -> list[Budget]:
    own = _own(context)
    return [b for b in context.observed.budgets if b.selects and b is not own]


# Evictions.


def evicts(context: Context, direction: Direction | None) -> Ids:
    """Ids whose pod is taken down by an eviction, or changed only if that would be granted."""
    return context.view.counting if sla.is_obeyed(context, direction) else NONE


def evicts_old_pods(context: Context, direction: Direction | None) -> Ids:
    """The same of pods in the other slot."""
    return (
        context.view.twin.counting & context.intended if sla.is_obeyed(context, direction) else NONE
    )


def hold(context: Context, direction: Direction | None, ids: Ids) -> tuple[Ids, str, str]:
    """The policy: of the instances that an Update is about to replace, those that it may ask for
    now."""
    if direction is None or direction.surges or not sla.is_obeyed(context, direction):
        return ids, "", ""
    asked = ids & evicts(context, direction) - direction.removed - context.view.evicting
    in_place = direction.policy.replacement is Replacement.IN_PLACE
    # A change in place takes nothing from a budget, so the next waits until it is good.
    under_way = direction.in_flight - direction.not_started if in_place else NONE
    left, reason, message = room(context, under_way)
    if left is None:
        return ids, "", ""
    return ids - asked | Ids(islice(direction.ordered(asked), left)), reason, message


def old_pods_kept(context: Context, direction: Direction | None, old: Ids) -> Ids:
    """Of ids whose pod in the other slot may go, those that are not asked for now."""
    if not old or not sla.is_obeyed(context, direction):
        return NONE
    asked = old & context.view.twin.counting
    left, _, _ = room(context, NONE)
    return NONE if left is None else asked - Ids(islice(asked, left))


def why_old_pods_stay(context: Context) -> tuple[str, str]:
    """Reason and message while old pods of a surge stay beside the new ones."""
    left, reason, message = room(context, NONE)
    given = context.job.spec.sla
    if given and given.min_available and (left is None or not context.observed.not_evicted):
        return sla.REASON, sla.of_job(context).words
    return reason, message


def room(context: Context, under_way: Ids) -> tuple[int | None, str, str]:
    """How many evictions may be asked for now (None: any number), and why no more. ``under_way``:
    ids of changes in place that count like evictions."""
    refused = context.observed.not_evicted
    if refused is not None and refused.until > context.now:
        return 0, refused.reason, refused.message
    covering = [b for b in context.observed.budgets if b.selects]
    if not covering and refused is None:
        return None, "", ""
    going = under_way | context.view.evicting | context.view.twin.evicting
    names = ", ".join(b.name for b in covering)
    words = f"one at a time under PodDisruptionBudget {names}"
    return 0 if going or _pending(context) else 1, REASON, words


def _pending(context: Context) -> list[float]:
    """Until when (epoch seconds) evictions count of which the disruption controller has not taken
    note, of whatever Job."""
    budgets = (b for b in context.observed.budgets if b.selects)
    ends = (at + FORGOTTEN for b in budgets for at in b.disrupted.values())
    return [end for end in ends if end > context.now]


def next_moment(context: Context) -> float | None:
    """When (epoch seconds) time alone allows another eviction or create; None for never."""
    refused, moments = context.observed.not_evicted, _pending(context)
    if refused is not None and refused.until > context.now:
        moments.append(refused.until)
    return min(moments, default=None)
