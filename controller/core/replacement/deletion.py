"""The delete of one pod, and why: what `Job.status.ended` says of the pod later. When a pod that
does not go is deleted by force."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.ended import EndCause
from controller.api.ids import NONE, Ids
from controller.api.meta import surely_past
from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.model.plan import DeletePod
from controller.core.pods.ended import Intent
from controller.core.rollout.direction import Direction


def delete(
    pod: Pod,
    direction: Direction | None,
    failed: Ids = NONE,
    surplus: Ids = NONE,
    *,
    moved: Ids = NONE,
    evict: bool = False,
) -> DeletePod:
    """The delete of a pod. ``direction``: of the active Update; ``failed``: ids whose pod did not
    become good in time; ``surplus``: ids that are no instances of the Job any more;
    ``moved``: ids that are moved to another node; ``evict``: it obeys disruption budgets."""
    i, update = pod.instance, direction.update.metadata.name if direction else ""
    if i in failed:
        intent = Intent(EndCause.FAILED, update)
    elif i in surplus and not (direction and i in direction.scope):
        intent = Intent(EndCause.SCALE)
    elif i in moved:
        mark = pod.move.mark if pod.move else ""
        intent = Intent(EndCause.MOVE, evicts=evict, maintenance=mark)
    elif direction is not None:
        intent = Intent(EndCause.ROLLBACK if direction.backward else EndCause.UPDATE, update, evict)
    else:
        intent = Intent(EndCause.DELETED)  # A repair: the pod does not run what it should.
    return DeletePod(i, pod.surge, pod.name, pod.uid, evict=evict, intent=intent)


def stuck(context: Context, direction: Direction | None) -> Iterator[tuple[Pod, float]]:
    """Terminating pods of the group in flight, with the moment at which to delete them by force
    (epoch seconds; contract: terminationTimeoutSeconds)."""
    if direction is None or not (timeout := direction.policy.termination_timeout_seconds):
        return
    for view in (context.view, context.view.twin):
        for i in direction.in_flight & view.terminating - view.forced:
            if (pod := view.pod(i)).deleted is not None:
                yield pod, surely_past(pod.deleted, timeout)
