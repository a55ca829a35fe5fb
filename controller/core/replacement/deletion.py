"""The delete of one pod, and why: what `Job.status.ended` says of the pod later."""

from __future__ import annotations

from controller.api.ended import EndCause
from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.core.model.plan import DeletePod
from controller.core.pods.ended import Intent
from controller.core.rollout.direction import Direction


def delete(
    pod: Pod, direction: Direction | None, failed: Ids = NONE, surplus: Ids = NONE
) -> DeletePod:
    """The delete of a pod. ``direction``: of the active Update; ``failed``: ids whose pod did not
    become good in time; ``surplus``: ids that are no instances of the Job any more."""
    i, update = pod.instance, direction.update.metadata.name if direction else ""
    if i in failed:
        intent = Intent(EndCause.FAILED, update)
    elif i in surplus and not (direction and i in direction.scope):
        intent = Intent(EndCause.SCALE)
    elif direction is not None:
        intent = Intent(EndCause.ROLLBACK if direction.backward else EndCause.UPDATE, update)
    else:
        intent = Intent(EndCause.DELETED)  # A repair: the pod does not run what it should.
    return DeletePod(i, pod.surge, pod.name, pod.uid, intent=intent)
