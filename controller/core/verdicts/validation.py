"""Gates that cannot be asked, found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.api.gate import Gate
from controller.core.verdicts.condition import ConditionError, condition_of

REASON: Final = "InvalidGate"
#: Bytes that the gates of one policy may have together.
ROOM: Final = 64 * 1024


def size(gate: Gate) -> int:
    """Bytes of a gate as JSON."""
    return len(gate.model_dump_json(by_alias=True, exclude_unset=True).encode())


def refusal(gates: Iterable[Gate], field: str) -> tuple[str, str] | None:
    """Reason and message of the first gate that makes no sense; ``field``: where the gates stand,
    such as ``spec.update.gates``. None: all can be asked."""
    gates = tuple(gates)
    sizes = {gate.name: size(gate) for gate in gates}
    if (total := sum(sizes.values())) > ROOM:
        largest = max(sizes, key=lambda name: sizes[name])
        return REASON, (
            f"{field}[{largest}]: this gate is {sizes[largest]} bytes large, all gates together "
            f"are {total}; {ROOM} are allowed, for each Update keeps them"
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
