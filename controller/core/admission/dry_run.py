"""The plan of a dry run, `Update.status.plan`: what an Update would do if it started now.

Pure, and computed by the code of the update itself: its direction, order and group sizes. So the
update follows the plan as long as nothing fails and nothing else changes. ``draft`` is always the
status that admission would write: policy, ``from``, ``to``, and the ids it takes over (``batch``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.meta import UpdateMeta
from controller.api.policy import Replacement, ResolvedStrategy, StrategyType
from controller.api.preview import (
    Conflict,
    GroupRun,
    PlannedGroup,
    PlannedGroups,
    PlannedInstances,
    UpdatePlan,
)
from controller.api.update import Update, UpdateSpec, UpdateStatus
from controller.core.admission.estimate import estimate
from controller.core.admission.warnings import taken_down, warnings
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.limits import TEMPLATES_COMPARED
from controller.core.replacement import in_place, sla
from controller.core.revisions.changeable_in_place import Change
from controller.core.rollout import strategy
from controller.core.rollout.direction import Direction

MAX_GROUPS: Final = 50


def preview(
    context: Context,
    update: Update,
    draft: UpdateStatus,
    *,
    restart: bool,
    conflicts: Sequence[Conflict] = (),
) -> UpdatePlan:
    """The plan of ``update``. ``conflicts``: why admission would refuse it; warnings are added.

    Pods whose templates were not read count as replaced: read `templates_needed` first.
    """
    direction = _direction(context, update, draft, restart)
    instances, sizes = _instances(direction), tuple(_sizes(direction))
    known = {conflict.reason for conflict in conflicts}
    watched = _groups_of(sizes, len(_covered(direction)) - len(instances.remove))
    return UpdatePlan(
        instances=instances,
        groups=_groups(direction, sizes),
        estimate=estimate(
            context.observed.finished.values(),
            draft,
            len(_covered(direction)),
            watched,
            sla=_sla_seconds(direction, instances),
            groups=len(sizes),
        ),
        conflicts=(
            *conflicts,
            *(w for w in warnings(direction, instances) if w.reason not in known),
        ),
    )


def templates_needed(context: Context, draft: UpdateStatus) -> frozenset[str]:
    """The revisions whose templates must be read before `preview` knows how each pod is replaced.

    Revisions that are gone are left out, and there are never more than the operator compares,
    so repeated reads come to an end.
    """
    # A uid that no pod carries; pods created without an Update carry the empty uid.
    meta = UpdateMeta(uid="not-yet")
    update = Update(metadata=meta, spec=UpdateSpec(job=context.job.metadata.name))
    direction = _direction(context, update, draft, draft.restart)
    assert draft.policy is not None
    needed: set[str] = set()
    alive = _changed(direction) & context.view.alive
    if draft.policy.replacement is Replacement.IN_PLACE and not direction.restart:
        needed = {revision for _, *both in _moves(direction, alive) for revision in both}
    elif draft.policy.replacement is Replacement.SURGE:
        needed = {revision for revision, ids in direction.goal.items() if ids & alive}
    # The present template is always known. The goal's template comes first, because each other
    # template is compared with it.
    older = (needed & set(context.observed.revisions)) - {context.observed.revision}
    first = sorted(older, key=lambda r: (r not in direction.goal, r))[:TEMPLATES_COMPARED]
    return frozenset(first) - set(context.observed.templates)


def _direction(context: Context, update: Update, draft: UpdateStatus, restart: bool) -> Direction:
    status = draft.model_copy(update={"restart": restart})
    return Direction.forward(context, update.model_copy(update={"status": status}))


# How each instance is replaced.


def _covered(direction: Direction) -> Ids:
    """All ids of the update: the pending ones and those it takes over in flight."""
    return direction.pending | direction.batch


def _kept(direction: Direction) -> Ids:
    """Ids whose pod is at the target already and only has to become good."""
    return _covered(direction) & direction.arrived & direction.context.view.alive


def _changed(direction: Direction) -> Ids:
    """Ids whose old pod is replaced or changed."""
    created = direction.created - direction.context.view.present
    return _covered(direction) - _kept(direction) - created - direction.removed


def _instances(direction: Direction) -> PlannedInstances:
    covered, kept, alive = _covered(direction), _kept(direction), direction.context.view.alive
    changed, removed = _changed(direction), covered & direction.removed
    relabelled = asg.ids_of(direction.relabelled)
    in_place = surge = NONE
    if direction.policy.replacement is Replacement.IN_PLACE:
        in_place = _in_place(direction, changed & alive)
    elif direction.policy.replacement is Replacement.SURGE:
        surge = changed & alive
    return PlannedInstances(
        create=covered - kept - changed - removed,
        recreate=changed - in_place - surge,
        in_place=in_place,
        surge=surge,
        remove=removed,
        relabel=relabelled,
        unchanged=(direction.context.intended - covered - relabelled) | kept,
    )


def _in_place(direction: Direction, ids: Ids) -> Ids:
    """Those of ``ids`` whose pod can be changed in place (contract rule 16)."""
    context, changeable = direction.context, NONE
    refused = Ids(i for i in ids if context.view.pod(i).uid in context.observed.in_place_refused)
    for some, old, new in _moves(direction, ids - refused):
        # The answer for one pod holds for all that have the same two templates.
        for part, _, _ in context.revisions.pairs(some, old, new):
            one = next(context.view.pod(i) for i in part)
            if in_place.how(context, direction, one, new) is not Change.REPLACE:
                changeable |= part
    return changeable


def _moves(direction: Direction, ids: Ids) -> Iterator[tuple[Ids, str, str]]:
    """``(part of ids, old revision, new revision)`` for each pair of revisions."""
    for new, to_ids in direction.goal.items():
        for old, from_ids in direction.context.view.at.items():
            if part := ids & to_ids & from_ids:
                yield part, old, new


# The groups.


def _sizes(direction: Direction) -> Iterator[int]:
    """The sizes of all groups; the ids in flight already are the first one, as in the update."""
    policy, taken, total = (
        direction.policy.strategy,
        len(direction.batch),
        len(_covered(direction)),
    )
    if policy.type is StrategyType.QUEUE or not taken:
        yield from strategy.group_sizes(policy.type, policy.groups, total)
        return
    yield taken
    while taken < total:
        size = strategy.next_group(policy.type, policy.groups, total - taken, 0, taken=taken)
        yield size
        taken += size


def _groups(direction: Direction, sizes: tuple[int, ...]) -> PlannedGroups:
    order = chain(direction.batch, direction.ordered(direction.pending))
    return PlannedGroups(
        count=len(sizes),
        sizes=tuple(GroupRun(size=size, times=len(list(run))) for size, run in groupby(sizes)),
        first=tuple(
            PlannedGroup(index=index, instances=Ids(islice(order, size)))
            for index, size in enumerate(sizes[:MAX_GROUPS])
        ),
    )


def _groups_of(sizes: tuple[int, ...], count: int) -> int:
    """How many groups contain the first ``count`` instances."""
    groups = 0
    for size in sizes:
        if count <= 0:
            break
        count -= size
        groups += 1
    return groups


def _sla_seconds(direction: Direction, instances: PlannedInstances) -> int:
    """Seconds that the Update takes at least because instances have to count again, one round after
    the other, before the next can be taken down."""
    context = direction.context
    if (given := context.job.spec.sla) is None or not sla.is_obeyed(context, direction):
        return 0
    spare = max(1, len(context.intended) - sla.least(context))
    ready = direction.update.status.min_ready_seconds or 0
    if direction.surges:
        rounds = _rounds_of_surge(direction.policy.strategy, len(instances.surge), spare)
        return max(0, rounds * (ready + given.duration) - ready) if given.duration else 0
    rounds = -(-len(taken_down(direction, instances)) // spare)
    return max(0, rounds - 1) * (ready + given.duration)


def _rounds_of_surge(strategy: ResolvedStrategy, count: int, spare: int) -> int:
    """How often new pods have to count before further old ones can go. Between two of these times
    ``spare`` old pods go besides. A batch does not wait if that are all of its old pods."""
    size = max(strategy.groups)
    if strategy.type is StrategyType.QUEUE:
        return max(0, -(-(count - spare) // (spare + size)))
    return -(-count // size) // (spare // size + 1)
