"""Instances that are not available while no Update is active: since when, and how long they may.

``Job.status.downSince`` keeps since when, for whatever reason it is: a pod that is not good, one
that is made again and again, one that cannot be made at all. So neither a new pod nor a restart of
the operator begins the time anew. A pod that goes has its own time (contract rule 15), and what an
Update has down has its deadline there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.meta import format_time, parse_time, surely_past
from controller.core.model import conditions as cond
from controller.core.model.context import Context

#: How many instances are kept: one that is late is enough to call a person.
KEPT: Final = 64


def kept(context: Context) -> dict[str, Ids]:
    """``status.downSince`` as it should be by now; ids beyond the first 64 join as others leave."""
    if context.status.active_update is not None or context.status.last_attempt is None:
        return {}
    down, known = context.intended - context.available, NONE
    found = dict[str, Ids]()
    for at, ids in context.status.down_since.items():
        if still := (ids & down) - known:
            found[at] = still
            known |= still
    gone = down - known - context.view.terminating
    if new := Ids(islice(gone, max(0, KEPT - len(known)))):
        at = format_time(context.now)
        found[at] = found.get(at, NONE) | new
    return found


def deadlines(context: Context) -> Iterator[tuple[int, float]]:
    """Instances with the moment (epoch seconds) at which they need a person."""
    if (grace := _grace(context)) is not None:
        for at, ids in kept(context).items():
            for i in ids - context.view.terminating:
                yield i, surely_past(parse_time(at), grace)


def flaps(context: Context, instance: int) -> bool:
    """Whether an instance was Ready since it is down, as far as this process saw, and never for
    long enough. After a restart of a container nobody can tell."""
    if instance not in context.view.alive:
        return False
    pod, every = context.view.pod(instance), kept(context).items()
    since = next((parse_time(at) for at, ids in every if instance in ids), context.now)
    # What was good before has lost its readiness once without being Ready since.
    lost = context.view.interruptions_of(Ids([instance]), since) - pod.was_good
    return pod.ready or (not pod.restarts and lost > 0)


def creation_deadline(context: Context) -> float | None:
    """When a first creation that makes no pod needs a person; None: it is through, or may wait."""
    grace = _grace(context)
    said = next((c for c in context.status.conditions if c.type == cond.READY), None)
    if context.status.last_attempt is not None or grace is None or said is None:
        return None
    return surely_past(said.last_transition_time, grace)


def _grace(context: Context) -> float | None:
    timeout = context.job.spec.update.ready_timeout_seconds
    return timeout + context.job.spec.min_ready_seconds if timeout else None
