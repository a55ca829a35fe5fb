"""How many instances of an Update are where: the sets of ids, and the counts of a status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.api.ids import NONE, Ids
from controller.api.update import Counts, InstanceSets
from controller.core.model import assigned as asg
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts


def counted(direction: Direction, failures: FailureCounts) -> dict[str, Any]:
    """The status fields that hold the result of each instance so far, in this direction."""
    changes: dict[str, Any] = {
        "instances": sets_of(direction, failures),
        "failure_counts": _grouped(failures.counts),
        "failures": failures.records() if failures.increased else direction.update.status.failures,
        "down_since": failures.outage.kept(Ids(failures.increased)),
    }
    changes["counts"] = _counts(direction, changes["instances"])
    return changes


def sets_of(direction: Direction, failures: FailureCounts) -> InstanceSets:
    """The status field ``instances``: each id is in exactly one of the sets."""
    failed = failures.failed
    done = direction.done - failed
    moving = direction.in_flight - direction.not_started - failed
    if not direction.backward:
        return InstanceSets(updating=moving, updated=done, failed=failed)
    back = done | moving | failed
    before = direction.update.status.instances
    return InstanceSets(
        updating=before.updating - back,
        updated=before.updated - back,
        failed=before.failed - back,
        rolling_back=moving,
        rolled_back=done,
        rollback_failed=failed,
    )


def _counts(direction: Direction, sets: InstanceSets) -> Counts:
    relabelled = _relabelled(direction)
    if not direction.backward:
        return Counts(
            relabelled=relabelled,
            total=len(direction.work),
            updated=len(sets.updated),
            updating=len(sets.updating),
            failed=len(sets.failed),
            pending=len(direction.work - sets.updated - sets.updating - sets.failed),
        )
    # ``failed`` does not shrink when failed instances are rolled back: it explains the rollback.
    before = direction.update.status.counts
    moving = sets.rolling_back | sets.updating
    touched = moving | sets.updated | sets.failed | sets.rolled_back | sets.rollback_failed
    total = min(before.total, len(direction.scope))  # A scale may have removed some instances.
    return Counts(
        relabelled=relabelled,
        total=total,
        updated=len(sets.updated),
        updating=len(moving),
        failed=min(total, max(before.failed, len(sets.failed | sets.rollback_failed))),
        rolled_back=len(sets.rolled_back),
        pending=max(0, total - len(touched)),
    )


def _relabelled(direction: Direction) -> int:
    """How many instances need other labels only, or got them already. Ids that left the Update
    since (scaled away, frozen) do not count any more."""
    status, now = direction.update.status, asg.ids_of(direction.relabelled)
    left = asg.ids_of(direction.goal) | now
    if not direction.backward and status.to and status.to.revision:
        at_target = asg.read(status.from_).get(status.to.revision, NONE)
        left -= direction.work | at_target
    return min(max(status.counts.relabelled, len(now)), len(left))


def recounted(before: Counts, sets: InstanceSets) -> Counts:
    """The counts after a scale removed ids from the sets; the next report corrects ``total``."""
    moving = sets.rolling_back | sets.updating
    counts = {
        "updated": len(sets.updated),
        "updating": len(moving),
        "rolled_back": len(sets.rolled_back),
        "failed": len(sets.failed | sets.rollback_failed),
    }
    pending = max(0, before.total - sum(counts.values()))
    return before.model_copy(update={**counts, "pending": pending})


def _grouped(counts: Mapping[int, int]) -> dict[str, Ids]:
    """``{4: 1, 7: 1}`` as a status stores it: ``{"1": "4,7"}``."""
    groups: dict[str, Ids] = {}
    for i, count in counts.items():
        groups[str(count)] = groups.get(str(count), NONE) | Ids([i])
    return groups
