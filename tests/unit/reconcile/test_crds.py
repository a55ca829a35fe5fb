"""The look at the CRDs: it is repeated until they fit, and says each thing once."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from controller.api.schema import at
from controller.kube.client import Client
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.kube.request import Request
from controller.reconcile.crds import AGAIN, CrdCheck
from tests.unit.api.test_served import Object, published, without


class Answers(Client):
    """Gives one answer after the other, the last one for ever."""

    def __init__(self, *answers: Object | ApiError) -> None:
        self.answers = list(answers)
        self.paths: list[str] = []

    async def raw(self, request: Request) -> bytes:
        self.paths.append(request.path)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ApiError):
            raise answer
        return json.dumps(answer).encode()


class DoneError(Exception):
    pass


def check(*answers: Any) -> tuple[CrdCheck, list[float]]:
    """A check that ends with `DoneError` after a look for each answer, and its pauses."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) >= len(answers):
            raise DoneError

    return CrdCheck(Answers(*answers), 600.0, sleep), pauses


async def test_crds_of_this_version_fit_at_once(caplog: pytest.LogCaptureFixture) -> None:
    made, pauses = check(published())
    assert made.problem == "the CRDs were not compared yet"
    with pytest.raises(DoneError), caplog.at_level(logging.INFO):
        await made.run()
    assert (made.fit.is_set(), made.problem, pauses) == (True, None, [600.0])
    assert caplog.messages == []


async def test_older_crds_are_waited_for_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    older = published(without("status.engineVersion"))
    made, pauses = check(older, older, older, published())
    with caplog.at_level(logging.INFO):
        assert not await made.look()
        assert caplog.messages == [], "it may be published a moment too late"
        assert not await made.look()
        assert not await made.look()
        assert made.problem is not None
        assert "updates.status.engineVersion" in made.problem
        assert not made.fit.is_set()
        assert made.counts() == {"lost": 1, "missing": 0, "newer": 0}
        assert await made.look()
    assert (made.fit.is_set(), made.problem) == (True, None)
    assert [r.levelname for r in caplog.records] == ["ERROR", "INFO"]
    assert "serves no Job" in caplog.messages[0]
    assert pauses == []


async def test_it_looks_again_soon_until_they_fit() -> None:
    made, pauses = check(NotFound(404, "NotFound", ""), ApiError(0, "", "no answer"), published())
    with pytest.raises(DoneError):
        await made.run()
    assert pauses == [AGAIN, AGAIN, 600.0]
    assert made.fit.is_set()


async def test_no_answer_changes_nothing() -> None:
    made, _ = check(published(), ApiError(0, "", "no answer"))
    assert await made.look()
    assert not await made.look()
    assert (made.fit.is_set(), made.problem) == (True, None)


async def test_what_may_not_be_read_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    made, _ = check(Forbidden(403, "Forbidden", "no"))
    assert await made.look()
    assert made.fit.is_set()
    assert "cannot be compared" in caplog.text


async def test_newer_crds_are_said_and_served(caplog: pytest.LogCaptureFixture) -> None:
    def more(schema: Object) -> None:
        at(schema, "spec")["properties"]["speed"] = {"type": "integer"}

    made, _ = check(published(more))
    with caplog.at_level(logging.INFO):
        assert await made.look()
    assert len(caplog.messages) == 1
    assert made.fit.is_set()
    assert made.counts()["newer"] == 1
    assert "updates.spec.speed" in caplog.text


async def test_older_crds_later_are_said_and_not_ready(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made, _ = check(published(), published(without("status.turn")))
    assert await made.look()
    assert not await made.look()
    assert not await made.look()
    assert "this operator goes on, but loses intent" in caplog.text
    assert made.problem is not None
    assert made.fit.is_set(), "it has begun, and goes on"


@pytest.mark.parametrize("odd", [[], {"components": 1}, {"components": {"schemas": []}}, "x"])
async def test_an_answer_that_is_not_the_api_servers_is_said_and_not_believed(
    odd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    made, pauses = check(*[odd] * 6)
    with pytest.raises(DoneError):
        await made.run()
    assert (made.fit.is_set(), pauses) == (False, [AGAIN] * 6)
    assert [m for m in caplog.messages if "the CRDs cannot be compared" in m] == [
        "the CRDs cannot be compared: the answer is none of the API server's; trying again"
    ]
