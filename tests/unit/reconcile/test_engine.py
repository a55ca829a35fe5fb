"""An Update of a newer engine and its Job are left alone (reason EngineTooNew)."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api import engine
from controller.api.update import TERMINAL
from controller.kube.errors import Forbidden
from tests.unit.reconcile.fake_api import Shop, template
from tests.unit.reconcile.test_left_alone import PLAIN, RUNNING

TOLD = [("patch", "updates", "web-g2"), ("patch", "echelonjobs", "web")]
MOVING: dict[str, Any] = {
    "phase": "RollingForward",
    "jobUID": "j1",
    "to": {"revision": "web-x", "instances": "0-1"},
    "from": [{"revision": "web-w", "instances": "0-1"}],
    "policy": {"strategy": {"type": "Queue", "size": 1}},
}


def shop(job: dict[str, Any] | None = None, **update: Any) -> Shop:
    """A Job in mid-update, whose Update has ``update`` in its status."""
    made = Shop()
    made.revision("web-w", PLAIN)
    made.revision("web-x", template("web:2"))
    made.job(status={**RUNNING, **(job or {})})
    made.update(status={**MOVING, **update})
    return made


def stalled(shop: Shop, plural: str, name: str) -> dict[str, Any]:
    found = shop.status(plural, name).get("conditions", [])
    return next((c for c in found if c["type"] == "Stalled"), {"status": "False"})


@pytest.mark.parametrize("phase", ["RollingForward", "RollingBack", "RollForwardPaused"])
async def test_an_older_operator_leaves_a_newer_engines_update_and_its_job_alone(
    phase: str,
) -> None:
    made = shop(phase=phase, engineVersion=engine.ENGINE_VERSION + 1)
    for _ in range(3):
        await made.reconcile()
    assert made.api.writes() == TOLD, "it says so of both, and nothing else"
    for plural, name in (("updates", "web-g2"), ("echelonjobs", "web")):
        found = stalled(made, plural, name)
        assert (found["status"], found["reason"]) == ("True", "EngineTooNew")
        assert "status.engineVersion 2, and this operator has engine 1" in found["message"]
        assert "Run the newer operator again" in found["message"]
    status = made.status("updates", "web-g2")
    assert status["phase"] == phase
    assert status["engineVersion"] == 2
    assert made.status()["assigned"] == RUNNING["assigned"]
    assert sorted(reason for reason, _ in made.events) == ["EngineTooNew", "EngineTooNew"]


@pytest.mark.parametrize("version", [None, 1])
async def test_an_update_of_this_engine_or_without_a_version_goes_on(version: int | None) -> None:
    made = shop(engineVersion=version) if version else shop()
    await made.reconcile()
    assert ("create", "pods", "web-0") in made.api.asked
    assert stalled(made, "echelonjobs", "web").get("reason") != "EngineTooNew"


async def test_an_update_that_a_newer_engine_was_admitting_holds_the_job_too() -> None:
    made = shop({"activeUpdate": None}, phase="Pending", engineVersion=2)
    for _ in range(3):
        await made.reconcile()
    assert made.api.writes() == TOLD


async def test_the_lock_is_enough_to_hold_the_job() -> None:
    made = shop(engineVersion=2, jobUID=None)
    await made.reconcile()
    assert made.api.writes() == TOLD
    assert made.condition("Stalled")["message"].count("Update web-g2 has") == 1


async def test_an_update_of_another_job_of_this_name_does_not_hold_it() -> None:
    made = shop({"activeUpdate": None}, engineVersion=2, jobUID="before")
    await made.reconcile()
    assert ("create", "pods", "web-0") in made.api.asked
    assert made.status("updates", "web-g2")["phase"] == "RollingForward"


@pytest.mark.parametrize("phase", sorted(TERMINAL))
async def test_an_update_that_a_newer_engine_ended_holds_nothing(phase: str) -> None:
    made = shop({"activeUpdate": None}, phase=phase, engineVersion=2, observedGeneration=1)
    await made.reconcile()
    assert ("create", "pods", "web-0") in made.api.asked
    assert not any(name == "web-g2" for _, _, name in made.api.writes())


async def test_it_is_not_aborted_when_its_job_is_gone() -> None:
    made = shop(engineVersion=2)
    made.store.drop_job(("ns", "web"), "j1")
    await made.reconcile()
    assert made.status("updates", "web-g2")["phase"] == "RollingForward"
    assert stalled(made, "updates", "web-g2")["reason"] == "EngineTooNew"


async def test_the_job_goes_on_once_the_update_is_deleted() -> None:
    made = shop(engineVersion=2)
    await made.reconcile()
    del made.api.objects["updates", "web-g2"]
    made.store.drop_update("ns/web-g2", "u-web-g2")
    await made.reconcile()
    assert "UpdateAborted" in [reason for reason, _ in made.events]
    assert ("create", "pods", "web-0") in made.api.asked
    assert made.condition("Stalled").get("reason") != "EngineTooNew"


async def test_a_newer_operator_takes_the_words_back(monkeypatch: pytest.MonkeyPatch) -> None:
    made = shop(engineVersion=2)
    await made.reconcile()
    monkeypatch.setattr(engine, "ENGINE_VERSION", 2)
    made.see("updates", made.api.put("updates", made.api.objects["updates", "web-g2"]))
    made.now += 5
    await made.reconcile()
    await made.reconcile()
    assert ("create", "pods", "web-0") in made.api.asked
    assert stalled(made, "updates", "web-g2")["status"] == "False"
    assert made.condition("Stalled")["status"] == "False"


async def test_a_refused_word_is_tried_again_only_after_its_back_off() -> None:
    made = shop(engineVersion=2)

    def refuse(verb: str, plural: str, name: str) -> None:
        if verb == "patch":
            made.api.asked.append((verb, plural, name))
            raise Forbidden(403, "Forbidden", "denied the request: change freeze")

    made.api.before = refuse
    for _ in range(3):
        await made.reconcile()
    assert made.api.writes() == TOLD
    made.now += 120
    made.api.before = lambda *_: None
    await made.reconcile()
    assert stalled(made, "updates", "web-g2")["reason"] == "EngineTooNew"


async def test_an_update_that_cannot_be_read_says_so_itself() -> None:
    made = shop(phase="Pondering")
    for _ in range(3):
        await made.reconcile()
    assert made.api.writes() == TOLD
    assert stalled(made, "updates", "web-g2")["reason"] == "TooNew"
    assert made.status("updates", "web-g2")["phase"] == "Pondering"


async def test_an_update_that_cannot_be_read_and_has_ended_is_not_written() -> None:
    complete = {"type": "Complete", "status": "True", "reason": "R", "message": ""}
    complete |= {"observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    made = shop({"activeUpdate": None}, phase="Pondered", conditions=[complete])
    await made.reconcile()
    assert not any(name == "web-g2" for _, _, name in made.api.writes())


async def test_a_condition_keeps_the_fields_that_only_a_newer_version_knows() -> None:
    later = {"type": "Later", "status": "True", "reason": "R", "message": "", "severity": "High"}
    later |= {"observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}
    made = shop(phase="Pondering", conditions=[later])
    await made.reconcile()
    assert later in made.status("updates", "web-g2")["conditions"]


@pytest.mark.parametrize(
    "status",
    [
        {"to": {"revision": 7, "instances": "0-1"}},
        {"from": [{"revision": "web-w"}]},
        {"policy": {"strategy": {"type": "Spiral"}}},
        {"policy": {"strategy": {"type": "Queue"}, "gates": [{"name": "a", "oracle": {}}]}},
        {"engineVersion": "two"},
    ],
    ids=["to", "from", "strategy", "gate", "engine"],
)
async def test_what_cannot_be_derived_of_an_active_update_leaves_it_alone(
    status: dict[str, Any],
) -> None:
    made = shop(**status)
    for _ in range(3):
        await made.reconcile()
    assert made.api.writes() == TOLD, "it is not ended as Error"
    assert stalled(made, "updates", "web-g2")["reason"] == "TooNew"


async def test_a_lock_that_cannot_be_read_is_not_taken_for_free() -> None:
    made = shop({"activeUpdate": {"name": "web-g2"}})
    for _ in range(3):
        await made.reconcile()
    assert made.api.writes() == [("patch", "echelonjobs", "web")]
    assert "status.activeUpdate.uid" in made.condition("Stalled")["message"]
