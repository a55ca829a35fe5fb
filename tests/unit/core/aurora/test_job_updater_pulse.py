"""JobUpdaterIT, the rows of coordinated updates and of pauses that the operator makes."""

from __future__ import annotations

from typing import Any

from hack.harness.manifests import Object, batch, is_true, variable_batch
from tests.unit.core.aurora.stage import NEW, Stage

#: So long that only a test ends it.
COORDINATED: Object = {"pulseIntervalSeconds": 600}


def auto(strategy: Object) -> Any:
    return {**strategy, "autoPause": True}


def test_row_2_successful_coordinated_update(stage: Stage) -> None:
    """The pulse is missed at once, not at the next event; what is down comes up without it."""
    stage.mix(3, {"0": NEW})
    stage.start(NEW, **COORDINATED)
    stage.expect("RFA", {})
    stage.pulse()
    stage.expect("RF", {1: "U"})
    stage.play(1, "K,A,S,R")
    stage.expect("RF", {1: "U"})
    stage.play(1, "W")
    stage.expect("RF", {1: "U D", 2: "U"})
    stage.silence()
    stage.expect("RFA", {1: "U D", 2: "U"}, says="no pulse")
    stage.play(2, "K,A,S,R")
    stage.pulse()
    stage.expect("RF", {1: "U D", 2: "U"})
    stage.play(2, "W")
    stage.expect("DONE", {1: "U D", 2: "U D"})
    assert stage.images() == dict.fromkeys(range(3), NEW)
    stage.pulse()
    stage.barrier()
    ended = stage.expect("DONE")
    assert not is_true(ended, "VerbRefused"), "a late pulse does no harm"
    assert stage.kills() == 2


def test_row_2_silence_is_noticed_by_a_timer(stage: Stage) -> None:
    stage.begin(2, pulseIntervalSeconds=2)
    stage.start(NEW)
    stage.expect("RFA", {})
    stage.pulse()
    stage.expect("RF")
    stage.play(0, "K,A,S,R")
    # Nothing more happens, and yet:
    stage.expect("RFA", {0: "U"})
    # Awaiting holds back what is next, not what is under way.
    stage.play(0, "W")
    stage.barrier()
    assert stage.pods().keys() == {0, 1}
    stage.expect("RFA", {0: "U D"})


def test_row_7_resume_to_awaiting_pulse(stage: Stage) -> None:
    stage.begin(2, **COORDINATED)
    stage.start(NEW)
    stage.expect("RFA", {})
    stage.pause()
    stage.expect("RFP", {})
    stage.resume()
    stage.expect("RFA", {})
    stage.pulse()
    stage.expect("RF", {0: "U"})
    stage.play(0, "K,A,S,R,W")
    stage.play(1, "K,A,S,R,W")
    stage.expect("DONE", {0: "U D", 1: "U D"})
    assert stage.space.observer.phases(stage.name)[-5:] == [
        "RollForwardAwaitingPulse",
        "RollForwardPaused",
        "RollForwardAwaitingPulse",
        "RollingForward",
        "RolledForward",
    ]
    assert stage.kills() == 2


def test_row_38_successful_batch_update_auto_pause(stage: Stage) -> None:
    stage.begin(3, strategy=auto(batch(2)))
    before = stage.pods()
    stage.start(NEW)
    stage.expect("RF", {0: "U", 1: "U"})
    stage.play(0, "Fin,A,S,R")
    stage.play(1, "Fin,A,S,R,W")
    stage.play(0, "W")
    stage.expect("RFP", {0: "U D", 1: "U D"})
    stage.barrier()
    assert stage.pods()[2] == before[2], "2 is not started"
    stage.say(resumeToken="first batch looked at")
    stage.expect("RF", {0: "U D", 1: "U D", 2: "U"})
    stage.play(2, "Fin,A,S,R,W")
    stage.expect("DONE", {0: "U D", 1: "U D", 2: "U D"})
    assert "RollForwardPaused" not in stage.space.observer.phases(stage.name)[-2:]
    assert stage.images() == dict.fromkeys(range(3), NEW)
    assert stage.kills() == 3


def test_row_39_successful_var_batch_update_auto_pause(stage: Stage) -> None:
    stage.begin(6, strategy=auto(variable_batch(1, 2, 3)))
    stage.start(NEW)
    stage.expect("RF", {0: "U"})
    stage.play(0, "Fin,A,S,R,W")
    done = {0: "U D"}
    stage.expect("RFP", done)
    stage.say(resumeToken="1")
    stage.expect("RF", {**done, 1: "U", 2: "U"})
    stage.play(2, "Fin,A,S,R,H")
    stage.play(1, "Fin,A,S,R,W")
    stage.play(2, "W")
    done |= {1: "U D", 2: "U D"}
    stage.expect("RFP", done)
    stage.say(resumeToken="2")
    stage.expect("RF", {**done, 3: "U", 4: "U", 5: "U"})
    for instance in (3, 4, 5):
        stage.play(instance, "Fin,A,S,R,W")
    stage.expect("DONE", dict.fromkeys(range(6), "U D"))
    assert stage.kills() == 6
