"""An Update as text."""

from __future__ import annotations

from typing import Any

from controller.api.update import Update
from controller.cli.update.describe import describe
from tests.unit.view.raw import NOW, ago, condition, ranges, update

POLICY = {
    "strategy": {"type": "Batch", "size": 2, "autoPause": True},
    "maxFailuresPerInstance": 1,
    "maxFailedInstances": 0,
    "pulseIntervalSeconds": 30,
    "gates": [
        {
            "name": "errors",
            "successes": 3,
            "failures": 2,
            "prometheus": {
                "address": "http://p:9090",
                "query": "rate(\n  errors[1m])",
                "condition": "result < 1",
            },
        }
    ],
}

WAITING = {
    "name": "errors",
    "group": 1,
    "startedAt": ago(9),
    "result": "Waiting",
    "successes": 1,
    "value": "0.2",
}


def text(subject: Update) -> list[str]:
    return describe(subject, NOW).plain.splitlines()


def line(lines: list[str], begin: str) -> str:
    return next(each for each in lines if each.strip().startswith(begin))


def paused() -> Update:
    more: dict[str, Any] = {"from": ranges(a="0-3")}
    return update(
        spec={"message": "ship it"},
        phase="RollForwardPaused",
        reason="AutoPaused",
        message="2 of 4 instances updated; batch 1 is done; change spec.resumeToken",
        policy=POLICY,
        minReadySeconds=10,
        to={"revision": "web-b", "instances": "0-3"},
        counts={"total": 4, "updated": 2, "failed": 1, "pending": 2},
        instances={"updated": "0-1"},
        batch={"index": 0, "instances": "0-1", "startedAt": ago(50)},
        gates=[WAITING],
        failures=[
            {
                "instance": 1,
                "attempt": 1,
                "reason": "Error",
                "message": "boom\x1b[2J",
                "node": "n1",
                "exitCode": 3,
                "time": ago(20),
            }
        ],
        history=[
            {
                "time": ago(10),
                "phase": "RollForwardPaused",
                "reason": "AutoPaused",
                "message": "batch 1 is done",
                "by": "echelon",
            }
        ],
        **more,
    )


def test_what_it_waits_for_comes_first() -> None:
    lines = text(paused())
    assert lines[0] == "web-g2  RollForwardPaused (AutoPaused)"
    assert lines[1] == "Paused:      batch 1 is done; change spec.resumeToken"
    assert lines[2].startswith("Progress:    2 of 4 instances updated (50%), 1 failed")


def test_the_facts() -> None:
    lines = text(paused())
    assert line(lines, "Job:") == "Job:         web"
    assert "Echelon" in line(lines, "Created:")
    assert line(lines, "Message:").endswith("ship it")
    assert line(lines, "To:").endswith("web-b")
    assert line(lines, "From:").endswith("web-a  (instances 0-3)")
    assert line(lines, "Group:").endswith("instances 0-1, for 50s")
    assert line(lines, "Instances:").endswith("updated 0-1; 2 untouched")


def test_the_tables() -> None:
    lines = text(paused())
    assert line(lines, "errors").split() == [
        *("errors", "Batch", "2", "prometheus", "Waiting", "1/3", "0.2", "-"),
    ]
    assert line(lines, "1  ").split()[:6] == ["1", "1", "20s", "n1", "3", "Error"]
    assert "\x1b" not in "".join(lines)
    assert "Echelon" in line(lines, "10s")
    assert line(lines, "Strategy:").endswith(
        "Batch of 2, with a pause before each new group; Recreate"
    )
    assert line(lines, "Pulses:").endswith("waits without one for 30s")
    assert lines[-3].strip().startswith("echelon update resume web-g2 -n shop")


def test_deadlines_are_those_of_the_spec() -> None:
    """The window of minReadySeconds that the operator adds is its own matter."""
    lines = text(update(policy={**POLICY, "readyTimeoutSeconds": 7200}, minReadySeconds=2))
    assert line(lines, "Good:").endswith(" Ready for 2s")
    assert line(lines, "Deadline:").endswith(" 120m to become good")
    none = text(update(policy={**POLICY, "readyTimeoutSeconds": 0}))
    assert line(none, "Deadline:").endswith(" none")


def test_what_a_gate_asks_and_which_answers_decide() -> None:
    lines = [each.strip() for each in text(paused())]
    assert lines[lines.index("errors:") - 1 :][:6] == [
        "",
        "errors:",
        "asks       http://p:9090",
        "query      rate( errors[1m])",
        "condition  result < 1",
        "decides    3 successes in a row pass it, 2 failures in a row fail it; asked every 10s; "
        "without a verdict after 5m the Update pauses",
    ]


def test_an_update_that_nobody_answers() -> None:
    lines = text(update(observedGeneration=-1, startedAt=None))
    assert "no operator has looked at this Update" in lines[1]
    assert "kubectl get lease" in "".join(lines)


def test_an_update_that_rolled_back_says_why() -> None:
    turn = {"time": ago(30), "phase": "RollingBack", "message": "instance 1 failed: Error, boom"}
    lines = text(
        update(
            phase="RolledBack",
            reason="InstancesFailed",
            message="2 instances rolled back: instance 1 failed: Error, boom",
            turn=turn,
            finishedAt=ago(10),
            counts={"total": 4, "rolledBack": 2, "failed": 1},
            instances={"rolledBack": "0-1"},
        )
    )
    assert lines[0].startswith("web-g2  RolledBack")
    assert lines[1].endswith("instance 1 failed: Error, boom")
    assert "2 of 2 instances rolled back (100%), 1 failed, took 90s" in lines[2]


def test_a_refused_verb_is_told() -> None:
    refusal = {**condition("VerbRefused", "IllegalVerb", "no pause"), "observedGeneration": 1}
    assert line(text(update(phase="RolledForward", conditions=[refusal])), "Refused:").endswith(
        "no pause"
    )


def test_a_dry_run_shows_its_plan() -> None:
    plan = {"groups": {"count": 2}, "instances": {"recreate": "0-1"}}
    assert "2 groups" in "\n".join(text(update(phase="Planned", plan=plan)))
