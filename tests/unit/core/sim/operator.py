"""The operator as the shell runs it: sees through a watch that may be late, decides, acts.

All of its memory dies with it. A plan's write is followed by a fresh decision; its actions stand as
assumptions until the watch shows them; its reports wait for a second between them.
"""

from __future__ import annotations

from controller.api.job import Job
from controller.api.pod import Pod
from controller.api.update import TERMINAL, Update
from controller.core import plan
from controller.core import revision as revisions
from controller.core.decide import decide
from controller.core.ending import made_by_us
from controller.core.instances import Instances
from controller.core.observed import Finished, Observed, Refusal, Revision, Verdict
from tests.unit.core.sim.cluster import ApiError, Change, Cluster

PAUSE = 1.0
LOOK_AGAIN = 30.0


class Operator:
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
        self.read: set[str] = set()
        self.stubborn: set[str] = set()
        self.refusals: dict[int, Refusal] = {}
        self.contests: dict[int, tuple[str, float]] = {}
        self.gone: set[str] = set()
        self.live = ""
        self.quiet_until: dict[str, float] = {}
        for pod in cluster.pods.values():
            self.instances.put(pod)

    # Sees.

    def deliver(self, kind: str, count: int | None = None) -> None:
        """Take the next watch events of a kind (None: all)."""
        inbox = self.cluster.inbox[kind]
        while inbox and (count is None or count > 0):
            self._take(inbox.popleft())
            count = None if count is None else count - 1

    def _take(self, change: Change) -> None:
        match change.kind, change.value:
            case "job", job:
                if _newer(job.metadata.resource_version, self.job.metadata.resource_version):
                    self._put_job(job)
            case "pod", None:
                slot = next(
                    (s for s, p in self.instances.pods.items() if p.uid == change.uid), None
                )
                if slot is not None:
                    self.instances.drop(slot, change.uid)
            case "pod", pod:
                self.instances.put(pod)
            case "update", update:
                self._put_update(change.name, change.uid, update)
            case "revision", None:
                self.revisions.pop(change.name, None)
            case "revision", revision:
                self.revisions[change.name] = revision

    def _put_job(self, job: Job) -> None:
        if job.spec.template != self.job.spec.template:
            self.verdict = None
        self.job = job

    def _put_update(self, name: str, uid: str, update: Update | None) -> None:
        known = self.updates.get(name)
        if update is None:
            if known is not None and known.metadata.uid == uid:
                del self.updates[name]
        elif known is None or _newer(
            update.metadata.resource_version, known.metadata.resource_version
        ):
            self.updates[name] = update
            self.gone.discard(name)

    def observe(self, now: float | None = None) -> Observed:
        now = self.cluster.now if now is None else now
        job, updates = self.job, self.updates
        ended = {n for n, u in updates.items() if u.status.phase in TERMINAL}
        active = {n: u for n, u in updates.items() if n not in ended or _unanswered(u)}
        held = job.status.active_update
        lock = active.get(held.name) if held else None
        seconds = lock.status.min_ready_seconds if lock else None
        self.instances.set_min_ready(job.spec.min_ready_seconds if seconds is None else seconds)
        self.instances.advance(now)
        self.contests = {i: c for i, c in self.contests.items() if c[1] > now}
        digest = revisions.digest(revisions.canonical(job.spec.template))
        revision = revisions.revision_name(job.metadata.name, digest)
        verdict = self.verdict[1] if self.verdict and self.verdict[0] == revision else None
        return Observed(
            job=job,
            revision=revision,
            view=self.instances.view(job.status.slots),
            images=revisions.images(job.spec.template),
            updates=active,
            finished={
                n: Finished(
                    n,
                    u.metadata.uid,
                    u.status.phase,
                    made_by_us(u, job.metadata.uid),
                    u.metadata.creation_timestamp or 0.0,
                )
                for n, u in updates.items()
                if n in ended
            },
            gone=frozenset(self.gone),
            revisions=dict(self.revisions),
            verdict=verdict,
            verdicts=dict(self.verdicts),
            templates={
                name: revisions.canonical(self.cluster.templates[name])
                for name in {revision, *self.read}
            },
            stubborn=frozenset(self.stubborn),
            refusals=dict(self.refusals),
            contested={i: who for i, (who, _) in self.contests.items()},
            remade=dict(self.instances.remade),
            job_live=self.live == job.metadata.resource_version,
        )

    def decide(self) -> plan.Plan:
        return decide(self.observe(), self.cluster.now)

    # Acts.

    def execute(self, planned: plan.Plan) -> bool:
        """Whether anything was done; a report that has to wait is not."""
        if planned.write is not None:
            self._try_write(planned.write)
            return True
        for action in planned.actions:
            match action:
                case plan.CreatePod():
                    self.instances.assume_created(self._assumed(action))
                case plan.DeletePod():
                    slot = (action.instance, action.surge)
                    self.instances.assume_deleted(slot, action.uid, action.force)
                case plan.ChangePod():
                    self.instances.assume_changed((action.instance, action.surge), action.uid)
        for action in planned.actions:
            self._act(action)
        reported = [r for r in planned.reports if self.report_due(r) <= self.cluster.now]
        for report in reported:
            self.quiet_until[_name(report)] = self.cluster.now + PAUSE
            self._try_write(report)
        return bool(planned.actions or reported)

    def report_due(self, report: plan.WriteJob | plan.WriteUpdate) -> float:
        """When a report may be written."""
        return self.quiet_until.get(_name(report), 0.0)

    def _try_write(self, write: plan.Write) -> None:
        try:
            self._write(write)
        except ApiError as error:
            # The object moved meanwhile (its watch event is on the way), or the server is down.
            if error.reason not in ("Conflict", "Down", "NotFound"):
                raise

    def _write(self, write: plan.Write) -> None:
        cluster = self.cluster
        match write:
            case plan.WriteJob():
                was_live = self.live == self.job.metadata.resource_version
                self._put_job(cluster.write_job(self.job, write.status))
                self.live = self.job.metadata.resource_version if was_live else ""
            case plan.WriteUpdate():
                self._answer(cluster.write_update(self.updates[write.name], write.status))
            case plan.MarkAdmitted():
                self._answer(cluster.mark_admitted(self.updates[write.name]))
            case plan.MakeUpdate():
                try:
                    self._answer(cluster.make_update(write.name, write.force, write.paused))
                except ApiError as error:
                    if error.reason != "AlreadyExists":
                        raise
                    self._answer(cluster.updates[write.name])
            case plan.ReadJob():
                self._put_job(cluster.job)
                self.live = cluster.job.metadata.resource_version
            case plan.ReadUpdate():
                self._read_update(write.name)
            case plan.CheckTemplate():
                words = cluster.bad_images.get(cluster.image(write.revision))
                bad = Verdict(False, "InvalidTemplate", words or "")
                verdict = Verdict(True) if words is None else bad
                if write.update:
                    self.verdicts[write.update] = verdict
                else:
                    self.verdict = (write.revision, verdict)
            case plan.ReadRevision():
                self.read.add(write.name)
            case plan.KeepRevision():
                self.revisions[write.revision] = cluster.keep_revision(write.revision, write.number)

    def _answer(self, update: Update) -> None:
        self._put_update(update.metadata.name, update.metadata.uid, update)

    def _read_update(self, name: str) -> None:
        there, held = self.cluster.updates.get(name), self.job.status.active_update
        if there is None:
            self.updates.pop(name, None)
        else:
            self._answer(there)
        if there is None or (held and held.uid != there.metadata.uid):
            self.gone.add(name)

    def _act(self, action: plan.Action) -> None:
        now, cluster = self.cluster.now, self.cluster
        try:
            match action:
                case plan.CreatePod():
                    made = cluster.create_pod(self._assumed(action))
                    self.refusals.pop(action.instance, None)
                    self.instances.put(made)
                case plan.DeletePod():
                    cluster.delete_pod(action.name, action.uid, action.force)
                case plan.ChangePod():
                    slot = (action.instance, action.surge)
                    wish = Pod(
                        "default",
                        action.name,
                        action.uid,
                        "web",
                        "",
                        *slot,
                        revision=action.revision,
                        update=action.update,
                        failures=action.failures,
                    )
                    self.instances.put(cluster.change_pod(action.name, action.uid, wish))
                    self.instances.changed(slot, action.uid)
                case plan.MendPod():
                    self.instances.put(cluster.mend_pod(action.name, action.uid, action.revision))
                case plan.Prune():
                    cluster.prune(action.kind, action.name, action.uid)
        except ApiError as error:
            self._not_done(action, error, now)

    def _not_done(self, action: plan.Action, error: ApiError, now: float) -> None:
        if isinstance(action, plan.ChangePod):
            if error.reason == "Invalid":
                self.stubborn.add(action.uid)
            self.instances.changed((action.instance, action.surge), action.uid)
        elif isinstance(action, plan.DeletePod):
            if error.reason == "NotFound":
                self.instances.drop((action.instance, action.surge), action.uid)
            else:
                self.instances.not_deleted((action.instance, action.surge), action.uid)
        elif isinstance(action, plan.CreatePod):
            i, slot = action.instance, (action.instance, action.surge)
            self.instances.not_created(slot)
            if error.reason == "AlreadyExists":
                there = self.cluster.pods.get(self._assumed(action).name)
                if there is not None and there.owner in (self.job.metadata.uid, ""):
                    self.instances.put(there)
                elif there is not None:
                    self.contests[i] = (f"held by {there.owner}", now + LOOK_AGAIN)
                return
            tries = self.refusals[i].tries + 1 if i in self.refusals else 1
            until = now + min(60.0, 2.0 ** (tries - 1))
            counts = error.reason != "Down"
            self.refusals[i] = Refusal(
                error.reason, error.message, until, counts, tries, action.surge
            )

    def _assumed(self, action: plan.CreatePod) -> Pod:
        name, uid = self.job.metadata.name, self.job.metadata.uid
        return Pod(
            namespace="default",
            name=f"{name}-{action.instance}" + ("-s" if action.surge else ""),
            uid="",
            job=name,
            owner=uid,
            instance=action.instance,
            surge=action.surge,
            revision=action.revision,
            update=action.update,
            failures=action.failures,
            remade=action.remade,
            created=self.cluster.now,
        )


def _unanswered(update: Update) -> bool:
    return update.status.observed_generation != update.metadata.generation


def _name(report: plan.WriteJob | plan.WriteUpdate) -> str:
    return report.name if isinstance(report, plan.WriteUpdate) else ""


def _newer(one: str, other: str) -> bool:
    return int(one) > int(other)
