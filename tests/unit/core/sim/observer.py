"""Watches the simulated cluster, not the operator: the invariants of the design."""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.pod import Pod
from controller.api.policy import Replacement
from controller.api.update import ACTIVE, BACKWARD, Phase, Update
from controller.core import assigned as asg
from controller.core.observed import Observed
from controller.core.plan import CreatePod, DeletePod, Plan
from controller.core.policy import max_unavailable
from tests.unit.core.sim.cluster import Cluster


class Observer:
    """``before`` a plan is executed, ``after`` it was."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        #: Ids out of service because of an Update: their pod was deleted while it was good.
        self.down = NONE

    def before(self, seen: Observed, plan: Plan) -> None:
        assert plan.write is None or not plan.actions, "writes intent or acts, never both"
        self._refresh()
        update = self._active()
        for action in plan.actions:
            if isinstance(action, DeletePod):
                self._delete(action, update)
            elif isinstance(action, CreatePod):
                assigned = asg.revision_of(self.assigned, action.instance)
                assert assigned == action.revision, f"{action} though assigned {assigned}"
        if update is not None and plan.actions:
            self._max_unavailable(seen, plan, update)

    def after(self) -> None:
        live: dict[int, str] = {}
        for pod in self.cluster.pods.values():
            if pod.owner == self.cluster.job.metadata.uid and not pod.ended:
                pair = pod.instance in live and self._surges
                assert pair or pod.instance not in live, f"two live pods of {pod.instance}"
                live[pod.instance] = pod.name
        self._refresh()

    def _refresh(self) -> None:
        """Who is back in service."""
        good = Ids(p.instance for p in self.cluster.pods.values() if self._good(p))
        held = self.cluster.job.status.active_update is not None
        self.down = (self.down & self.intended) - good if held else NONE

    @property
    def assigned(self) -> dict[str, Ids]:
        return asg.read(self.cluster.job.status.assigned)

    @property
    def _surges(self) -> bool:
        """Whether an Update of this Job has ever made pairs."""
        policies = [u.status.policy for u in self.cluster.updates.values()]
        return any(p is not None and p.replacement is Replacement.SURGE for p in policies)

    @property
    def intended(self) -> Ids:
        return asg.ids_of(self.assigned)

    def _active(self) -> Update | None:
        held = self.cluster.job.status.active_update
        update = self.cluster.updates.get(held.name) if held else None
        return update if update and update.status.phase in ACTIVE else None

    def _good(self, pod: Pod) -> bool:
        update = self._active()
        seconds = update.status.min_ready_seconds if update else None
        seconds = self.cluster.job.spec.min_ready_seconds if seconds is None else seconds
        return (
            pod.ready
            and pod.deleted is None
            and not pod.ended
            and pod.ready_since + seconds <= self.cluster.now
        )

    def _delete(self, action: DeletePod, update: Update | None) -> None:
        pod = self.cluster.pods.get(action.name)
        if pod is None or pod.uid != action.uid or pod.ended or pod.deleted is not None:
            return
        i, assigned = pod.instance, asg.revision_of(self.assigned, pod.instance)
        if assigned is None:
            return  # Scaled away, or removed by the Update in its turn.
        if pod.surge != (i in self.cluster.job.status.slots):
            return  # The instance lives in the other slot.
        if update is None:
            assert assigned != pod.revision, f"{action} for no reason"
            return
        if update.status.phase in BACKWARD and pod.update != update.metadata.uid:
            origin = asg.revision_of(asg.read(update.status.from_), i)
            assert origin != pod.revision, f"instance {i} needs no rollback"
        if self._good(pod):
            self.down |= Ids([i])
            policy = update.status.policy
            assert policy is not None
            failed = update.status.instances.failed | update.status.instances.rollback_failed
            to = update.status.to
            assert to is not None
            origin = asg.ids_of(asg.read(update.status.from_))
            # Ids that go for good are no one's service.
            staying = origin if update.status.phase in BACKWARD else to.instances
            down = (self.down & staying) - failed
            limit = max(policy.strategy.groups)
            assert len(down) <= limit, f"instances {down} are down because of {update}"

    def _max_unavailable(self, seen: Observed, plan: Plan, update: Update) -> None:
        policy, sets = update.status.policy, update.status.instances
        assert policy is not None
        limit = max_unavailable(policy.max_unavailable, len(self.intended))
        deleted = Ids(a.instance for a in plan.actions if isinstance(a, DeletePod))
        taken = deleted & seen.view.good & self.intended
        if (
            limit is None
            or not taken
            or update.status.phase
            not in (
                Phase.ROLLING_FORWARD,
                Phase.ROLLING_BACK,
            )
        ):
            return
        failed = sets.rollback_failed if update.status.phase in BACKWARD else sets.failed
        down = (self.intended - seen.view.good) - failed
        assert len(down | taken) <= limit, f"{down} are unavailable, {taken} would be too"
