"""What a Job tells of its last Update when that is deleted already."""

from __future__ import annotations

from typing import Any

import pytest

from controller.cli import pruned
from controller.cli.update.current import current
from controller.cli.update.which import NoUpdateError, which
from tests.unit.cli.fakes import a_job, an_update, session

LAST: dict[str, Any] = {
    "update": "web-g3",
    "updateUID": "u-web-g3",
    "revision": "web-new",
    "outcome": "RolledBack",
    "message": "instance 1 failed",
}


def phase_and_words(found: Any) -> tuple[str, str]:
    return found["status"]["phase"], found["status"]["message"]


async def test_the_end_of_an_update_that_was_followed() -> None:
    last = an_update("web-g3", phase="RollingForward")
    found = await pruned.end_of(session(a_job(lastAttempt=LAST)), last)
    phase, words = phase_and_words(found)
    assert phase == "RolledBack"
    assert words.startswith("instance 1 failed; the Update itself is deleted")
    assert "updateHistoryLimit" in words


@pytest.mark.parametrize(
    "attempt",
    [
        LAST | {"updateUID": "another"},
        LAST | {"outcome": "Aborted", "message": "it was deleted"},
        {k: v for k, v in LAST.items() if k != "outcome"},
        None,
    ],
)
async def test_a_job_that_tells_of_something_else(attempt: Any) -> None:
    status = {"lastAttempt": attempt} if attempt else {}
    last = an_update("web-g3", phase="RollingForward")
    assert await pruned.end_of(session(a_job(**status)), last) is None


async def test_an_update_whose_end_was_seen_is_not_told_again() -> None:
    last = an_update("web-g3", phase="RolledBack")
    assert await pruned.end_of(session(a_job(lastAttempt=LAST)), last) is None


@pytest.mark.parametrize("text", ["web", "ejob/web", "web-g3", "eup/web-g3"])
async def test_names_of_an_update_that_is_deleted(text: str) -> None:
    older = an_update("web-start-abc", phase="RolledForward")
    found = await which(session(a_job(lastAttempt=LAST), older), text)
    assert found["metadata"]["name"] == "web-g3"
    assert found["status"]["phase"] == "RolledBack"


async def test_an_update_that_waits_is_meant_before_one_that_is_deleted() -> None:
    waits = an_update("web-start-abc", phase="Pending")
    found = await which(session(a_job(lastAttempt=LAST), waits), "web")
    assert found["metadata"]["name"] == "web-start-abc"


async def test_a_job_without_any_update() -> None:
    with pytest.raises(NoUpdateError):
        await which(session(a_job()), "web")


async def test_the_first_update_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here = session(a_job())

    async def settle(*_: Any) -> None:
        here.client.objects.append(an_update("web-g2", phase="RollingForward"))  # type: ignore[attr-defined]

    monkeypatch.setattr("controller.cli.update.current._settle", settle)
    assert (await current(here, "web"))["metadata"]["name"] == "web-g2"
