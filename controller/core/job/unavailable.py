"""Instances that are unavailable while no Update is active: since when, and until when they may be.

``Job.status.downSince`` stores since when, whatever the reason: a pod that is not good, a pod that
is created again and again, a pod that cannot be created. So neither a new pod nor a restart of the
operator resets the deadline. Terminating pods have their own deadline (contract rule 15), and so
have instances that an active Update took down.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.meta import format_time, parse_time, surely_past
from controller.core.model import conditions as cond
from controller.core.model.context import Context
from controller.core.rollout import claims, outage

#: How many instances are stored; a single overdue instance makes the Job ``Stalled``.
KEPT: Final = 64


def kept(context: Context) -> dict[str, Ids]:
    """``status.downSince`` as of now: time stamp -> ids, at most 64 ids in all."""
    if context.status.active_update is not None or context.status.last_attempt is None:
        return {}
    down, known = context.intended - context.available - context.frozen, NONE
    since = dict[str, Ids]()
    for at, ids in context.status.down_since.items():
        if still_down := (ids & down) - known:
            since[at] = still_down
            known |= still_down
    newly_down = down - known - context.view.terminating
    if new := Ids(islice(newly_down, max(0, KEPT - len(known)))):
        at = format_time(context.now)
        since[at] = since.get(at, NONE) | new
    return since


def deadlines(context: Context) -> Iterator[tuple[int, float]]:
    """Unavailable instances with the moment (epoch seconds) from which they need a person."""
    if (grace := _grace(context)) is not None:
        for at, ids in kept(context).items():
            for i in ids - context.view.terminating:
                yield i, surely_past(parse_time(at), grace)


def flaps(context: Context, instance: int) -> bool:
    """Whether an unavailable instance was Ready in the meantime, but never long enough, as far as
    this process observed. Unknown (False) after a restart of a container."""
    if instance not in context.view.alive:
        return False
    pod, every = context.view.pod(instance), kept(context).items()
    since = next((parse_time(at) for at, ids in every if instance in ids), context.now)
    # The first loss of readiness of a pod that was good only says that it went down.
    lost = context.view.interruptions_of(Ids([instance]), since) - pod.was_good
    return pod.ready or (not pod.restarts and lost > 0)


def creation_deadline(context: Context) -> float | None:
    """When (epoch seconds) a first creation that has not begun needs a person. Returns None if it
    has, or if there is no deadline."""
    grace = _grace(context)
    ready = cond.find(context.status.conditions, cond.READY)
    if context.status.last_attempt is not None or grace is None or ready is None:
        return None
    return surely_past(ready.last_transition_time, grace)


def _grace(context: Context) -> float | None:
    timeout = context.job.spec.update.ready_timeout_seconds
    return timeout + context.job.spec.min_ready_seconds if timeout else None


def why(context: Context, instance: int) -> tuple[str, str] | None:
    """Reason and message of what an instance waits for. Returns None if it just starts."""
    view, refusal = context.view, context.observed.refusals.get(instance)
    if refusal is not None and instance not in view.present:
        return refusal.reason, f"instance {instance}: {refusal.message}"
    if instance in view.foreign:
        pod = view.pod(instance).name
        words = f"instance {instance}: pod {pod} of an earlier Job still exists"
        return "WaitingForTermination", words
    if found := claims.why(context, instance):
        return found
    known = instance in view.present - view.ready and view.pod(instance).trouble
    if known or (instance not in view.occupied and outage.series_of(context, instance)):
        return "InstanceNotReady", trouble(context, instance)
    return None


def trouble(context: Context, instance: int) -> str:
    if instance in context.view.present:
        words = outage.of_pod(context.view.pod(instance))
    else:
        series = outage.series_of(context, instance)
        words = outage.of_series(series) if series else "not Ready"
    return f"instance {instance}: {words}"
