"""Which instances an Update covers, and what it does to each (contract rule 2; Aurora: JobDiff)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from controller.api.ids import NONE, Ids


@dataclass(frozen=True, slots=True)
class Diff:
    """Disjoint sets of instance ids.

    ``created``: have no assigned revision yet; ``changed``: move from one revision to another;
    ``removed``: are deleted for good; ``unchanged``: are at the target revision already, or outside
    the Update's scope.
    """

    created: Ids
    changed: Ids
    removed: Ids
    unchanged: Ids

    @property
    def covered(self) -> Ids:
        """Ids that the Update touches."""
        return self.created | self.changed | self.removed


def diff(assigned: Mapping[str, Ids], revision: str, target: Ids, scope: Ids | None) -> Diff:
    """The changes after which exactly the ids in ``target`` exist and all run ``revision``.

    ``assigned`` maps each revision to the ids that should run it now (`Job.status.assigned`).
    ``scope``: the only ids that the Update may touch; None for all. Revisions may be mixed: an id
    that is at ``revision`` already is unchanged, whatever other ids run.
    """
    now = NONE
    for ids in assigned.values():
        now |= ids
    covered = now | target if scope is None else (now | target) & scope
    created = (target & covered) - now
    changed = (target & covered & now) - assigned.get(revision, NONE)
    removed = (now & covered) - target
    return Diff(created, changed, removed, unchanged=now - changed - removed)
