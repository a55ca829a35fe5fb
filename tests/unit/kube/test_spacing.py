"""Requests about one object are spaced while requests fail, and never otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from controller.kube.client import Client
from controller.kube.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    NotFound,
    ServerError,
    TooManyRequests,
    Unreachable,
)
from controller.kube.resources import PODS
from controller.kube.spacing import AFTER, MOST, Spacing, subject
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

JOB = "/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs/web"
OTHER = "/api/v1/namespaces/ns/pods/web-0"
CONFLICT = Conflict(409, "Conflict", "has changed")
FAILURES = [ServerError(500, "", ""), TooManyRequests(429, "", ""), Unreachable("timed out")]


@pytest.fixture
def spacing(clock: Clock) -> Spacing:
    """Time passes only while somebody waits for a turn."""

    async def sleep(seconds: float) -> None:
        clock.pass_by(seconds)

    return Spacing(clock, sleep)


async def waited(spacing: Spacing, clock: Clock, path: str, times: int) -> float:
    """Seconds that so many requests wait for their turns."""
    began = clock()
    for _ in range(times):
        await spacing.turn(path)
    return clock() - began


async def test_nothing_waits_while_nothing_fails(spacing: Spacing, clock: Clock) -> None:
    for error in (NotFound(404, "", ""), AlreadyExists(409, "", ""), ApiError(422, "", "")):
        spacing.failed(JOB, error)
    assert await waited(spacing, clock, JOB, 100) == 0


async def test_after_a_conflict_requests_about_that_object_are_spaced(
    spacing: Spacing, clock: Clock
) -> None:
    spacing.failed(f"{JOB}/status?fieldManager=echelon", CONFLICT)
    assert await waited(spacing, clock, OTHER, 100) == 0
    assert await waited(spacing, clock, JOB, MOST) == 0
    assert await waited(spacing, clock, f"{JOB}/status", 1) == pytest.approx(1, abs=0.01)
    assert await waited(spacing, clock, JOB, 2 * MOST) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("error", [CONFLICT, *FAILURES], ids=lambda e: type(e).__name__)
async def test_what_was_sent_before_the_failure_counts(
    spacing: Spacing, clock: Clock, error: ApiError
) -> None:
    """Else an Update's first writes and those after the first refusal are in the same second."""
    assert await waited(spacing, clock, OTHER, MOST) == 0
    clock.pass_by(0.7)
    assert await waited(spacing, clock, JOB, MOST - 1) == 0
    spacing.failed(JOB, error)
    assert await waited(spacing, clock, JOB, 1) == 0
    assert await waited(spacing, clock, JOB, 1) == pytest.approx(1, abs=0.01)
    assert await waited(spacing, clock, OTHER, 1) == 0, "its requests are more than a second ago"


async def test_what_is_sent_while_another_object_is_spaced_counts(
    spacing: Spacing, clock: Clock
) -> None:
    spacing.failed(OTHER, CONFLICT)
    assert await waited(spacing, clock, JOB, 2 * MOST) == 0
    spacing.failed(JOB, CONFLICT)
    assert await waited(spacing, clock, JOB, 1) == pytest.approx(1, abs=0.01)


async def test_a_refused_eviction_is_no_failure_of_the_server(
    spacing: Spacing, clock: Clock
) -> None:
    spacing.failed(f"{OTHER}/eviction?dryRun=All", TooManyRequests(429, "", ""))
    assert await waited(spacing, clock, JOB, 100) == 0
    assert await waited(spacing, clock, OTHER, MOST + 1) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
async def test_after_a_failure_of_the_server_all_requests_are_spaced(
    spacing: Spacing, clock: Clock, error: ApiError
) -> None:
    spacing.failed(OTHER, error)
    assert await waited(spacing, clock, JOB, MOST + 1) == pytest.approx(1, abs=0.01)
    assert await waited(spacing, clock, OTHER, MOST + 1) == pytest.approx(1, abs=0.01)
    clock.pass_by(AFTER + 1)
    assert await waited(spacing, clock, JOB, 100) == 0


async def test_no_moment_is_too_exact_to_pass(spacing: Spacing, clock: Clock) -> None:
    """Sums of large numbers are rounded; the fake sleep would go on for ever."""
    spacing.failed(JOB, FAILURES[0])
    for start in (1750000000.1, 1750000000.2000003, 1750000000.7777777):
        clock.now = start
        spacing.failed(JOB, FAILURES[0])
        assert await asyncio.wait_for(waited(spacing, clock, JOB, 40), 60) > 8


async def test_who_waits_goes_on_when_the_spacing_ends() -> None:
    spacing, order = Spacing(), list[int]()
    spacing.failed(JOB, CONFLICT)

    async def one(number: int) -> None:
        await spacing.turn(JOB)
        order.append(number)

    waiting = [asyncio.create_task(one(number)) for number in range(3 * MOST)]
    await asyncio.sleep(0)
    assert order == list(range(MOST))
    spacing._one.clear()
    await asyncio.wait_for(asyncio.gather(*waiting), 60)
    assert sorted(order) == list(range(3 * MOST))


async def test_what_is_over_is_forgotten(spacing: Spacing, clock: Clock) -> None:
    for number in range(1000):
        spacing.failed(f"{JOB}-{number}", CONFLICT)
        spacing.failed(OTHER, FAILURES[0])
        await spacing.turn(f"{JOB}-{number}")
        clock.pass_by(0.1)
    assert len(spacing._turns) < 30
    assert len(spacing._one) < 150
    clock.pass_by(AFTER + 1)
    for number in range(1000):
        await spacing.turn(f"{JOB}-{number}")
        clock.pass_by(0.1)
    assert len(spacing._recent) < 30
    assert not spacing._turns


async def test_lists_and_creates_never_wait(spacing: Spacing, clock: Clock) -> None:
    spacing.failed(JOB, FAILURES[0])
    assert await waited(spacing, clock, "/api/v1/namespaces/ns/pods?limit=500", 100) == 0
    assert await waited(spacing, clock, "/api/v1/pods", 100) == 0


@pytest.mark.parametrize(
    ("path", "about"),
    [
        (f"{JOB}/status?dryRun=All", JOB),
        (JOB, JOB),
        (OTHER, OTHER),
        ("/api/v1/namespaces/leases/pods/leases", "/api/v1/namespaces/leases/pods/leases"),
        ("/api/v1/nodes/n1/status", ""),
        ("/api/v1/namespaces/ns", ""),
        ("/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs?limit=5", ""),
        ("/apis/echelon.dev/v1alpha1/echelonjobs", ""),
        ("/version", ""),
        ("/apis/coordination.k8s.io/v1/namespaces/ns/leases/echelon", ""),
    ],
)
def test_the_object_that_a_path_names(path: str, about: str) -> None:
    assert subject(path) == about.strip("/")


async def test_a_client_spaces_its_requests(client: Client, api: FakeApi) -> None:
    """Whoever tries again at once, and for ever, sends a few requests."""
    refused: Callable[..., web.Response] = lambda _: web.Response(status=500)  # noqa: E731
    api.faults.extend([("GET", refused)] * 1000)

    async def again() -> None:
        while True:
            with pytest.raises(ServerError):
                await client.get(PODS, "ns", "a")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(again(), 0.5)
    assert api.count("GET") <= 2 * MOST + 1
