"""What the operator sees: its store, filled by a watch that may be late and by answers.

All of it dies with the operator.
"""

from __future__ import annotations

from controller.api.job import Job
from controller.api.update import TERMINAL, Update
from controller.core.model.claim_index import ClaimIndex
from controller.core.model.coordination import SILENCE, still_said
from controller.core.model.observed import (
    Domains,
    Finished,
    GateAnswer,
    Node,
    Observed,
    Refusal,
    RefusedAction,
    Revision,
    Verdict,
)
from controller.core.model.plan import ActionKey
from controller.core.pods.index import Instances
from controller.core.pods.marks import lasting, moves
from controller.core.progress.completion import made_by_us
from tests.unit.core.sim.cluster import Cluster
from tests.unit.core.sim.store import Change


class Sight:
    """One life of the operator: begins with a full list."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        for inbox in cluster.inbox.values():
            inbox.clear()
        self.job: Job = cluster.job
        self.instances = Instances(cluster.job.metadata.uid)
        self.updates: dict[str, Update] = dict(cluster.updates)
        self.revisions: dict[str, Revision] = dict(cluster.revisions)
        self.verdict: tuple[str, Verdict] | None = None
        self.verdicts: dict[str, Verdict] = {}
        #: Names of the revisions that were read, the latest last.
        self.read: list[str] = []
        self.answers: dict[str, GateAnswer] = {}
        self.in_place_refused: set[str] = set()
        self.nodes: dict[str, Node] = {}
        self.domains: Domains | None = None
        self.refusals: dict[int, Refusal] = {}
        self.refused_actions: dict[ActionKey, RefusedAction] = {}
        self.refused_writes: dict[str, Refusal] = {}
        self.conflicts: dict[int, tuple[str, float]] = {}
        self.gone: set[str] = set()
        self.not_evicted: Refusal | None = None
        self.coordination = SILENCE
        self.live = ""
        #: The latest moment at which it looked: what became good then stays so.
        self.latest = 0.0
        self.claims = ClaimIndex()
        for claim in cluster.claims.values():
            self.claims.put(claim)
        for pod in cluster.pods.values():
            self.instances.put(pod, cluster.now)

    def deliver(self, kind: str, count: int | None = None) -> None:
        """Take the next watch events of a kind (None: all)."""
        inbox = self.cluster.inbox[kind]
        while inbox and (count is None or count > 0):
            self._take(inbox.popleft())
            count = None if count is None else count - 1

    def _take(self, change: Change) -> None:
        match change.kind, change.value:
            case "job", job:
                self.put_job(job)
            case "pod", None:
                slot = next(
                    (s for s, p in self.instances.pods.items() if p.uid == change.uid), None
                )
                if slot is not None:
                    self.instances.drop(slot, change.uid)
            case "pod", pod:
                self.instances.put(pod, self.cluster.now)
            case "update", update:
                self.put_update(change.name, change.uid, update)
            case "claim", None:
                for claim in [c for c in self.claims.known.values() if c.uid == change.uid]:
                    self.claims.drop(claim)
            case "claim", claim:
                self.claims.put(claim)
            case "revision", None:
                self.revisions.pop(change.name, None)
            case "revision", revision:
                self.revisions[change.name] = revision

    def put_job(self, job: Job) -> None:
        """Take a version of the Job, unless it is old news."""
        known = self.job
        if not newer(job.metadata.resource_version, known.metadata.resource_version):
            return
        if job.spec.template != known.spec.template:
            self.verdict = None
            self.verdicts.clear()
        self.job = job

    def put_update(self, name: str, uid: str, update: Update | None) -> None:
        """Take a version of an Update, or that it is gone."""
        known = self.updates.get(name)
        if update is None:
            if known is not None and known.metadata.uid == uid:
                del self.updates[name]
        elif known is None or newer(
            update.metadata.resource_version, known.metadata.resource_version
        ):
            self.updates[name] = update
            self.gone.discard(name)

    def observe(self, now: float | None = None) -> Observed:
        """What a decision is made from."""
        now = self.cluster.now if now is None else now
        job, updates = self.job, self.updates
        ended = {n for n, u in updates.items() if u.status.phase in TERMINAL}
        active = {n: u for n, u in updates.items() if n not in ended or _unanswered(u)}
        held = job.status.active_update
        lock = active.get(held.name) if held else None
        seconds = lock.status.min_ready_seconds if lock else None
        self.latest = max(self.latest, now)
        self.instances.set_times(
            job.spec.min_ready_seconds if seconds is None else seconds,
            lasting(job.spec.sla, moves(self.instances)),
        )
        self.instances.advance(now)
        self.conflicts = {i: c for i, c in self.conflicts.items() if c[1] > now}
        uids = {pod.uid for pod in self.instances.pods.values()}
        self.coordination = still_said(self.coordination, uids, now)
        revision = self.cluster.revision_of(job)
        verdict = self.verdict[1] if self.verdict and self.verdict[0] == revision else None
        return Observed(
            job=job,
            revision=revision,
            view=self.instances.view(job.status.slots),
            updates=active,
            finished={n: self._finished(u) for n, u in updates.items() if n in ended},
            gone=frozenset(self.gone),
            revisions=dict(self.revisions),
            orphans=dict(self.cluster.orphans),
            verdict=verdict,
            verdicts=dict(self.verdicts),
            templates={name: self.cluster.canonical(name) for name in {revision, *self.read}},
            in_place_refused=frozenset(self.in_place_refused),
            refusals=dict(self.refusals),
            refused_actions=dict(self.refused_actions),
            refused_writes=dict(self.refused_writes),
            answers=dict(self.answers),
            name_conflicts={i: who for i, (who, _) in self.conflicts.items()},
            remade=dict(self.instances.remade),
            nodes=dict(self.nodes),
            domains=self.domains,
            budgets=tuple(self.cluster.budgets.values()),
            not_evicted=self.not_evicted,
            coordination=self.coordination,
            job_live=self.live == job.metadata.resource_version,
            claims=self.claims.view(job.metadata.uid, True, ""),
        )

    def _finished(self, update: Update) -> Finished:
        meta, status = update.metadata, update.status
        return Finished(
            meta.name,
            meta.uid,
            status.phase,
            made_by_us(update, self.job.metadata.uid),
            meta.creation_timestamp or 0.0,
            status.started_at or 0.0,
            status.finished_at or 0.0,
            status.counts.updated,
        )


def _unanswered(update: Update) -> bool:
    return update.status.observed_generation != update.metadata.generation


def newer(one: str, other: str) -> bool:
    """Whether the first resourceVersion is the higher one."""
    return int(one) > int(other)
