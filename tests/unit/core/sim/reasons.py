"""Every act on a pod has a reason that is stored: which deletes, changes and creates are allowed.

Judged by what the cluster holds, not by what the operator believes; where a late watch may excuse
it, by what it saw.
"""

from __future__ import annotations

from controller.api.ended import EndCause
from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.api.policy import Replacement
from controller.api.update import ACTIVE, BACKWARD, TERMINAL, Phase, Update
from controller.core.model import assigned as asg
from controller.core.model.observed import Observed
from controller.core.model.plan import Action, ChangePod, CreatePod, DeletePod, Prune, RepairPod
from controller.core.status import pulse
from tests.unit.core.sim.cluster import Cluster

MOVING = (Phase.ROLLING_FORWARD, Phase.ROLLING_BACK)


class Reasons:
    """``look`` at one action before it is carried out."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        #: Names of two pods of one instance that a surge made.
        self.pairs: set[frozenset[str | None]] = set()
        #: uid of an Update that rolls back -> uids of pods it had not touched when that began.
        self._untouched: dict[str, set[str]] = {}

    def active(self, seen: Observed) -> Update | None:
        """The Update that holds the Job; one that was deleted as the operator still knows it."""
        held = self.cluster.job.status.active_update
        if held is None:
            return None
        both = (self.cluster.updates.get(held.name), seen.updates.get(held.name))
        update = next((u for u in both if u and u.metadata.uid == held.uid), None)
        return update if update and update.status.phase in ACTIVE else None

    def look(self, seen: Observed, action: Action) -> None:
        """Raises ``AssertionError`` for what must not be."""
        update = self.active(seen)
        self._turned(update)
        match action:
            case CreatePod():
                self._create(seen, action, update)
            case DeletePod():
                self._delete(seen, action, update)
            case ChangePod():
                self._change(seen, action, update)
            case RepairPod():
                assert action.uid, "a write to a pod names its uid"
            case Prune():
                self._prune(seen, action)

    # What is there.

    @property
    def _assigned(self) -> dict[str, Ids]:
        return asg.read(self.cluster.job.status.assigned)

    def _there(self, action: DeletePod | ChangePod) -> Pod | None:
        """The pod that is meant, unless it is old news: a precondition fails."""
        assert action.uid, "a write to a pod names its uid"
        pod = self.cluster.pods.get(action.name)
        return pod if pod and pod.uid == action.uid and pod.deleted is None else None

    def _turned(self, update: Update | None) -> None:
        """Take down what a rollback has not touched."""
        if update is None or update.status.phase not in BACKWARD:
            return
        uid = update.metadata.uid
        if uid not in self._untouched:
            pods = self.cluster.pods.values()
            origin = asg.read(update.status.from_)
            self._untouched[uid] = {
                p.uid for p in pods if p.instance in origin.get(p.revision, NONE)
            } - {p.uid for p in pods if p.update == uid}

    # Creates.

    def _create(self, seen: Observed, action: CreatePod, update: Update | None) -> None:
        i = action.instance
        assigned = asg.revision_of(self._assigned, i)
        assert assigned == action.revision, f"{action} though assigned {assigned}"
        assert action.revision in seen.revisions, f"{action} of a revision that is not kept"
        plain, beside = f"web-{i}", f"web-{i}-s"
        mine, other = (beside, plain) if action.surge else (plain, beside)
        there = self.cluster.pods.get(other)
        in_slot = action.surge == (i in self.cluster.job.status.slots)
        if there is None or there.owner != self.cluster.job.metadata.uid or there.ended:
            assert in_slot or (there and there.ended), f"{action}: it lives in the other slot"
            return
        if there.deleted is not None and frozenset({mine, other}) in self.pairs:
            return  # It has given way, and does not go: its node is lost.
        assert not in_slot, f"{action} while {other} is there"
        if action.move is not None:
            self._succeed(seen, action, update, there)
            self.pairs.add(frozenset({mine, other}))
            return
        assert update is not None, f"{action}: a pair without an Update"
        policy = update.status.policy
        assert policy is not None
        assert policy.replacement is Replacement.SURGE, f"{action}: a pair without a surge"
        assert update.status.phase in MOVING, f"{action} in phase {update.status.phase}"
        assert i in _asked(update), f"{action}: not asked for"
        self._may_start(seen, action, update)
        self.pairs.add(frozenset({mine, other}))

    def _succeed(self, seen: Observed, action: CreatePod, update: Update | None, old: Pod) -> None:
        """A pod beside one that is to leave its node."""
        assert action.move is not None
        assert action.move.successor_of == old.uid, f"{action} beside {old}"
        assert seen.view.pod(old.instance).move is not None, f"{action}: nobody wants {old} to go"
        policy = update.status.policy if update else seen.job.spec.update
        assert policy is not None
        assert policy.replacement is Replacement.SURGE, f"{action}: a pair without a surge"

    # Deletes.

    def _delete(self, seen: Observed, action: DeletePod, update: Update | None) -> None:
        if action.force:
            self._force(action, update)
            return
        pod = self._there(action)
        if pod is None or pod.ended:
            return
        i, assigned = pod.instance, asg.revision_of(self._assigned, pod.instance)
        if assigned is None:
            return  # Scaled away, or removed by the Update in its turn.
        if pod.surge != (i in self.cluster.job.status.slots):
            return  # The instance lives in the other slot.
        if action.intent.cause is EndCause.MOVE:
            move = seen.view.pod(i).move
            assert move is not None, f"{action}: nobody wants it to go"
            assert not move.successor_of, f"{action}: it was made to stay"
            return
        if update is None:
            assert assigned != pod.revision or pod.infeasible, f"{action} for no reason"
            return
        self._replaced(seen, action, update, pod)
        if pod.revision == assigned and not self._restarts(update, pod):
            # A pod at its revision goes only because it was late, or can never be changed.
            status = update.status
            counts = any(i in ids for ids in status.failure_counts.values())
            assert counts or pod.infeasible, f"{action} for no reason"
            assert i not in seen.view.good, f"{action} though it is good"

    def _force(self, action: DeletePod, update: Update | None) -> None:
        pod = self.cluster.pods.get(action.name)
        if pod is None or pod.uid != action.uid:
            return
        policy = update.status.policy if update else None
        assert policy is not None, f"{action} without an Update"
        timeout = policy.termination_timeout_seconds
        assert timeout, f"{action} though nobody wants that"
        assert pod.deleted is not None, f"{action}: its grace period was not begun"
        assert pod.deleted + timeout <= seen_at(self.cluster), f"{action} too early"

    def _restarts(self, update: Update, pod: Pod) -> bool:
        return update.status.restart and pod.update != update.metadata.uid

    def _replaced(
        self, seen: Observed, action: DeletePod | ChangePod, update: Update, pod: Pod
    ) -> None:
        """What holds for whatever takes the place of a live pod."""
        status, i = update.status, pod.instance
        assert status.phase in MOVING, f"{action} in phase {status.phase}"
        assert i in _asked(update), f"{action}: not asked for"
        if status.phase in BACKWARD:
            untouched = self._untouched.get(update.metadata.uid, set())
            assert pod.uid not in untouched, f"{action}: the rollback needs not touch {i}"
        self._may_start(seen, action, update)

    def _may_start(self, seen: Observed, action: Action, update: Update) -> None:
        """Neither a pause nor a missing pulse, as far as the operator can know."""
        known = seen.updates.get(update.metadata.name)
        assert known is not None
        assert not known.spec.paused, f"{action} while paused"
        assert not pulse.missing(known, seen_at(self.cluster)), f"{action} without a pulse"

    # Changes in place.

    def _change(self, seen: Observed, action: ChangePod, update: Update | None) -> None:
        assert update is not None, f"{action} without an Update"
        policy = update.status.policy
        assert policy is not None
        assert policy.replacement is Replacement.IN_PLACE, f"{action}: nobody wants that"
        assigned = asg.revision_of(self._assigned, action.instance)
        assert assigned == action.revision, f"{action} though assigned {assigned}"
        pod = self._there(action)
        if pod is None or pod.ended:
            return
        assert pod.uid not in seen.in_place_refused, f"{action}: the API server refused that"
        assert pod.revision != action.revision, f"{action} for no reason"
        in_slot = pod.surge == (pod.instance in self.cluster.job.status.slots)
        assert in_slot, f"{action}: it lives in the other slot"
        self._replaced(seen, action, update, pod)

    # Pruning.

    def _prune(self, seen: Observed, action: Prune) -> None:
        status, name = self.cluster.job.status, action.name
        if action.kind == "Update":
            assert name not in seen.updates or seen.updates[name].status.phase in TERMINAL
            return
        needed = {status.current_revision, seen.revision, *self._assigned}
        for update in seen.updates.values():
            if update.status.phase not in TERMINAL:
                to = update.status.to
                needed |= {update.spec.revision, to.revision if to else None}
                needed |= set(asg.read(update.status.from_))
        assert name not in needed, f"{action}: it is needed"


def _asked(update: Update) -> Ids:
    """Ids of the group in flight, and those that the Update has touched."""
    status = update.status
    ids = status.batch.instances if status.batch else NONE
    for name in type(status.instances).model_fields:
        ids |= getattr(status.instances, name)
    return ids


def seen_at(cluster: Cluster) -> float:
    """The moment at which the operator decides."""
    return cluster.now
