"""The Update that the operator makes for a template is found, or it is said why there is none."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from controller.cli import starting
from controller.cli.exits import CliError, Exit
from controller.cli.session import Session
from tests.unit.cli.fakes import a_job, an_update, session

Object = dict[str, Any]
STORED = {"metadata": {"name": "web", "generation": 3}}
NEW = "web-new"


def job(generation: int = 3, *conditions: tuple[str, str, str], **status: Any) -> Object:
    """A version of the Job that the operator has written. ``conditions``: those that are True."""
    shown = [
        {"type": kind, "status": "True", "reason": reason, "message": words}
        for kind, reason, words in conditions
    ]
    return a_job(observedGeneration=generation, conditions=shown, **status)


def of_operator(name: str, revision: str = NEW) -> Object:
    found = an_update(name, phase="RollingForward")
    found["metadata"]["annotations"] = {"echelon.dev/revision": revision}
    found["metadata"]["uid"] = f"u-{name}"
    return found


def holding(name: str) -> Object:
    return {"activeUpdate": {"name": name, "uid": f"u-{name}"}}


async def find(
    monkeypatch: pytest.MonkeyPatch,
    *versions: Object,
    updates: tuple[Object, ...] = (),
) -> str:
    async def follow(*_: Any) -> AsyncGenerator[Object]:
        for each in versions:
            yield each

    monkeypatch.setattr(starting, "follow", follow)
    here: Session = session(*updates)
    return await starting.made_by_operator(here, STORED, NEW, {"u-web-g1", "u-web-g2"})


async def test_the_active_update(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = job(2), job(3, **holding("web-g2")), job(3, **holding("web-g3"))
    updates = of_operator("web-g2"), of_operator("web-g3")
    assert await find(monkeypatch, *versions, updates=updates) == "web-g3"


async def test_an_update_of_another_template(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = job(3, **holding("web-g4")), job(4, **holding("web-g5"))
    updates = of_operator("web-g4", "web-else"), of_operator("web-g5")
    assert await find(monkeypatch, *versions, updates=updates) == "web-g5"


async def test_an_update_that_has_ended_already(monkeypatch: pytest.MonkeyPatch) -> None:
    last = {"update": "web-g3", "updateUID": "u-web-g3", "revision": NEW}
    updates = (of_operator("web-g3"),)
    assert await find(monkeypatch, job(3, lastAttempt=last), updates=updates) == "web-g3"


@pytest.mark.parametrize(
    "conditions",
    [
        [("UpdatePending", "KnownBad", "it failed before")],
        [("UpdatePending", "InvalidTemplate", "no"), ("Stalled", "InvalidTemplate", "no")],
    ],
)
async def test_a_template_that_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, conditions: list[tuple[str, str, str]]
) -> None:
    with pytest.raises(CliError) as caught:
        await find(monkeypatch, job(2, *conditions), job(3), job(3, *conditions))
    assert caught.value.code is Exit.REJECTED
    assert conditions[0][1] in caught.value.message


async def test_a_wait_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = job(3, ("UpdatePending", "WebhookDown", "no answer"))
    soon = job(3, ("UpdatePending", "TemplateChanged", "an Update is about to start"))
    versions = waits, waits, soon, job(3, **holding("web-g3"))
    await find(monkeypatch, *versions, updates=(of_operator("web-g3"),))
    assert capsys.readouterr().err == "Job web waits: WebhookDown: no answer\n"


def test_what_has_begun() -> None:
    updates = [an_update("a"), an_update("b", phase="Pending"), {"metadata": {"uid": "c"}}]
    uids = starting.begun(updates)
    assert uids == {updates[0]["metadata"]["uid"]}


@pytest.mark.parametrize("held", [{}, holding("web-g2")])
async def test_a_template_that_somebody_changes_meanwhile(
    monkeypatch: pytest.MonkeyPatch, held: Object
) -> None:
    unseen = job(2, updateRevision="web-old", **held)
    other = job(4, updateRevision="web-else", **held)
    with pytest.raises(CliError, match="changed again") as caught:
        await find(monkeypatch, unseen, other, updates=(of_operator("web-g2", "web-old"),))
    assert caught.value.code is Exit.ENDED
    assert "`echelon update watch web -n shop`" in caught.value.hint


async def test_a_job_that_becomes_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    manual = job(4, ("UpdatePending", "Manual", "waiting"), updateRevision=NEW)
    with pytest.raises(CliError, match="Manual: waiting") as caught:
        await find(monkeypatch, manual)
    assert caught.value.code is Exit.REJECTED
    assert "`echelon update start web -n shop`" in caught.value.hint


async def test_a_stalled_update_does_not_refuse_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits = ("UpdatePending", "TemplateNotChecked", "no answer"), ("Stalled", "Stuck", "x")
    versions = job(3, *waits, **holding("web-g2")), job(3, **holding("web-g3"))
    updates = of_operator("web-g2", "web-old"), of_operator("web-g3")
    assert await find(monkeypatch, *versions, updates=updates) == "web-g3"


async def test_who_does_not_wait_is_told_that_it_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limits: list[float] = []

    async def follow(*args: Any) -> AsyncGenerator[Object]:
        limits.append(args[3])
        yield job(2)
        raise CliError("late", code=Exit.TIMEOUT)

    monkeypatch.setattr(starting, "follow", follow)
    for seconds in (None, 3.0, 600.0):
        assert await starting.made_soon(session(), STORED, NEW, (), seconds) is None
    assert limits == [10.0, 3.0, 10.0]
    assert "`echelon job status web -n shop` tells" in capsys.readouterr().err
