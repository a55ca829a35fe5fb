"""The revisions of a Job: which Update brought each, who asked for it, and how that ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.labels import CHANGED_BY
from controller.api.meta import parse_time
from controller.api.update import Update
from controller.core.model import assigned
from controller.core.revisions import provenance
from controller.core.revisions.revision import images
from controller.core.status.outcome import NO_CHANGE
from controller.core.status.update import OPERATOR
from controller.view.runs import last_run
from controller.view.updates import is_over, is_unchanged

Object = dict[str, Any]
#: Who asked for an Update, as its history says it of a program; and what names nobody.
_PROGRAM: Final = "(field manager)"
FIRST_CREATION: Final = "first creation"
NEVER_TRIED: Final = "never tried"
#: The program, as against a person who operates something.
ECHELON: Final = "Echelon"
_NOBODY: Final = ("", "unknown", OPERATOR)


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision. ``time``: when its last Update started, or when it was made (epoch seconds).
    ``update`` and ``outcome`` are "" if no Update of it is known; then ``origin`` says why, as far
    as that can be told. An Update that found nothing to change is only named if no other is.

    ``parent``: name of the revision that the Job ran before; ``source``: what the template was
    built from; ``made_by``: who wrote the template. They are "" if nothing says so.
    """

    number: int
    revision: str
    images: tuple[str, ...]
    time: float
    update: str
    by: str
    outcome: str
    message: str
    instances: Ids
    is_current: bool
    is_template: bool
    is_bad: bool
    origin: str = ""
    parent: str = ""
    source: str = ""
    made_by: str = ""


def history(job: Job, revisions: Sequence[Object], updates: Sequence[Update]) -> list[Entry]:
    """The revisions of a Job, oldest first. ``updates``: in the order of their creation."""
    last = {
        update.status.to.revision: update
        for update in updates
        if update.status.to and update.status.started_at and not update.spec.dry_run
    }
    unchanged = {
        update.status.to.revision: update
        for update in updates
        if update.status.to and is_unchanged(update) and not update.spec.dry_run
    }
    running = assigned.read(job.status.assigned)
    origins = _origins(job, revisions, updates, last.keys())
    bad = {each.revision for each in job.status.known_bad}
    found = []
    for raw in revisions:
        name = raw["metadata"]["name"]
        update = last.get(name) or unchanged.get(name)
        comes_from = provenance.read(raw["metadata"].get("annotations") or {})
        found.append(
            Entry(
                number=int(raw.get("revision") or 0),
                revision=name,
                images=images(raw.get("data") or {}),
                time=_time(raw, update),
                update=update.metadata.name if update else "",
                by=requester(update) if update else "",
                outcome=_outcome(update) if update else "",
                message=update.status.message if update else "",
                instances=running.get(name, Ids()),
                is_current=name == job.status.current_revision,
                is_template=name == job.status.update_revision,
                is_bad=name in bad,
                origin=origins.get(name, ""),
                parent=comes_from.parent,
                source=comes_from.source,
                made_by=comes_from.made_by,
            )
        )
    return sorted(found, key=lambda entry: entry.number)


def number_of(entries: Sequence[Entry], revision: str) -> str:
    """The number of a revision, as people name it; its name if the Job does not have it any more;
    "" for ""."""
    numbers = {each.revision: str(each.number) for each in entries}
    return numbers.get(revision, revision)


def _outcome(update: Update) -> str:
    return NO_CHANGE if is_unchanged(update) else str(update.status.phase)


def _origins(
    job: Job, revisions: Sequence[Object], updates: Sequence[Update], tried: Collection[str | None]
) -> dict[str, str]:
    """Where revisions come from that no Update is known to have ``tried``: the oldest is that of
    the first creation. Nothing is said if an Update may be deleted. With runs there are no Updates:
    the last run is named."""
    if job.spec.has_runs:
        last = last_run(job)
        return {last.revision: f"last run {last.name}: {last.words}"} if last else {}
    ended = sum(is_over(each) for each in updates)
    if not revisions or ended >= job.spec.update_history_limit:
        return {}
    by_age = sorted(revisions, key=lambda raw: str(raw["metadata"]["creationTimestamp"]))
    first, *others = (str(raw["metadata"]["name"]) for raw in by_age)
    known = {
        *tried,
        *assigned.read(job.status.assigned),
        *(b.revision for b in job.status.known_bad),
    }
    found = {name: NEVER_TRIED for name in others if name not in known}
    return found if first in tried else {**found, first: FIRST_CREATION}


def requester(update: Update) -> str:
    """Who made an Update: a person, if the chart's policy records that, or the program."""
    if update.metadata.controller is not None:
        return ECHELON
    if named := _recorded(update):
        return named
    owners = [each for each in update.metadata.managed_fields if not each.subresource]
    # The others changed it since, as the operator does at admission: each change of a client moves
    # it to the end. Nobody can change the name of the Job.
    made = [each.manager for each in owners if "f:job" in each.fields_v1.get("f:spec", {})]
    return (made or [each.manager for each in owners] or [""])[0]


def actor(by: str) -> str:
    """Who is meant by ``by`` of a history."""
    return ECHELON if by in ("", OPERATOR) else by


def _recorded(update: Update) -> str:
    """The user whom the chart's policy recorded; "" if it did not. The annotation names who changed
    the Update last; at admission, that was who made it."""
    admitted = [each.by for each in update.status.history if each.reason == "Admitted"]
    who = admitted[-1] if admitted else ""
    if who in _NOBODY or who.endswith(_PROGRAM):
        return "" if admitted else update.metadata.annotations.get(CHANGED_BY, "")
    return who


def _time(raw: Object, update: Update | None) -> float:
    if update and update.status.started_at:
        return update.status.started_at
    created: float = parse_time(raw["metadata"]["creationTimestamp"])
    return created
