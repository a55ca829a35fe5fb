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
from controller.core.model.context import Context
from controller.core.model.limits import TEMPLATES_KEPT
from controller.core.replacement import coordinator, in_place, sla
from controller.core.revisions.change import Change
from controller.core.revisions.template import own_claims
from controller.core.rollout import strategy
from controller.core.rollout.direction import Direction

MAX_GROUPS: Final = 50
QUOTA: Final = "QuotaExceeded"


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
            _sla_seconds(direction, instances),
        ),
        conflicts=(
            *conflicts,
            *(w for w in _warnings(direction, instances) if w.reason not in known),
        ),
    )


def templates_needed(context: Context, draft: UpdateStatus) -> frozenset[str]:
    """The revisions whose templates must be read before `preview` knows how each pod is replaced.

    Revisions that are gone are left out, and there are never more than the operator keeps, so
    repeated reads come to an end.
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
    first = sorted(older, key=lambda r: (r not in direction.goal, r))[:TEMPLATES_KEPT]
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
    """Those of ``ids`` whose pod can be changed in place (contract rule 16)."""
    context, changeable = direction.context, NONE
    in_place_refused = context.observed.in_place_refused
    for part, _, new in _moves(direction, ids):
        if in_place_refused:
            part -= Ids(i for i in part if context.view.pod(i).uid in in_place_refused)
        # The answer for one pod holds for the whole part, because only templates are compared.
        one = next((context.view.pod(i) for i in part), None)
        if one is not None and in_place.how(context, direction, one, new) is not Change.REPLACE:
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


# The conflicts.


def _warnings(direction: Direction, instances: PlannedInstances) -> Iterator[Conflict]:
    """Conflicts that do not make admission refuse the Update."""
    if words := _quota(direction, instances):
        yield Conflict(reason=QUOTA, message=words)
    if direction.policy.replacement is Replacement.IN_PLACE and not direction.restart:
        replaced = instances.recreate & direction.context.view.alive
        if why := next(in_place.reasons(direction.context, direction.goal, replaced), None):
            words = f"instances are replaced, not changed in place: {why}"
            yield Conflict(reason=in_place.NOT_IN_PLACE, message=words)
    if words := _sla(direction, instances):
        yield Conflict(reason=sla.REASON, message=words)
    if words := _coordinator(direction, instances):
        yield Conflict(reason=coordinator.REASON, message=words)
    for revision, ids in direction.goal.items():
        template = direction.context.observed.templates.get(revision)
        if template and ids & instances.surge and (claims := own_claims(template)):
            words = (
                f"with Surge an instance's new pod mounts {claims[0]} while the old one does; "
                "if only one pod or node may use that volume, the new pod cannot start"
            )
            yield Conflict(reason="SurgeSharesVolume", message=words)
            return


def _taken_down(direction: Direction, instances: PlannedInstances) -> Ids:
    """Ids of instances that do not serve while they are replaced or changed in place."""
    served_on = in_place.by_metadata(direction.context, direction, instances.in_place)
    return instances.recreate | instances.in_place - served_on


def _sla(direction: Direction, instances: PlannedInstances) -> str | None:
    """What `spec.sla` makes the Update wait for: its groups take down more than it allows. Returns
    None if it does not. With `Surge` only the old pods wait, and only if new ones count later than
    they are good."""
    context, strategy = direction.context, direction.policy.strategy
    changed = (_taken_down(direction, instances) | instances.surge) & context.counting
    if context.job.spec.sla is None or not sla.is_obeyed(context, direction) or not changed:
        return None
    spare = max(0, len(context.counting) - sla.least(context))
    if spare >= min(max(strategy.groups), len(changed)):
        return None
    agreed = sla.of_job(context).words
    if not direction.surges:
        return f"{agreed}; {spare} can be taken down now"
    if not context.job.spec.sla.duration:
        return None
    words = f"{spare} of the old pods can go when new ones are good, others when these count"
    return f"{agreed}; {words}"


def _coordinator(direction: Direction, instances: PlannedInstances) -> str | None:
    """Which coordinator must allow how many disruptions. Returns None if none is asked."""
    context, given = direction.context, coordinator.of(direction.context)
    changed = _taken_down(direction, instances) | instances.surge
    count = len(changed & context.counting)
    if given is None or not count or not sla.is_obeyed(context, direction):
        return None
    each = "1 instance" if count == 1 else f"each of {count} instances"
    return f"coordinator {given.shown} has to allow {each} to be taken down, one after the other"


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
    rounds = -(-len(_taken_down(direction, instances)) // spare)
    return max(0, rounds - 1) * (ready + given.duration)


def _rounds_of_surge(strategy: ResolvedStrategy, count: int, spare: int) -> int:
    """How often new pods have to count before further old ones can go. Between two of these times
    ``spare`` old pods go besides. A batch does not wait if that are all of its old pods."""
    size = max(strategy.groups)
    if strategy.type is StrategyType.QUEUE:
        return max(0, -(-(count - spare) // (spare + size)))
    return -(-count // size) // (spare // size + 1)


def _quota(direction: Direction, instances: PlannedInstances) -> str | None:
    """The message of an exceeded ResourceQuota: from the refused create of a pod, else from the
    check of the template. The latter counts only if the update creates pods before it deletes
    others. Returns None if no quota is exceeded."""
    observed = direction.context.observed
    refused = next((r.message for r in observed.refusals.values() if r.reason == QUOTA), None)
    verdict = observed.verdicts.get(direction.update.metadata.uid)
    if refused or verdict is None or verdict.reason != QUOTA:
        return refused
    return verdict.message if instances.create | instances.surge else None
