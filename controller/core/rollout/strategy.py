"""How many instances may start now: the group sizes of an update.

Pure counting. Which instances these are is said by `rollout.order`; how often the question is asked
again (a gate, a pause, `maxUnavailable`) by the callers. With ``n`` the size in force::

    Queue          max(0, n - active)           a sliding window of n
    Batch          n when active == 0, else 0   the next batch when the whole batch is done
    VariableBatch  as Batch, n from a list whose last size repeats

A VariableBatch goes back through the groups it went forward through, in reverse, starting with the
partial group that was open when it turned: sizes (1, 2, 3) take 6 instances forward as 1, 2, 3 and
back as 3, 2, 1.

Source: Aurora's QueueStrategy, BatchStrategy and VariableBatchStrategy; contract rule 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.policy import StrategyType


def next_group(
    kind: StrategyType,
    groups: tuple[int, ...],
    pending: int,
    active: int,
    *,
    taken: int,
    backward: bool = False,
) -> int:
    """How many of the ``pending`` instances start now, ``0..idle``.

    ``groups`` are sizes of at least 1, the last repeats (Queue and Batch use the first alone);
    ``active`` instances have started and have no result yet; ``taken`` have started so far in this
    direction, whatever became of them. ``ValueError`` when there is no size or one below 1.
    """
    if not groups or min(groups) < 1:
        raise ValueError(f"group sizes must be at least 1, not {list(groups)}")
    if kind is StrategyType.QUEUE:
        return min(pending, max(0, groups[0] - active))
    if active or pending <= 0:
        return 0
    if kind is StrategyType.BATCH:
        return min(pending, groups[0])
    return _backward(groups, pending) if backward else min(pending, _forward(groups, taken))


def group_sizes(
    kind: StrategyType, groups: tuple[int, ...], total: int, *, backward: bool = False
) -> Iterator[int]:
    """The sizes of all groups of ``total`` instances one after the other, each done before the
    next; what a plan shows."""
    taken = 0
    while taken < total:
        size = next_group(kind, groups, total - taken, 0, taken=taken, backward=backward)
        yield size
        taken += size


def _forward(groups: tuple[int, ...], taken: int) -> int:
    """The first size whose group is not wholly taken (Aurora: VariableBatchStrategy)."""
    end = 0
    for size in groups:
        end += size
        if end > taken:
            return size
    return groups[-1]


def _backward(groups: tuple[int, ...], remaining: int) -> int:
    """What of the last group that was begun forward remains (Aurora: VariableBatchStrategy)."""
    for size in groups:
        if remaining <= size:
            return remaining
        remaining -= size
    return remaining % groups[-1] or groups[-1]
