"""In which of its two slots each instance lives (contract rule 14).

A surge makes the new pod in the other slot. When that is good the slot moves, by one
compare-and-swap of the Job's status; only then is the old pod deleted. So whatever crashes when,
the stored slot names the pod that counts, and the other one is surplus.
"""

from __future__ import annotations

from controller.api.ids import Ids
from controller.api.job import JobStatus
from controller.core.model import assigned as asg
from controller.core.model.context import Case
from controller.core.model.plan import Write, WriteJob
from controller.core.rollout.direction import OneWay


def taking_over(way: OneWay) -> Ids:
    """Ids whose new pod is good beside the old one."""
    return way.flight & way.surging & way.case.view.twin.good


def at_once(way: OneWay) -> Write | None:
    """They take over if no other one is under way. Else the next report of the Job moves them: of
    a thousand that become good one by one, each would cost a write."""
    ready = taking_over(way)
    return moved(way.case, ready) if ready and ready == way.flight - way.idle else None


def reported(way: OneWay) -> JobStatus:
    """The Job's status with the slots of all that may take over moved."""
    return _after(way.case, taking_over(way))


def heal(case: Case) -> Write | None:
    """An id whose pod is lost while another one at its revision lives in the other slot: that one
    takes over. So it is when the old pod dies during a surge, or when a backup of the Job is
    restored that does not know of one."""
    twin = case.view.twin
    lone = case.intended & twin.alive & asg.common(case.assigned, twin.at) - case.view.occupied
    return moved(case, lone) if lone else None


def moved(case: Case, ids: Ids) -> Write:
    """The write that moves ``ids`` to their other slot."""
    return WriteJob(_after(case, ids))


def _after(case: Case, ids: Ids) -> JobStatus:
    bits = case.status.slots.bits ^ ids.bits
    return case.status.model_copy(update={"slots": Ids.of_bits(bits)})
