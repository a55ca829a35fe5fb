"""The problems that an Update would meet, in its plan: they do not make admission refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.ids import Ids
from controller.api.policy import Replacement
from controller.api.preview import Conflict, PlannedInstances
from controller.core.admission import placement
from controller.core.admission.sharing import shared_claim
from controller.core.replacement import coordinator, in_place, sla
from controller.core.rollout.direction import Direction

QUOTA: Final = "QuotaExceeded"
SHARED: Final = "SurgeSharesVolume"
#: The reasons of all of them.
REASONS: Final = frozenset(
    {QUOTA, in_place.NOT_IN_PLACE, sla.REASON, coordinator.REASON, SHARED, placement.REASON}
)


def warnings(direction: Direction, instances: PlannedInstances) -> Iterator[Conflict]:
    """``instances``: how each of them is replaced."""
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
    if claim := _shared(direction, instances):
        words = (
            f"with Surge an instance's new pod mounts {claim} while the old one does; "
            "if only one pod or node may use that volume, the new pod cannot start"
        )
        yield Conflict(reason=SHARED, message=words)
    for words in placement.impossible(direction, instances):
        yield Conflict(reason=placement.REASON, message=words)


def taken_down(direction: Direction, instances: PlannedInstances) -> Ids:
    """Ids of instances that do not serve while they are replaced or changed in place."""
    served_on = in_place.by_metadata(direction.context, direction, instances.in_place)
    return instances.recreate | instances.in_place - served_on


def _sla(direction: Direction, instances: PlannedInstances) -> str | None:
    """What `spec.sla` makes the Update wait for: its groups take down more than it allows. Returns
    None if it does not. With `Surge` only the old pods wait, and only if new ones count later than
    they are good."""
    context, strategy = direction.context, direction.policy.strategy
    changed = (taken_down(direction, instances) | instances.surge) & context.counting
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
    changed = taken_down(direction, instances) | instances.surge
    count = len(changed & context.counting)
    if given is None or not count or not sla.is_obeyed(context, direction):
        return None
    each = "1 instance" if count == 1 else f"each of {count} instances"
    return f"coordinator {given.shown} has to allow {each} to be taken down, one after the other"


def _shared(direction: Direction, instances: PlannedInstances) -> str | None:
    """A claim of an instance that two of its pods would mount. Returns None if there is none."""
    for revision, ids in direction.goal.items():
        made = direction.context.revisions.of(revision) if ids & instances.surge else None
        for each in made.all if made else ():
            if claim := shared_claim(direction.context, each.template):
                return claim
    return None


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
