"""Progress, time left, and what can be told from a phase."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Update
from controller.view.updates import (
    Mark,
    covered,
    gate_rows,
    grid,
    halted,
    is_backward,
    is_unseen,
    own_pause,
    progress,
    verb_refused,
    wants_rollback,
)
from tests.unit.view.raw import NOW, ago, condition, ranges, update


def moving(**status: Any) -> Update:
    """An Update of ten instances, four of them done, that began 100 s ago."""
    base: dict[str, Any] = {
        "phase": "RollingForward",
        "counts": {"total": 10, "updated": 4},
        "instances": {"updated": "0-3"},
    }
    return update(**{**base, **status})


def entry(seconds_ago: float, phase: str) -> dict[str, Any]:
    return {"time": ago(seconds_ago), "phase": phase}


def test_time_left_follows_the_pace_so_far() -> None:
    found = progress(moving(), NOW)
    assert (found.done, found.total, found.elapsed) == (4, 10, 100)
    assert found.left == pytest.approx(150)
    assert found.fraction == pytest.approx(0.4)


def test_failed_instances_are_not_waited_for() -> None:
    found = progress(
        moving(
            counts={"total": 10, "updated": 4, "failed": 1},
            instances={"updated": "0-3", "failed": "4"},
        ),
        NOW,
    )
    assert found.left == pytest.approx(100)


def test_nothing_is_foretold_before_the_first_is_done_or_during_a_pause() -> None:
    assert progress(moving(counts={"total": 10}), NOW).left is None
    assert progress(moving(phase="RollForwardPaused"), NOW).left is None
    assert progress(moving(phase="RolledForward", finishedAt=ago(10)), NOW).left is None
    assert progress(update(startedAt=None), NOW).left is None


def test_pauses_do_not_count_for_the_pace() -> None:
    paused = moving(
        history=[
            entry(20, "RollingForward"),
            entry(80, "RollForwardPaused"),
            entry(100, "RollingForward"),
        ]
    )
    assert halted(paused, NOW - 100, NOW) == 60
    assert halted(paused, NOW - 50, NOW) == 30
    assert progress(paused, NOW).left == pytest.approx(60)
    waits = moving(history=[entry(40, "RollForwardAwaitingPulse"), entry(100, "RollingForward")])
    assert halted(waits, NOW - 100, NOW) == 40


def test_progress_of_a_rollback_counts_what_was_touched() -> None:
    back = moving(
        phase="RollingBack",
        turn={"time": ago(30), "phase": "RollingBack"},
        counts={"total": 10, "updated": 2, "rolledBack": 1, "failed": 1},
        instances={"updated": "0-1", "rolledBack": "4", "rollingBack": "3"},
    )
    found = progress(back, NOW)
    assert (found.backward, found.done, found.total) == (True, 1, 4)
    assert found.left == pytest.approx(90)
    assert found.elapsed == 100


@pytest.mark.parametrize("phase", ["RollingBack", "RollBackPaused", "RolledBack"])
def test_backward_phases(phase: str) -> None:
    assert is_backward(update(phase=phase))


def test_a_rollback_that_failed_was_backward() -> None:
    assert is_backward(update(phase="Failed", turn={"time": ago(30), "phase": "RollingBack"}))
    assert not is_backward(update(phase="Failed"))


def test_the_end_stops_the_clock() -> None:
    done = moving(phase="RolledForward", finishedAt=ago(40))
    assert progress(done, NOW).elapsed == 60


def test_an_update_of_nothing_is_done() -> None:
    assert progress(update(phase="RolledForward"), NOW).fraction == 1.0


def test_the_grid_has_created_and_removed_ids() -> None:
    found = grid(
        update(
            **{"from": ranges(a="0-2"), "to": {"revision": "web-b", "instances": "0-1,3"}},
            instances={"updated": "0", "updating": "1", "failed": "3"},
        )
    )
    assert found == {0: Mark.UPDATED, 1: Mark.UPDATING, 2: Mark.PENDING, 3: Mark.FAILED}


def test_the_grid_of_a_canary_has_its_ids_alone() -> None:
    whole = {"from": ranges(a="0-9"), "to": {"revision": "web-b", "instances": "0-9"}}
    assert str(covered(update(spec={"instances": "2-3"}, **whole))) == "2-3"
    assert str(covered(update(spec={"instances": "3-2"}, **whole))) == "0-9"


def test_gates_that_were_not_asked_are_listed() -> None:
    gates = [
        {"name": "errors", "prometheus": {"address": "a", "query": "q", "condition": "c"}},
        {"name": "smoke", "scope": "Final", "successes": 3, "http": {"url": "http://x"}},
    ]
    policy = {"strategy": {"type": "Queue", "size": 1}, "gates": gates}
    states = [{"name": "errors", "result": "Passed", "value": "0"}]
    first, second = gate_rows(update(policy=policy, gates=states))
    assert (first.asks, first.scope, first.result) == ("prometheus", "Batch", "Passed")
    assert (second.asks, second.scope, second.result, second.needed) == (
        "http",
        "Final",
        "NotAsked",
        3,
    )
    assert gate_rows(update()) == []


def test_whose_pause_it_is() -> None:
    assert own_pause(update(phase="RollForwardPaused", reason="AutoPaused"))
    assert own_pause(update(phase="RollForwardPaused", reason="GateInconclusive"))
    assert not own_pause(update(phase="RollForwardPaused", reason="Paused"))
    assert not own_pause(
        update(spec={"paused": True}, phase="RollForwardPaused", reason="AutoPaused")
    )
    assert not own_pause(update(phase="RollingForward", reason="AutoPaused"))


def test_an_update_that_nobody_answers() -> None:
    fresh = update(observedGeneration=-1)  # made 100 s ago
    assert is_unseen(fresh, NOW)
    assert not is_unseen(fresh, NOW - 95)
    assert not is_unseen(update(), NOW)


def test_a_refusal_counts_for_its_generation_only() -> None:
    refusal = condition("VerbRefused", "IllegalVerb", "no pause to end")
    assert verb_refused(update(conditions=[{**refusal, "observedGeneration": 1}]))
    assert not verb_refused(update(conditions=[{**refusal, "observedGeneration": 0}]))
    assert not verb_refused(update())


def test_who_wanted_the_rollback() -> None:
    assert wants_rollback(update(spec={"action": "Rollback"}))
    assert not wants_rollback(update(phase="RolledBack"))
