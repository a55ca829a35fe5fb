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
from controller.kube.pace import AFTER, MOST, Pace, subject
from controller.kube.resources import PODS
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

JOB = "/apis/echelon.dev/v1alpha1/namespaces/ns/echelonjobs/web"
OTHER = "/api/v1/namespaces/ns/pods/web-0"
CONFLICT = Conflict(409, "Conflict", "has changed")
FAILURES = [ServerError(500, "", ""), TooManyRequests(429, "", ""), Unreachable("timed out")]


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """Time passes only while somebody waits for a turn."""

    async def sleep(seconds: float) -> None:
        clock.pass_by(seconds)

    return Pace(clock, sleep)


async def waited(pace: Pace, clock: Clock, path: str, times: int) -> float:
    """Seconds that so many requests wait for their turns."""
    began = clock()
    for _ in range(times):
        await pace.turn(path)
    return clock() - began


async def test_nothing_waits_while_nothing_fails(pace: Pace, clock: Clock) -> None:
    for error in (NotFound(404, "", ""), AlreadyExists(409, "", ""), ApiError(422, "", "")):
        pace.failed(JOB, error)
    assert await waited(pace, clock, JOB, 100) == 0


async def test_after_a_conflict_requests_about_that_object_are_spaced(
    pace: Pace, clock: Clock
) -> None:
    pace.failed(f"{JOB}/status?fieldManager=echelon", CONFLICT)
    assert await waited(pace, clock, OTHER, 100) == 0
    assert await waited(pace, clock, JOB, MOST) == 0
    assert await waited(pace, clock, f"{JOB}/status", 1) == pytest.approx(1, abs=0.01)
    assert await waited(pace, clock, JOB, 2 * MOST) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("error", [CONFLICT, *FAILURES], ids=lambda e: type(e).__name__)
async def test_what_was_sent_before_the_failure_counts(
    pace: Pace, clock: Clock, error: ApiError
) -> None:
    """Else an Update's first writes and those after the first refusal are in the same second."""
    assert await waited(pace, clock, OTHER, MOST) == 0
    clock.pass_by(0.7)
    assert await waited(pace, clock, JOB, MOST - 1) == 0
    pace.failed(JOB, error)
    assert await waited(pace, clock, JOB, 1) == 0
    assert await waited(pace, clock, JOB, 1) == pytest.approx(1, abs=0.01)
    assert await waited(pace, clock, OTHER, 1) == 0, "its requests are more than a second ago"


async def test_what_is_sent_while_another_object_is_spaced_counts(pace: Pace, clock: Clock) -> None:
    pace.failed(OTHER, CONFLICT)
    assert await waited(pace, clock, JOB, 2 * MOST) == 0
    pace.failed(JOB, CONFLICT)
    assert await waited(pace, clock, JOB, 1) == pytest.approx(1, abs=0.01)


async def test_a_refused_eviction_is_no_failure_of_the_server(pace: Pace, clock: Clock) -> None:
    pace.failed(f"{OTHER}/eviction?dryRun=All", TooManyRequests(429, "", ""))
    assert await waited(pace, clock, JOB, 100) == 0
    assert await waited(pace, clock, OTHER, MOST + 1) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
async def test_after_a_failure_of_the_server_all_requests_are_spaced(
    pace: Pace, clock: Clock, error: ApiError
) -> None:
    pace.failed(OTHER, error)
    assert await waited(pace, clock, JOB, MOST + 1) == pytest.approx(1, abs=0.01)
    assert await waited(pace, clock, OTHER, MOST + 1) == pytest.approx(1, abs=0.01)
    clock.pass_by(AFTER + 1)
    assert await waited(pace, clock, JOB, 100) == 0


async def test_no_moment_is_too_exact_to_pass(pace: Pace, clock: Clock) -> None:
    """Sums of large numbers are rounded; the fake sleep would go on for ever."""
    pace.failed(JOB, FAILURES[0])
    for start in (1750000000.1, 1750000000.2000003, 1750000000.7777777):
        clock.now = start
        pace.failed(JOB, FAILURES[0])
        assert await asyncio.wait_for(waited(pace, clock, JOB, 40), 60) > 8


async def test_who_waits_goes_on_when_the_spacing_ends() -> None:
    pace, order = Pace(), list[int]()
    pace.failed(JOB, CONFLICT)

    async def one(number: int) -> None:
        await pace.turn(JOB)
        order.append(number)

    waiting = [asyncio.create_task(one(number)) for number in range(3 * MOST)]
    await asyncio.sleep(0)
    assert order == list(range(MOST))
    pace._one.clear()
    await asyncio.wait_for(asyncio.gather(*waiting), 60)
    assert sorted(order) == list(range(3 * MOST))


async def test_what_is_over_is_forgotten(pace: Pace, clock: Clock) -> None:
    for number in range(1000):
        pace.failed(f"{JOB}-{number}", CONFLICT)
        pace.failed(OTHER, FAILURES[0])
        await pace.turn(f"{JOB}-{number}")
        clock.pass_by(0.1)
    assert len(pace._turns) < 30
    assert len(pace._one) < 150
    clock.pass_by(AFTER + 1)
    for number in range(1000):
        await pace.turn(f"{JOB}-{number}")
        clock.pass_by(0.1)
    assert len(pace._recent) < 30
    assert not pace._turns


async def test_lists_and_creates_never_wait(pace: Pace, clock: Clock) -> None:
    pace.failed(JOB, FAILURES[0])
    assert await waited(pace, clock, "/api/v1/namespaces/ns/pods?limit=500", 100) == 0
    assert await waited(pace, clock, "/api/v1/pods", 100) == 0


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


async def test_a_client_keeps_the_pace(client: Client, api: FakeApi) -> None:
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
