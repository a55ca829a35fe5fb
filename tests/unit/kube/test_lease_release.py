"""Whoever ends leaves the Lease to others at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from controller.kube.client import Client
from controller.kube.lease import Lease
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi, Seen
from tests.unit.kube.test_lease import PATH, contender


async def broken_off(
    lease: Lease, api: FakeApi, verb: str, carried_out: Callable[[Seen], web.Response]
) -> None:
    """A turn that is cancelled while the API server carries out its request."""

    def carry_out(seen: Seen) -> web.Response:
        turn.cancel()
        return carried_out(seen)

    api.faults.append((verb, carry_out))
    turn = asyncio.create_task(lease.turn())
    with pytest.raises(asyncio.CancelledError):
        await turn


async def test_release_hands_over_at_once(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one.turn()
    await two.turn()
    await one.release()
    assert not one.valid()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""
    await two.turn()
    assert two.valid()
    await one.release()  # harmless
    assert api.objects[PATH]["spec"]["holderIdentity"] == "two"


async def test_a_renewal_under_way_does_not_undo_a_release(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    lease = contender(client, "one", clock)
    await lease.turn()
    await asyncio.gather(lease.turn(), lease.release())
    assert not lease.valid()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_a_renewal_that_was_broken_off_does_not_keep_the_lease(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    """The process ends while a renewal is under way, which the API server has carried out."""
    lease = contender(client, "one", clock)
    await lease.turn()
    await broken_off(lease, api, "PATCH", api._patch)
    await lease.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_after_a_renewal_without_an_answer_the_lease_is_released_too(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    lease = contender(client, "one", clock)
    await lease.turn()
    api.fail("PATCH", 500)
    await lease.turn()
    assert lease.valid()
    await lease.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_a_take_that_was_broken_off_does_not_keep_the_lease(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    lease = contender(client, "one", clock)
    await broken_off(lease, api, "POST", api._create)
    assert api.objects[PATH]["spec"]["holderIdentity"] == "one"
    await lease.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_a_release_is_tried_again(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    await lease.turn()
    api.fail("PATCH", 500)
    api.fail("GET", 429)
    await lease.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


async def test_an_answer_that_is_none_does_not_keep_other_leases_from_being_released(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    lease = contender(client, "one", clock)
    await lease.turn()
    api.faults.append(("PATCH", lambda _: web.Response(text="<html>")))
    await lease.release()
    assert not lease.valid()


async def test_somebody_elses_lease_is_not_released(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    lease = contender(client, "one", clock)
    await lease.turn()
    api.put(PATH.rpartition("/")[0], "echelon", holderIdentity="two")
    await lease.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == "two"
