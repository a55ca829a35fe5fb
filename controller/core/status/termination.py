"""Deleted pods that do not terminate: the message about them, and from when on they need a person
(contract rule 15).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from controller.api.ids import Ids
from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.pods.facts import EVERY

#: Seconds after the end of the grace period after which a pod needs a person.
STUCK_AFTER = 60.0
#: ``deletionTimestamp`` (the end of the grace period) is up to this many seconds too early: it is
#: cut to whole seconds.
CUT = 1.0
#: How many pods of a kind are checked; a report must not cost O(instances).
LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class Lingering:
    """A pod that still exists after its grace period. ``stuck``: it needs a person."""

    message: str
    stuck: bool


def of(pods: Iterable[Pod], now: float) -> Lingering | None:
    """The first of the pods that needs a person, else the first whose grace period is over. Returns
    None if there is no such pod."""
    lingering = [each for pod in pods if (each := _lingering(pod, now)) is not None]
    return next((each for each in lingering if each.stuck), lingering[0] if lingering else None)


def next_moment(pods: Iterable[Pod], now: float) -> float | None:
    """When (epoch seconds) the next grace period ends, or the next pod needs a person."""
    ends = [pod.deleted + CUT for pod in pods if pod.deleted is not None]
    return min((at for end in ends for at in (end, end + STUCK_AFTER) if at > now), default=None)


def left(context: Context, ids: Ids = EVERY) -> Iterator[Pod]:
    """Terminating pods of ``ids``, also of instances that the Job no longer has, and pods that take
    the names of instances: pods without an owner, or of an earlier Job of the same name."""
    for slot in (context.view, context.view.twin):
        names = (slot.foreign | slot.orphan) & ids & context.intended
        for kind in (slot.terminating & ids, names):
            yield from (slot.pod(i) for i in islice(kind, LOOKED_AT))


def _lingering(pod: Pod, now: float) -> Lingering | None:
    if pod.deleted is None or now < pod.deleted + CUT:
        return None
    stuck = now >= pod.deleted + CUT + STUCK_AFTER
    if pod.finalizers:
        names = ", ".join(pod.finalizers[:3])
        held_by = f"finalizers {names}" if len(pod.finalizers) > 1 else f"its finalizer {names}"
        advice = "; whoever set it has to remove it" if stuck else ""
        return Lingering(f"pod {pod.name} is kept by {held_by}{advice}", stuck)
    where = f" on node {pod.node}" if pod.node else ""
    node = f"{'that' if where else 'its'} node"
    advice = f"; if {node} is off for good: kubectl delete pod {pod.name} --force" if stuck else ""
    return Lingering(f"pod {pod.name}{where} does not terminate{advice}", stuck)
