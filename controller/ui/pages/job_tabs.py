"""The tabs of a Job's page: instances, those that are no more, configuration, Updates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.progress import Failure
from controller.api.update import Update
from controller.core.model import assigned
from controller.core.revisions.compare import compare
from controller.core.revisions.revision import images
from controller.kube.errors import ApiError
from controller.ui import figures, marks
from controller.ui.access import Rights
from controller.ui.marks import Badge
from controller.ui.pages.base import Data, words_of
from controller.ui.site import Site
from controller.ui.steps import Step, steps
from controller.view.configurations import present_of, relevant
from controller.view.difference import lines
from controller.view.history import history, number_of
from controller.view.instances import Instance, State, rows
from controller.view.jobs import Health, health_of
from controller.view.update_rows import update_row

Object = dict[str, Any]
Chosen = Callable[[str], str]
#: Instances and Updates on one page.
PER_PAGE: Final = 100
#: All that an instance can look like, in the order of the legend.
_BADGES: Final = (*map(marks.of_state, State), marks.FAILING)


@dataclass(frozen=True, slots=True)
class Line:
    """One instance."""

    row: Instance
    badge: Badge
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Revisions:
    """The ControllerRevisions of a Job, oldest first. ``trouble``: why there are none."""

    found: Sequence[Object]
    trouble: str = ""

    @property
    def templates(self) -> dict[str, Object]:
        return {each["metadata"]["name"]: each.get("data") or {} for each in self.found}


def instances(site: Site, job: Job, chosen: Chosen, sight: Rights, home: str) -> Data:
    """The instances of a Job. ``chosen("at")``: ids such as ``0-3,7``, or a part of a node's name;
    ``chosen("state")``: one state."""
    namespace, name = job.metadata.namespace, job.metadata.name
    pods = site.store.pods_of(namespace, name) if sight.pods else []
    by_pod = {each.pod.name: each.pod for each in pods}
    found = rows(job, pods, site.now()) if sight.pods else []
    looks = [(row, marks.of_instance(row)) for row in found]
    counts = Counter(badge for _, badge in looks)
    among, state = _among(chosen("at")), chosen("state")
    shown = [each for each in looks if among(each[0]) and state in ("", each[1].word)]
    last = max(1, -(-len(shown) // PER_PAGE))
    wanted = chosen("page")
    number = max(1, min(int(wanted) if wanted.isdecimal() else 1, last))
    here = shown[(number - 1) * PER_PAGE : number * PER_PAGE]
    sets = _sets(looks)
    return {
        "lines": [
            Line(row, badge, steps(by_pod[row.pod]) if row.pod else []) for row, badge in here
        ],
        "grid": figures.grid(sets, home.replace("/jobs/", "/instances/", 1) + "/"),
        "legend": sets,
        "counts": [(badge, counts[badge]) for badge in _BADGES if counts[badge]],
        "shown": len(shown),
        "total": len(found),
        "number": number,
        "last": last,
    }


def _among(text: str) -> Callable[[Instance], bool]:
    if not text:
        return lambda _: True
    try:
        ids = Ids.parse(text.replace(" ", ""))
    except ValueError:
        return lambda row: text in row.node
    return lambda row: row.instance in ids


def _sets(looks: Sequence[tuple[Instance, Badge]]) -> list[tuple[Badge, Ids]]:
    """The ids that look the same; an id with two pods looks as the older one."""
    found: dict[Badge, list[int]] = defaultdict(list)
    known: set[int] = set()
    for row, badge in looks:
        if row.instance not in known:
            known.add(row.instance)
            found[badge].append(row.instance)
    return [(badge, Ids(found[badge])) for badge in _BADGES if found[badge]]


def completed(job: Job, updates: Sequence[Update]) -> Data:
    """What became of pods that are no more, and the failures that Updates have recorded."""
    failures: list[tuple[Update, Failure]] = [
        (update, failure) for update in updates for failure in update.status.failures
    ]
    failures.sort(key=lambda each: -each[1].time)
    return {"ended": job.status.ended, "failures": failures[:PER_PAGE]}


async def revisions(site: Site, namespace: str, job: str, sight: Rights) -> Revisions:
    """The revisions of a Job, as far as the viewer may see them."""
    if not sight.revisions:
        return Revisions((), "you may not list ControllerRevisions in this namespace")
    try:
        found = await site.reads.revisions(namespace, job)
    except ApiError as error:
        return Revisions((), words_of(error))
    return Revisions(found)


def configuration(job: Job, revisions: Revisions, chosen: Chosen) -> Data:
    """The groups of instances that share a revision, and the differences between two revisions:
    the chosen ones, else the two newest that instances are assigned. The present template is among
    them even if it is no revision, because it is not accepted."""
    templates, intended = revisions.templates, _intended(job)
    numbers = {each["metadata"]["name"]: int(each.get("revision") or 0) for each in revisions.found}
    new = "" if revisions.trouble else _not_accepted(job, templates)
    if new:
        templates = {**templates, new: present_of(job)}
    names = sorted(numbers, key=lambda name: -numbers[name])
    newest = [name for name in names if name in intended or name == job.status.update_revision]
    standard = [*newest, *(name for name in names if name not in newest)]
    standard = [new, *standard] if new else standard
    b = chosen("b") or (standard[0] if standard else "")
    a = chosen("a") or next((name for name in standard if name != b), "")
    differs = None
    if a in templates and b in templates:
        differs = lines(compare(relevant(templates[a]), relevant(templates[b])))
    groups = [
        (name, ids, images(templates.get(name, {})), _yaml(templates.get(name)))
        for name, ids in sorted(intended.items(), key=lambda each: -len(each[1]))
        if name != new
    ]
    return {
        "groups": groups,
        "not_accepted": new,
        "new_images": images(job.spec.template) if new else (),
        "new_text": _yaml(present_of(job)) if new else "",
        "names": [*([(new, 0)] if new else []), *((name, numbers[name]) for name in names)],
        "a": a,
        "b": b,
        "differs": differs,
        "trouble": revisions.trouble,
    }


def _intended(job: Job) -> assigned.Assigned:
    """Revision -> the instances that should run it; for a Job with runs, the revisions of the last
    run and of the template, without instances."""
    if not job.spec.has_runs:
        return assigned.read(job.status.assigned)
    names = (job.status.current_revision, job.status.update_revision)
    return {name: NONE for name in names if name}


def _not_accepted(job: Job, templates: Mapping[str, Object]) -> str:
    """The name that the revision of the present template would have, if there is none because it
    was refused."""
    health, reason, _ = health_of(job)
    name = job.status.update_revision or ""
    is_refused = health is Health.STALLED and reason.startswith(("Invalid", "Forbidden"))
    return name if is_refused and name not in templates else ""


def history_of(site: Site, job: Job, updates: Sequence[Update], revisions: Revisions) -> Data:
    """The Updates of a Job, and what became of its revisions; newest first."""
    now, entries = site.now(), history(job, revisions.found, updates)
    return {
        "updates": [update_row(each, now) for each in reversed(updates)][:PER_PAGE],
        "entries": entries[::-1],
        "parents": {each.revision: number_of(entries, each.parent) for each in entries},
        "trouble": revisions.trouble,
    }


def _yaml(template: Object | None) -> str:
    if template is None:
        return ""
    return yaml.safe_dump(template, sort_keys=False, allow_unicode=True, width=100)
