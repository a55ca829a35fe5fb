"""Which pods an Update changes in place, and how (contract rule 16)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement
from controller.api.text import shortened
from controller.api.update import BACKWARD, HistoryEntry
from controller.core.model import assigned as asg
from controller.core.model.assigned import Assigned
from controller.core.model.context import Context
from controller.core.model.limits import TEMPLATES_COMPARED
from controller.core.model.plan import Event, ReadRevision, Write, WriteUpdate
from controller.core.revisions.changeable_in_place import Change, classify, why_not_in_place
from controller.core.rollout.direction import Direction
from controller.core.status.update import MAX_HISTORY, MAX_MESSAGE, OPERATOR

#: Reason when pods are replaced despite ``InPlace``: the difference requires a new pod.
NOT_IN_PLACE: Final = "NotInPlace"


def how(context: Context, direction: Direction, pod: Pod, goal: str) -> Change:
    """How the pod comes to revision ``goal``. Revisions are compared with each other, never with
    the pod, because others may have changed the pod."""
    if direction.policy.replacement is not Replacement.IN_PLACE or direction.restart:
        return Change.REPLACE
    if pod.uid in context.observed.in_place_refused:
        return Change.REPLACE
    revisions, i = context.revisions, pod.instance
    old, new = revisions.template(pod.revision, i), revisions.template(goal, i)
    return Change.REPLACE if old is None or new is None else classify(old, new)


def by_metadata(context: Context, direction: Direction, ids: Ids) -> Ids:
    """Those of ``ids`` whose pod gets other labels and annotations and nothing else: it serves on
    without a break."""
    if direction.policy.replacement is not Replacement.IN_PLACE or direction.restart:
        return NONE
    found, refused = NONE, context.observed.in_place_refused
    for part, old, new in _pairs(context, direction.goal, ids & context.view.alive):
        found |= part if classify(old, new) is Change.METADATA else NONE
    return found - Ids(i for i in found if context.view.pod(i).uid in refused) if refused else found


def resized_again(direction: Direction | None) -> Ids:
    """Ids whose pod bears the announcement of a resize that was not made, and that ``direction``
    resizes to the announced revision."""
    if direction is None:
        return NONE
    view, found = direction.context.view, list[int]()
    for i in direction.not_started & view.alive & view.unlabelled:
        pod, goal = view.pod(i), asg.revision_of(direction.goal, i)
        if pod.changing_to and pod.changing_to == goal:
            change = how(direction.context, direction, pod, goal)
            found += [i] if change is Change.RESOURCES else []
    return Ids(found)


def record_recreation(direction: Direction) -> Write | None:
    """The write that records why pods are replaced despite ``InPlace``, once per direction. Returns
    None if no pod is, or if it is recorded."""
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
    entry = HistoryEntry(
        time=context.stamp,
        phase=status.phase,
        reason=NOT_IN_PLACE,
        message=shortened(words, MAX_MESSAGE),
        by=OPERATOR,
    )
    status = status.model_copy(update={"history": (entry, *status.history)[:MAX_HISTORY]})
    name = update.metadata.name
    return WriteUpdate(name, status, (Event(NOT_IN_PLACE, words, name),))


def reasons(context: Context, goal: Assigned, ids: Ids) -> Iterator[str]:
    """For each pair of revisions between which pods of ``ids`` (all alive) cannot be changed in
    place: the reason, as the two templates show it."""
    for _, old, new in _pairs(context, goal, ids):
        if why := why_not_in_place(old, new):
            yield why


def _pairs(context: Context, goal: Assigned, ids: Ids) -> Iterator[tuple[Ids, bytes, bytes]]:
    """Parts of ``ids``, each with the templates at which their pods are and to which they go. Parts
    of which a template was not read are left out."""
    for new, to_ids in goal.items():
        for old, from_ids in context.view.at.items():
            if part := ids & to_ids & from_ids:
                yield from context.revisions.pairs(part, old, new)


def unread(direction: Direction) -> Write | None:
    """The read of a template that must be compared and was not read yet. Returns None if all were
    read. A revision that is gone is not read: its pods are replaced."""
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
    if len(names) > TEMPLATES_COMPARED:  # Jobs that run so many are rare; their pods are replaced.
        return None
    missing = (names - set(context.observed.templates)) & set(context.observed.revisions)
    return ReadRevision(min(missing)) if missing else None
