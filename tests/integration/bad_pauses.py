"""Pauses of a strategy that the API server must refuse, as changes of a valid Job."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def _strategy(**fields: Any) -> Object:
    return {"spec": {"update": {"strategy": fields}}}


#: The change, and texts that the refusal must contain; the first is the field.
PAUSES: dict[str, tuple[Object, tuple[str, ...]]] = {
    "Queue with pauses": (
        _strategy(type="Queue", pauses=[{"after": 1}]),
        ("spec.update.strategy.pauses", "Batch and VariableBatch only"),
    ),
    "pauses beside autoPause": (
        _strategy(type="Batch", size=1, autoPause=True, pauses=[{"after": 1}]),
        ("spec.update.strategy.pauses", "either autoPause or pauses"),
    ),
    "two pauses after one group": (
        _strategy(type="Batch", size=1, pauses=[{"after": 1}, {"after": 1, "seconds": 5}]),
        ("spec.update.strategy.pauses[1]", "Duplicate value"),
    ),
    "pause before the first group": (
        _strategy(type="Batch", size=1, pauses=[{"after": 0}]),
        ("spec.update.strategy.pauses[0].after", "greater than or equal to 1"),
    ),
    "pause of no time": (
        _strategy(type="Batch", size=1, pauses=[{"after": 1, "seconds": 0}]),
        ("spec.update.strategy.pauses[0].seconds", "greater than or equal to 1"),
    ),
}
