"""Watches the simulated cluster, not the operator: the invariants of the design.

`reasons` says which acts on pods are allowed, `records` what may be written into a status. Here is
what speaks of the instances as a whole: never two pods of one, never too many out of service.
"""

from __future__ import annotations

from controller.api.ids import MAX_ID, NONE, Ids
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement
from controller.api.update import BACKWARD, Update
from controller.core.model import assigned as asg
from controller.core.model.observed import Observed
from controller.core.model.plan import ChangePod, DeletePod, Plan
from controller.core.model.policy import max_unavailable, min_available
from controller.core.revisions.changeable_in_place import Change
from tests.unit.core.sim import claims, drain, ordered
from tests.unit.core.sim.cluster import Cluster
from tests.unit.core.sim.reasons import Reasons
from tests.unit.core.sim.records import Records, by_itself


class Observer:
    """``judge`` each plan; ``before`` a plan is executed or a write takes effect, and ``after``."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.reasons = Reasons(cluster)
        self.records = Records(cluster)
        #: Ids out of service because of an Update: their pod was deleted, or changed in place,
        #: while it was good, and since then the operator has not seen them good.
        self.down = NONE

    @property
    def assigned(self) -> dict[str, Ids]:
        return asg.read(self.cluster.job.status.assigned)

    @property
    def intended(self) -> Ids:
        return asg.ids_of(self.assigned)

    def before(self) -> None:
        """Take down what is there."""
        self.records.begin()

    def judge(self, seen: Observed, plan: Plan) -> None:
        """Whether the plan is one that may be carried out."""
        assert plan.write is None or not plan.actions, "writes intent or acts, never both"
        by_itself(seen, plan)
        held = self.cluster.job.status.active_update is not None
        self.down = (self.down & self.intended) - seen.view.good if held else NONE
        update = self.reasons.active(seen)
        drain.judge(self.cluster, seen, plan)
        ordered.judge(seen, plan, update)
        claims.judge(self.cluster, seen, plan, update)
        for action in plan.actions:
            self.reasons.look(seen, action)
        if update is not None and plan.actions:
            self._service(seen, plan, update)

    def after(self) -> None:
        """What is there now."""
        live: dict[int, str] = {}
        for pod in self.cluster.pods.values():
            if pod.owner == self.cluster.job.metadata.uid and not pod.ended:
                pair = {live.get(pod.instance), pod.name}
                allowed = frozenset(pair) in self.reasons.pairs or pod.instance not in live
                assert allowed, f"two live pods of {pod.instance}"
                live[pod.instance] = pod.name
        self.records.look()

    def _counting(self, seen: Observed, plan: Plan, update: Update) -> None:
        """An Update that obeys `spec.sla` leaves enough instances that count."""
        policy, sla = update.status.policy, seen.job.spec.sla
        if policy is None or sla is None or not policy.sla_aware:
            return
        ready, now = update.status.min_ready_seconds or 0, self.cluster.now
        count = len(self.intended)
        scaled = Ids.span(count, MAX_ID + 1)
        acts = [a for a in plan.actions if isinstance(a, DeletePod | ChangePod)]
        acts = [a for a in acts if a.instance not in scaled and not drain.is_move(a)]
        acts = [a for a in acts if not _serves_on(a)]

        def counts(pod: Pod) -> bool:
            serves = pod.ready and pod.deleted is None and not pod.ended and pod.in_effect
            return serves and pod.ready_since + ready + sla.duration <= now

        pods = [p for p in self.cluster.pods.values() if counts(p) and p.instance < count]
        gone = {a.uid for a in acts}
        before = {p.instance for p in pods}
        after = {p.instance for p in pods if p.uid not in gone}
        least = min_available(sla.min_available, count)
        assert before == after or len(after) >= least, (
            f"{plan.actions} leave {len(after)} of {count} that count, {least} must"
        )

    def _service(self, seen: Observed, plan: Plan, update: Update) -> None:
        """No more instances out of service than the strategy and ``maxUnavailable`` allow."""
        slots, good = seen.job.status.slots, seen.view.good & self.intended
        taken = good & Ids(
            a.instance
            for a in plan.actions
            if isinstance(a, DeletePod | ChangePod) and a.surge == (a.instance in slots)
            # Moves have their own limit.
            if not drain.is_move(a) and not _serves_on(a)
        )
        policy, status = update.status.policy, update.status
        assert policy is not None
        assert status.to is not None
        self._counting(seen, plan, update)
        if not taken:
            return
        if policy.replacement is Replacement.SURGE:
            killed = _origin(update) - status.to.instances
            backwards = status.phase in BACKWARD
            going = status.to.instances - _origin(update) if backwards else killed
            assert taken <= going, f"a surge takes {taken - going} out of service"
        self.down |= taken
        failed = status.instances.failed | status.instances.rollback_failed
        # Ids that go for good are no one's service.
        staying = _origin(update) if status.phase in BACKWARD else status.to.instances
        down = (self.down & staying) - failed
        limit = max(policy.strategy.groups)
        assert len(down) <= limit, f"instances {down} are down because of {update}"
        assert taken <= (status.batch.instances if status.batch else NONE), "not in the group"
        self._max_unavailable(seen, plan, update, taken)

    def _max_unavailable(self, seen: Observed, plan: Plan, update: Update, taken: Ids) -> None:
        status = update.status
        assert status.policy is not None
        limit = max_unavailable(status.policy.max_unavailable, len(self.intended))
        if limit is None:
            return
        sets = status.instances
        failed = sets.rollback_failed if status.phase in BACKWARD else sets.failed
        down = (self.intended - seen.view.good) - failed - seen.job.status.frozen
        assert len(down | taken) <= limit, f"{down} are unavailable, {taken} would be too: {plan}"


def _origin(update: Update) -> Ids:
    return asg.ids_of(asg.read(update.status.from_))


def _serves_on(action: DeletePod | ChangePod) -> bool:
    return isinstance(action, ChangePod) and action.change is Change.METADATA
