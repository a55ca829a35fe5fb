"""Checks of a policy's gates, made before an Update touches anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.api.gate import Gate
from controller.core.verdicts.condition import ConditionError, condition_of

REASON: Final = "InvalidGate"
#: How many bytes the gates of one policy may have together.
ROOM: Final = 64 * 1024


def size(gate: Gate) -> int:
    """How many bytes a gate has as JSON."""
    return len(gate.model_dump_json(by_alias=True, exclude_unset=True).encode())


def refusal(gates: Iterable[Gate], field: str) -> tuple[str, str] | None:
    """Reason and message of the first invalid gate; None if all are valid. ``field``: path of the
    gates, such as ``spec.update.gates``."""
    gates = tuple(gates)
    sizes = {gate.name: size(gate) for gate in gates}
    if (total := sum(sizes.values())) > ROOM:
        largest = max(sizes, key=lambda name: sizes[name])
        return REASON, (
            f"{field}[{largest}]: this gate has {sizes[largest]} bytes and all gates together "
            f"have {total}; at most {ROOM} are allowed, because each Update stores them"
        )
    for gate in gates:
        if gate.prometheus is None:
            continue
        try:
            condition_of(gate.prometheus)
        except ConditionError as error:
            where = f"{field}[{gate.name}].prometheus.condition"
            return REASON, f"{where}: {error}"
    return None
