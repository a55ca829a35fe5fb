"""Which instances of an Update are changed in place, and how (contract rule 16)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.api.ids import Ids
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement
from controller.api.update import BACKWARD, HistoryEntry
from controller.core.model.assigned import Assigned
from controller.core.model.context import Context
from controller.core.model.plan import Event, ReadRevision, Write, WriteUpdate
from controller.core.revisions.change import Change, classify, why_not_in_place
from controller.core.rollout.direction import Direction
from controller.core.status.update import MAX_HISTORY, MAX_MESSAGE, OPERATOR

#: A Job whose instances run more revisions than this is rare, and its pods are just replaced.
MAX_READ: Final = 8
#: Why a policy's ``InPlace`` is not obeyed: what differs can only be had by a new pod.
NOT_IN_PLACE: Final = "NotInPlace"


def how(context: Context, direction: Direction, pod: Pod, goal: str) -> Change:
    """How the pod comes to revision ``goal``: revision is compared with revision, never with the
    pod, which others may have changed."""
    if direction.policy.replacement is not Replacement.IN_PLACE or direction.restart:
        return Change.REPLACE
    if pod.uid in context.observed.in_place_refused or pod.changing_to not in ("", goal):
        return Change.REPLACE
    old, new = context.observed.templates.get(pod.revision), context.observed.templates.get(goal)
    return Change.REPLACE if old is None or new is None else classify(old, new)


def record_recreation(direction: Direction) -> Write | None:
    """The write that says, once for each direction, why instances are replaced although they
    should be changed in place; None: none is, or it is said."""
    context, update = direction.context, direction.update
    if (
        direction.policy.replacement is not Replacement.IN_PLACE
        or direction.restart
        or not direction.not_started
    ):
        return None
    status = update.status
    for entry in status.history:
        if (entry.phase in BACKWARD) is not direction.backward:
            break
        if entry.reason == NOT_IN_PLACE:
            return None
    why = next(reasons(context, direction.goal, direction.not_started & context.view.alive), None)
    if why is None or not direction.moving:
        return None
    words = f"instances are replaced, not changed in place: {why}"
    said = HistoryEntry(
        time=context.stamp,
        phase=status.phase,
        reason=NOT_IN_PLACE,
        message=words[:MAX_MESSAGE],
        by=OPERATOR,
    )
    status = status.model_copy(update={"history": (said, *status.history)[:MAX_HISTORY]})
    name = update.metadata.name
    return WriteUpdate(name, status, (Event(NOT_IN_PLACE, words, name),))


def reasons(context: Context, goal: Assigned, ids: Ids) -> Iterator[str]:
    """Why some of ``ids``, whose pods live, have to be replaced to come to their goal, as the
    templates tell."""
    templates = context.observed.templates
    for new, wish in goal.items():
        for old, there in context.view.at.items():
            if ids & wish & there and old in templates and new in templates:
                why = why_not_in_place(templates[old], templates[new])
                if why:
                    yield why


def unread(direction: Direction) -> Write | None:
    """The question for a template that is to be compared and was not read yet; None: all were. One
    that is gone is not asked for: its pods are replaced."""
    context = direction.context
    if (
        direction.policy.replacement is not Replacement.IN_PLACE
        or direction.restart
        or not direction.not_started
    ):
        return None
    names = {r for r, ids in direction.goal.items() if ids & direction.not_started}
    names |= {
        r for r, ids in context.view.at.items() if ids & direction.not_started & context.view.alive
    }
    half = context.view.at_revision("") & direction.not_started & context.view.alive
    names |= {context.view.pod(i).revision for i in islice(half, MAX_READ)} - {""}
    if len(names) > MAX_READ:
        return None
    missing = (names - set(context.observed.templates)) & set(context.observed.revisions)
    return ReadRevision(min(missing)) if missing else None
