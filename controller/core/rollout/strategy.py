"""How many instances may start now: the group sizes of an Update.

This module only counts. `rollout.order` says which instances start; callers decide when to ask
(after a gate, a pause, `maxUnavailable`). With ``n`` as the current size::

    Queue          max(0, n - active)           a sliding window of n
    Batch          n when active == 0, else 0   the next batch when the whole batch is done
    VariableBatch  as Batch, n from a list whose last size repeats

A rollback of a VariableBatch uses the groups of the forward direction in reverse, beginning with
the group that was incomplete when the rollback began: sizes (1, 2, 3) update 6 instances as 1, 2, 3
and roll them back as 3, 2, 1.

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
    """How many of the ``pending`` instances start now: ``0..pending``.

    ``groups``: sizes of at least 1, of which the last repeats (Queue and Batch use only the first).
    ``active``: how many instances have started and have no result yet. ``taken``: how many have
    started so far in this direction, whatever their result. Raises ``ValueError`` if ``groups`` is
    empty or a size is below 1.
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
    """The sizes of all groups of ``total`` instances, if each group ends before the next starts. A
    dry run shows them."""
    taken = 0
    while taken < total:
        size = next_group(kind, groups, total - taken, 0, taken=taken, backward=backward)
        yield size
        taken += size


def _forward(groups: tuple[int, ...], taken: int) -> int:
    """The size of the first group of which not all instances have started (Aurora:
    VariableBatchStrategy)."""
    end = 0
    for size in groups:
        end += size
        if end > taken:
            return size
    return groups[-1]


def _backward(groups: tuple[int, ...], remaining: int) -> int:
    """How many instances remain of the last group that started forward (Aurora:
    VariableBatchStrategy)."""
    for size in groups:
        if remaining <= size:
            return remaining
        remaining -= size
    return remaining % groups[-1] or groups[-1]
