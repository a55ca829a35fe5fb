"""Groups of instances that share a revision, and what differs between two revisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job
from controller.core.model import assigned
from controller.core.revisions import revision as revisions
from controller.core.revisions.compare import Absent, Difference, compare

Template = dict[str, Any]
#: Longer values are shown with their end left out.
MAX_VALUE: Final = 400


@dataclass(frozen=True, slots=True)
class Change:
    """What a new template changes for a group of instances. ``known``: whether the old template
    could be read; without it ``differences`` is empty."""

    instances: Ids
    old: str
    new: str
    differences: tuple[Difference, ...]
    known: bool = True


def revision_of(job: str, template: Template) -> str:
    """The name of the ControllerRevision of a template."""
    return revisions.revision_name(job, revisions.digest(revisions.canonical(template)))


def changes(
    job: Job, templates: Mapping[str, Template], new: Template, instances: int
) -> list[Change]:
    """What each group of instances would get, those that are at the new revision left out.

    ``templates``: those of the revisions by name. ``instances``: how many there would be; ids that
    are new have no old revision ("").
    """
    name = revision_of(job.metadata.name, new)
    target = Ids.span(0, instances)
    found, known = [], Ids()
    for old, ids in sorted(assigned.read(job.status.assigned).items(), key=_first):
        known |= ids
        if (moved := ids & target) and old != name:
            template = templates.get(old)
            differs = compare(relevant(template), relevant(new)) if template is not None else ()
            found.append(Change(moved, old, name, differs, template is not None))
    if created := target - known:
        found.append(Change(created, "", name, ()))
    return found


def relevant(template: Template) -> Template:
    """The template as a revision keeps it: without what makes no difference to pods."""
    read: Template = json.loads(revisions.canonical(template))
    return read


def _first(group: tuple[str, Ids]) -> int:
    return next(iter(group[1]), 0)


def lines(differences: tuple[Difference, ...]) -> list[tuple[str, str]]:
    """Differences as lines: ("-", path: old), ("+", path: new)."""
    found = []
    for each in differences:
        if not isinstance(each.old, Absent):
            found.append(("-", f"{each.path}: {text(each.old)}"))
        if not isinstance(each.new, Absent):
            found.append(("+", f"{each.path}: {text(each.new)}"))
    return found


def text(value: Any) -> str:
    """A value on one line, as JSON; a string without quotes where that is unmistakable."""
    plain = isinstance(value, str) and value and value.isprintable() and value.strip() == value
    said = value if plain else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= MAX_VALUE else said[: MAX_VALUE - 2] + " …"
