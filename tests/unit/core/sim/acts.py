"""What the operator does to objects, as the shell does it, and what it remembers of refusals."""

from __future__ import annotations

from controller.api.pods.pod import Pod
from controller.core.model import plan
from controller.core.model.coordination import Coordination, denied
from controller.core.model.observed import Refusal, RefusedAction
from controller.core.revisions.changeable_in_place import Change
from controller.core.verdicts.answer import Verdict
from tests.unit.core.sim.sight import Sight
from tests.unit.core.sim.store import ApiError
from tests.values import replace

#: Refusals that tell what is there, and are not waited for.
ANSWERS = ("NotFound", "Conflict", "Invalid", "AlreadyExists")
LOOK_AGAIN = 30.0


class Acts(Sight):
    """The actions of a plan."""

    def _act(self, action: plan.Action) -> None:
        now, cluster = self.cluster.now, self.cluster
        try:
            match action:
                case plan.CreatePod():
                    made = cluster.create_pod(self._assumed(action))
                    self.refusals.pop(action.instance, None)
                    self.instances.put(made, now)
                case plan.MakeClaims():
                    for name in action.templates:
                        self.claims.put(cluster.make_claim(name, action.instance))
                    self.refusals.pop(action.instance, None)
                case plan.OwnClaim():
                    self.claims.put(cluster.own_claim(action))
                case plan.KeepBudget():
                    cluster.keep_budget(action)
                case plan.DeletePod(evict=True):
                    cluster.need_consent(action.uid, action.question is not None)
                    cluster.evict_pod(action.name, action.uid)
                    self.not_evicted = None
                    self.instances.evicted((action.instance, action.surge), action.uid, True)
                case plan.DeletePod():
                    cluster.delete_pod(action.name, action.uid, action.force)
                case plan.ChangePod():
                    if action.budgeted:
                        cluster.need_consent(action.uid, action.question is not None)
                        cluster.ask_to_evict()
                    self._change(action)
                case plan.RepairPod(finish=True):
                    self.instances.put(cluster.finish_pod(action.name, action.uid), now)
                case plan.RepairPod():
                    repaired = cluster.repair_pod(
                        action.name, action.uid, action.revision, action.undo, action.moved
                    )
                    self.instances.put(repaired, now)
                case plan.Prune():
                    cluster.prune(action.kind, action.name, action.uid)
            if not isinstance(action, plan.Creation):
                self.refused_actions.pop(action.key, None)
        except ApiError as error:
            self._not_done(action, error, now)
        finally:
            if isinstance(action, plan.RepairPod):
                self.instances.repaired((action.instance, action.surge), action.uid)
            elif isinstance(action, plan.MakeClaims):
                self.claims.end(action.instance)

    def _consult(self, planned: plan.Plan) -> bool:
        """Ask the coordinator what is to be asked. What it allowed before was done, or is not
        wanted any more."""
        question, known = planned.question, self.coordination
        self.coordination = replace(known, allowed=None)
        if question is None or question == known.allowed:
            return False
        try:
            answer = self.cluster.consult(question)
        except ApiError as error:
            self.not_evicted = self._refusal(error, self.not_evicted, self.cluster.now)
            return True
        denials = dict(known.denials)
        before = denials.pop(question.request_id, None)
        if answer.verdict is Verdict.PASS:
            self.coordination = Coordination(allowed=question, denials=denials)
        else:
            denial = denied(question, answer, before, self.cluster.now)
            self.coordination = Coordination(denials={**denials, question.request_id: denial})
        return True

    def _change(self, action: plan.ChangePod) -> None:
        """One patch for images and metadata; a resize is announced on the pod first, and metadata
        follows it."""
        slot, cluster = (action.instance, action.surge), self.cluster
        notes = [
            cluster.templates[revision].get("metadata")
            for revision in (self.instances.pods[slot].revision, action.revision)
        ]
        follows = action.change is Change.RESOURCES and notes[0] != notes[1]
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
            unfinished=follows,
        )
        seen = self.instances.pods[slot].resource_version
        if action.change is Change.RESOURCES:
            seen = cluster.announce(action.name, action.uid, seen, action.revision)
        restarts = action.change is not Change.METADATA
        changed = cluster.change_pod(action.name, action.uid, seen, wish, restarts=restarts)
        if follows:
            changed = cluster.finish_pod(action.name, action.uid)
        self.instances.put(changed, cluster.now)
        self.instances.changed(slot, action.uid)

    def _not_done(self, action: plan.Action, error: ApiError, now: float) -> None:
        if error.reason in ("DisruptionBudget", "SeveralBudgets"):
            self.not_evicted = self._refusal(error, self.not_evicted, now)
        elif not isinstance(action, plan.Creation) and error.reason not in ANSWERS:
            before = self.refused_actions.get(action.key)
            refused = self._refusal(error, before.refusal if before else None, now)
            self.refused_actions[action.key] = RefusedAction(action, refused)
        if isinstance(action, plan.ChangePod):
            if error.reason == "Invalid":
                self.in_place_refused.add(action.uid)
            if error.reason == "NotFound":
                self.instances.drop((action.instance, action.surge), action.uid)
            elif error.reason == "Conflict":
                self.instances.put(self.cluster.pods[action.name], now)
            self.instances.changed((action.instance, action.surge), action.uid)
        elif isinstance(action, plan.DeletePod) and action.evict and error.reason != "NotFound":
            self.instances.evicted((action.instance, action.surge), action.uid, False)
        elif isinstance(action, plan.DeletePod):
            if error.reason == "NotFound":
                self.instances.drop((action.instance, action.surge), action.uid)
            else:
                self.instances.not_deleted((action.instance, action.surge), action.uid)
        elif isinstance(action, plan.MakeClaims):
            i = action.instance
            self.refusals[i] = self._refusal(error, self.refusals.get(i), now)
        elif isinstance(action, plan.CreatePod):
            self._not_created(action, error, now)

    def _not_created(self, action: plan.CreatePod, error: ApiError, now: float) -> None:
        i, slot = action.instance, (action.instance, action.surge)
        self.instances.not_created(slot)
        if error.reason == "AlreadyExists":
            there = self.cluster.pods.get(self._assumed(action).name)
            if there is not None and there.owner in (self.job.metadata.uid, ""):
                self.instances.put(there, now)
            elif there is not None:
                self.conflicts[i] = (f"held by {there.owner}", now + LOOK_AGAIN)
            return
        self.refusals[i] = self._refusal(error, self.refusals.get(i), now, action.surge)

    @staticmethod
    def _refusal(
        error: ApiError, before: Refusal | None, now: float, surge: bool = False
    ) -> Refusal:
        tries, since = (before.tries + 1, before.since) if before else (1, now)
        counts = error.reason != "Down"
        until = now + min(60.0 if counts else 8.0, 2.0 ** (tries - 1))
        return Refusal(error.reason, error.message, until, counts, tries, surge, since)

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
            move=action.move,
            created=self.cluster.now,
        )
