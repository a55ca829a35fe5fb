"""The look at the CRDs: it is repeated until they fit, and says each thing once."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from controller.api.kinds import JOBS, UPDATES
from controller.api.schema import at
from controller.kube.client import Client
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.kube.request import Request
from controller.reconcile.crds import AGAIN, LATER, LOOKS, CrdCheck
from tests.unit.api.test_served import Object, published, without

EVERY = 600.0
OLDER = published(without("status.engineVersion"))
SILENT = ApiError(0, "", "no answer")
DOWN = ApiError(503, "ServiceUnavailable", "no openapi")
NOT_FOUND = NotFound(404, "NotFound", "")


class Answers(Client):
    """Gives one answer after the other, the last one for ever. ``served``: the kinds that discovery
    lists, or its error; None: its answer is none of an API server."""

    def __init__(self, *answers: Object | ApiError) -> None:
        self.answers = list(answers)
        self.served: list[str] | ApiError | None = NOT_FOUND

    async def raw(self, request: Request) -> bytes:
        if request.path.startswith("/openapi/v3/"):
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        elif isinstance(self.served, ApiError):
            answer = self.served
        elif self.served is None:
            answer = {}
        else:
            resources = [{"name": name} for name in self.served]
            answer = {"resources": resources, "groups": [{"name": JOBS.group}]}
        if isinstance(answer, ApiError):
            raise answer
        return json.dumps(answer).encode()


class Stage:
    """A check, its answers, and whether all kinds have been listed."""

    def __init__(self, *answers: Any) -> None:
        self.api = Answers(*answers)
        self.filled = True
        self.told = 0
        self.check = CrdCheck(self.api, EVERY, lambda: self.filled, self._tell)

    def _tell(self) -> None:
        self.told += 1

    async def looks(self, number: int) -> list[float]:
        """Look so often. Returns the pauses."""
        return [await self.check.look() for _ in range(number)]

    @property
    def fits(self) -> bool:
        return self.check.fit.is_set()


async def test_it_looks_for_ever_with_the_pauses_that_a_look_returns() -> None:
    pauses = list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise EOFError

    check = CrdCheck(Answers(SILENT, SILENT, published()), EVERY, sleep=sleep)
    with pytest.raises(EOFError):
        await check.run()
    assert pauses == [AGAIN, AGAIN, EVERY]


async def test_crds_of_this_version_fit_at_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(published())
    assert stage.check.problem == "the CRDs were not compared yet"
    stage.filled = False
    with caplog.at_level(logging.INFO):
        assert await stage.looks(2) == [EVERY, EVERY]
    assert (stage.fits, stage.check.problem, stage.told) == (True, None, 1)
    assert caplog.messages == []


async def test_older_crds_are_waited_for_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(OLDER, OLDER, OLDER, published())
    with caplog.at_level(logging.INFO):
        assert await stage.looks(1) == [AGAIN]
        assert caplog.messages == [], "it may be published a moment too late"
        assert await stage.looks(2) == [AGAIN, AGAIN]
        assert stage.check.problem is not None
        assert "updates.status.engineVersion" in stage.check.problem
        assert not stage.fits
        assert stage.check.counts() == {"lost": 1, "missing": 0, "newer": 0}
        assert await stage.looks(1) == [EVERY]
    assert (stage.fits, stage.check.problem) == (True, None)
    assert [r.levelname for r in caplog.records] == ["ERROR", "INFO"]
    assert "serves no Job" in caplog.messages[0]


async def test_crds_that_are_not_installed_are_waited_for() -> None:
    stage = Stage(NOT_FOUND, NOT_FOUND, NOT_FOUND, published())
    stage.filled = False
    assert await stage.looks(3) == [AGAIN] * 3
    assert "does not serve echelonjobs.echelon.dev and" in (stage.check.problem or "")
    assert not stage.fits
    assert await stage.looks(1) == [EVERY]
    assert stage.fits


async def test_an_api_server_without_the_schemas_of_what_it_serves_is_told_apart() -> None:
    stage = Stage(NOT_FOUND)
    stage.api.served = [JOBS.plural, UPDATES.plural]
    assert await stage.looks(LOOKS) == [*[AGAIN] * (LOOKS - 1), LATER]
    assert (stage.fits, stage.check.problem) == (True, None)


@pytest.mark.parametrize("odd", [[JOBS.plural], [UPDATES.plural], []])
async def test_one_kind_that_is_not_installed_is_waited_for(odd: list[str]) -> None:
    stage = Stage(NOT_FOUND)
    stage.api.served = odd
    assert await stage.looks(LOOKS + 1) == [AGAIN] * (LOOKS + 1)
    assert "install the CRDs" in (stage.check.problem or "")
    assert not stage.fits


async def test_after_some_looks_without_an_answer_it_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(*[DOWN] * (LOOKS + 2), published())
    assert await stage.looks(LOOKS - 1) == [AGAIN] * (LOOKS - 1)
    assert (stage.fits, caplog.messages) == (False, [])
    assert await stage.looks(3) == [LATER] * 3
    assert (stage.fits, stage.check.problem, stage.told) == (True, None, 1)
    (said,) = caplog.messages
    assert "no openapi; the next look is in 60 s, and this operator goes on without" in said
    assert await stage.looks(1) == [EVERY]


async def test_while_not_all_kinds_could_be_listed_no_look_counts() -> None:
    """The API server may answer nothing yet; when it does, the comparison comes first."""
    stage = Stage(*[SILENT] * 3 * LOOKS, OLDER)
    stage.filled = False
    assert set(await stage.looks(3 * LOOKS)) == {AGAIN}
    stage.filled = True
    await stage.looks(LOOKS)
    assert not stage.fits


@pytest.mark.parametrize("why", [DOWN, Forbidden(403, "Forbidden", "no")])
async def test_one_that_went_on_without_stops_when_it_sees_what_is_lost(why: ApiError) -> None:
    stage = Stage(*[why] * LOOKS, OLDER)
    await stage.looks(LOOKS)
    assert stage.fits
    assert await stage.looks(1) == [AGAIN]
    assert stage.fits, "it may be published a moment too late"
    await stage.looks(1)
    assert not stage.fits
    assert "updates.status.engineVersion" in (stage.check.problem or "")


async def test_what_was_seen_to_be_lost_is_not_forgotten_without_an_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(OLDER, DOWN)
    assert await stage.looks(1 + LOOKS) == [*[AGAIN] * LOOKS, LATER]
    assert not stage.fits
    assert "engineVersion" in (stage.check.problem or "")
    assert "goes on" not in caplog.text


async def test_no_answer_changes_nothing() -> None:
    stage = Stage(published(), SILENT)
    await stage.looks(2 + LOOKS)
    assert (stage.fits, stage.check.problem) == (True, None)


async def test_what_may_not_be_read_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(Forbidden(403, "Forbidden", "no"))
    assert await stage.looks(2) == [LATER, LATER]
    assert stage.fits
    assert len(caplog.messages) == 1
    assert "cannot be compared" in caplog.text


async def test_newer_crds_are_said_and_served(caplog: pytest.LogCaptureFixture) -> None:
    def more(schema: Object) -> None:
        at(schema, "spec")["properties"]["speed"] = {"type": "integer"}

    stage = Stage(published(more))
    with caplog.at_level(logging.INFO):
        assert await stage.looks(1) == [EVERY]
    assert len(caplog.messages) == 1
    assert stage.fits
    assert stage.check.counts()["newer"] == 1
    assert "updates.spec.speed" in caplog.text


async def test_older_crds_later_are_said_and_not_ready(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(published(), published(without("status.turn")))
    assert await stage.looks(3) == [EVERY, AGAIN, AGAIN]
    assert "this operator goes on, but loses intent" in caplog.text
    assert stage.check.problem is not None
    assert stage.fits, "it has begun, and goes on"


@pytest.mark.parametrize("odd", [[], {"components": 1}, {"components": {"schemas": []}}, "x"])
async def test_an_answer_that_is_not_the_api_servers_is_said_and_not_believed(
    odd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(odd)
    assert await stage.looks(LOOKS) == [*[AGAIN] * (LOOKS - 1), LATER]
    (said,) = caplog.messages
    assert "the CRDs cannot be compared: the answer is none of the API server's" in said


async def test_an_answer_of_discovery_that_is_not_the_api_servers_is_not_believed() -> None:
    stage = Stage(NOT_FOUND)
    stage.api.served = None
    assert await stage.looks(LOOKS) == [*[AGAIN] * (LOOKS - 1), LATER]
    assert stage.fits
