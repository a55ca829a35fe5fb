"""Gates that cannot be asked, found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterable

from controller.api.gate import Gate
from controller.core.condition import ConditionError, condition_of

REASON = "InvalidGate"


def refusal(gates: Iterable[Gate], field: str) -> tuple[str, str] | None:
    """Reason and message of the first gate that makes no sense; ``field``: where the gates stand,
    such as ``spec.update.gates``. None: all can be asked."""
    for gate in gates:
        if gate.prometheus is None:
            continue
        try:
            condition_of(gate.prometheus)
        except ConditionError as error:
            where = f"{field}[{gate.name}].prometheus.condition"
            return REASON, f"{where}: {error}"
    return None
