"""A Maintenance as a Job sees it: pods are marked, and marks are lifted. What moves may take."""

from __future__ import annotations

import math
from typing import Any

from controller.api.ended import EndCause
from controller.api.ids import Ids
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod
from controller.api.sla import MaintenanceSla
from controller.core.model.observed import Observed
from controller.core.model.plan import Action, DeletePod, Plan
from controller.core.model.policy import max_unavailable, min_available
from tests.unit.core.sim.cluster import Cluster
from tests.values import replace

MARK = "rack-7/uid-of-rack-7"


def mark(
    cluster: Cluster,
    *instances: int,
    node: str = "",
    deadline: float = math.inf,
    sla: dict[str, Any] | None = None,
) -> None:
    """The pods of these instances run on a node that is to be emptied."""
    numbers = {name: value for name, value in (sla or {}).items() if name != "coordinator"}
    given = MaintenanceSla.model_validate(numbers) if numbers else None
    for pod in list(cluster.pods.values()):
        if pod.instance in instances and pod.deleted is None and pod.move is None:
            at = pod.created if node else pod.taken_at
            move = Move(MARK, deadline, given)
            cluster.set_pod(replace(pod, node=node, taken_at=at, move=move))


def lift(cluster: Cluster) -> None:
    """The Maintenance is gone: its marks are taken from the pods on its nodes."""
    for pod in list(cluster.pods.values()):
        if pod.move is not None and not pod.move.successor_of:
            cluster.set_pod(replace(pod, move=None))


def is_move(action: Action) -> bool:
    """Whether the operator takes down a pod for a move."""
    return isinstance(action, DeletePod) and action.intent.cause is EndCause.MOVE


def judge(cluster: Cluster, seen: Observed, plan: Plan) -> None:
    """Moves leave enough instances that count, and not more unavailable than allowed. Those whose
    deadline passed go in any case."""
    now = cluster.now
    moves = [a for a in plan.actions if isinstance(a, DeletePod) and is_move(a)]
    late = {a.uid for a in moves if _deadline(seen, a) <= now}
    if all(a.uid in late for a in moves):
        return
    job = seen.job
    count = job.status.instances_in_force or 0
    own, given = job.spec.sla, _given(seen)
    sla = own or max(given, key=lambda s: min_available(s.min_available, count), default=None)
    least = min_available(sla.min_available, count) if sla else max(0, count - 1)
    lasting = own.duration if own else max((s.duration for s in given), default=0)
    lasting += max(job.spec.min_ready_seconds, 0)
    gone = {a.uid for a in plan.actions if isinstance(a, DeletePod)}

    def counts(pod: Pod) -> bool:
        serves = pod.ready and pod.deleted is None and not pod.ended and pod.in_effect
        return serves and pod.instance < count and pod.ready_since + lasting <= now

    pods = [p for p in cluster.pods.values() if counts(p)]
    others = {p.instance for p in pods if p.uid not in gone - {a.uid for a in moves} - late}
    after = {p.instance for p in pods if p.uid not in gone}
    assert others == after or len(after) >= least, (
        f"{plan.actions} leave {len(after)} of {count} that count, {least} must"
    )
    limit = max_unavailable(job.spec.update.max_unavailable, count)
    if limit is not None and job.status.active_update is None:
        taken = Ids(p.instance for p in pods if p.uid in gone) & seen.view.good
        down = Ids.span(0, count) - seen.view.good
        assert not taken or len(down | taken) <= limit, f"{down} are down, {taken} would be too"


def _given(seen: Observed) -> list[MaintenanceSla]:
    pods = [view.pod(i) for view in (seen.view, seen.view.twin) for i in view.marked]
    return [pod.move.sla for pod in pods if pod.move and pod.move.sla]


def _deadline(seen: Observed, action: DeletePod) -> float:
    for view in (seen.view, seen.view.twin):
        if action.instance in view.present and view.pod(action.instance).uid == action.uid:
            move = view.pod(action.instance).move
            # A successor that is not wanted any more goes freely.
            return move.deadline if move and not move.successor_of else -math.inf
    return -math.inf
