"""Which instances of an Update are changed in place, and how (contract rule 16)."""

from __future__ import annotations

from itertools import islice
from typing import Final

from controller.api.pod import Pod
from controller.api.policy import Replacement
from controller.core.case import Case
from controller.core.change import Change, classify
from controller.core.oneway import OneWay
from controller.core.plan import ReadRevision, Write

#: A Job whose instances run more revisions than this is rare, and its pods are just replaced.
MAX_READ: Final = 8


def how(case: Case, way: OneWay, pod: Pod, goal: str) -> Change:
    """How the pod comes to revision ``goal``: revision is compared with revision, never with the
    pod, which others may have changed."""
    if way.policy.replacement is not Replacement.IN_PLACE or way.restart:
        return Change.REPLACE
    if pod.uid in case.seen.stubborn or pod.half not in ("", goal):
        return Change.REPLACE
    old, new = case.seen.templates.get(pod.revision), case.seen.templates.get(goal)
    return Change.REPLACE if old is None or new is None else classify(old, new)


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
