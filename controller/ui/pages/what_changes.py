"""What an Update, or the present template of a Job, changes: from image to image, and the rest of
the difference of the two revisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.update import Update
from controller.core.model import assigned
from controller.core.revisions import data as revision_data
from controller.core.revisions.compare import Difference, compare
from controller.kube.errors import ApiError
from controller.ui.access import Rights
from controller.ui.pages.base import words_of
from controller.ui.site import Site
from controller.view.configurations import by_group, present_of, relevant
from controller.view.difference import Line, lines
from controller.view.update_rows import target

Object = dict[str, Any]
#: Lines of a difference that are shown at once, and at all.
SHOWN: Final = 12
MAX_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of two revisions: of the one before, and of the goal; and which instances go from
    the one to the other."""

    old: str
    new: str
    instances: Ids = NONE


@dataclass(frozen=True, slots=True)
class Templates:
    """What of a pair could be read, by name. ``trouble``: why not all of it."""

    found: Mapping[str, Object] = field(default_factory=dict)
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class WhatChanges:
    """``images``: (container, image before, image after). ``lines``: all other differences, and
    ``left_out``: how many more lines there are. ``groups``: with overlays, what becomes of which
    instances; no lines: they get other labels only. ``link``: where the whole of it is.
    ``trouble``: why nothing of it can be shown."""

    old: str
    new: str
    images: Sequence[tuple[str, str, str]] = ()
    lines: Sequence[Line] = ()
    left_out: int = 0
    groups: Sequence[tuple[Ids, Sequence[Line]]] = ()
    link: str = ""
    trouble: str = ""

    @property
    def is_long(self) -> bool:
        return len(self.lines) > SHOWN


def of_update(update: Update) -> Pair | None:
    """What an Update goes from, where most of its instances were, and to; None if it leaves each
    instance at its revision."""
    goal = target(update)
    others = [each for each in update.status.from_ if each.revision != goal]
    if not goal or not others:
        return None
    most = max(others, key=lambda each: len(each.instances))
    to = update.status.to
    return Pair(most.revision, goal, most.instances & to.instances if to else NONE)


def of_job(job: Job, active: Update | None) -> Pair | None:
    """What the active Update of a Job changes; without one, what its template would change."""
    if active is not None:
        return of_update(active)
    old, new = job.status.current_revision, job.status.update_revision
    if not old or not new or old == new:
        return None
    here = assigned.read(job.status.assigned).get(old, NONE)
    return Pair(old, new, here & Ids.span(0, job.spec.instances))


async def read(site: Site, namespace: str, job: str, pair: Pair | None, sight: Rights) -> Templates:
    """The templates of a pair, as far as the viewer may see them."""
    if pair is None:
        return Templates()
    if not sight.revisions:
        return Templates({}, "you may not list ControllerRevisions in this namespace")
    try:
        return Templates(await site.reads.templates(namespace, job, (pair.old, pair.new)))
    except ApiError as error:
        return Templates({}, words_of(error))


def of_pair(namespace: str, job: str, pair: Pair, templates: Templates) -> WhatChanges:
    """What a pair of revisions changes."""
    old, new = templates.found.get(pair.old), templates.found.get(pair.new)
    if old is None or new is None:
        gone = pair.old if old is None else pair.new
        trouble = templates.trouble or f"revision {gone} does not exist any more"
        return WhatChanges(pair.old, pair.new, trouble=f"The difference is not shown: {trouble}.")
    found = compare(relevant(old), relevant(new))
    images = list(_images(found))
    other = lines(tuple(each for each in found if not _is_image(each)))
    chosen = {"tab": "configuration", "a": pair.old, "b": pair.new}
    return WhatChanges(
        old=pair.old,
        new=pair.new,
        images=images,
        lines=other[:MAX_LINES],
        left_out=max(0, len(other) - MAX_LINES),
        groups=tuple(_groups((namespace, job), pair, old, new)),
        link=f"/jobs/{namespace}/{job}?{urlencode(chosen)}",
    )


def with_template(templates: Templates, job: Job) -> Templates:
    """The same with the present template of a Job, which is no revision if it was refused. The
    viewer has to be allowed to see the Job."""
    name = job.status.update_revision
    is_known = job.status.observed_generation >= job.metadata.generation
    if not name or not is_known or templates.trouble or name in templates.found:
        return templates
    return Templates({**templates.found, name: present_of(job)}, templates.trouble)


def _groups(
    key: tuple[str, str], pair: Pair, old: Object, new: Object
) -> Iterator[tuple[Ids, Sequence[Line]]]:
    if not any(revision_data.is_shaped(revision_data.of_data(each)) for each in (old, new)):
        return
    for each in by_group(key, pair.instances, (pair.old, pair.new), old, new):
        yield each.instances, lines(each.differences)[:MAX_LINES]


def _is_image(each: Difference) -> bool:
    is_container = each.path.startswith(("spec.containers[", "spec.initContainers["))
    both = isinstance(each.old, str) and isinstance(each.new, str)
    return is_container and each.path.endswith("].image") and both


def _images(found: Sequence[Difference]) -> Iterator[tuple[str, str, str]]:
    for each in found:
        if _is_image(each):
            container = each.path.partition("[")[2].rpartition("]")[0]
            yield container, each.old, each.new
