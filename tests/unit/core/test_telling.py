"""Stories that are told again remember what was decided: it is what would be decided anew."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.decide import decide
from controller.core.model.observed import Observed
from controller.core.model.plan import Plan
from tests.unit.core.sim import memory, telling
from tests.unit.core.test_crashes import POLICY, rolled_back
from tests.unit.core.test_crashes_replaced import SURGE, superseded
from tests.unit.core.test_crashes_verbs import BATCHES, aborted_rollback


@pytest.mark.parametrize("fate", ["crash", "lost"])
@pytest.mark.parametrize(
    ("story", "policy"),
    [(rolled_back, POLICY), (superseded, SURGE), (aborted_rollback, BATCHES)],
    ids=["rolled back", "superseded", "aborted"],
)
def test_what_is_remembered_is_what_would_be_decided(
    monkeypatch: pytest.MonkeyPatch, story: telling.Story, policy: dict[str, Any], fate: str
) -> None:
    made, asked = 0, 0

    def counted(seen: Observed, now: float) -> Plan:
        nonlocal made
        made += 1
        return decide(seen, now)

    class Checked(memory.Memory):
        def decide(self, seen: Observed, now: float) -> Plan:
            nonlocal asked
            asked += 1
            plan = super().decide(seen, now)
            assert plan == decide(seen, now)
            return plan

    monkeypatch.setattr(memory, "decide", counted)
    monkeypatch.setattr(telling, "Memory", Checked)
    telling.same_end(story, policy, fate, every=3, ending=telling.outcome)
    assert 0 < made < asked
