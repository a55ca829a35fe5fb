"""Which instances an update covers, and what becomes of each (contract rule 2; Aurora: JobDiff)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.api.ids import NONE, Ids


@dataclass(frozen=True, slots=True)
class Diff:
    """Disjoint sets of instance ids.

    ``created`` have no revision yet, ``changed`` go from one to another, ``removed`` go for good;
    ``unchanged`` stay as they are, be it that they run the target already or that they are out of
    the update's scope.
    """

    created: Ids
    changed: Ids
    removed: Ids
    unchanged: Ids

    @property
    def covered(self) -> Ids:
        """The ids that the update touches."""
        return self.created | self.changed | self.removed


def diff(assigned: Mapping[str, Ids], revision: str, target: Ids, scope: Ids | None) -> Diff:
    """What it takes that the ids in ``target`` run ``revision`` and no others are left.

    ``assigned`` maps each revision to the ids that should run it now (`Job.status.assigned`);
    ``scope`` limits the update to these ids, None to none. Revisions may be mixed: an id at the
    target revision already is left alone whatever its neighbours run.
    """
    now = NONE
    for ids in assigned.values():
        now |= ids
    reach = now | target if scope is None else (now | target) & scope
    created = (target & reach) - now
    changed = (target & reach & now) - assigned.get(revision, NONE)
    removed = (now & reach) - target
    return Diff(created, changed, removed, unchanged=now - changed - removed)
