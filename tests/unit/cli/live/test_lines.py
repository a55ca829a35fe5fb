"""The lines for a log."""

from __future__ import annotations

import re
from typing import Any

from controller.api.update import Update
from controller.cli.live.lines import Lines, clock
from tests.unit.cli.live import scenes
from tests.unit.cli.live.objects import NOW, at, update


def words(lines: list[str]) -> list[str]:
    """The lines without the time of day."""
    for line in lines:
        assert re.match(r"\d\d:\d\d:\d\d  \S", line)
    return [line[10:] for line in lines]


def entry(seconds: float, phase: str, reason: str, message: str = "", by: str = "") -> Any:
    return {"time": at(seconds), "phase": phase, "reason": reason, "message": message, "by": by}


def test_one_line_per_change_and_nothing_twice() -> None:
    lines = Lines()
    first = update(
        message="0 of 12 instances updated",
        history=[
            entry(250, "RollingForward", "Progressing", "the update starts", "jane@example.com")
        ],
    )
    assert words(lines.new(first, NOW)) == [
        "web-g4  Job web in namespace shop, asked for by jane@example.com: new basket",
        "RollingForward  the update starts (by jane@example.com)",
        "RollingForward  0/12 updated",
    ]
    assert lines.new(first, NOW + 1) == []
    more = update(
        message="3 of 12 instances updated; instance 3 waits",
        sets={"updated": "0-2", "updating": "3"},
        history=[entry(250, "RollingForward", "Progressing", "the update starts")],
    )
    assert words(lines.new(more, NOW + 2)) == [
        "RollingForward  3/12 updated, 1 updating  instance 3 waits"
    ]


def test_failures_and_a_rollback() -> None:
    lines = Lines()
    found = words(lines.new(scenes.crashed().update, NOW))
    assert found[1] == (
        "failure  instance 0, attempt 1: ReadyTimeout, on node-7: not Ready within 600s"
    )
    assert found[2].startswith("failure  instance 2, attempt 2: CrashLoopBackOff, exit code 3, on")
    assert found[-1] == "RollingBack  0/4 rolled back, 2 rolling back, 2 failed"
    assert lines.new(scenes.crashed().update, NOW) == []


def test_a_change_of_phase_is_not_told_again_as_progress() -> None:
    made = update(
        message="the update continues",
        history=[entry(2, "RollingForward", "Resumed", "the update continues", "sam")],
    )
    assert words(Lines().new(made, NOW))[1:] == [
        "RollingForward  the update continues (by sam)",
        "RollingForward  0/12 updated",
    ]


def test_old_entries_have_their_own_time() -> None:
    (head, *_, last) = Lines().new(scenes.crashed().update, NOW)
    assert head.startswith(clock(NOW - 252))
    assert last.startswith(clock(NOW))


def test_gates() -> None:
    lines = Lines()
    assert "gate  error-rate, group 2: Passed, value 0.002" in words(
        lines.new(scenes.running().update, NOW)
    )
    failed = words(lines.new(scenes.failed_gate().update, NOW))
    assert "gate  error-rate, group 2: Failed, value 0.072: 0.072 is not < 0.01" in failed


def test_the_end_is_left_to_the_outcome() -> None:
    over = update(
        "RolledForward",
        message="all 12 instances run web-4d5e6f",
        history=[entry(1, "RolledForward", "RolledForward", "all 12 instances run web-4d5e6f")],
    )
    assert len(Lines().new(over, NOW)) == 1, "the head"


def test_a_refused_verb() -> None:
    lines = Lines()
    refusal = {
        "type": "VerbRefused",
        "status": "True",
        "message": "resumeToken has no effect",
        "observedGeneration": 1,
    }
    made: Update = update(conditions=[refusal])
    assert words(lines.new(made, NOW))[-1] == "refused: resumeToken has no effect"
    assert lines.new(made, NOW) == []


def test_no_control_characters() -> None:
    made = update(message="\x1b[2Jboo\nhoo")
    assert not any(letter in line for line in Lines().new(made, NOW) for letter in "\x1b\n")
