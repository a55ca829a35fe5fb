"""Keeps an Update's status small (contract: with 10,000 instances no object passes 200 KiB).

Range strings of alternating ids make a status large. Decisions need them, so they stay. Failures
and history are for people only, so they are cut to the newest entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.ids import Ids
from controller.api.update import UpdateStatus
from controller.core.verdicts import validation

#: Bytes of a status that leave space for metadata and spec in 200 KiB.
ROOM: Final = 190 * 1024
#: Entries of the history and the failures that always stay.
KEPT: Final = 10


def fitted(status: UpdateStatus) -> UpdateStatus:
    """``status``, with a shorter history, and then fewer failures, if it would be too large."""
    ids = sum(part.weight() for part in _ids(status))
    failures = sum(
        180 + len(f.message) + len(f.reason) + len(f.node or "") for f in status.failures
    )
    history = sum(120 + len(e.message) + len(e.reason) + len(e.by) for e in status.history)
    # The Update's own gates are in its spec, too.
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
        # A range that the spec names is counted twice, because the spec contains it, too.
        yield from (status.to.instances, status.to.instances)
    if status.batch is not None:
        yield status.batch.instances
    yield status.moved
    sets = status.instances
    yield from (sets.updating, sets.updated, sets.failed)
    yield from (sets.rolling_back, sets.rolled_back, sets.rollback_failed)
    yield from status.failure_counts.values()
    yield from status.down_since.values()
