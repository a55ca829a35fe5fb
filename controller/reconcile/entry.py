"""All that is known about one Job, or about the name of a Job: the input of `decide`.

The feeds and the answers to the operator's own writes fill an entry. The version with the higher
resourceVersion counts, so their order does not matter. Facts that cannot be read back from the API
server (verdicts, answers of gates, refusals) are only cached here; after a restart the operator
asks or tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from pydantic import ValidationError

from controller.api.job import Job
from controller.api.lenient import lenient, part
from controller.api.pods.pod import Pod
from controller.api.update import TERMINAL, Update
from controller.core.model.brake import Brake
from controller.core.model.budget import Budget
from controller.core.model.claims import NOT_FOLLOWED as NO_CLAIMS
from controller.core.model.claims import Claims
from controller.core.model.coordination import SILENCE, Coordination, still_said
from controller.core.model.limits import TEMPLATES_KEPT
from controller.core.model.observed import Domains, GateAnswer, Node, Observed, Refusal, Verdict
from controller.core.model.plan import ActionKey
from controller.core.model.runs import NOT_FOLLOWED, Runs
from controller.core.overlays.manifests import Manifests
from controller.core.pods.identity import name_conflicts
from controller.core.pods.index import Instances
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions
from controller.core.revisions.provenance import writer_of_template
from controller.reconcile import refusal, timings
from controller.reconcile.apart import Apart
from controller.reconcile.decode import Unreadable, UpdateObject, left_alone_for
from controller.reconcile.endings import Endings
from controller.reconcile.existence import Existence
from controller.reconcile.refusal import RefusedActions
from controller.reconcile.revision_objects import RevisionObject

Key = tuple[str, str]


@dataclass
class Entry:
    """``key``: namespace and name of the Job that has ``budgets``, ``runs`` and ``claims``;
    ``job``: its last readable version. With a newer one in ``unreadable``, nothing is done."""

    key: Key
    budgets: Callable[[Entry], tuple[Budget, ...]] = lambda _: ()
    runs: Callable[[Key, str], Runs] = lambda _key, _uid: NOT_FOLLOWED
    claims: Callable[[Key, str, Set[ActionKey]], Claims] = lambda *_: NO_CLAIMS
    job: Job | None = None
    unreadable: Unreadable | None = None
    template: bytes = b""
    revision: str = ""
    made_by: str = ""  #: The field manager that wrote the template.
    instances: Instances = field(default_factory=lambda: Instances(""))
    updates: dict[str, UpdateObject] = field(default_factory=dict)
    revisions: dict[str, RevisionObject] = field(default_factory=dict)
    prepared: dict[str, Manifests] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    #: uid of a user-made Update ("" for the Job's own present template) -> verdict on its template.
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    verdict_tries: dict[str, int] = field(default_factory=dict)
    #: Revisions about whose template the API server's warnings have been reported.
    warned: set[str] = field(default_factory=set)
    #: Revision -> canonical template, for revisions that had to be compared.
    templates: dict[str, bytes] = field(default_factory=dict)
    #: (uid of the Update, name of the gate) -> its last answer.
    answers: dict[tuple[str, str], GateAnswer] = field(default_factory=dict)
    asking: set[str] = field(default_factory=set)  #: Names of gates that are being asked.
    #: uids of pods that cannot be changed in place.
    in_place_refused: set[str] = field(default_factory=set)
    #: The two templates of the last resize, if the API server accepted it.
    resized: tuple[bytes, bytes] | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    domains: Domains | None = None
    refusals: dict[int, Refusal] = field(default_factory=dict)
    refused_actions: RefusedActions = field(default_factory=dict)
    under_way: set[ActionKey] = field(default_factory=set)
    illegal: tuple[str, ...] = ()  #: Illegal transitions that the last decision contained.
    #: Subject of a write (see `plan.subject`) -> its refusal.
    refused_writes: dict[str, Refusal] = field(default_factory=dict)
    apart: Apart = field(default_factory=Apart)
    #: Name of an Update ("" for the Job) -> epoch seconds before which no report is written to it.
    quiet_until: dict[str, float] = field(default_factory=dict)
    #: uids of the Updates about which an Event has said that they are left alone.
    reported_too_new: set[str] = field(default_factory=set)
    live: str = ""  #: The Job's resourceVersion when this reconcile read it live.
    existence: Existence = field(default_factory=Existence)
    endings: Endings = field(default_factory=Endings)
    not_evicted: Refusal | None = None  #: Why the last eviction was not granted.
    coordination: Coordination = SILENCE

    @property
    def empty(self) -> bool:
        """Whether nothing is known, so that the entry can be dropped."""
        things = (self.instances.pods, self.updates, self.revisions, self.apart.foreign_pods)
        return not (self.job or self.unreadable or any(things))

    @property
    def uid(self) -> str:
        """The uid of the Job; "" if there is no Job."""
        if self.unreadable is not None:
            return self.unreadable.uid
        return self.job.metadata.uid if self.job else ""

    def put_job(self, raw: dict[str, Any]) -> bool:
        """Take a version of the Job. Returns False if the entry has this or a newer version."""
        meta = raw["metadata"]
        if self.uid == meta["uid"] and self._version >= int(meta["resourceVersion"]):
            return False
        try:
            self._read_job(raw)
        except ValidationError as error:
            # A newer Echelon or an edit by hand made it: it is left alone, the other Jobs go on.
            self.unreadable = Unreadable.of(raw, error)
        else:
            self.unreadable = None
        return True

    @property
    def _version(self) -> int:
        if self.unreadable is not None:
            return self.unreadable.version
        return int(self.job.metadata.resource_version) if self.job else 0

    def _read_job(self, raw: dict[str, Any]) -> None:
        meta = raw["metadata"]
        same = self.job is not None and self.job.metadata.uid == meta["uid"]
        canonical = revision_data.of_job(spec := part(raw, "spec"))
        if spec:
            # What a revision keeps is held as bytes, because dicts of it are ten times as large.
            raw = {**raw, "spec": revision_data.without(spec)}
        job = lenient(Job, raw)
        if not same or canonical != self.template:
            self.template = canonical
            digest = revisions.digest(canonical)
            self.revision = revisions.revision_name(meta["name"], digest)
            self.made_by = intern(writer_of_template(meta, self.made_by if same else ""))
            self._ask_again()
        if not same:
            self._begin(meta["uid"])
        elif self.job and self.job.spec.checked != job.spec.checked:
            self._ask_again()
        self.job = job

    def _begin(self, uid: str) -> None:
        """Start with another Job of this name: nothing known of the former Job counts."""
        self.instances.forget_assumed()
        self.instances.belong_to(uid)
        self.apart.begin()
        self.endings.clear()
        for known in (self.prepared, self.refusals, self.refused_actions, self.quiet_until,
                      self.templates, self.gone, self.warned, self.in_place_refused):  # fmt: skip
            known.clear()
        self.not_evicted = None
        self.coordination = SILENCE
        self._ask_again()

    def _ask_again(self) -> None:
        """Drop verdicts and refused writes, because the template or the gates have changed."""
        self.refused_writes.clear()
        self.verdicts.clear()
        self.verdict_tries.clear()

    def keep_template(self, revision: str, template: bytes) -> None:
        """Keep the template of an older revision; the template of a revision never changes."""
        while len(self.templates) >= TEMPLATES_KEPT:
            self.templates.pop(next(iter(self.templates)))
        self.templates[revision] = template

    def begin(self) -> None:
        """This process works on the Job from now on."""
        timings.begin(self.instances)
        pods = self.instances.pods.values()
        self.endings.begin({pod.uid for pod in pods if pod.deleted is not None})

    def note_end(self, pod: Pod, now: float) -> None:
        """A pod is gone."""
        if self.job is None or pod.owner != self.uid:
            return
        lock = self.job.status.active_update
        known = self.updates.get(lock.name) if lock else None
        self.endings.note(pod, now, self.job.status, known.update if known else None)

    def is_of(self, job: Job) -> bool:
        """Whether the entry still belongs to the Job with this uid."""
        return self.job is not None and self.job.metadata.uid == job.metadata.uid

    def drop_job(self) -> None:
        """Drop the Job and the assumptions made for it."""
        self.job, self.template, self.revision = None, b"", ""
        self.unreadable = None
        self.instances.forget_assumed()

    def put_update(self, update: UpdateObject) -> bool:
        """Take a version of an Update. Returns False if the entry has this or a newer version."""
        name = update.name
        known = self.updates.get(name)
        same = known is not None and known.uid == update.uid
        if known and same and int(known.resource_version) >= int(update.resource_version):
            return False
        self.updates[name] = update
        self.gone.discard(name)
        return True

    def put_revision(self, revision: RevisionObject) -> None:
        """Take a version of a ControllerRevision."""
        known = self.revisions.get(revision.name)
        if known is None or int(known.resource_version) <= int(revision.resource_version):
            self.revisions[revision.name] = revision

    def observed(
        self,
        now: float,
        foreign_names: frozenset[str],
        brake: Callable[[], Brake] | None = None,
    ) -> Observed:
        """The input of a decision at ``now``. ``foreign_names``: Update names held by others;
        ``brake``: counts the disruptions of all Jobs."""
        assert self.job is not None
        job, uid, name = self.job, self.job.metadata.uid, self.key[1]
        updates = {n: u.update for n, u in self.updates.items() if u.update is not None}
        lock = job.status.active_update
        active = updates.get(lock.name) if lock else None
        timings.advance(self.instances, job, active, now)
        view = self.instances.view(job.status.slots)
        self._forget_answers(updates, now)
        self.refusals = refusal.still_refused(self.refusals, self.instances.pods)
        return Observed(
            job=job,
            revision=self.revision,
            made_by=self.made_by,
            view=view,
            updates=updates,
            finished={
                name: u.brief(uid)
                for name, u in self.updates.items()
                if u.phase in TERMINAL and not u.too_new
            },
            gone=frozenset(self.gone),
            # An Update that cannot be read holds its name, too.
            foreign_names=foreign_names | {n for n, u in self.updates.items() if u.too_new},
            revisions={n: r.brief for n, r in self.revisions.items() if r.owner == uid},
            orphans={n: r.brief for n, r in self.revisions.items() if r.is_orphan_of(name, uid)},
            verdict=self.verdicts.get(""),
            verdicts={uid: v for uid, v in self.verdicts.items() if uid},
            templates={**self.templates, self.revision: self.template},
            in_place_refused=frozenset(self.in_place_refused),
            answers=self._gate_answers(active),
            asking=frozenset(self.asking),
            refusals=dict(self.refusals),
            refused_actions=dict(self.refused_actions),
            quiet_until={name: at for name, at in self.quiet_until.items() if at > now},
            pruning=frozenset(uid for verb, uid in self.under_way if verb == "prune"),
            name_conflicts=name_conflicts(self.apart.conflicts, view, job.status.slots),
            remade=dict(self.instances.remade),
            nodes=self.nodes,
            domains=self.domains,
            refused_writes=dict(self.refused_writes),
            job_live=self.live == job.metadata.resource_version,
            newer_revisions={n: r.unknown for n, r in self.revisions.items() if r.unknown},
            too_new=left_alone_for(self.updates.values(), job),
            ended=self.endings.fresh(job.status),
            brake=brake,
            budgets=self.budgets(self),
            keeping=any(verb == "budget" for verb, _ in self.under_way),
            not_evicted=self.not_evicted,
            coordination=self.coordination,
            runs=self.runs(self.key, uid) if job.spec.has_runs else NOT_FOLLOWED,
            claims=self.claims(self.key, uid, self.under_way),
        )

    def _forget_answers(self, updates: Mapping[str, Update], now: float) -> None:
        """Drop verdicts for Updates that have ended, and refusals for objects that are gone."""
        refusal.forget_ended(self.refused_writes, self.updates)
        if self.verdicts.keys() - {""}:
            asking = {u.metadata.uid for u in updates.values()} | {""}
            self.verdicts = {uid: v for uid, v in self.verdicts.items() if uid in asking}
            self.verdict_tries = {u: n for u, n in self.verdict_tries.items() if u in asking}
        if self.in_place_refused or self.coordination.denials:
            self.in_place_refused &= (uids := {pod.uid for pod in self.instances.pods.values()})
            self.coordination = still_said(self.coordination, uids, now)

    def forget_refused(self, held: frozenset[ActionKey]) -> None:
        """Drop refusals of actions that are neither in ``held`` nor being tried again."""
        for key in self.refused_actions.keys() - held - self.under_way:
            del self.refused_actions[key]

    def _gate_answers(self, active: Update | None) -> dict[str, GateAnswer]:
        """Gate of the active Update -> its last answer. Drops the answers for other Updates."""
        uid = active.metadata.uid if active else ""
        self.answers = {key: last for key, last in self.answers.items() if key[0] == uid}
        return {gate: last for (_, gate), last in self.answers.items()}
