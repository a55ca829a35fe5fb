"""The creates of pods. Each waits for a refusal or a back-off to end, and continues the count of
how often the instance's pod was created again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.api.ids import NONE, Ids
from controller.api.pods.move import Move
from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.model.observed import TERMINATING
from controller.core.model.plan import CreatePod
from controller.core.rollout.direction import Direction


def creates(
    context: Context, direction: Direction | None, startable: Ids, counts: Mapping[int, int]
) -> Iterator[CreatePod]:
    """The creates of pods that are missing. ``direction``: of the active Update; ``startable``: ids
    of its group that may be created now; ``counts``: instance -> its failures."""
    view = context.view
    # A pod in the other slot becomes the instance's pod, or goes first: never two pods.
    missing = context.intended - view.occupied - view.twin.occupied
    if context.observed.name_conflicts:
        missing -= Ids(context.observed.name_conflicts)
    if direction is not None:
        missing -= (direction.not_started & direction.created) - startable
    slots, refusals = context.status.slots, context.observed.refusals
    if any(r.reason == TERMINATING and r.until > context.now for r in refusals.values()):
        return  # The namespace terminates: nothing can be created in it.
    for revision, ids in context.assigned.items():
        if revision not in context.observed.revisions:
            continue
        update, by_update = made_for(direction, revision)
        for i in ids & missing:
            by, count = (update, counts.get(i, 0)) if i in by_update else ("", 0)
            if (action := create(context, i, revision, i in slots, by, count)) is not None:
                yield action


def beside(
    context: Context, pod: Pod, revision: str, update: str, failures: int, move: Move | None = None
) -> CreatePod | None:
    """The create of a new pod beside an instance's pod, in the other slot. Returns None if that
    slot is taken or the create has to wait. ``move``: in which the new pod is to replace the other
    one; the rest: as of `create`."""
    i, observed = pod.instance, context.observed
    if i in observed.name_conflicts or i in context.view.twin.occupied:
        return None
    if revision not in observed.revisions:
        return None
    made = create(context, i, revision, not pod.surge, update, failures)
    return replace(made, move=move) if made and move else made


def made_for(direction: Direction | None, revision: str) -> tuple[str, Ids]:
    """The uid of the active Update, and the ids whose pod at ``revision`` is created for it: not
    those that it has changed and that moved since."""
    if direction is None or revision not in direction.goal:
        return "", NONE
    ids = direction.goal[revision]
    if not direction.restart:  # Every pod created during a restart counts for it.
        ids &= direction.batch | direction.touched_at_goal | direction.done | direction.failed
    return direction.update.metadata.uid, ids - direction.leaving


def create(
    context: Context, instance: int, revision: str, surge: bool, update: str, failures: int
) -> CreatePod | None:
    """The create of an instance's pod. Returns None if it has to wait. ``update``: uid of the
    Update that creates it, or ""; ``failures``: the instance's failure count."""
    refusal, series = (
        context.observed.refusals.get(instance),
        context.observed.remade.get((instance, surge)),
    )
    if refusal is not None and refusal.until > context.now:
        return None
    if (instance, surge) in context.disrupted:
        return None  # The disruption controller would take the new pod for the evicted one.
    if series is None or series.revision != revision:
        # The back-off and the count of pods at another revision do not apply.
        return CreatePod(instance, revision, surge, update, failures)
    if series.resume_at > context.now:
        return None
    return CreatePod(instance, revision, surge, update, failures, series.count)
