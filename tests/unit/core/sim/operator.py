"""The operator as the shell runs it: sees through a watch that may be late, decides, acts.

A plan's write is followed by a fresh decision; its actions stand as assumptions until the watch
shows them; its reports wait for a second between them.
"""

from __future__ import annotations

from controller.api.update import Update
from controller.core.decide import decide
from controller.core.gates.run import gap
from controller.core.model import plan
from controller.core.model.limits import TEMPLATES_KEPT
from controller.core.model.observed import Domains, GateAnswer, Node, Refusal, Verdict
from controller.core.revisions.provenance import Provenance
from tests.unit.core.sim.acts import Acts
from tests.unit.core.sim.cluster import Cluster
from tests.unit.core.sim.store import ApiError
from tests.values import replace

PAUSE = 1.0


class Operator(Acts):
    """One life of the operator."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.quiet_until: dict[str, float] = {}

    def decide(self) -> plan.Plan:
        planned = decide(self.observe(), self.cluster.now)
        assert not planned.illegal, planned.illegal
        return planned

    def state(self) -> tuple[object, ...]:
        """All that decides what it does next, but for answers that it would ask for again, and
        since when a pod that is good or goes was Ready: a new operator believes the stamp."""
        seen, pods = self.observe(), self.instances
        asked = replace(
            seen,
            view=None,
            verdict=None,
            verdicts={},
            templates={},
            job_live=False,  # type: ignore[arg-type]
        )
        good = {False: seen.view.good, True: seen.view.twin.good}
        known = {
            slot: replace(pod, ready_since=0.0, was_good=True)
            if slot[0] in good[slot[1]] or pod.deleted is not None
            else pod
            for slot, pod in pods.pods.items()
        }
        # A new operator knows only the last one of each pod. In an Update only gates ask for them.
        asks = seen.job.spec.update.gates or seen.job.status.active_update is None
        interruptions = list(pods.interruptions) if asks else []
        return asked, known, good, interruptions, dict(self.quiet_until)

    def execute(self, planned: plan.Plan) -> bool:
        """Whether anything was done; a report that has to wait is not."""
        if planned.write is not None:
            self._try_write(planned.write)
            return True
        self.live = ""  # What comes next is another reconcile.
        if planned.held is not None:
            kept = {a.key for a in planned.actions if not isinstance(a, plan.Creation)}
            refused, kept = self.refused_actions.items(), kept | planned.held
            self.refused_actions = {key: r for key, r in refused if key in kept}
        for action in planned.actions:
            match action:
                case plan.CreatePod():
                    self.instances.assume_created(self._assumed(action))
                case plan.MakeClaims():
                    self.claims.begin(action.instance)
                case plan.DeletePod(evict=True):
                    self.instances.assume_evicting((action.instance, action.surge), action.uid)
                case plan.DeletePod():
                    slot = (action.instance, action.surge)
                    self.instances.assume_deleted(slot, action.uid, action.force)
                case plan.ChangePod():
                    self.instances.assume_changed((action.instance, action.surge), action.uid)
                case plan.RepairPod():
                    self.instances.assume_repaired((action.instance, action.surge), action.uid)
        for action in planned.actions:
            self._act(action)
        asked = self._consult(planned)
        for ask in planned.asks:
            name, cluster = ask.gate.name, self.cluster
            answer, before = cluster.answer(ask), self.answers.get(name)
            told = GateAnswer(ask.run, answer, cluster.now, ask.through, ask.question)
            self.answers[name] = told.following(before, gap(ask.gate))
        reported = [r for r in planned.reports if self.report_due(r) <= self.cluster.now]
        for report in reported:
            self.quiet_until[_name(report)] = self.cluster.now + PAUSE
            self._try_write(report)
        return bool(planned.actions or reported or planned.asks or asked)

    def report_due(self, report: plan.WriteJob | plan.WriteUpdate) -> float:
        """When a report may be written."""
        return self.quiet_until.get(_name(report), 0.0)

    # Writes of intent, and questions.

    def _try_write(self, write: plan.Write) -> None:
        what, now = plan.subject(write), self.cluster.now
        refused = (w for t, w in self.cluster.refused.items() if what and what.startswith(t))
        if (words := next(refused, None)) is not None:
            before = self.refused_writes.get(what)
            tries, since = (before.tries + 1, before.since) if before else (1, now)
            until = now + min(60.0, 2.0 ** (tries - 1))
            self.refused_writes[what] = Refusal(
                "QuotaExceeded", words, until, tries=tries, since=since
            )
            return
        try:
            self._write(write)
            self.refused_writes.pop(what, None)
        except ApiError as error:
            if error.reason not in ("Conflict", "Down", "NotFound"):
                raise
            # The object moved meanwhile, or the server is down.
            if error.reason != "Down":
                self._read_anew(write)

    def _read_anew(self, write: plan.Write) -> None:
        match write:
            case plan.WriteJob():
                self._read_job()
            case plan.WriteUpdate() | plan.MarkAdmitted():
                self._read_update(write.name)

    def _write(self, write: plan.Write) -> None:
        cluster = self.cluster
        match write:
            case plan.WriteJob():
                was_live = self.live == self.job.metadata.resource_version
                self.put_job(cluster.write_job(self.job, write.status))
                self.live = self.job.metadata.resource_version if was_live else ""
            case plan.WriteUpdate():
                self._answer(cluster.write_update(self.updates[write.name], write.status))
            case plan.MarkAdmitted():
                self._answer(cluster.mark_admitted(self.updates[write.name]))
            case plan.MakeUpdate():
                try:
                    self._answer(cluster.make_update(write))
                except ApiError as error:
                    if error.reason != "AlreadyExists":
                        raise
                    self._answer(cluster.updates[write.name])
            case plan.ReadJob():
                self._read_job()
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
            case plan.ReadNodes():
                for name in write.names:
                    node = cluster.nodes.get(name, Node())
                    self.nodes[name] = replace(node, read_at=cluster.now)
            case plan.CountDomains():
                counts = {each: cluster.domains.get(each, 0) for each in write.labels}
                self.domains = Domains(counts, cluster.now)
            case plan.ReadRevision():
                self.read = [*self.read[1 - TEMPLATES_KEPT :], write.name]
            case plan.AdoptRevisions():
                self.revisions |= cluster.adopt_revisions(write.names)
            case plan.EnsureRevision():
                name, number = write.revision, write.number
                self.revisions[name] = cluster.keep_revision(name, number, write.provenance)
            case plan.StampRevision():
                name, origin = write.revision, Provenance(source=write.source)
                self.revisions[name] = cluster.keep_revision(name, None, origin)

    def _answer(self, update: Update) -> None:
        self.put_update(update.metadata.name, update.metadata.uid, update)

    def _read_job(self) -> None:
        self.put_job(self.cluster.job)
        self.live = self.cluster.job.metadata.resource_version

    def _read_update(self, name: str) -> None:
        there, held = self.cluster.updates.get(name), self.job.status.active_update
        if there is None:
            self.updates.pop(name, None)
        else:
            self._answer(there)
        if there is None or (held and held.name == name and held.uid != there.metadata.uid):
            self.gone.add(name)


def _name(report: plan.WriteJob | plan.WriteUpdate) -> str:
    return report.name if isinstance(report, plan.WriteUpdate) else ""
