"""Whether there can be a place for each pod of an Update.

A constraint of a Job allows so many of its pods on nodes with the same value of a label (second
contract, section 2). How many values the nodes have is read for a plan; which of these nodes have
room is the scheduler's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from controller.api.policy import ResolvedStrategy
from controller.api.preview import PlannedInstances
from controller.core.model.context import Context
from controller.core.overlays.constraints import topology_key
from controller.core.overlays.variants import Variants
from controller.core.rollout.direction import Direction

REASON: Final = "PlacementImpossible"
#: Seconds after which the nodes are counted anew for the next plan.
FRESH: Final = 60.0


def counted(nodes: Iterable[Mapping[str, Any]], keys: Iterable[str]) -> dict[str, int]:
    """Label of nodes -> number of its values. ``nodes``: as JSON, with their metadata at least."""
    values: dict[str, set[str]] = {key: set() for key in keys}
    for node in nodes:
        has = node["metadata"].get("labels") or {}
        for key, found in values.items():
            if key in has:
                found.add(has[key])
    return {key: len(found) for key, found in values.items()}


def keys(made: Variants) -> frozenset[str]:
    """The labels of nodes that the constraints of a revision are about."""
    return frozenset(topology_key(each.key) for each in made.constraints)


def uncounted(context: Context, revision: str | None) -> tuple[str, ...]:
    """The labels of nodes whose values must be counted before `impossible` is right."""
    made, domains = context.revisions.of(revision) if revision else None, context.observed.domains
    needed = keys(made) if made else frozenset[str]()
    old = domains is None or context.now >= domains.read_at + FRESH
    if domains is None or old or needed - domains.counts.keys():
        return tuple(sorted(needed))
    return ()


def impossible(direction: Direction, instances: PlannedInstances) -> Iterator[str]:
    """For each constraint that the pods of the Update cannot keep, why not."""
    context, to = direction.context, direction.update.status.to
    moving = instances.create | instances.recreate | instances.surge
    domains, made = (
        context.observed.domains,
        context.revisions.of(to.revision or "") if to else None,
    )
    if domains is None or made is None or not moving:
        return
    total = len((context.intended | instances.create) - instances.remove)
    twins = _twins(direction.policy.strategy, instances)
    for each in made.constraints:
        key = topology_key(each.key)
        count = domains.counts.get(key)
        if count is None or total + twins <= each.limit * count:
            continue
        pods = f"{total} instances" if total != 1 else "1 instance"
        if twins:
            pods += f" and up to {twins} of their new pods beside the old ones"
        yield (
            f"constraint {each.key} allows {each.limit} on nodes with the same value of {key}, and "
            f"the nodes have {count} of these values: there is room for {each.limit * count} pods, "
            f"not for {pods}"
        )


def _twins(strategy: ResolvedStrategy, instances: PlannedInstances) -> int:
    """How many instances have two pods at the same time at most."""
    return min(max(strategy.groups), len(instances.surge))
