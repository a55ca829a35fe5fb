"""One Job: what it waits for, its instances, their configuration, its Updates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final
from urllib.parse import urlencode

from controller.api.job import Job
from controller.api.update import Update
from controller.ui import figures, marks
from controller.ui.access import Rights, Viewer, rights
from controller.ui.pages import job_tabs, probes, runs, what_changes
from controller.ui.pages.bars import progress_bar
from controller.ui.pages.base import Data, listed
from controller.ui.pages.job_tabs import Revisions
from controller.ui.pages.outcome import last_change, outcome
from controller.ui.pages.probes import Rows
from controller.ui.pages.runs import Runs
from controller.ui.pages.waits import commands, waits
from controller.ui.pages.what_changes import Pair, Templates, WhatChanges
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view.jobs import Health, job_row
from controller.view.standing import standing
from controller.view.update_rows import update_row
from controller.view.updates import progress

TABS: Final = ("instances", "completed", "configuration", "updates")
TABS_OF_RUNS: Final = ("runs", "configuration", "updates")
_WITH_REVISIONS: Final = ("configuration", "updates")
#: What of the query each tab keeps.
_CHOICES: Final = ("at", "state", "page", "a", "b")


@dataclass(frozen=True, slots=True)
class Read:
    """What the API server says. ``pair``: the revisions whose difference is shown, with their
    ``templates``; ``told``: the Update that the lines at the top tell about, with the ``events`` of
    its instances."""

    revisions: Revisions = field(default_factory=lambda: Revisions(()))
    runs: Runs = field(default_factory=Runs)
    pair: Pair | None = None
    templates: Templates = field(default_factory=Templates)
    told: Update | None = None
    events: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobPage:
    """``tab``: "" for the first one. ``choices``: what is chosen in the tab, as (name, value) in
    the order of the names."""

    namespace: str
    job: str
    tab: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    name: ClassVar[str] = "job"
    parts: ClassVar[tuple[str, ...]] = ("head", "tab")

    @classmethod
    def of(cls, place: Mapping[str, str], query: Mapping[str, str]) -> JobPage:
        tab = query.get("tab", "")
        choices = tuple(
            (name, query[name][:200]) for name in sorted(_CHOICES) if query.get(name, "").strip()
        )
        # The first tab has no name in the address: which one it is depends on the type of the Job.
        known = tab if tab in (*TABS[1:], *TABS_OF_RUNS[1:]) else ""
        return cls(place["namespace"], place["name"], known, choices)

    @property
    def path(self) -> str:
        given = {"tab": self.tab} if self.tab else {}
        chosen = urlencode(given | dict(self.choices))
        return f"{self.home}?{chosen}" if chosen else self.home

    @property
    def home(self) -> str:
        return f"/jobs/{self.namespace}/{self.job}"

    @property
    def title(self) -> str:
        return self.job

    def at(self, **choices: str) -> str:
        """The address of this tab with other choices; "" takes a choice away."""
        merged = {**dict(self.choices), **choices}
        kept = tuple((name, value) for name, value in sorted(merged.items()) if value)
        return replace(self, choices=kept).path

    def other(self, tab: str) -> str:
        """The address of another tab."""
        first = (TABS[0], TABS_OF_RUNS[0])
        return replace(self, tab="" if tab in first else tab, choices=()).path

    def chosen(self, name: str) -> str:
        return dict(self.choices).get(name, "")

    def concerns(self, change: Change, _sight: Rights) -> bool:
        return (change.namespace, change.job) == (self.namespace, self.job)

    async def exists(self, site: Site, _sight: Rights) -> bool:
        return (self.namespace, self.job) in site.store.jobs

    def sees(self, kind: Kind, namespace: str, sight: Rights) -> bool:
        return namespace == self.namespace and listed(sight, kind)

    async def sight(self, viewer: Viewer, _site: Site) -> Hashable | None:
        found = await rights(viewer, self.namespace)
        return found if found.jobs else None

    async def read(self, site: Site, sight: Rights) -> Read:
        job = site.store.jobs.get((self.namespace, self.job))
        if job is None:
            return Read()
        updates = self._updates(site, sight)
        active = _active(job, updates)
        pair = what_changes.of_job(job, active)
        told = active or _explaining(job, updates)
        return Read(
            revisions=await self._revisions(site, sight),
            runs=await runs.read(site, job, sight),
            pair=pair,
            templates=await what_changes.read(site, self.namespace, self.job, pair, sight),
            told=told,
            events=await probes.read(site, told, sight),
        )

    async def _revisions(self, site: Site, sight: Rights) -> Revisions:
        if self.tab not in _WITH_REVISIONS:
            return Revisions(())
        return await job_tabs.revisions(site, self.namespace, self.job, sight)

    def _updates(self, site: Site, sight: Rights) -> list[Update]:
        return site.store.updates_of(self.namespace, self.job) if sight.updates else []

    def data(self, site: Site, sight: Rights, found: Read) -> Data | None:
        job = site.store.jobs.get((self.namespace, self.job))
        if job is None:
            return None
        now, row = site.now(), job_row(job)
        updates = self._updates(site, sight)
        active = _active(job, updates)
        come = progress(active, now) if active else None
        bad = [each.revision for each in job.status.known_bad]
        tabs = TABS_OF_RUNS if row.has_runs else TABS
        tab = self.tab if self.tab in tabs else tabs[0]
        return {
            "page": self,
            "tabs": tabs,
            "tab": tab,
            "job": job,
            "row": row,
            "health": marks.of_standing(standing(job, active)),
            "waits": waits(job, active, now),
            "advice": commands(job, active, last_change(updates), now),
            "what_changes": self._what_changes(job, found),
            "answer": probes.answer(found.told, found.events, now) if found.told else None,
            "mix_parts": figures.mix(row.revisions, row.template, bad),
            "active": update_row(active, now) if active else None,
            "bar_parts": progress_bar(active) if active else [],
            "late": come.late.words if come and come.late else "",
            "left": _soon(now, come.left if come else None),
            "outcome": outcome(job, updates),
            "rights": sight,
            "last_run": runs.latest(job),
            "due": runs.due(job, now),
            **self._tab(tab, site, job, updates, sight, found),
        }

    def _what_changes(self, job: Job, found: Read) -> WhatChanges | None:
        """What the goal of the Job changes, if it is not reached."""
        if found.pair is None:
            return None
        templates = what_changes.with_template(found.templates, job)
        return what_changes.of_pair(self.namespace, self.job, found.pair, templates)

    def _tab(
        self, tab: str, site: Site, job: Job, updates: list[Update], sight: Rights, found: Read
    ) -> Data:
        if tab == "runs":
            return runs.tab(job, found.runs)
        if tab == "instances":
            return job_tabs.instances(site, job, self.chosen, sight, self.home)
        if tab == "completed":
            return job_tabs.completed(job, updates)
        if tab == "configuration":
            return job_tabs.configuration(job, found.revisions, self.chosen)
        history = job_tabs.history_of(site, job, updates, found.revisions)
        return {**history, "newest_runs": runs.newest_of(job, found.runs)}


def _active(job: Job, updates: Sequence[Update]) -> Update | None:
    """The active Update of a Job, if it is among these."""
    active = job.status.active_update
    name = active.name if active else ""
    return next((each for each in updates if each.metadata.name == name), None)


def _explaining(job: Job, updates: Sequence[Update]) -> Update | None:
    """The Update that ended because of a probe, if the Job waits for a person because of it."""
    row = job_row(job)
    is_of_probe = row.health is Health.STALLED and probes.named(row.message) is not None
    return last_change(updates) if is_of_probe else None


def _soon(now: float, left: float | None) -> float | None:
    """When something will end, in steps of 10 seconds: so that it does not change all the time."""
    return None if left is None else round((now + left) / 10) * 10.0
