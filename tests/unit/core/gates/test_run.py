from __future__ import annotations

import pytest

from controller.api.gate import LONGEST_ASK, Gate
from controller.core.gates.run import INCONCLUSIVE, begun, counted, gap, judged
from controller.core.model.observed import GateAnswer
from controller.core.verdicts.answer import inconclusive


@pytest.mark.parametrize("interval", [1, 10, 11, 3600])
def test_an_answer_may_take_as_long_as_an_ask_before_it_is_missed(interval: int) -> None:
    gate = Gate.model_validate({"name": "g", "builtin": {}, "intervalSeconds": interval})
    assert gate.ask_timeout == min(interval, LONGEST_ASK)
    assert gap(gate) >= gate.interval_seconds + gate.ask_timeout + 5


def test_a_verdict_that_does_not_come_begins_with_its_cause() -> None:
    gate = Gate.model_validate({"name": "g", "builtin": {}, "timeoutSeconds": 60})
    for said, told in (
        ("Secret shop/s does not exist", "Secret shop/s does not exist (no verdict within 60s)"),
        ("", "no verdict within 60s"),
        ("x" * 256, "x" * 231 + "… (no verdict within 60s)"),
    ):
        state = counted(gate, begun("g", 0, 0.0, 0), inconclusive(said), 50.0)
        late = judged(gate, state, GateAnswer("0-0", inconclusive(said), at=61.0), 62.0)
        assert (late.result, late.message) == (INCONCLUSIVE, told)
