from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator

import pytest

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.lease import Lease, default_identity
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

PATH = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/echelon"


def contender(client: Client, identity: str, clock: Clock) -> Lease:
    return Lease(client, "ns", "echelon", identity, clock=clock)


@pytest.fixture
async def second(connection: Connection) -> AsyncIterator[Client]:
    async with Client(connection) as made:
        yield made


async def test_the_first_creates_it(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    assert not lease.valid()
    await lease._turn()
    assert lease.held.is_set()
    assert lease.valid()
    spec = api.objects[PATH]["spec"]
    assert spec["holderIdentity"] == "one"
    assert spec["leaseDurationSeconds"] == 15
    assert spec["leaseTransitions"] == 0
    assert len(spec["renewTime"]) == len("2026-11-21T12:00:00.000000Z")


async def test_renewing_is_one_request(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    await lease._turn()
    before = len(api.seen)
    clock.pass_by(9)
    await lease._turn()
    clock.pass_by(9)
    assert lease.valid(), "counted from the renewal"
    assert [seen.method for seen in api.seen[before:]] == ["PATCH"]
    assert "acquireTime" not in api.seen[-1].body["spec"]


async def test_a_standby_waits_for_the_record_to_rest(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one._turn()
    await two._turn()
    for _ in range(10):
        clock.pass_by(2)
        await one._turn()
        await two._turn()
    assert one.valid()
    assert not two.held.is_set()
    assert two.holder == "one"
    for _ in range(8):  # one is gone; two saw the last renewal just now
        clock.pass_by(1.9)
        await two._turn()
        assert two.valid() == (clock() - 1020 > 15)
    assert two.valid()
    assert not one.valid()
    assert api.objects[PATH]["spec"]["leaseTransitions"] == 1


async def test_the_loser_notices(client: Client, second: Client, clock: Clock) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one._turn()
    await two._turn()
    clock.pass_by(16)
    await two._turn()
    assert two.valid()
    assert not one.valid(), "by its own clock, before it hears of anything"
    await one._turn()
    assert one.lost.is_set()
    assert not one.held.is_set()


async def test_a_restarted_process_has_its_own_lease_at_once(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    await contender(client, "one", clock)._turn()
    again = contender(second, "one", clock)
    await again._turn()
    assert again.valid()
    assert api.objects[PATH]["spec"]["leaseTransitions"] == 1


async def test_release_hands_over_at_once(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one._turn()
    await two._turn()
    await one.release()
    assert not one.valid()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""
    await two._turn()
    assert two.valid()
    await one.release()  # harmless
    assert api.objects[PATH]["spec"]["holderIdentity"] == "two"


async def test_failures_are_not_renewals(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    for status in (401, 403, 404, 500, 503):
        # 401 is tried again with fresh credentials.
        api.fail("GET", status, times=2 if status == 401 else 1)
        api.fail("POST", 403, times=1 if status == 404 else 0)
        await lease._turn()
        assert not lease.held.is_set()
    await lease._turn()
    assert lease.valid()
    for _ in range(6):
        clock.pass_by(2)
        api.fail("PATCH", 500)
        await lease._turn()
    assert not lease.valid()


async def test_an_unanswered_renewal_is_recovered_from(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    """A renewal was carried out but its answer was lost: the next turn reads before it writes."""
    lease = contender(client, "one", clock)
    await lease._turn()
    api.objects[PATH]["metadata"]["resourceVersion"] = "moved on"
    clock.pass_by(5)
    await lease._turn()
    clock.pass_by(9)
    assert lease.valid()


async def test_deleted_by_hand(client: Client, second: Client, api: FakeApi, clock: Clock) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one._turn()
    await two._turn()
    del api.objects[PATH]
    await two._turn()
    assert not two.held.is_set(), "one does not know yet and still acts"
    await one._turn()
    assert one.valid()
    assert api.objects[PATH]["spec"]["holderIdentity"] == "one"


async def test_run_ends_when_it_is_lost(client: Client, api: FakeApi, clock: Clock) -> None:
    async def sleep(seconds: float) -> None:
        clock.pass_by(seconds)
        await asyncio.sleep(0)

    lease = Lease(client, "ns", "echelon", "one", clock=clock, sleep=sleep)
    task = asyncio.create_task(lease.run())
    await asyncio.wait_for(lease.held.wait(), 5)
    api.fail("PATCH", 503, times=100)
    api.fail("GET", 503, times=100)
    await asyncio.wait_for(task, 5)
    assert lease.lost.is_set()
    assert not lease.valid()


async def test_the_log_says_what_is_missing(
    client: Client, api: FakeApi, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    lease = contender(client, "one", clock)
    api.fail("POST", 404, times=2)
    with caplog.at_level(logging.WARNING):
        await lease._turn()
        await lease._turn()
    assert len(caplog.records) == 1, "once is enough"
    assert "the namespace ns does not exist" in caplog.text
    api.fail("GET", 403, message="leases is forbidden")
    await lease._turn()
    assert "needs get, create and patch" in caplog.text


async def test_never_two_valid(connection: Connection, api: FakeApi, clock: Clock) -> None:
    """With stalls, failures and restarts of contenders, two of them are never valid at once."""
    chance = random.Random(7)
    async with Client(connection) as client:
        leases = [contender(client, f"c{n}", clock) for n in range(3)]
        terms = set()
        for _ in range(1500):
            index = chance.randrange(3)
            if chance.random() < 0.1:
                api.fail(chance.choice(["GET", "PATCH"]), chance.choice([500, 429, 409]))
            await leases[index]._turn()
            clock.pass_by(chance.choice([0.1, 0.5, 1, 2, 6]))
            valid = [n for n, lease in enumerate(leases) if lease.valid()]
            assert len(valid) <= 1
            terms.update(valid)
            if leases[index].lost.is_set() or chance.random() < 0.02:
                if chance.random() < 0.3:
                    await leases[index].release()
                leases[index] = contender(client, f"c{index}-{clock():.1f}", clock)
        assert terms == {0, 1, 2}


def test_identity() -> None:
    pod = {"POD_NAME": "echelon-0", "POD_UID": "u-1"}
    assert default_identity(pod) == default_identity(pod) == "echelon-0_u-1"
    assert default_identity({}) != default_identity({})


def test_invalid_times(client: Client) -> None:
    with pytest.raises(ValueError, match="duration > renew_deadline"):
        Lease(client, "ns", "x", "me", duration=5, renew_deadline=10)
