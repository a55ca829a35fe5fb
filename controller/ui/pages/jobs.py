"""The list of Jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.api.update import Update
from controller.kube.resources import PODS
from controller.ui import figures, marks
from controller.ui.access import Viewer, sees_maintenances, visible
from controller.ui.figures import Part
from controller.ui.marks import Badge
from controller.ui.pages.bars import progress_bar
from controller.ui.pages.base import Data
from controller.ui.pages.outcome import outcome
from controller.ui.pages.tags import known_images, tags
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view.held import Held
from controller.view.jobs import Health, JobRow, job_row
from controller.view.situation import situation
from controller.view.standing import Standing, standing
from controller.view.update_rows import UpdateRow, update_row

#: Jobs on one page.
PER_PAGE: Final = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One Job. ``active``: the row of its active Update, if the viewer may see it. ``outcome``: how
    its last Update ended, and the name of it. ``tags``: revision -> tag of the one image that tells
    revisions apart; ``goal``: that of the template, if no instance runs it."""

    row: JobRow
    badge: Badge
    mix: list[Part]
    active: UpdateRow | None
    bar: list[Part]
    outcome: tuple[Badge, str] | None
    waits: str
    tags: Mapping[str, str]
    goal: str


#: The state by which all Jobs are found that go on only when somebody does something.
NEEDS_PERSON: Final = "NeedsPerson"
_NEEDING: Final[frozenset[Standing]] = frozenset({Health.STALLED, Held.PAUSED, Held.BLOCKED})
_ALL: Final[tuple[Standing, ...]] = (*Held, *Health)


@dataclass(frozen=True, slots=True)
class Sight:
    """The namespaces in which the viewer may list Jobs, Updates, and pods; and whether he may list
    Maintenances."""

    jobs: frozenset[str]
    updates: frozenset[str]
    pods: frozenset[str]
    maintenances: bool = False


@dataclass(frozen=True, slots=True)
class JobsPage:
    """``query``: words that a Job must match, see `matches`. ``state`` and ``namespace``: "" for
    all. ``number``: of the page, from 1."""

    query: str = ""
    state: str = ""
    namespace: str = ""
    number: int = 1

    name: ClassVar[str] = "jobs"
    parts: ClassVar[tuple[str, ...]] = ("list",)
    title: ClassVar[str] = "Jobs"

    @classmethod
    def of(cls, _place: Mapping[str, str], query: Mapping[str, str]) -> JobsPage:
        number = query.get("page", "1")
        return cls(
            query=query.get("q", "").strip()[:200],
            state=query.get("state", ""),
            namespace=query.get("ns", ""),
            number=max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1,
        )

    @property
    def path(self) -> str:
        given = {"q": self.query, "state": self.state, "ns": self.namespace}
        if self.number > 1:
            given["page"] = str(self.number)
        chosen = urlencode({name: value for name, value in given.items() if value})
        return f"/?{chosen}" if chosen else "/"

    def at(self, **changes: Any) -> str:
        """The address with other choices, from the first page on."""
        return replace(self, **{"number": 1, **changes}).path

    def concerns(self, change: Change, sight: Sight) -> bool:
        if change.kind == "maintenance":
            return sight.maintenances
        is_shown = self.namespace in ("", change.namespace)
        return is_shown and self.sees(change.kind, change.namespace, sight)

    async def exists(self, _site: Site, _sight: Sight) -> bool:
        return True

    def sees(self, kind: Kind, namespace: str, sight: Sight) -> bool:
        return namespace in {"job": sight.jobs, "update": sight.updates}.get(kind, ())

    async def sight(self, viewer: Viewer, site: Site) -> Hashable:
        known = site.namespaces()
        return Sight(
            await visible(viewer, JOBS, known),
            await visible(viewer, UPDATES, known),
            await visible(viewer, PODS, known),
            await sees_maintenances(viewer),
        )

    async def read(self, _site: Site, _sight: Sight) -> None:
        return None

    def data(self, site: Site, sight: Sight, _found: None) -> Data:
        namespaces = sorted(sight.jobs)
        found = [
            self._look(site, job, sight)
            for (namespace, _), job in sorted(site.store.jobs.items())
            if namespace in sight.jobs
            and self.namespace in ("", namespace)
            and matches(job, self.query)
        ]
        counts = Counter(state for _, _, state in found)
        shown = [each for each in found if self._chooses(each[2])]
        last = max(1, -(-len(shown) // PER_PAGE))
        number = min(self.number, last)
        here = shown[(number - 1) * PER_PAGE : number * PER_PAGE]
        return {
            "page": self,
            "lines": [self._line(site, *each, sight) for each in here],
            "total": len(found),
            "shown": len(shown),
            "needing": sum(counts[state] for state in _NEEDING),
            "counts": [
                (state, marks.of_standing(state), counts[state]) for state in _ALL if counts[state]
            ],
            "namespaces": namespaces,
            "maintenances": len(site.store.maintenances) if sight.maintenances else 0,
            "number": number,
            "last": last,
            "loading": not site.watch.synced,
        }

    def _look(self, site: Site, job: Job, sight: Sight) -> tuple[Job, JobRow, Standing]:
        row = job_row(job)
        return job, row, standing(job, self._active(site, row, sight))

    def _chooses(self, state: Standing) -> bool:
        return self.state in ("", state) or (self.state == NEEDS_PERSON and state in _NEEDING)

    def _active(self, site: Site, row: JobRow, sight: Sight) -> Update | None:
        """The active Update of a Job, if the viewer may see it."""
        if not row.update or row.namespace not in sight.updates:
            return None
        return site.store.updates.get((row.namespace, row.update))

    def _line(self, site: Site, job: Job, row: JobRow, state: Standing, sight: Sight) -> Line:
        now, update = site.now(), self._active(site, row, sight)
        may_see = row.namespace in sight.updates
        updates = site.store.updates_of(row.namespace, row.name) if may_see else []
        ended = outcome(job, updates)
        # How the last run went stands beside it.
        waits = "" if row.health is Health.READY else row.message
        if job.spec.is_suspended:
            waits = waits or "suspended"
        if update is not None:
            waits = situation(update, now).text or waits
        elif ended:
            # Its name stands beside it.
            waits = waits.removeprefix(f"{ended[1]}: ")
        with_pods = row.namespace in sight.pods
        found = tags(known_images(job, row, site.store, with_pods=with_pods))
        return Line(
            row=row,
            badge=marks.of_standing(state),
            mix=figures.mix(
                row.revisions, row.template, (b.revision for b in job.status.known_bad)
            ),
            active=update_row(update, now) if update else None,
            bar=progress_bar(update) if update else [],
            outcome=ended,
            waits=waits,
            tags=found,
            goal="" if row.template in row.revisions else found.get(row.template, ""),
        )


def matches(job: Job, query: str) -> bool:
    """Whether a Job matches all words of a search: ``app=web``, ``app!=web`` are its labels, any
    other word is a part of ``namespace/name`` or of the name of its active Update."""
    meta, active = job.metadata, job.status.active_update
    text = f"{meta.namespace}/{meta.name} {active.name if active else ''}".lower()
    for word in query.split():
        key, equals, value = word.partition("=")
        if not equals:
            fits = word.lower() in text
        elif key.endswith("!"):
            fits = meta.labels.get(key[:-1]) != value
        else:
            fits = meta.labels.get(key) == value.removeprefix("=")
        if not fits:
            return False
    return True
