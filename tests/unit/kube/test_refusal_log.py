"""Refusals are logged as warnings; many of one kind are one warning with a count."""

from __future__ import annotations

import logging

import pytest

from controller.kube.client import Client
from controller.kube.errors import ApiError, Forbidden, from_status
from controller.kube.refusal_log import RefusalLog
from controller.kube.resources import PODS
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

PATH = "/api/v1/namespaces/shop/pods"
QUOTA = Forbidden(403, "Forbidden", 'pods "web-0" is forbidden: exceeded quota: pods')


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.message for r in caplog.records if r.levelno == logging.WARNING]


async def test_a_refused_request_is_a_warning(
    client: Client, api: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.fail("POST", 403, reason="Forbidden", message="no pods today")
    with pytest.raises(Forbidden):
        await client.create(PODS, "shop", {"metadata": {"name": "web-0"}})
    assert said(caplog) == ["refused: create pods in shop: 403 Forbidden: no pods today"]


def test_many_of_a_kind_are_logged_once_a_minute(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    refusals = RefusalLog(clock)
    for _ in range(1000):
        refusals.note("create", "pods", PATH, QUOTA)
    refusals.note("create", "pods", PATH.replace("shop", "other"), QUOTA)
    assert len(said(caplog)) == 2
    clock.pass_by(61)
    refusals.note("create", "pods", PATH, QUOTA)
    assert said(caplog)[2].endswith("exceeded quota: pods (and 999 more like it)")


@pytest.mark.parametrize("status", [401, 404, 409, 410])
def test_ordinary_answers_are_not_logged(caplog: pytest.LogCaptureFixture, status: int) -> None:
    error = from_status({"message": "as it happens"}, status)
    assert isinstance(error, ApiError)
    RefusalLog().note("get", "pods", f"{PATH}/web-0", error)
    assert said(caplog) == []


def test_the_memory_is_bounded(clock: Clock) -> None:
    refusals = RefusalLog(clock)
    for number in range(5000):
        clock.pass_by(1)
        refusals.note("create", "pods", PATH.replace("shop", f"shop-{number}"), QUOTA)
    assert len(refusals._logged) < 1100
