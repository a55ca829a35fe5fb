"""The commands that people are told to use."""

from __future__ import annotations

import shlex

import pytest

from controller.view import advice
from tests.unit.view.raw import NOW, condition, job, ranges, update
from tests.unit.view.test_lateness import stuck

STALLED = condition("Stalled", "WaitingForTermination")
TURN = {"time": "2023-11-14T22:13:20Z", "phase": "RollingBack"}
POLICY = {"strategy": {"type": "Queue", "size": 1}, "maxFailuresPerInstance": 0}
FAILURE = {"instance": 2, "attempt": 1, "reason": "Error", "time": "2023-11-14T22:13:10Z"}

DIFF = "echelon job diff web -n shop"
EDIT = "kubectl edit ejob web -n shop"
BACK = "echelon update start web -n shop --revision web-a"
RETRY = "echelon job retry web -n shop"


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
        ({"phase": "RolledBack", "turn": TURN}, "echelon job diff web -n shop"),
        ({"phase": "Failed"}, "echelon job status web -n shop"),
        ({"phase": "Rejected", "reason": "KnownBad"}, "echelon job diff web -n shop"),
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
    some = update(phase="RolledForward", instances={"failed": "2"})
    assert commands(advice.of_update(some)) == ["echelon job status web -n shop", again]


@pytest.mark.parametrize("reason", ["RolledBack", "UpdateFailed", "KnownBad"])
def test_a_template_that_failed_is_corrected_before_it_is_tried_again(reason: str) -> None:
    lines = advice.of_job(job(3, condition("Stalled", reason)))
    assert commands(lines) == [DIFF, EDIT, RETRY]
    assert lines[-1].endswith("if the cause was outside the template")


@pytest.mark.parametrize("reason", ["Aborted", "Canary", "OlderRevision", "FailuresTolerated"])
def test_a_job_of_two_revisions_goes_either_way(reason: str) -> None:
    mixed = {"currentRevision": "web-a", "assigned": ranges(a="0", b="1-2")}
    found = advice.of_job(job(3, condition("UpdatePending", reason), **mixed))
    assert commands(found) == [DIFF, BACK, RETRY]


def test_an_update_that_failed_is_corrected_before_it_is_tried_again() -> None:
    back = update(phase="RolledBack", turn={**TURN, "reason": "GateFailed"}, policy=POLICY)
    assert commands(advice.of_update(back)) == [DIFF, EDIT, RETRY]
    asked = update(phase="RolledBack", turn={**TURN, "reason": "RollbackRequested"})
    assert commands(advice.of_update(asked)) == [DIFF, RETRY], "no template has failed"
    again = update(phase="RolledBack", turn=TURN, restart=True, policy=POLICY, failures=[FAILURE])
    assert commands(advice.of_update(again)) == ["echelon update retry web-g2 -n shop"]


def test_instances_that_an_update_left_behind_find_the_way_back() -> None:
    left = {"from": ranges(a="0-2"), "instances": {"failed": "0"}}
    assert commands(advice.of_update(update(phase="Failed", **left)))[1:] == [
        DIFF,
        EDIT,
        BACK,
        RETRY,
        "echelon update retry web-g2 -n shop",
    ]
    assert BACK in commands(advice.of_update(update(phase="Aborted", **left)))
    untouched = update(phase="Failed", **{"from": ranges(a="0-2")})
    assert BACK not in commands(advice.of_update(untouched))
    mixed = {**left, "from": ranges(a="0", b="1-2")}
    assert not any(
        "--revision" in line for line in advice.of_update(update(phase="Failed", **mixed))
    )
    status = {"currentRevision": "web-a", "assigned": ranges(a="1-2", b="0")}
    failed = job(3, condition("Stalled", "UpdateFailed"), **status)
    assert commands(advice.of_job(failed)) == [DIFF, EDIT, BACK, RETRY]


def test_an_older_revision_is_looked_up_in_the_history() -> None:
    older = update(spec={"revision": "web-a"}, phase="RolledBack", turn=TURN)
    assert commands(advice.of_update(older))[0] == (
        "echelon job history web -n shop --revision web-a"
    )


def test_a_forward_update_that_waits_can_be_undone() -> None:
    undo = "echelon update rollback web-g2 -n shop"
    abort = "echelon update abort web-g2 -n shop"
    paused = commands(advice.of_update(update(phase="RollForwardPaused", reason="Paused")))
    assert paused[1:] == [undo, abort]
    assert undo not in commands(advice.of_update(update(phase="RollBackPaused", reason="Paused")))
    assert commands(advice.of_update(stuck(), NOW)) == [
        "echelon job status web -n shop",
        DIFF,
        undo,
        abort,
    ]
    assert advice.of_update(stuck(started=5.0), NOW) == [], "no instance is late"


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
    mismatch = condition("UpdatePending", "ParentMismatch")
    assert commands(advice.of_job(job(3, mismatch, currentRevision="web-a"))) == [
        "echelon job history web -n shop",
        "kubectl annotate ejob web -n shop --overwrite echelon.dev/expected-parent=web-a",
    ]
    stalled = condition("Stalled", "RolledBack")
    for refused in (
        condition("Stalled", "InvalidTemplate"),
        condition("Stalled", "Forbidden", "the template is refused: denied by pod-rules"),
    ):
        assert commands(advice.of_job(job(3, refused))) == [DIFF, EDIT]
    gate = condition("Stalled", "InvalidGate", "spec.update.gates: no such address")
    assert advice.of_job(job(3, gate)) == [f"{EDIT}    # correct what is refused"]
    down = condition("Stalled", "InstanceNotReady")
    assert commands(advice.of_job(job(3, down))) == ["echelon job instances web -n shop"]
    held = job(3, stalled, activeUpdate={"name": "web-g2", "uid": "u"})
    assert commands(advice.of_job(held)) == ["echelon update get web-g2 -n shop"]
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


def test_a_safety_stop_is_ended_with_the_annotation() -> None:
    stop = {"token": "stop-1", "time": "2023-11-14T22:13:20Z", "message": "m"}
    stopped = job(3, condition("Stalled", "SafetyStop"), safety={"stop": stop})
    assert commands(advice.of_job(stopped)) == [
        "echelon job instances web -n shop",
        "kubectl annotate ejob web -n shop --overwrite echelon.dev/safety-release=stop-1",
    ]
