"""``Job.status.assigned`` and ``Update.status.from`` as maps from a revision to ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from controller.api.ids import NONE, Ids
from controller.api.job import RevisionRange

#: Revision -> ids that should run it. No id is in two values; no value is empty.
Assigned = Mapping[str, Ids]


def read(ranges: Iterable[RevisionRange]) -> dict[str, Ids]:
    """The map that a status holds. An id listed twice belongs to the first revision."""
    found: dict[str, Ids] = {}
    known = NONE
    for item in ranges:
        if ids := item.instances - known:
            found[item.revision] = found.get(item.revision, NONE) | ids
            known |= ids
    return found


def write(assigned: Assigned) -> tuple[RevisionRange, ...]:
    """The map as a status holds it, sorted by the name of the revision."""
    return tuple(
        RevisionRange(revision=name, instances=assigned[name])
        for name in sorted(assigned)
        if assigned[name]
    )


def ids_of(assigned: Assigned) -> Ids:
    """All ids of the map."""
    bits = 0
    for ids in assigned.values():
        bits |= ids.bits
    return Ids.of_bits(bits)


def moved(assigned: Assigned, goal: Assigned, gone: Ids = NONE) -> dict[str, Ids]:
    """The map after the ids in ``goal`` moved to its revisions and the ids in ``gone`` left."""
    leaving = ids_of(goal) | gone
    after = {name: ids - leaving for name, ids in assigned.items()}
    for name, ids in goal.items():
        after[name] = after.get(name, NONE) | ids
    return {name: ids for name, ids in after.items() if ids}


def within(assigned: Assigned, ids: Ids) -> dict[str, Ids]:
    """The part of the map that concerns ``ids``."""
    return {name: part for name, whole in assigned.items() if (part := whole & ids)}


def revision_of(assigned: Assigned, instance: int) -> str | None:
    """The revision that an instance should run; None if the instance should not exist."""
    return next((name for name, ids in assigned.items() if instance in ids), None)


def common(one: Assigned, other: Assigned) -> Ids:
    """The ids that have the same revision in both maps."""
    bits = 0
    for name, ids in one.items():
        bits |= (other.get(name, NONE) & ids).bits
    return Ids.of_bits(bits)
