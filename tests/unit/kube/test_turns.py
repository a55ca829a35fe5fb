"""Turns: one at a time within a process, and between processes by a Lease."""

from __future__ import annotations

import asyncio

import pytest

from controller.kube.client import Client
from controller.kube.lease_times import Times
from controller.kube.turns import Turns
from tests.unit.kube.conftest import until
from tests.unit.kube.fake import FakeApi

PATH = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/shop"
TIMES = Times(duration=0.6, renew_deadline=0.4, retry=0.1)


def turns(client: Client, who: str) -> Turns:
    return Turns(client, "ns", who, TIMES)


async def test_a_turn_is_a_lease_that_is_released(client: Client, api: FakeApi) -> None:
    async with turns(client, "one").turn("shop") as had:
        assert had()
        assert api.objects[PATH]["spec"]["holderIdentity"] == "one_1"
    assert not had()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_it_is_renewed_as_long_as_it_lasts(client: Client, api: FakeApi) -> None:
    async with turns(client, "one").turn("shop") as had:
        first = api.objects[PATH]["spec"]["renewTime"]
        await until(lambda: api.objects[PATH]["spec"]["renewTime"] != first)
        assert had()


async def test_callers_of_a_process_go_in_the_order_in_which_they_came(client: Client) -> None:
    ours, order, why = turns(client, "one"), list[int](), list[str]()

    async def go(number: int) -> None:
        async with ours.turn("shop", why.append):
            order.append(number)
            await asyncio.sleep(0)
            assert order[-1] == number, "nobody else came in between"

    await asyncio.gather(*(go(number) for number in range(4)))
    assert order == [0, 1, 2, 3]
    assert "1 others that ask the same are first" in why
    assert not ours._locks, "nothing is kept of a name that nobody wants"


async def test_another_process_waits_and_says_for_whom(
    client: Client, second: Client, api: FakeApi
) -> None:
    why, both = list[str](), list[bool]()
    came = asyncio.Event()

    async def other() -> None:
        async with turns(second, "two").turn("shop", why.append) as had:
            both.append(had())
            came.set()

    async with turns(client, "one").turn("shop") as had:
        waiting = asyncio.create_task(other())
        await until(lambda: why)
        assert why == ["lease ns/shop is held by one_1"]
        assert had()
        assert not came.is_set()
    await waiting
    assert both == [True]
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_a_name_does_not_wait_for_another(client: Client) -> None:
    ours = turns(client, "one")
    async with ours.turn("shop"), ours.turn("bank") as had:
        assert had()


async def test_the_turn_of_one_that_was_killed_is_free_after_a_while(
    client: Client, api: FakeApi
) -> None:
    api.put(PATH.rpartition("/")[0], "shop", holderIdentity="dead_7", leaseDurationSeconds=1)
    why = list[str]()
    async with turns(client, "one").turn("shop", why.append) as had:
        assert had()
    assert why == ["lease ns/shop is held by dead_7"]


async def test_a_lease_that_is_lost_ends_the_turn(client: Client, api: FakeApi) -> None:
    async with turns(client, "one").turn("shop") as had:
        api.put(PATH.rpartition("/")[0], "shop", holderIdentity="thief", leaseDurationSeconds=60)
        await until(lambda: not had())
    assert api.objects[PATH]["spec"]["holderIdentity"] == "thief", "what is not ours stays"


async def test_one_that_does_not_wait_any_more_leaves_nothing(
    client: Client, second: Client, api: FakeApi
) -> None:
    ours, why = turns(client, "one"), list[str]()

    async def wait() -> None:
        async with ours.turn("shop", why.append):
            pytest.fail("it never gets it")

    async with turns(second, "two").turn("shop"):
        waiting = asyncio.create_task(wait())
        await until(lambda: why)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not ours._locks
        assert api.objects[PATH]["spec"]["holderIdentity"] == "two_1"


async def test_a_missing_right_is_said(client: Client, api: FakeApi) -> None:
    api.fail("GET", 403, times=99, reason="Forbidden", message="leases is forbidden")
    why = list[str]()

    async def wait() -> None:
        async with turns(client, "one").turn("shop", why.append):
            pytest.fail("it never gets it")

    waiting = asyncio.create_task(wait())
    await until(lambda: why)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert "needs get, create and patch on leases.coordination.k8s.io" in why[0]
