"""Which verbs are legal in which phase, and what they write."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.progress import ACTIVE, TERMINAL
from controller.api.update import Phase, Update
from controller.view.verbs import Already, Change, Refused, Verb, judge
from tests.unit.view.raw import NOW, update

STRATEGY = {"strategy": {"type": "Queue", "size": 1}}
PULSING = {**STRATEGY, "pulseIntervalSeconds": 30}


def change(verb: Verb, subject: Update) -> Change:
    found = judge(verb, subject, NOW)
    assert isinstance(found, Change), found
    return found


def spec_of(verb: Verb, phase: str, spec: dict[str, Any] | None = None, **status: Any) -> Any:
    return change(verb, update(phase=phase, spec=spec, **status)).spec


def refusal(verb: Verb, phase: str, spec: dict[str, Any] | None = None, **status: Any) -> str:
    found = judge(verb, update(phase=phase, spec=spec, **status), NOW)
    assert isinstance(found, Refused), found
    return found.why


def already(verb: Verb, phase: str, spec: dict[str, Any] | None = None, **status: Any) -> str:
    found = judge(verb, update(phase=phase, spec=spec, **status), NOW)
    assert isinstance(found, Already), found
    return found.why


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_nothing_is_written_to_an_update_that_has_ended(verb: Verb, phase: Phase) -> None:
    found = judge(verb, update(phase=phase, policy=PULSING), NOW)
    reached = (verb, phase) in {
        (Verb.ABORT, Phase.ABORTED),
        (Verb.ROLLBACK, Phase.ROLLED_BACK),
    }
    assert isinstance(found, Already if reached else Refused)


@pytest.mark.parametrize("phase", sorted(ACTIVE))
def test_every_active_phase_can_be_paused_and_aborted(phase: Phase) -> None:
    assert spec_of(Verb.PAUSE, phase) == {"paused": True}
    assert spec_of(Verb.ABORT, phase) == {"action": "Abort"}


def test_an_update_can_be_paused_before_it_starts() -> None:
    found = change(Verb.PAUSE, update(phase="Pending"))
    assert found.spec == {"paused": True}
    assert "when it does" in found.notes[0]
    assert spec_of(Verb.ABORT, "Pending") == {"action": "Abort"}
    assert spec_of(Verb.RESUME, "Pending", {"paused": True}) == {"paused": False}


def test_a_pause_beside_that_of_the_operator() -> None:
    found = change(Verb.PAUSE, update(phase="RollForwardPaused", reason="AutoPaused"))
    assert found.spec == {"paused": True}
    assert "both" in found.notes[0]
    assert "paused already" in already(Verb.PAUSE, "RollForwardPaused", {"paused": True})


def test_resume_ends_the_pause_of_a_person() -> None:
    for phase in ("RollForwardPaused", "RollBackPaused"):
        assert spec_of(Verb.RESUME, phase, {"paused": True}, reason="Paused") == {"paused": False}


def test_resume_ends_the_pause_of_the_operator_by_a_new_token() -> None:
    held = {"phase": "RollForwardPaused", "reason": "AutoPaused"}
    first = change(Verb.RESUME, update(**held))
    assert list(first.spec) == ["resumeToken"]
    assert "next batch" in first.notes[0]
    again = change(Verb.RESUME, update(spec=first.spec, **held))
    assert again.spec["resumeToken"] != first.spec["resumeToken"]
    gate = change(Verb.RESUME, update(phase="RollForwardPaused", reason="GateInconclusive"))
    assert "gate is asked again" in gate.notes[0]


def test_resume_starts_a_rollback_that_waits() -> None:
    found = change(
        Verb.RESUME, update(phase="RollForwardPaused", spec={"paused": True, "action": "Rollback"})
    )
    assert "rollback" in found.notes[0]


def test_resume_without_a_pause() -> None:
    assert "not paused: it is RollingForward" in refusal(Verb.RESUME, "RollingForward")
    assert "waits for a pulse" in refusal(Verb.RESUME, "RollForwardAwaitingPulse")
    assert "being resumed" in already(Verb.RESUME, "RollForwardPaused", reason="Paused")


def test_roll_back() -> None:
    assert spec_of(Verb.ROLLBACK, "RollingForward") == {"action": "Rollback"}
    assert spec_of(Verb.ROLLBACK, "RollForwardAwaitingPulse") == {"action": "Rollback"}
    assert spec_of(Verb.ROLLBACK, "RollForwardPaused", reason="AutoPaused") == {
        "action": "Rollback"
    }
    assert "nothing to roll back" in refusal(Verb.ROLLBACK, "Pending")
    assert "rolls back already" in already(Verb.ROLLBACK, "RollingBack")
    assert "RollBackPaused" in already(Verb.ROLLBACK, "RollBackPaused")
    assert "told to" in already(Verb.ROLLBACK, "RollingForward", {"action": "Rollback"})


def test_a_rollback_ends_the_pause_that_would_hold_it() -> None:
    found = change(Verb.ROLLBACK, update(phase="RollForwardPaused", spec={"paused": True}))
    assert found.spec == {"action": "Rollback", "paused": False}
    assert found.notes == ("the pause ends",)
    waits = {"paused": True, "action": "Rollback"}
    assert spec_of(Verb.ROLLBACK, "RollForwardPaused", waits)["paused"] is False


def test_who_comes_too_late_learns_how_to_go_back() -> None:
    done = {"phase": "RolledForward", "from": [{"revision": "web-a", "instances": "0-2"}]}
    found = judge(Verb.ROLLBACK, update(**done), NOW)
    assert isinstance(found, Refused)
    assert "update start web --revision web-a -n shop" in found.hint
    found = judge(Verb.ROLLBACK, update(phase="RolledForward"), NOW)
    assert isinstance(found, Refused)
    assert "job history web -n shop" in found.hint


def test_an_abort_is_final() -> None:
    told = {"action": "Abort"}
    assert "being aborted" in already(Verb.ABORT, "RollingForward", told)
    for verb in (Verb.PAUSE, Verb.RESUME, Verb.ROLLBACK):
        assert "being aborted" in refusal(verb, "RollingForward", told)


def test_pulse() -> None:
    found = change(Verb.PULSE, update(phase="RollForwardAwaitingPulse", policy=PULSING))
    assert found.annotations == {"echelon.dev/pulsed-at": "2023-11-14T22:13:20Z"}
    assert not found.spec
    assert found.notes == ("the next pulse is due within 30s",)
    paused = change(Verb.PULSE, update(phase="RollForwardPaused", policy=PULSING))
    assert "stays paused" in paused.notes[1]
    assert "needs no pulses" in refusal(Verb.PULSE, "RollingForward", policy=STRATEGY)
    assert "before the start" in refusal(Verb.PULSE, "Pending", policy=PULSING)
