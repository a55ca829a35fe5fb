"""Keeps an Update's status small (contract: with 10,000 instances no object passes 200 KiB).

Range strings of ids that alternate are what makes it large; they decide, so they stay. What is only
told gives way: of the failures and the history the newest are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.ids import Ids
from controller.api.update import UpdateStatus
from controller.core.verdicts import validation

#: Bytes of a status that leave room for the rest of the object in 200 KiB.
ROOM: Final = 190 * 1024
KEPT: Final = 10


def fitted(status: UpdateStatus) -> UpdateStatus:
    """``status`` with fewer transitions, and then fewer failures, where the ids leave no room."""
    ids = sum(found.weight() for found in _ids(status))
    failures = sum(
        180 + len(f.message) + len(f.reason) + len(f.node or "") for f in status.failures
    )
    history = sum(120 + len(e.message) + len(e.reason) + len(e.by) for e in status.history)
    # Gates of the Update's own are in its spec, too.
    ids += 2 * sum(map(validation.size, status.policy.gates if status.policy else ()))
    if ids + failures + history <= ROOM:
        return status
    changes: dict[str, object] = {"history": status.history[:KEPT]}
    if ids + failures + history * KEPT // max(KEPT, len(status.history)) > ROOM:
        changes["failures"] = status.failures[:KEPT]
    return status.model_copy(update=changes)


def _ids(status: UpdateStatus) -> Iterator[Ids]:
    yield from (part.instances for part in status.from_)
    if status.to is not None:
        # A range that the spec names is in the spec, too.
        yield from (status.to.instances, status.to.instances)
    if status.batch is not None:
        yield status.batch.instances
    sets = status.instances
    yield from (sets.updating, sets.updated, sets.failed)
    yield from (sets.rolling_back, sets.rolled_back, sets.rollback_failed)
    yield from status.failure_counts.values()
    yield from status.down_since.values()
