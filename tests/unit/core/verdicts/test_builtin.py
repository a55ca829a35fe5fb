"""The built-in gate: what counts as an interruption, and the verdict about their number."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.core.pods.index import Instances
from controller.core.verdicts.answer import Verdict
from controller.core.verdicts.builtin import Evidence, judge
from tests.unit.core.pods.test_index import pod

FIRST = Ids([0])


def interruptions(*versions: dict[str, object], since: float = 0.0) -> int:
    """How many an instance has whose pod was observed in these versions at 100, 110, 120, …"""
    store = Instances("job")
    for number, facts in enumerate(versions):
        store.advance(100.0 + 10 * number)
        store.put(pod(version=number + 1, **facts))
    return store.view().interruptions_of(FIRST, since)


def test_a_restart_and_a_lost_readiness_are_interruptions() -> None:
    assert interruptions({"ready": True}, {"ready": False, "ready_since": 105.0}) == 1
    assert interruptions({"ready": False}, {"restarts": 1}, {"restarts": 3}) == 2
    assert interruptions({"ready": False}, {"ready": True}) == 0


def test_a_deletion_a_change_in_place_and_an_ended_pod_are_no_interruptions() -> None:
    assert interruptions({"ready": True}, {"ready": False, "deleted": 104.0}) == 0
    assert (
        interruptions({"ready": True}, {"ready": False, "changed": 104.0, "in_effect": False}) == 0
    )
    assert interruptions({"ready": True}, {"ready": False, "phase": "Succeeded"}) == 0


def test_interruptions_before_the_update_or_of_an_earlier_pod_do_not_count() -> None:
    falls = ({"ready": True}, {"ready": False, "ready_since": 105.0})
    assert interruptions(*falls, since=105.0) == 1
    assert interruptions(*falls, since=130.0) == 0
    assert interruptions({"ready": True}, {"uid": "next", "created": 108.0}, {"uid": "next"}) == 0


def test_an_operator_that_restarted_knows_the_last_restart() -> None:
    fell = {"restarts": 4, "restarted": 90.0}
    assert interruptions(fell, since=80.0) == 1
    assert interruptions(fell, since=95.0) == 0


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (Evidence(0, 0, 5, 0), Verdict.PASS),
        (Evidence(5, 9, 0, 0), Verdict.PASS),
        (Evidence(10, 0, 10, 0), Verdict.PASS),
        (Evidence(2, 1, 10, 0), Verdict.FAIL),
        (Evidence(20, 1, 80, 0), Verdict.PASS),
        (Evidence(10, 5, 10, 2), Verdict.FAIL),
        (Evidence(10, 4, 10, 4), Verdict.INCONCLUSIVE),
        (Evidence(10, 0, 10, 4), Verdict.PASS),
    ],
)
def test_the_verdict(evidence: Evidence, verdict: Verdict) -> None:
    assert judge(evidence).verdict is verdict


def test_without_a_baseline_the_message_says_so() -> None:
    assert judge(Evidence(5, 9, 0, 0)).message.startswith("NoBaseline")
