"""The policy of an Update: its own fields over the Job's, with percentages turned into counts."""

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

    A field that is absent from the patch keeps the Job's value; ``strategy`` and ``gates`` replace
    the Job's as a whole. Sizes round up and are at least 1; ``maxFailedInstances`` rounds down.
    ``maxUnavailable`` stays as given, because it is a percentage of the instances in force, and
    their number may change while the Update runs (see `max_unavailable`).
    """
    fields = {name: getattr(policy, name) for name in PolicyPatch.model_fields}
    if patch is not None:
        own = {name: getattr(patch, name) for name in PolicyPatch.model_fields}
        fields |= {name: value for name, value in own.items() if value is not None}
    fields["strategy"] = _strategy(fields["strategy"], total)
    fields["max_failed_instances"] = count_down(fields["max_failed_instances"], total)
    return ResolvedPolicy.model_validate(fields)


def max_unavailable(value: int | str | None, in_force: int) -> int | None:
    """How many of ``in_force`` instances may be unavailable; None for no bound.

    A percentage rounds down, but the result is at least 1: with 0 an Update could never progress.
    """
    return None if value is None else max(1, count_down(value, in_force))


def min_available(value: int | str | None, in_force: int) -> int:
    """How many of ``in_force`` instances must count while another one is taken down.

    A percentage rounds up. At most all but one are needed, or no instance could be replaced.
    """
    if value is None:
        return 0
    least = value if isinstance(value, int) else -(-in_force * _percent(value) // 100)
    return min(least, max(0, in_force - 1))


def _strategy(strategy: Strategy, total: int) -> ResolvedStrategy:
    """``strategy`` with counts as sizes. Without a size (the schema forbids that) the size is 1."""
    if strategy.type is StrategyType.VARIABLE_BATCH:
        sizes = tuple(count_up(size, total) for size in strategy.sizes or (1,))
        resolved = ResolvedStrategy(type=strategy.type, sizes=sizes)
    else:
        size = count_up(1 if strategy.size is None else strategy.size, total)
        resolved = ResolvedStrategy(type=strategy.type, size=size)
    pauses = {"auto_pause": strategy.auto_pause, "pauses": strategy.pauses}
    return resolved.model_copy(update=pauses)


def count_down(value: int | str, whole: int) -> int:
    """``value`` as a count: a percentage of ``whole`` is rounded down."""
    return value if isinstance(value, int) else whole * _percent(value) // 100


def count_up(value: int | str, whole: int) -> int:
    """``value`` as a count of at least 1: a percentage of ``whole`` is rounded up."""
    return max(1, value if isinstance(value, int) else -(-whole * _percent(value) // 100))


def _percent(text: str) -> int:
    return int(text.removesuffix("%"))
