"""In which of its two slots each instance lives (contract rule 14).

A surge makes the new pod in the other slot. When that is good the slot moves, by one
compare-and-swap of the Job's status; only then is the old pod deleted. So whatever crashes when,
the stored slot names the pod that counts, and the other one is surplus.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.job import JobStatus
from controller.core.model import assigned as asg
from controller.core.model.context import Context
from controller.core.model.plan import Write, WriteJob
from controller.core.rollout.direction import Direction


def taking_over(direction: Direction) -> Ids:
    """Ids whose new pod is good beside the old one."""
    return direction.in_flight & direction.surging & direction.context.view.twin.good


def at_once(direction: Direction) -> Write | None:
    """They take over if no other one is under way. Else the next report of the Job moves them: of
    a thousand that become good one by one, each would cost a write."""
    ready = taking_over(direction)
    return (
        moved(direction.context, ready)
        if ready and ready == direction.in_flight - direction.not_started
        else None
    )


def reported(direction: Direction) -> JobStatus:
    """The Job's status with the slots of all that may take over moved."""
    return _after(direction.context, taking_over(direction))


def heal(context: Context) -> Write | None:
    """An id whose pod is lost while another one at its revision lives in the other slot: that one
    takes over. So it is when the old pod dies during a surge, or when a backup of the Job is
    restored that does not know of one."""
    twin = context.view.twin
    lone = (
        context.intended
        & twin.alive
        & asg.common(context.assigned, twin.at) - context.view.occupied
    )
    return moved(context, lone) if lone else None


def moved(context: Context, ids: Ids) -> Write:
    """The write that moves ``ids`` to their other slot."""
    return WriteJob(_after(context, ids))


def _after(context: Context, ids: Ids) -> JobStatus:
    bits = context.status.slots.bits ^ ids.bits
    return context.status.model_copy(update={"slots": Ids.of_bits(bits)})
