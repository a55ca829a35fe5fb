"""The deletes of pods in the other slot of their instance: old pods that a surge replaced, new pods
of a surge that failed or is over."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.ids import Ids
from controller.core.model.context import Context
from controller.core.model.plan import Action
from controller.core.pods import backoff
from controller.core.replacement import budget, coordinator, sla
from controller.core.replacement.deletion import delete
from controller.core.rollout.direction import Direction


def deletes(
    context: Context, direction: Direction | None, part: Ids, held: Ids, overdue: Ids, unstored: Ids
) -> Iterator[Action]:
    """``part``: ids whose new pod is part of a surge; ``held``: ids whose pod must not go yet;
    ``overdue``: ids whose new pod did not become good in time; ``unstored``: see `ended`."""
    twin = context.view.twin
    evicted = budget.evicts_old_pods(context, direction)
    for i in twin.alive - part - held:
        if (pod := twin.pod(i)).uid:
            yield delete(pod, direction, overdue, evict=i in evicted)
    for i, at in ended(context, unstored):
        if at <= context.now or i not in part:
            yield delete(twin.pod(i), direction)


def kept(context: Context, direction: Direction | None, old: Ids) -> Ids:
    """Of ids whose old pod is to go, those whose pod must stay: the coordinator does not allow it,
    too few instances count, or a disruption budget has to take note of another one first."""
    kept = coordinator.old_pods_kept(context, direction, old)
    kept |= sla.old_pods_kept(context, direction, old - kept)
    kept |= budget.old_pods_kept(context, direction, old - kept)
    return kept | context.view.twin.evicting


def why_kept(context: Context) -> tuple[str, str]:
    """Reason and message while old pods stay beside the new ones; "" if they are about to go."""
    return coordinator.why_old_pods_stay(context) or budget.why_old_pods_stay(context)


def ended(context: Context, unstored: Ids) -> Iterator[tuple[int, float]]:
    """Ids whose pod in the other slot ended, with the moment (epoch seconds) at which it may be
    created again: 0.0 if no old pod of its instance is alive. ``unstored``: ids whose pod shows a
    failure that is not stored yet."""
    view = context.view
    for i in view.twin.ended - unstored:
        yield i, backoff.remake_at(view.twin.pod(i)) if i in view.alive else 0.0
