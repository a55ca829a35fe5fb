"""What an Update would do if it started now and nothing else happened: `Update.status.plan`.

Pure, and made of what the update itself is made of: its way forward, its order, its group sizes. So
the plan is the course, as long as nothing fails and nobody comes between. ``draft`` is everywhere
the status that admission would write: policy, ``from``, ``to``, and what it takes over (``batch``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.meta import UpdateMeta
from controller.api.policy import Replacement, StrategyType
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
from controller.core.model.context import Context
from controller.core.replacement import in_place
from controller.core.revisions.change import Change
from controller.core.revisions.template import own_claims
from controller.core.rollout import strategy
from controller.core.rollout.direction import Direction

MAX_GROUPS: Final = 50
#: Templates of older revisions that are kept at a time, as text.
MAX_TEMPLATES: Final = 8
QUOTA: Final = "QuotaExceeded"


def preview(
    context: Context,
    update: Update,
    draft: UpdateStatus,
    *,
    restart: bool,
    conflicts: Sequence[Conflict] = (),
) -> UpdatePlan:
    """The plan of ``update``. ``conflicts``: what admission has against it; warnings are added.

    Templates that were not read count as replaced: ask `templates_needed` first.
    """
    direction = _way(context, update, draft, restart)
    instances, sizes = _instances(direction), tuple(_sizes(direction))
    told = {conflict.reason for conflict in conflicts}
    watched = _holding(sizes, len(_covered(direction)) - len(instances.remove))
    return UpdatePlan(
        instances=instances,
        groups=_groups(direction, sizes),
        estimate=estimate(
            context.observed.finished.values(), draft, len(_covered(direction)), watched
        ),
        conflicts=(
            *conflicts,
            *(w for w in _warnings(direction, instances) if w.reason not in told),
        ),
    )


def templates_needed(context: Context, draft: UpdateStatus) -> frozenset[str]:
    """The revisions whose templates must be read before `preview` can tell all kinds apart: never
    one that cannot be read, and no more than are kept, so who asks for each comes to an end."""
    # No pod was made by it: those made without any Update carry no uid.
    meta = UpdateMeta(uid="not-yet")
    update = Update(metadata=meta, spec=UpdateSpec(job=context.job.metadata.name))
    direction = _way(context, update, draft, draft.restart)
    assert draft.policy is not None
    needed: set[str] = set()
    living = _changed(direction) & context.view.alive
    if draft.policy.replacement is Replacement.IN_PLACE and not direction.restart:
        needed = {revision for _, *both in _moves(direction, living) for revision in both}
    elif draft.policy.replacement is Replacement.SURGE:
        needed = {revision for revision, ids in direction.goal.items() if ids & living}
    # The present template is always there. Without that of the goal the others tell nothing.
    older = (needed & set(context.observed.revisions)) - {context.observed.revision}
    kept = sorted(older, key=lambda r: (r not in direction.goal, r))[:MAX_TEMPLATES]
    return frozenset(kept) - set(context.observed.templates)


def _way(context: Context, update: Update, draft: UpdateStatus, restart: bool) -> Direction:
    status = draft.model_copy(update={"restart": restart})
    return Direction.forward(context, update.model_copy(update={"status": status}))


# What becomes of each instance.


def _covered(direction: Direction) -> Ids:
    """All ids of the update: still to come, and those it takes over under way."""
    return direction.pending | direction.batch


def _kept(direction: Direction) -> Ids:
    """Ids whose pod is the new one already, and has only to become good."""
    return _covered(direction) & direction.arrived & direction.context.view.alive


def _changed(direction: Direction) -> Ids:
    """Ids that go from one pod to another."""
    created = direction.created - direction.context.view.present
    return _covered(direction) - _kept(direction) - created - direction.removed


def _instances(direction: Direction) -> PlannedInstances:
    covered, kept, alive = _covered(direction), _kept(direction), direction.context.view.alive
    changed, removed = _changed(direction), covered & direction.removed
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
        unchanged=(direction.context.intended - covered) | kept,
    )


def _in_place(direction: Direction, ids: Ids) -> Ids:
    """Those of ``ids`` whose pod can be changed where it runs (contract rule 16)."""
    context, found = direction.context, NONE
    in_place_refused = context.observed.in_place_refused
    for part, _, new in _moves(direction, ids):
        if in_place_refused:
            part -= Ids(i for i in part if context.view.pod(i).uid in in_place_refused)
        # One speaks for all that go the same way: the templates are what is compared.
        one = next((context.view.pod(i) for i in part), None)
        if one is not None and in_place.how(context, direction, one, new) is not Change.REPLACE:
            found |= part
    return found


def _moves(direction: Direction, ids: Ids) -> Iterator[tuple[Ids, str, str]]:
    """``ids`` by the revision their pod is at and the one it goes to."""
    for new, goal in direction.goal.items():
        for old, there in direction.context.view.at.items():
            if part := ids & goal & there:
                yield part, old, new


# In which groups.


def _sizes(direction: Direction) -> Iterator[int]:
    """The sizes of all groups; what is under way already is the first one, as in the update."""
    policy, carried, total = (
        direction.policy.strategy,
        len(direction.batch),
        len(_covered(direction)),
    )
    if policy.type is StrategyType.QUEUE or not carried:
        yield from strategy.group_sizes(policy.type, policy.groups, total)
        return
    yield carried
    while carried < total:
        idle = total - carried
        size = strategy.next_group(policy.type, policy.groups, idle, 0, taken=carried)
        yield size
        carried += size


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


def _holding(sizes: tuple[int, ...], count: int) -> int:
    """How many groups hold the first ``count`` instances."""
    groups = 0
    for size in sizes:
        if count <= 0:
            break
        count -= size
        groups += 1
    return groups


# What it would run into.


def _warnings(direction: Direction, instances: PlannedInstances) -> Iterator[Conflict]:
    """What admission does not look at, for it refuses nothing."""
    if words := _quota(direction, instances):
        yield Conflict(reason=QUOTA, message=words)
    if direction.policy.replacement is Replacement.IN_PLACE and not direction.restart:
        replaced = instances.recreate & direction.context.view.alive
        if why := next(in_place.reasons(direction.context, direction.goal, replaced), None):
            words = f"instances are replaced, not changed in place: {why}"
            yield Conflict(reason=in_place.NOT_IN_PLACE, message=words)
    for revision, ids in direction.goal.items():
        template = direction.context.observed.templates.get(revision)
        if template and ids & instances.surge and (claims := own_claims(template)):
            words = f"with Surge an instance's new pod mounts {claims[0]} while the old one still "
            words += "does; a volume that only one pod or node may use keeps it waiting"
            yield Conflict(reason="SurgeSharesVolume", message=words)
            return


def _quota(direction: Direction, instances: PlannedInstances) -> str | None:
    """What a ResourceQuota says that is used up: to pods that are missing now, or to the pod that
    was only tried; that one counts where pods come before others go."""
    seen = direction.context.observed
    refused = next((r.message for r in seen.refusals.values() if r.reason == QUOTA), None)
    verdict = seen.verdicts.get(direction.update.metadata.uid)
    if refused or verdict is None or verdict.reason != QUOTA:
        return refused
    return verdict.message if instances.create | instances.surge else None
