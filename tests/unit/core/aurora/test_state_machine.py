"""JobUpdateStateMachineTest: the transitions that a person, a pulse or a pod can bring about.

All pairs of phases, legal or not, are in tests/unit/core/rollout/test_phases.py.
"""

from __future__ import annotations

import pytest

from hack.harness.manifests import Object, batch, condition, is_true
from tests.unit.core.aurora.stage import NEW, OLD, PHASES, Stage

COORDINATED: Object = {"pulseIntervalSeconds": 600}

#: How a coordinated update of which one instance is down comes into each active state.
WAYS = {
    "RF": "",
    "RFP": "pause:RFP",
    "RFA": "silence:RFA",
    "RBK": "rollback:RBK",
    "RBP": "rollback:RBK pause:RBP",
    "RBA": "rollback:RBK silence:RBA",
}


def under_way(stage: Stage) -> None:
    """An update in RF; 0 is down."""
    stage.begin(2, **COORDINATED)
    stage.start(NEW)
    stage.expect("RFA")
    stage.pulse()
    stage.expect("RF")
    stage.space.until("0 to be deleted", lambda: 0 not in stage.good())


def walk(stage: Stage, way: str) -> None:
    """``"pause:RFP resume:RF"``: verbs, each with the state that it leads to."""
    for step in way.split():
        verb, _, state = step.partition(":")
        getattr(stage, verb)()
        stage.expect(state)


def phases(stage: Stage) -> list[str]:
    names = {phase: name for name, phase in PHASES.items()}
    seen = stage.space.observer.phases(stage.name)
    return [names[phase] for phase in seen if phase in names]


def test_all_that_verbs_and_pulses_do(stage: Stage) -> None:
    under_way(stage)
    stage.play(0, "K,A,S,R")
    walk(stage, "silence:RFA pause:RFP resume:RFA pulse:RF pause:RFP resume:RF pause:RFP")
    stage.say(action="Rollback", paused=False)
    stage.expect("RBK", {0: "U RB"})
    walk(stage, "pause:RBP resume:RBK silence:RBA pause:RBP resume:RBA pulse:RBK")
    stage.play(0, "K,A,S,R,W")
    stage.expect("UNDONE", {0: "U RB RD"})
    forward = ["RFA", "RF", "RFA", "RFP", "RFA", "RF", "RFP", "RF", "RFP"]
    assert phases(stage) == [*forward, "RBK", "RBP", "RBK", "RBA", "RBP", "RBA", "RBK", "UNDONE"]


def test_what_awaits_a_pulse_rolls_back_and_awaits_it_again(stage: Stage) -> None:
    """A rollback needs pulses, too."""
    under_way(stage)
    stage.play(0, "K,A,S,R")
    walk(stage, "silence:RFA rollback:RBA")
    new = stage.pods()
    stage.barrier()
    assert stage.pods() == new
    walk(stage, "pulse:RBK")
    stage.play(0, "K,A,S,R,W")
    stage.expect("UNDONE", {0: "U RB RD"})
    assert phases(stage) == ["RFA", "RF", "RFA", "RBK", "RBA", "RBK", "UNDONE"]


@pytest.mark.parametrize("state", [state for state in WAYS if state.startswith("RF")])
def test_every_forward_state_can_be_aborted(stage: Stage, state: str) -> None:
    """And leaves no hole: what is down comes up, at the target."""
    under_way(stage)
    walk(stage, WAYS[state])
    stage.abort()
    stage.expect("ABORTED")
    stage.play(0, "K,A,S,R,W")
    assert "activeUpdate" not in stage.space.job()["status"]
    assert stage.images()[0] == NEW
    assert phases(stage)[-2:] == [state, "ABORTED"]


