from __future__ import annotations

import pytest

from controller.api.gate import LONGEST_ASK, Gate
from controller.core.gates.run import gap


@pytest.mark.parametrize("interval", [1, 10, 11, 3600])
def test_an_answer_may_take_as_long_as_an_ask_before_it_is_missed(interval: int) -> None:
    gate = Gate.model_validate({"name": "g", "builtin": {}, "intervalSeconds": interval})
    assert gate.ask_timeout == min(interval, LONGEST_ASK)
    assert gap(gate) >= gate.interval_seconds + gate.ask_timeout + 5
