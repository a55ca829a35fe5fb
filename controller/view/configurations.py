"""Groups of instances that share a revision, and what differs between two revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job
from controller.core.model import assigned
from controller.core.overlays.changed import changed
from controller.core.overlays.variants import usable
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions
from controller.core.revisions.compare import Difference, compare

#: What a revision keeps: a template, and overlays and constraints if there are any.
Template = dict[str, Any]


#: Fields of a Job's spec that say what pods there are, and how many.
_OF_REVISIONS: Final = ("template", "overlays", "constraints", "instances")


@dataclass(frozen=True, slots=True)
class Change:
    """What a new template changes for a group of instances.

    ``old`` is "" for instances that would be created, ``new`` is "" for those that would be
    removed; neither have ``differences``. ``known``: whether the old template could be read;
    without it there are no ``differences`` either; ``relabels``: the pods are the same at both
    revisions, and get other labels.
    """

    instances: Ids
    old: str
    new: str
    differences: tuple[Difference, ...]
    known: bool = True
    relabels: bool = False

    @property
    def creates(self) -> bool:
        return not self.old

    @property
    def removes(self) -> bool:
        return not self.new


def present(spec: dict[str, Any]) -> Template:
    """What the revision of a Job's spec keeps. ``spec``: as JSON."""
    found: Template = json.loads(revision_data.of_job(spec))
    return found


def present_of(job: Job) -> Template:
    """The same of a Job that was read."""
    spec = job.spec
    data = revision_data.of_spec(
        spec.template, spec.overlays, spec.constraints, spec.volume_claim_templates
    )
    found: Template = json.loads(data)
    return found


def revision_of(job: str, template: Template) -> str:
    """The name of the ControllerRevision that keeps this."""
    return revisions.revision_name(job, revisions.digest(revision_data.of_data(template)))


def changes(
    job: Job, templates: Mapping[str, Template], new: Template, instances: int
) -> list[Change]:
    """What each group of instances would get: the groups that change, those that are created, those
    that are removed. Those that are at the new revision are left out.

    ``templates``: those of the revisions by name. ``instances``: how many there would be.
    """
    name = revision_of(job.metadata.name, new)
    target = Ids.span(0, instances)
    found: list[Change] = []
    known = Ids()
    for old, ids in sorted(assigned.read(job.status.assigned).items(), key=_first):
        known |= ids
        if (moved := ids & target) and old != name:
            key = (job.metadata.namespace, job.metadata.name)
            found += by_group(key, moved, (old, name), templates.get(old), new)
    if created := target - known:
        found.append(Change(created, "", name, ()))
    for old, ids in sorted(assigned.read(job.status.assigned).items(), key=_first):
        if removed := ids - target:
            found.append(Change(removed, old, "", ()))
    return found


def by_group(
    key: tuple[str, str], ids: Ids, names: tuple[str, str], old: Template | None, new: Template
) -> Iterator[Change]:
    """What changes for ``ids``, which all go from one revision to another: a group for each pair of
    templates that overlays make of the two. ``key``: namespace and name of the Job; ``names``: of
    the revisions."""
    if old is None:
        yield Change(ids, *names, (), known=False)
        return
    data, (namespace, job) = (revision_data.of_data(old), revision_data.of_data(new)), key
    before, after = (usable(each, job, namespace) for each in data)
    if before is None or after is None or not any(map(revision_data.is_shaped, data)):
        yield Change(ids, *names, compare(*map(json.loads, data)))
        return
    same = ids - changed(ids, before, after)
    if same:
        yield Change(same, *names, (), relabels=True)
    for one in before.all:
        for other in after.all:
            if part := (ids - same) & one.ids & other.ids:
                both = (json.loads(each.template) for each in (one, other))
                yield Change(part, *names, compare(*both))


def within(found: list[Change], ids: Ids) -> list[Change]:
    """What concerns these instances."""
    return [replace(each, instances=part) for each in found if (part := each.instances & ids)]


def stated(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What a manifest says otherwise than an object. Fields that it leaves out, or sets to null, do
    not count: the API server has set them."""
    said = json.loads(json.dumps(wanted), object_hook=_without_nulls)
    return compare(_overlap(live, said), said)


def settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What changes of a Job beside the template and the count: nothing that pods would show."""

    def rest(job: Mapping[str, Any]) -> dict[str, Any]:
        meta = {k: job["metadata"].get(k) for k in ("labels", "annotations")}
        spec = {k: v for k, v in job["spec"].items() if k not in _OF_REVISIONS}
        return {"metadata": {k: v for k, v in meta.items() if v}, "spec": spec}

    return compare(rest(before), rest(after))


def relevant(template: Template) -> Template:
    """The template as a revision keeps it: without what makes no difference to pods."""
    read: Template = json.loads(revision_data.of_data(template))
    return read


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
