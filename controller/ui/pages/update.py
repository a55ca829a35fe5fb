"""One Update: how far it is, what it waits for, its gates, failures, history and plan."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from controller.api.update import Update
from controller.ui import figures, marks
from controller.ui.access import Rights, Viewer, rights
from controller.ui.figures import Chart
from controller.ui.marks import Badge
from controller.ui.pages import probes, what_changes
from controller.ui.pages.bars import badges_of, progress_bar
from controller.ui.pages.base import Data, listed
from controller.ui.pages.policy import settings
from controller.ui.pages.probes import Rows
from controller.ui.pages.waits import TONES
from controller.ui.pages.what_changes import Pair, Templates, WhatChanges
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view import advice, held
from controller.view.gates import facts, group_of
from controller.view.history import requester
from controller.view.situation import Situation, cause_of_rollback, situation
from controller.view.update_rows import target, update_row
from controller.view.updates import (
    GateRow,
    gate_rows,
    is_active,
    is_over,
    is_stalled,
    progress,
    verb_refused,
)
from controller.view.verbs import Change as Allowed
from controller.view.verbs import Verb, judge

#: The buttons, in their order. A pulse is given by programs.
BUTTONS: Final = (Verb.PAUSE, Verb.RESUME, Verb.ROLLBACK, Verb.ABORT)
LABELS: Final = {
    Verb.PAUSE: "Pause",
    Verb.RESUME: "Resume",
    Verb.ROLLBACK: "Roll back",
    Verb.ABORT: "Abort",
}


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate. ``condition``: "" if it compares no numbers. ``group``: about which it was asked
    last, "" for none. ``facts``: what it asks and which answers decide, as (name, value)."""

    row: GateRow
    badge: Badge
    chart: Chart | None
    condition: str
    group: str
    facts: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Read:
    """What the API server says: the templates of the revisions whose difference is shown, and the
    Events of instances whose probes did not pass."""

    pair: Pair | None = None
    templates: Templates = field(default_factory=Templates)
    events: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UpdatePage:
    namespace: str
    update: str

    name: ClassVar[str] = "update"
    parts: ClassVar[tuple[str, ...]] = (
        "head",
        "grid",
        "plan",
        "gates",
        "failures",
        "history",
        "facts",
    )

    @classmethod
    def of(cls, place: Mapping[str, str], _query: Mapping[str, str]) -> UpdatePage:
        return cls(place["namespace"], place["name"])

    @property
    def path(self) -> str:
        return f"/updates/{self.namespace}/{self.update}"

    @property
    def title(self) -> str:
        return self.update

    def concerns(self, change: Change, _sight: Rights) -> bool:
        if change.namespace != self.namespace or change.kind == "pod":
            return False
        return change.kind == "job" or change.name == self.update

    async def exists(self, site: Site, _sight: Rights) -> bool:
        return (self.namespace, self.update) in site.store.updates

    def sees(self, kind: Kind, namespace: str, sight: Rights) -> bool:
        return namespace == self.namespace and listed(sight, kind)

    async def sight(self, viewer: Viewer, _site: Site) -> Hashable | None:
        found = await rights(viewer, self.namespace)
        return found if found.updates else None

    async def read(self, site: Site, sight: Rights) -> Read:
        update = site.store.updates.get((self.namespace, self.update))
        if update is None:
            return Read()
        pair = what_changes.of_update(update)
        templates = await what_changes.read(site, self.namespace, update.spec.job, pair, sight)
        return Read(pair, templates, await probes.read(site, update, sight))

    def data(self, site: Site, sight: Rights, found: Read) -> Data | None:
        update = site.store.updates.get((self.namespace, self.update))
        if update is None:
            return None
        now, status = site.now(), update.status
        come, state = progress(update, now), situation(update, now)
        job = site.store.jobs.get((self.namespace, update.spec.job))
        left = None if come.left is None else round((now + come.left) / 10) * 10.0
        answered = status.observed_generation >= update.metadata.generation
        return {
            "page": self,
            "update": update,
            "phase": marks.of_row(update_row(update, now)),
            "progress": come,
            "left": left,
            "state": state,
            "tone": TONES[state.tone],
            "label": _label(update, state),
            "since": held.since(update),
            "what_changes": self._what_changes(update, found),
            "answer": probes.answer(update, found.events, now),
            "answers": probes.answers(update, found.events),
            "cause": cause_of_rollback(update),
            "advice_list": advice.of_update(update, now),
            "by": requester(update),
            "target": target(update),
            "is_over": is_over(update),
            "is_active": is_active(update),
            "is_waiting_for_operator": not answered and not is_over(update),
            "refused": verb_refused(update),
            "buttons": buttons(update, now) if sight.steer else [],
            "bar_parts": progress_bar(update),
            "sets": badges_of(update),
            "grid_data": figures.grid(
                badges_of(update), f"/instances/{self.namespace}/{update.spec.job}/"
            ),
            "gates": gates(site, update),
            "recorded": site.recorder.since,
            "failures": sorted(status.failures, key=lambda each: -each.time),
            "failure_counts": status.failure_counts,
            "settings": settings(update),
            "job": job if sight.jobs else None,
            "rights": sight,
        }

    def _what_changes(self, update: Update, found: Read) -> WhatChanges | None:
        if found.pair is None:
            return None
        job = update.spec.job
        return what_changes.of_pair(self.namespace, job, found.pair, found.templates)


def _label(update: Update, state: Situation) -> str:
    """The word before what an Update does now: the same as on the page of its Job."""
    by = held.of_update(update)
    return str(by) if by and not is_stalled(update) else state.label


def buttons(update: Update, now: float) -> list[tuple[Verb, str]]:
    """The verbs that are possible now, with their labels."""
    return [
        (verb, LABELS[verb]) for verb in BUTTONS if isinstance(judge(verb, update, now), Allowed)
    ]


def gates(site: Site, update: Update) -> list[GateLine]:
    """The gates, with the values that the page has seen."""
    found = []
    for row in gate_rows(update):
        condition = row.gate.prometheus.condition if row.gate.prometheus else ""
        line = GateLine(
            row=row,
            badge=marks.of_result(row.result),
            chart=figures.chart(site.recorder.points(update, row.name), condition),
            condition=condition,
            group=group_of(row.gate, row.state),
            facts=facts(row.gate),
        )
        found.append(line)
    return found
