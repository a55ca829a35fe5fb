"""The policy an Update runs by: its own fields over the Job's, percentages turned into counts."""

from __future__ import annotations

from controller.api.policy import (
    PolicyPatch,
    ResolvedPolicy,
    ResolvedStrategy,
    Strategy,
    StrategyType,
    UpdatePolicy,
)


def resolve(policy: UpdatePolicy, patch: PolicyPatch | None, total: int) -> ResolvedPolicy:
    """``patch`` merged field by field over ``policy`` for an update of ``total`` instances.

    A field of the patch that is absent means the Job's; ``strategy`` and ``gates`` replace whole.
    Sizes round up and are at least 1, ``maxFailedInstances`` rounds down; ``maxUnavailable`` stays
    as given, for what it is a percentage of moves while the update runs (see `max_unavailable`).
    """
    fields = {name: getattr(policy, name) for name in PolicyPatch.model_fields}
    if patch is not None:
        own = {name: getattr(patch, name) for name in PolicyPatch.model_fields}
        fields |= {name: value for name, value in own.items() if value is not None}
    fields["strategy"] = _strategy(fields["strategy"], total)
    fields["max_failed_instances"] = _floor(fields["max_failed_instances"], total)
    return ResolvedPolicy.model_validate(fields)


def max_unavailable(value: int | str | None, in_force: int) -> int | None:
    """How many of ``in_force`` instances may be unavailable; None: no bound.

    A percentage rounds down, but at least one may be: else an update could never move.
    """
    return None if value is None else max(1, _floor(value, in_force))


def _strategy(strategy: Strategy, total: int) -> ResolvedStrategy:
    """The same with counts for sizes; without any (which the schema forbids) one at a time."""
    if strategy.type is StrategyType.VARIABLE_BATCH:
        sizes = tuple(_ceil(size, total) for size in strategy.sizes or (1,))
        return ResolvedStrategy(type=strategy.type, sizes=sizes, auto_pause=strategy.auto_pause)
    size = _ceil(1 if strategy.size is None else strategy.size, total)
    return ResolvedStrategy(type=strategy.type, size=size, auto_pause=strategy.auto_pause)


def _floor(value: int | str, whole: int) -> int:
    """A count as it is, a percentage of ``whole`` rounded down."""
    return value if isinstance(value, int) else whole * _percent(value) // 100


def _ceil(value: int | str, whole: int) -> int:
    """A count as it is, a percentage of ``whole`` rounded up; at least 1."""
    return max(1, value if isinstance(value, int) else -(-whole * _percent(value) // 100))


def _percent(text: str) -> int:
    return int(text.removesuffix("%"))
