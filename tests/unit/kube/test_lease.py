from __future__ import annotations

import logging
import random

import pytest

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.identity import default_identity
from controller.kube.lease import Lease
from controller.kube.lease_times import Times
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

PATH = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/echelon"


def contender(client: Client, identity: str, clock: Clock) -> Lease:
    return Lease(client, "ns", "echelon", identity, clock=clock)


async def test_the_first_creates_it(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    assert not lease.valid()
    await lease.turn()
    assert lease.held
    assert lease.valid()
    spec = api.objects[PATH]["spec"]
    assert spec["holderIdentity"] == "one"
    assert spec["leaseDurationSeconds"] == 15
    assert spec["leaseTransitions"] == 0
    assert len(spec["renewTime"]) == len("2026-11-21T12:00:00.000000Z")


async def test_renewing_is_one_request(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    await lease.turn()
    before = len(api.seen)
    clock.pass_by(9)
    await lease.turn()
    clock.pass_by(9)
    assert lease.valid(), "counted from the renewal"
    assert [seen.method for seen in api.seen[before:]] == ["PATCH"]
    assert "acquireTime" not in api.seen[-1].body["spec"]


async def test_a_standby_waits_for_the_record_to_rest(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one.turn()
    await two.turn()
    for _ in range(10):
        clock.pass_by(2)
        await one.turn()
        await two.turn()
    assert one.valid()
    assert not two.held
    assert two.holder == "one"
    for _ in range(8):  # one is gone; two saw the last renewal just now
        clock.pass_by(1.9)
        await two.turn()
        assert two.valid() == (clock() - 1020 > 15)
    assert two.valid()
    assert not one.valid()
    assert api.objects[PATH]["spec"]["leaseTransitions"] == 1


async def test_the_loser_notices(client: Client, second: Client, clock: Clock) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one.turn()
    await two.turn()
    clock.pass_by(16)
    await two.turn()
    assert two.valid()
    assert not one.valid(), "by its own clock, before it hears of anything"
    assert one.held, "nobody has told it yet"
    await one.turn()
    assert not one.held


async def test_a_restarted_process_has_its_own_lease_at_once(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    await contender(client, "one", clock).turn()
    again = contender(second, "one", clock)
    await again.turn()
    assert again.valid()
    assert api.objects[PATH]["spec"]["leaseTransitions"] == 1


async def test_failures_are_not_renewals(client: Client, api: FakeApi, clock: Clock) -> None:
    lease = contender(client, "one", clock)
    for status in (401, 403, 404, 500, 503):
        # 401 is tried again with fresh credentials.
        api.fail("GET", status, times=2 if status == 401 else 1)
        api.fail("POST", 403, times=1 if status == 404 else 0)
        await lease.turn()
        assert not lease.held
    await lease.turn()
    assert lease.valid()
    for _ in range(6):
        clock.pass_by(2)
        api.fail("PATCH", 500)
        await lease.turn()
    assert not lease.valid()


async def test_an_unanswered_renewal_is_recovered_from(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    """A renewal was carried out but its answer was lost: the next turn reads before it writes."""
    lease = contender(client, "one", clock)
    await lease.turn()
    api.objects[PATH]["metadata"]["resourceVersion"] = "moved on"
    clock.pass_by(5)
    await lease.turn()
    clock.pass_by(9)
    assert lease.valid()


async def test_deleted_by_hand(client: Client, second: Client, api: FakeApi, clock: Clock) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one.turn()
    await two.turn()
    del api.objects[PATH]
    await two.turn()
    assert not two.held, "one does not know yet and still acts"
    await one.turn()
    assert one.valid()
    assert api.objects[PATH]["spec"]["holderIdentity"] == "one"


async def test_what_cannot_be_renewed_is_lost_and_can_be_got_again(
    client: Client, clock: Clock
) -> None:
    news: list[bool] = []
    lease = Lease(client, "ns", "echelon", "one", clock=clock, changed=lambda: news.append(True))
    await lease.turn()
    assert (lease.term, len(news)) == (1, 1)
    clock.pass_by(9)
    lease.expire()
    assert lease.held
    clock.pass_by(2)
    lease.expire()
    assert not lease.held
    assert len(news) == 2
    await lease.turn()
    assert lease.valid()
    assert (lease.term, len(news)) == (2, 3), "work of the first term is over"


async def test_a_lease_is_only_looked_at_by_one_that_has_enough(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    lease = contender(client, "one", clock)
    await lease.turn(take=False)
    assert lease.seen
    assert api.objects == {}
    await contender(second, "two", clock).turn()
    await lease.turn(take=False)
    assert lease.holder == "two"
    clock.pass_by(16)
    await lease.turn(take=False)
    assert not lease.held
    await lease.turn()
    assert lease.valid()
    await lease.turn(take=False)
    assert lease.valid(), "what is held is kept"


async def test_a_standby_looks_often_and_at_the_moment_of_expiry(
    client: Client, second: Client, clock: Clock
) -> None:
    one, two = contender(client, "one", clock), contender(second, "two", clock)
    await one.turn()
    await two.turn()
    assert one.pause() == 2.0
    assert 0.4 <= two.pause() <= 0.5
    clock.pass_by(14.9)
    assert two.pause() == pytest.approx(0.11)


async def test_failures_that_are_not_another_contender(
    client: Client, api: FakeApi, clock: Clock
) -> None:
    lease = contender(client, "one", clock)
    api.fail("GET", 403)
    await lease.turn()
    assert lease.failing
    api.fail("POST", 409, reason="AlreadyExists")
    await lease.turn()
    assert not lease.failing


async def test_the_log_says_what_is_missing(
    client: Client, api: FakeApi, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    lease = contender(client, "one", clock)
    api.fail("POST", 404, times=2)
    with caplog.at_level(logging.WARNING):
        await lease.turn()
        await lease.turn()
    assert len(caplog.records) == 1, "once is enough"
    assert "the namespace ns does not exist" in caplog.text
    api.fail("GET", 403, message="leases is forbidden")
    await lease.turn()
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
            await leases[index].turn()
            clock.pass_by(chance.choice([0.1, 0.5, 1, 2, 6]))
            valid = [n for n, lease in enumerate(leases) if lease.valid()]
            assert len(valid) <= 1
            terms.update(valid)
            leases[index].expire()
            if chance.random() < 0.02:
                if chance.random() < 0.3:
                    await leases[index].release()
                leases[index] = contender(client, f"c{index}-{clock():.1f}", clock)
        assert terms == {0, 1, 2}


def test_identity() -> None:
    pod = {"POD_NAME": "echelon-0", "POD_UID": "u-1"}
    assert default_identity(pod) == default_identity(pod) == "echelon-0_u-1"
    assert default_identity({}) != default_identity({})


def test_invalid_times() -> None:
    with pytest.raises(ValueError, match="duration > renew_deadline"):
        Times(duration=5, renew_deadline=10)
