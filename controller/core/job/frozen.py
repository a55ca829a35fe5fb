"""Frozen instances (second contract, section 2): Updates neither touch, count nor wait for them.

``Job.status.frozen`` is the set in force. It takes in what `spec.frozen` names at once: an active
Update gives back those of the ids that it has not touched. An id that is no longer named leaves the
set when an Update takes it along (`admission.lock`, `admission.thaw`), or here if it needs none.
"""

from __future__ import annotations

from typing import Final

from controller.api.ids import Ids
from controller.core.admission import thaw
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import Event, Write, WriteJob
from controller.core.rollout.direction import Direction
from controller.core.status import outcome

#: Reason of ``Stalled`` while `spec.frozen` is no range string.
INVALID: Final = "InvalidFrozen"


def follow(context: Context) -> Write | None:
    """The write after which the set in force is what the spec says. Returns None if nothing is to
    be done, or if the spec cannot be read."""
    wanted = context.frozen_wanted
    if wanted is None or context.status.last_attempt is None:
        return None
    added = wanted - context.frozen
    gone = context.thawing - context.intended
    if context.status.active_update is None:
        gone = context.thawing - thaw.behind(context)
    if not added and not gone:
        return None
    changes: dict[str, object] = {"frozen": (context.frozen | added) - gone}
    if back := _given_back(context, added):
        changes["assigned"] = asg.write(asg.moved(context.assigned, back))
    parts = [f"{said} {ids}" for said, ids in (("frozen:", added), ("no longer:", gone)) if ids]
    status = context.status.model_copy(update=changes)
    return WriteJob(status, (Event("Frozen", ", ".join(parts)),))


def _given_back(context: Context, added: Ids) -> asg.Assigned:
    """Revision -> ids of the active Update's group that it has not touched, by what they run."""
    if context.active is None or context.backward or not added:
        return {}
    direction = Direction.of(context, context.active)
    untouched = added & direction.not_started & direction.at_goal & context.view.alive
    untouched -= direction.removed
    return {
        name: part for name, ids in context.view.at.items() if name and (part := ids & untouched)
    }


def refused(context: Context) -> tuple[str, str] | None:
    """Reason and message while `spec.frozen` cannot be read. Returns None if it can."""
    if context.frozen_wanted is not None:
        return None
    try:
        Ids.parse(context.job.spec.frozen or "")
    except ValueError as error:
        still = f"instances {context.frozen} stay frozen" if context.frozen else "nothing is frozen"
        return INVALID, f"spec.frozen: {error}; until that is mended {still}"
    return None


def words(context: Context) -> str:
    """Which instances are frozen, and where that leaves them; "" if none are."""
    frozen = context.frozen & context.intended
    if not frozen:
        return ""
    older = [
        f"{part} at {revision}"
        for revision, ids in context.assigned.items()
        if revision != context.observed.revision and (part := ids & frozen)
    ]
    return outcome.frozen(frozen) + (f" ({', '.join(older)})" if older else "")
