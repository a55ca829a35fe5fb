"""One instance of a Job: its pods, what ended and why, Events, the end of its log."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from controller.api.job import Job
from controller.api.update import Update
from controller.kube.errors import ApiError
from controller.ui import marks
from controller.ui.access import Rights, Viewer, rights, sees_nodes
from controller.ui.events import ContainerRow, EventRow, by_object, container_rows, event_rows
from controller.ui.marks import Badge
from controller.ui.pages.base import Data, listed, words_of
from controller.ui.site import Site
from controller.ui.steps import Step, steps
from controller.ui.store import Change, Kind
from controller.view.instances import (
    Instance,
    Moment,
    claims_of,
    container_in_trouble,
    rows_of,
    timeline,
)
from controller.view.updates import Mark, grid

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The Events of a pod that is no more. ``revision``: "" if the page has not seen the pod; then
    ``during`` is the Update that was under way when its first Event came, "" for none. ``first``:
    epoch seconds of that."""

    first: float
    revision: str
    during: str
    events: list[EventRow]


@dataclass(frozen=True, slots=True)
class PodLine:
    """One pod of the instance. ``earlier``: the Events of pods of the same name before it.
    ``trouble``: why the rest of it cannot be shown. ``log_of``: the container whose log is worth a
    look first."""

    row: Instance
    badge: Badge
    steps: list[Step]
    moments: list[Moment]
    containers: list[ContainerRow]
    events: list[EventRow]
    earlier: list[Earlier]
    log_of: str
    trouble: str
    #: Names of the PersistentVolumeClaims that the pod mounts.
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A pod and its Events, as the API server has them. ``trouble``: why they cannot be read."""

    pod: Object | None = None
    events: Sequence[Object] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the viewer may see: in the namespace, and whether he may open the page of a node."""

    rights: Rights
    nodes: bool


@dataclass(frozen=True, slots=True)
class InstancePage:
    namespace: str
    job: str
    instance: int

    name: ClassVar[str] = "instance"
    parts: ClassVar[tuple[str, ...]] = ("head", "pods", "past")

    @classmethod
    def of(cls, place: Mapping[str, str], _query: Mapping[str, str]) -> InstancePage:
        return cls(place["namespace"], place["name"], int(place["id"]))

    @property
    def path(self) -> str:
        return f"/instances/{self.namespace}/{self.job}/{self.instance}"

    @property
    def title(self) -> str:
        return f"{self.job}/{self.instance}"

    def concerns(self, change: Change, _sight: Sight) -> bool:
        return (change.namespace, change.job) == (self.namespace, self.job)

    async def exists(self, site: Site, _sight: Sight) -> bool:
        return (self.namespace, self.job) in site.store.jobs

    def sees(self, kind: Kind, namespace: str, sight: Sight) -> bool:
        return namespace == self.namespace and listed(sight.rights, kind)

    async def sight(self, viewer: Viewer, _site: Site) -> Hashable | None:
        found = await rights(viewer, self.namespace)
        return Sight(found, await sees_nodes(viewer)) if found.jobs and found.pods else None

    async def read(self, site: Site, sight: Sight) -> Mapping[str, Read]:
        names = [row.pod for row in self._rows(site) if row.pod]
        return {name: await self._read(site, name, sight.rights) for name in names}

    def data(self, site: Site, sight: Sight, found: Mapping[str, Read]) -> Data | None:
        job = site.store.jobs.get((self.namespace, self.job))
        if job is None:
            return None
        rows = self._rows(site)
        past = [each for each in job.status.ended if each.instance == self.instance]
        updates = site.store.updates_of(self.namespace, self.job) if sight.rights.updates else []
        failures = [
            (update, failure)
            for update in reversed(updates)
            for failure in update.status.failures
            if failure.instance == self.instance
        ]
        if not (rows or past or failures):
            return None
        return {
            "page": self,
            "job": job,
            "rights": sight.rights,
            "nodes": sight.nodes,
            "lines": [self._line(site, row, found.get(row.pod, Read()), updates) for row in rows],
            "marks": self._marks(job, site, sight.rights),
            "past": past,
            "failures": failures,
        }

    def _rows(self, site: Site) -> list[Instance]:
        """The rows of the instance: one for each of its pods, or for the missing one."""
        job = site.store.jobs.get((self.namespace, self.job))
        pods = site.store.pods_of(self.namespace, self.job)
        return rows_of(job, self.instance, pods, site.now()) if job else []

    async def _read(self, site: Site, pod: str, sight: Rights) -> Read:
        raw, events, trouble = None, [], ""
        try:
            raw = await site.reads.pod(self.namespace, pod)
            if sight.events:
                events = await site.reads.events(self.namespace, "Pod", pod)
        except ApiError as error:
            trouble = words_of(error)
        return Read(raw, tuple(events), trouble)

    def _line(self, site: Site, row: Instance, read: Read, updates: Sequence[Update]) -> PodLine:
        """The line of a pod, or of the missing one."""
        badge = marks.of_instance(row)
        if not row.pod:
            return PodLine(row, badge, [], [], [], [], [], "", "")
        pods = site.store.pods_of(self.namespace, self.job)
        pod = next((each.pod for each in pods if each.pod.name == row.pod), None)
        containers = container_rows(read.pod) if read.pod else []
        events = by_object(event_rows(read.events))
        own = [*events.pop(pod.uid if pod else "", ()), *events.pop("", ())]
        return PodLine(
            row=row,
            badge=badge,
            steps=steps(pod) if pod else [],
            moments=timeline(read.pod) if read.pod else [],
            containers=containers,
            events=sorted(own, key=lambda each: -each.time),
            earlier=[self._earlier(site, uid, each, updates) for uid, each in events.items()],
            log_of=_log_of(read.pod, containers),
            trouble=read.trouble,
            claims=claims_of(read.pod) if read.pod else (),
        )

    def _earlier(
        self, site: Site, uid: str, events: list[EventRow], updates: Sequence[Update]
    ) -> Earlier:
        first = min(each.time for each in events)
        ended = site.recorder.ended(self.namespace, self.job)
        revision = next((e.seen.pod.revision for e in ended if e.seen.pod.uid == uid), "")
        during = next((u.metadata.name for u in updates if _is_under_way(u, first)), "")
        return Earlier(first, revision, during, events)

    def _marks(self, job: Job, site: Site, sight: Rights) -> list[tuple[str, Badge]]:
        """What became of the instance in the active Update: (name of the Update, badge)."""
        active = job.status.active_update
        update = site.store.updates.get((self.namespace, active.name)) if active else None
        mark: Mark | None = grid(update).get(self.instance) if update and sight.updates else None
        return [(update.metadata.name, marks.of_mark(mark))] if update and mark else []


def _is_under_way(update: Update, at: float) -> bool:
    """Whether the Update was under way at a time (epoch seconds)."""
    begun, ended = update.status.started_at, update.status.finished_at
    return begun is not None and begun <= at and (ended is None or at <= ended)


def _log_of(raw: Object | None, containers: list[ContainerRow]) -> str:
    first = next((each.name for each in containers if not each.init), "")
    return (container_in_trouble(raw) or first) if raw else ""
