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
from controller.core.model.context import Case
from controller.core.model.plan import Event, ReadRevision, Write, WriteUpdate
from controller.core.revisions.change import Change, classify, why_not_in_place
from controller.core.rollout.direction import OneWay
from controller.core.status.update import MAX_HISTORY, MAX_MESSAGE, OPERATOR

#: A Job whose instances run more revisions than this is rare, and its pods are just replaced.
MAX_READ: Final = 8
#: Why a policy's ``InPlace`` is not obeyed: what differs can only be had by a new pod.
NOT_IN_PLACE: Final = "NotInPlace"


def how(case: Case, way: OneWay, pod: Pod, goal: str) -> Change:
    """How the pod comes to revision ``goal``: revision is compared with revision, never with the
    pod, which others may have changed."""
    if way.policy.replacement is not Replacement.IN_PLACE or way.restart:
        return Change.REPLACE
    if pod.uid in case.seen.stubborn or pod.half not in ("", goal):
        return Change.REPLACE
    old, new = case.seen.templates.get(pod.revision), case.seen.templates.get(goal)
    return Change.REPLACE if old is None or new is None else classify(old, new)


def told(way: OneWay) -> Write | None:
    """The write that says, once for each direction, why instances are replaced although they
    should be changed in place; None: none is, or it is said."""
    case, update = way.case, way.update
    if way.policy.replacement is not Replacement.IN_PLACE or way.restart or not way.idle:
        return None
    status = update.status
    for entry in status.history:
        if (entry.phase in BACKWARD) is not way.backward:
            break
        if entry.reason == NOT_IN_PLACE:
            return None
    why = next(reasons(case, way.goal, way.idle & case.view.alive), None)
    if why is None or not way.moving:
        return None
    words = f"instances are replaced, not changed in place: {why}"
    said = HistoryEntry(
        time=case.stamp,
        phase=status.phase,
        reason=NOT_IN_PLACE,
        message=words[:MAX_MESSAGE],
        by=OPERATOR,
    )
    status = status.model_copy(update={"history": (said, *status.history)[:MAX_HISTORY]})
    name = update.metadata.name
    return WriteUpdate(name, status, (Event(NOT_IN_PLACE, words, name),))


def reasons(case: Case, goal: Assigned, ids: Ids) -> Iterator[str]:
    """Why some of ``ids``, whose pods live, have to be replaced to come to their goal, as the
    templates tell."""
    templates = case.seen.templates
    for new, wish in goal.items():
        for old, there in case.view.at.items():
            if ids & wish & there and old in templates and new in templates:
                why = why_not_in_place(templates[old], templates[new])
                if why:
                    yield why


def unread(way: OneWay) -> Write | None:
    """The question for a template that is to be compared and was not read yet; None: all were. One
    that is gone is not asked for: its pods are replaced."""
    case = way.case
    if way.policy.replacement is not Replacement.IN_PLACE or way.restart or not way.idle:
        return None
    names = {r for r, ids in way.goal.items() if ids & way.idle}
    names |= {r for r, ids in case.view.at.items() if ids & way.idle & case.view.alive}
    half = case.view.at_revision("") & way.idle & case.view.alive
    names |= {case.view.pod(i).revision for i in islice(half, MAX_READ)} - {""}
    if len(names) > MAX_READ:
        return None
    missing = (names - set(case.seen.templates)) & set(case.seen.revisions)
    return ReadRevision(min(missing)) if missing else None
