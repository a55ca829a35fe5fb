"""Pods that were asked to go and do not: what is said of them, and when they need a person
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

#: Seconds after the grace period from which on a person is needed.
STUCK_AFTER = 60.0
#: ``deletionTimestamp``, the end of the grace period, is cut to whole seconds.
CUT = 1.0
#: How many pods of a kind are looked at; a report must not cost O(instances).
LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class Lingering:
    """A pod whose grace period is over; ``stuck``: it needs a person."""

    message: str
    stuck: bool


def of(pods: Iterable[Pod], now: float) -> Lingering | None:
    """The first of the pods that needs a person, else the first whose grace period is over."""
    found = [at for pod in pods if (at := _lingering(pod, now)) is not None]
    return next((one for one in found if one.stuck), found[0] if found else None)


def next_moment(pods: Iterable[Pod], now: float) -> float | None:
    """When the next grace period is over, or the next pod needs a person."""
    ends = [pod.deleted + CUT for pod in pods if pod.deleted is not None]
    return min((at for end in ends for at in (end, end + STUCK_AFTER) if at > now), default=None)


def left(context: Context, ids: Ids = EVERY) -> Iterator[Pod]:
    """Pods of these instances that are to go, be the instances no more, and pods of nobody or of a
    former Job of this name that hold the names of instances."""
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
        what = f"finalizers {names}" if len(pod.finalizers) > 1 else f"its finalizer {names}"
        advice = "; whoever set it has to remove it" if stuck else ""
        return Lingering(f"pod {pod.name} is kept by {what}{advice}", stuck)
    where = f" on node {pod.node}" if pod.node else ""
    off = f"; if {'that' if where else 'its'} node is off for good: kubectl delete pod {pod.name}"
    advice = f"{off} --force" if stuck else ""
    return Lingering(f"pod {pod.name}{where} does not end{advice}", stuck)