@pytest.mark.parametrize("state", [state for state in WAYS if state.startswith("RB")])
def test_every_backward_state_can_be_aborted(stage: Stage, state: str) -> None:
    """What is down comes up as it was."""
    under_way(stage)
    walk(stage, "rollback:RBK")
    stage.expect("RBK", {0: "U RB"})
    walk(stage, WAYS[state].removeprefix("rollback:RBK"))
    stage.abort()
    stage.expect("ABORTED")
    stage.play(0, "K,A,S,R,W")
    assert stage.images() == {0: OLD, 1: OLD}
    assert phases(stage)[-2:] == [state, "ABORTED"]


@pytest.mark.parametrize("state", ["RF", "RFP", "RFA"])
def test_forward_to_error(stage: Stage, state: str) -> None:
    """The revision it goes to is gone, and is not that of the present template."""
    stage.mix(3, {"0": NEW}, mode="Manual")
    target = stage.space.update("canary-0")["status"]["to"]["revision"]
    stage.make(revision=target, policy=COORDINATED)
    stage.expect("RFA")
    walk(stage, f"pulse:RF {WAYS[state]}")
    stage.space.api.delete(stage.space.path("controllerrevisions", target))
    stage.expect("ERROR")
    assert phases(stage)[-2:] == [state, "ERROR"]


@pytest.mark.parametrize("state", ["RBK", "RBP", "RBA"])
def test_back_to_error(stage: Stage, state: str) -> None:
    """The revision that ran before is gone."""
    stage.begin(3, **COORDINATED)
    stage.start(NEW)
    stage.expect("RFA")
    walk(stage, "pulse:RF")
    stage.play(0, "K,A,S,R,W")
    stage.expect("RF", {0: "U D", 1: "U"})
    origin = stage.update()["status"]["from"][0]["revision"]
    walk(stage, WAYS[state])
    stage.space.api.delete(stage.space.path("controllerrevisions", origin))
    stage.expect("ERROR")
    assert phases(stage)[-2:] == [state, "ERROR"]


def test_active_to_superseded(stage: Stage) -> None:
    """Not Aurora's: there another update is refused while one is active."""
    stage.begin(2)
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    first = stage.name
    stage.start("web:newer")
    stage.expect("RF")
    stage.name = first
    stage.expect("SUPERSEDED")


@pytest.mark.parametrize("end", ["DONE", "UNDONE", "ABORTED", "FAILED"])
def test_nothing_follows_an_end(stage: Stage, end: str) -> None:
    stage.begin(1, rollbackOnFailure=end != "FAILED")
    stage.start(NEW)
    stage.play(0, "K,A,S,R,W" if end == "DONE" else "K,A,S,R")
    if end == "UNDONE":
        stage.rollback()
        stage.play(0, "K,A,S,R,W")
    elif end == "ABORTED":
        stage.abort()
    elif end == "FAILED":
        stage.play(0, "C")
    stage.expect(end)
    before, trail = stage.pods(), stage.trail()
    stage.say(action="Rollback" if end in ("DONE", "FAILED") else "Abort", paused=True)
    stage.space.until("an answer", lambda: answered(stage))
    stage.expect(end, trail)
    assert "ended" in condition(stage.update(), "VerbRefused")["message"]
    assert stage.pods() == before


def answered(stage: Stage) -> bool:
    update = stage.update()
    seen = update["status"]["observedGeneration"] == update["metadata"]["generation"]
    return seen and is_true(update, "VerbRefused")


def test_a_resume_of_what_nobody_paused_is_refused(stage: Stage) -> None:
    """The token ends pauses that the operator made, and only those."""
    stage.begin(3, strategy={**batch(1), "autoPause": True})
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    stage.say(resumeToken="early")
    stage.space.until("an answer", lambda: answered(stage))
    stage.play(0, "K,A,S,R,W")
    stage.expect("RFP", {0: "U D"})
    stage.say(resumeToken="now")
    stage.expect("RF", {0: "U D", 1: "U"})
    assert not is_true(stage.update(), "VerbRefused")
