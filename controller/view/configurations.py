"""Groups of instances that share a revision, and what differs between two revisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.api.ids import Ids
from controller.api.job import Job
from controller.core.model import assigned
from controller.core.revisions import revision as revisions
from controller.core.revisions.compare import Difference, compare

Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What a new template changes for a group of instances.

    ``old`` is "" for instances that would be created, ``new`` is "" for those that would be
    removed; neither have ``differences``. ``known``: whether the old template could be read;
    without it there are no ``differences`` either.
    """

    instances: Ids
    old: str
    new: str
    differences: tuple[Difference, ...]
    known: bool = True

    @property
    def creates(self) -> bool:
        return not self.old

    @property
    def removes(self) -> bool:
        return not self.new


def revision_of(job: str, template: Template) -> str:
    """The name of the ControllerRevision of a template."""
    return revisions.revision_name(job, revisions.digest(revisions.canonical(template)))


def changes(
    job: Job, templates: Mapping[str, Template], new: Template, instances: int
) -> list[Change]:
    """What each group of instances would get: the groups that change, those that are created, those
    that are removed. Those that are at the new revision are left out.

    ``templates``: those of the revisions by name. ``instances``: how many there would be.
    """
    name = revision_of(job.metadata.name, new)
    target = Ids.span(0, instances)
    found, known = [], Ids()
    for old, ids in sorted(assigned.read(job.status.assigned).items(), key=_first):
        known |= ids
        if (moved := ids & target) and old != name:
            differs = _differences(templates.get(old), new)
            found.append(Change(moved, old, name, differs, old in templates))
    if created := target - known:
        found.append(Change(created, "", name, ()))
    for old, ids in sorted(assigned.read(job.status.assigned).items(), key=_first):
        if removed := ids - target:
            found.append(Change(removed, old, "", ()))
    return found


def within(found: list[Change], ids: Ids) -> list[Change]:
    """What concerns these instances."""
    return [
        Change(part, each.old, each.new, each.differences, each.known)
        for each in found
        if (part := each.instances & ids)
    ]


def stated(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What a manifest says otherwise than an object. Fields that it leaves out, or sets to null, do
    not count: the API server has set them."""
    said = json.loads(json.dumps(wanted), object_hook=_without_nulls)
    return compare(_overlap(live, said), said)


def settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What changes of a Job beside the template and the count: nothing that pods would show."""

    def rest(job: Mapping[str, Any]) -> dict[str, Any]:
        meta = {k: job["metadata"].get(k) for k in ("labels", "annotations")}
        spec = {k: v for k, v in job["spec"].items() if k not in ("template", "instances")}
        return {"metadata": {k: v for k, v in meta.items() if v}, "spec": spec}

    return compare(rest(before), rest(after))


def relevant(template: Template) -> Template:
    """The template as a revision keeps it: without what makes no difference to pods."""
    read: Template = json.loads(revisions.canonical(template))
    return read


def _differences(old: Template | None, new: Template) -> tuple[Difference, ...]:
    return compare(relevant(old), relevant(new)) if old is not None else ()


def _first(group: tuple[str, Ids]) -> int:
    return next(iter(group[1]), 0)


def _overlap(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of ``live`` of which ``wanted`` says something."""
    found = {}
    for key, value in wanted.items():
        if key in live:
            old = live[key]
            both = isinstance(old, dict) and isinstance(value, dict)
            found[key] = _overlap(old, value) if both else old
    return found


def _without_nulls(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if value is not None}
