"""The pauses of a strategy in words."""

from __future__ import annotations

from controller.api.strategy import ResolvedStrategy
from controller.view.words import age, cut

#: Longer lists of pauses are cut.
MAX_WORDS = 100


def pauses(strategy: ResolvedStrategy) -> str:
    """When an Update with this strategy pauses itself, such as ``a pause after group 1, 10m after
    group 2``; "" if it does not."""
    if strategy.auto_pause:
        return "a pause before each new group"
    parts = [
        f"{age(pause.seconds) if pause.seconds else 'a pause'} after group {pause.after}"
        for pause in sorted(strategy.pauses, key=lambda pause: pause.after)
    ]
    if parts and not parts[0].startswith("a pause"):
        parts[0] = f"a pause of {parts[0]}"
    return cut(", ".join(parts), MAX_WORDS)
