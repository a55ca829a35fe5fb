"""In which of its two slots each instance lives (contract rule 14).

A surge creates the new pod in the other slot. When the new pod is good, one compare-and-swap of the
Job's status moves the instance to that slot; only then the operator deletes the old pod. So the
stored slot always names the pod that counts, whenever the operator crashes; the pod in the other
slot is surplus.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.job import JobStatus
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import Write, WriteJob
from controller.core.rollout.direction import Direction


def taking_over(direction: Direction) -> Ids:
    """Ids of instances whose new pod is good beside the old one."""
    return direction.in_flight & direction.surging & direction.context.view.twin.good


def slot_write(direction: Direction) -> Write | None:
    """The write that moves the slots of instances whose new pod is good; None if the next report
    of the Job has to move them, because other instances are still under way. If a thousand become
    good one by one, each must not cost a write."""
    ready = taking_over(direction)
    return (
        moved(direction.context, ready)
        if ready and ready == direction.in_flight - direction.not_started
        else None
    )


def status_with_slots(direction: Direction) -> JobStatus:
    """The Job's status with the slots of all instances moved whose new pod is good."""
    return _after(direction.context, taking_over(direction))


def heal(context: Context) -> Write | None:
    """The write that moves instances to their other slot if only that slot holds a pod, at the
    assigned revision; None if there are none.

    It happens when the old pod dies during a surge, and when a Job is restored from a backup that
    was made before a surge.
    """
    twin = context.view.twin
    lone = (
        context.intended
        & twin.alive
        & asg.common(context.assigned, twin.at) - context.view.occupied
    )
    return moved(context, lone) if lone else None


def moved(context: Context, ids: Ids) -> Write:
    """The write that moves ``ids`` to their other slots."""
    return WriteJob(_after(context, ids))


def _after(context: Context, ids: Ids) -> JobStatus:
    bits = context.status.slots.bits ^ ids.bits
    return context.status.model_copy(update={"slots": Ids.of_bits(bits)})
