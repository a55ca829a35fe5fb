"""The commands that people are told to use."""

from __future__ import annotations

import shlex

import pytest

from controller.view import advice
from tests.unit.view.raw import NOW, condition, job, update

STALLED = condition("Stalled", "WaitingForTermination")
TURN = {"time": "2023-11-14T22:13:20Z", "phase": "RollingBack"}
POLICY = {"strategy": {"type": "Queue", "size": 1}, "maxFailuresPerInstance": 0}
FAILURE = {"instance": 2, "attempt": 1, "reason": "Error", "time": "2023-11-14T22:13:10Z"}


def commands(lines: list[str]) -> list[str]:
    return [line.partition("    #")[0] for line in lines]


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (
            {"phase": "RollForwardPaused", "reason": "Paused"},
            "echelon update resume web-g2 -n shop",
        ),
        (
            {"phase": "RollForwardAwaitingPulse", "reason": "AwaitingPulse"},
            "echelon update pulse web-g2 -n shop",
        ),
        ({"phase": "RollingForward", "conditions": [STALLED]}, "echelon job status web -n shop"),
        ({"phase": "RolledBack", "turn": TURN}, "echelon job status web -n shop"),
        ({"phase": "Rejected", "reason": "KnownBad"}, "echelon job retry web -n shop"),
        ({"phase": "Rejected", "reason": "UpdateInProgress"}, "echelon update wait web -n shop"),
        ({"phase": "Rejected", "reason": "ParentMismatch"}, "echelon job history web -n shop"),
        ({"phase": "Rejected", "reason": "RangeOutsideJob"}, "echelon job instances web -n shop"),
        ({"phase": "Aborted"}, "echelon job status web -n shop"),
        ({"phase": "Pending", "reason": "JobNotFound"}, "echelon job list -n shop"),
    ],
)
def test_the_most_likely_command_comes_first(status: dict[str, object], first: str) -> None:
    assert commands(advice.of_update(update(**status), NOW))[0] == first


@pytest.mark.parametrize("phase", ["RollingForward", "RolledForward", "Superseded", "Pending"])
def test_nothing_is_to_be_done(phase: str) -> None:
    assert advice.of_update(update(phase=phase), NOW) == []


def test_a_retry_is_named_where_instances_failed() -> None:
    again = "echelon update retry web-g2 -n shop"
    back = update(phase="RolledBack", turn=TURN, policy=POLICY, failures=[FAILURE])
    assert again in commands(advice.of_update(back))
    assert again not in commands(advice.of_update(update(phase="RolledBack", turn=TURN)))
    assert again in commands(
        advice.of_update(update(phase="RolledForward", instances={"failed": "2"}))
    )


def test_a_forward_update_that_waits_can_be_undone() -> None:
    undo = "echelon update rollback web-g2 -n shop"
    assert undo in commands(advice.of_update(update(phase="RollForwardPaused", reason="Paused")))
    assert undo not in commands(advice.of_update(update(phase="RollBackPaused", reason="Paused")))


def test_an_inconclusive_gate_is_asked_again() -> None:
    lines = advice.of_update(update(phase="RollForwardPaused", reason="GateInconclusive"))
    assert lines[0] == "echelon update resume web-g2 -n shop    # ask the gate again"


def test_a_silent_operator_is_looked_for() -> None:
    assert advice.of_update(update(observedGeneration=-1), NOW) == [*advice.OPERATOR_CHECKS]
    assert "must name shop" in advice.checks("shop")


def test_jobs() -> None:
    assert commands(advice.of_job(job(3, condition("UpdatePending", "Manual")))) == [
        "echelon update start web -n shop"
    ]
    stalled = condition("Stalled", "RolledBack")
    assert commands(advice.of_job(job(3, stalled))) == ["echelon job retry web -n shop"]
    refused = condition("Stalled", "InvalidTemplate")
    assert commands(advice.of_job(job(3, refused))) == ["kubectl edit ejob web -n shop"]
    down = condition("Stalled", "InstanceNotReady")
    assert commands(advice.of_job(job(3, down))) == ["echelon job instances web -n shop"]
    held = job(3, stalled, activeUpdate={"name": "web-g2", "uid": "u"})
    assert advice.of_job(held) == []
    assert advice.of_job(job(3, condition("Ready", "Ready"))) == []
    assert advice.of_job(job(observedGeneration=-1)) == [*advice.OPERATOR_CHECKS]


def test_the_way_back() -> None:
    assert advice.back_to(update(phase="RollingBack")) == "echelon update watch web-g2 -n shop"
    assert advice.back_to(update(phase="Pending")) == "echelon update watch web-g2 -n shop"
    assert advice.back_to(update(phase="Failed")) == ""


@pytest.mark.parametrize("phase", ["Aborted", "Failed", "RolledBack", "Rejected", "Pending"])
def test_the_name_of_a_job_runs_nothing(phase: str) -> None:
    name = "x; rm -rf ~\nreboot #"
    reasons = {"Rejected": "KnownBad", "Pending": "JobNotFound"}
    strange = update(spec={"job": name}, phase=phase, reason=reasons.get(phase, ""))
    for line in advice.of_update(strange):
        command = line.partition("    # ")[0]
        assert "\n" not in line.replace(f"'{name}'", "")
        assert "rm" not in shlex.split(command.replace(f"'{name}'", "name"))
