"""The revisions of a Job: which Update brought each, who asked for it, and how that ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.labels import CHANGED_BY
from controller.api.meta import parse_time
from controller.api.update import Update
from controller.core.model import assigned
from controller.core.revisions.revision import images
from controller.core.status.update import OPERATOR

Object = dict[str, Any]
#: Who asked for an Update, as its history says it of a program; and what names nobody.
_PROGRAM: Final = "(field manager)"
#: The program, as against a person who operates something.
ECHELON: Final = "Echelon"
_NOBODY: Final = ("", "unknown", OPERATOR)


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision. ``time``: when its last Update started, or when it was made (epoch seconds).
    ``update`` and ``outcome`` are "" for the first creation and for a revision never tried."""

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


def history(job: Job, revisions: Iterable[Object], updates: Iterable[Update]) -> list[Entry]:
    """The revisions of a Job, oldest first. ``updates``: in the order of their creation."""
    last = {
        update.status.to.revision: update
        for update in updates
        if update.status.to and update.status.started_at and not update.spec.dry_run
    }
    running = assigned.read(job.status.assigned)
    bad = {each.revision for each in job.status.known_bad}
    found = []
    for raw in revisions:
        name = raw["metadata"]["name"]
        update = last.get(name)
        found.append(
            Entry(
                number=int(raw.get("revision") or 0),
                revision=name,
                images=images(raw.get("data") or {}),
                time=_time(raw, update),
                update=update.metadata.name if update else "",
                by=requester(update) if update else "",
                outcome=str(update.status.phase) if update else "",
                message=update.status.message if update else "",
                instances=running.get(name, Ids()),
                is_current=name == job.status.current_revision,
                is_template=name == job.status.update_revision,
                is_bad=name in bad,
            )
        )
    return sorted(found, key=lambda entry: entry.number)


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
