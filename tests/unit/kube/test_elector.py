"""The thread that stands for the Leases. Its clock stands still until a test lets time pass, so no
Lease expires because the machine is busy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from controller.kube.client import Client
from controller.kube.config import Connection
from controller.kube.elector import Elector
from controller.kube.lease_times import Times
from tests.unit.kube.conftest import Clock, until
from tests.unit.kube.fake import FakeApi

BASE = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/echelon"
TIMES = Times(duration=60, renew_deadline=40, retry=0.1)

Make = Callable[..., Elector]


@pytest.fixture
async def make(connection: Connection, clock: Clock) -> AsyncIterator[Make]:
    made: list[Elector] = []

    def elector(
        identity: str, shards: int = 1, able: bool = True, timeout: float = 10.0, **options: object
    ) -> Elector:
        client = Client(Connection(connection.server), read_timeout=timeout, write_timeout=timeout)
        new = Elector(
            client, namespace="ns", name="echelon", identity=identity, shards=shards,
            times=TIMES, clock=clock, **options,  # type: ignore[arg-type]
        )  # fmt: skip
        made.append(new)
        new.stand(able)
        new.start()
        return new

    yield elector
    for each in made:
        await each.stop()


async def passes(clock: Clock, api: FakeApi, condition: Callable[[], object]) -> None:
    """Let time pass until the condition holds, so slowly that who renews a Lease keeps it."""
    async with asyncio.timeout(60):
        while not condition():
            clock.pass_by(TIMES.renew_deadline / 8)
            enough = api.count("GET") + 8
            await until(lambda enough=enough: condition() or api.count("GET") > enough)  # type: ignore[misc]


def held(elector: Elector) -> set[int]:
    return {shard for shard in range(len(elector._leases)) if elector.holds(shard)}


async def obey(*electors: Elector) -> None:
    """What the main loop does: give up what is too much."""
    for each in electors:
        for shard in each.surplus:
            await each.give_up(shard)


async def test_one_shard_is_one_lease_of_the_old_name(make: Make, api: FakeApi) -> None:
    one = make("one")
    await until(lambda: one.holds(0))
    assert one.is_member()
    assert one.problem() is None
    assert list(api.objects) == [BASE]
    assert "annotations" not in api.objects[BASE]["metadata"]
    two = make("two")
    await until(lambda: two._leases[0].holder == "one")
    assert not two.holds(0)
    await one.stop()
    assert not one.holds(0)
    assert api.objects[BASE]["spec"]["holderIdentity"] in ("", "two"), "it was released"
    await until(lambda: two.holds(0))


async def test_one_that_cannot_do_the_work_leaves_the_lease_to_one_that_can(
    make: Make, api: FakeApi
) -> None:
    blind, sees = make("blind", able=False), make("sees", able=False)
    await until(lambda: blind.looked and sees.looked and api.count("GET") > 4)
    assert api.objects == {}, "nobody takes it"
    sees.stand(True)
    await until(lambda: sees.holds(0))
    assert not blind.holds(0)
    await sees.stop()
    seen = api.count("GET")
    await until(lambda: api.count("GET") > seen + 2)
    assert not blind.holds(0)
    blind.stand(True)
    await until(lambda: blind.holds(0))


async def test_who_can_do_the_work_stands_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make("one", able=False)
    monkeypatch.setattr(one._leases[0], "pause", lambda: 3600.0)
    await until(lambda: one._leases[0].seen)
    await asyncio.sleep(0.05)  # It is in that pause.
    one.stand(True)
    await until(lambda: one.holds(0))


async def test_a_holder_that_cannot_go_on_gives_up_and_two_such_write_nothing(
    make: Make, api: FakeApi
) -> None:
    one, two = make("one"), make("two", able=False)
    await until(lambda: one.holds(0))
    one.stand(False)
    await until(lambda: one.surplus == {0})
    assert one.holds(0), "until the work has ended"
    await obey(one)
    assert api.objects[BASE]["spec"]["holderIdentity"] == ""
    version, seen = api.objects[BASE]["metadata"]["resourceVersion"], api.count("GET")
    await until(lambda: api.count("GET") > seen + 8)
    assert api.objects[BASE]["metadata"]["resourceVersion"] == version
    two.stand(True)
    await until(lambda: two.holds(0))
    assert not one.holds(0)


async def test_the_shards_of_one_that_cannot_go_on_are_taken_at_once(
    make: Make, api: FakeApi
) -> None:
    one, two = make("one", 4), make("two", 4)

    async def has(elector: Elector, number: int) -> None:
        while len(held(elector)) != number:
            await obey(one, two)
            await asyncio.sleep(0.01)

    await asyncio.wait_for(has(two, 2), 60)
    one.stand(False)
    await until(lambda: len(api.objects[BASE]["metadata"]["annotations"]) == 1)
    await asyncio.wait_for(has(two, 4), 60)
    assert held(one) == set()
    one.stand(True)
    await asyncio.wait_for(has(one, 2), 60)


async def test_since_when_nobody_else_could_act(make: Make, api: FakeApi, clock: Clock) -> None:
    api.put(BASE.rpartition("/")[0], "echelon", holderIdentity="gone", leaseDurationSeconds=60)
    one = make("one", able=False)
    await until(lambda: one._leases[0].holder == "gone")
    clock.pass_by(30)
    free = clock()
    api.objects[BASE]["spec"]["holderIdentity"] = ""
    api.objects[BASE]["metadata"]["resourceVersion"] = "9000"
    await until(lambda: one._leases[0].holder is None)
    assert one.free_since(0) == float("inf"), "it has not got it"
    clock.pass_by(5)
    one.stand(True)
    await until(lambda: one.holds(0))
    assert one.free_since(0) == free
    await one.give_up(0)
    await until(lambda: one.term(0) == 2 and one.holds(0))
    assert one.free_since(0) == float("inf"), "its own writes may have come later"


async def test_who_takes_an_expired_lease_knows_when_it_expired(
    make: Make, api: FakeApi, clock: Clock
) -> None:
    api.put(BASE.rpartition("/")[0], "echelon", holderIdentity="gone", leaseDurationSeconds=60)
    began = clock()
    one = make("one")
    await until(lambda: one._leases[0].holder == "gone")
    clock.pass_by(61)
    await until(lambda: one.holds(0))
    assert one.free_since(0) == began + 60


async def test_a_main_loop_that_is_blocked_lets_another_replica_take_over(
    make: Make, api: FakeApi, clock: Clock
) -> None:
    began: list[float] = []
    one = make("one", main_age=lambda: clock() - began[0] if began else 0.0)
    await until(lambda: one.holds(0))
    two = make("two")
    await until(lambda: two._leases[0].holder == "one")
    began.append(clock())
    await passes(clock, api, lambda: two.holds(0))
    assert not one.holds(0)
    await until(lambda: one.problem() is None)  # Its thread is well, and turns in real time.
    # It works again: it stands by, and gets the Lease when that is free.
    began.clear()
    await two.stop()
    await until(lambda: one.holds(0))
    assert one.term(0) == 2


async def test_the_main_loop_is_told_of_news(make: Make) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    one = make("one", changed=lambda: loop.call_soon_threadsafe(told.set))
    await asyncio.wait_for(told.wait(), 60)
    assert one.holds(0)


async def test_a_thread_that_ended_is_a_fault_and_holds_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = make("one")
    await until(lambda: one.holds(0))

    def broken() -> float:
        raise RuntimeError("oh")

    monkeypatch.setattr(one._leases[0], "pause", broken)
    await until(lambda: one.problem() == "its thread has ended")
    assert not one.holds(0)
    assert "the thread of the Leases ended" in caplog.text


async def test_an_api_server_that_does_not_answer_is_no_fault(
    make: Make, api: FakeApi, clock: Clock
) -> None:
    one = make("one", timeout=0.5)
    await until(lambda: one.holds(0))
    api.silent |= {"GET", "PATCH"}
    clock.pass_by(TIMES.renew_deadline)
    assert not one.holds(0)
    await until(lambda: one.problem() is None)  # Its thread is well, and turns in real time.
    api.silent.clear()
    await until(lambda: one.holds(0))


async def test_replicas_share_the_shards_when_they_come_and_go(make: Make, api: FakeApi) -> None:
    one = make("one", 4)
    await until(lambda: held(one) == {0, 1, 2, 3})
    assert set(api.objects) == {BASE, *(f"{BASE}-{n}" for n in range(4))}
    two = make("two", 4)
    await until(lambda: len(one.surplus) == 2)
    assert held(one) == {0, 1, 2, 3}, "until the work on them has ended"
    assert held(two) == set()
    await obey(one)
    await until(lambda: len(held(two)) == 2)
    assert held(one) | held(two) == {0, 1, 2, 3}
    assert (one.replicas, two.replicas) == (2, 2)
    three = make("three", 4)
    await until(lambda: one.surplus or two.surplus)
    await obey(one, two)
    await until(lambda: held(three))
    assert sorted(len(held(each)) for each in (one, two, three)) == [1, 1, 2]
    await one.stop()
    await until(lambda: held(two) | held(three) == {0, 1, 2, 3})
    assert [len(held(each)) for each in (two, three)] == [2, 2]
    await until(lambda: not two.surplus and not three.surplus)


async def test_the_shards_of_one_that_renews_nothing_are_taken(
    make: Make, api: FakeApi, clock: Clock
) -> None:
    age = [0.0]
    one, two = make("one", 4, main_age=lambda: age[0]), make("two", 4)

    async def is_shared() -> None:
        while not len(held(one)) == len(held(two)) == 2:
            await obey(one, two)
            await asyncio.sleep(0.01)

    await asyncio.wait_for(is_shared(), 60)
    age[0] = 60.0
    began = clock()
    await passes(clock, api, lambda: held(two) == {0, 1, 2, 3})
    assert clock() - began > TIMES.duration, "not before they expire"
    assert held(one) == set()


async def test_operators_of_another_number_of_shards_wait_for_each_other(make: Make) -> None:
    four = make("four", 4)
    await until(lambda: held(four) == {0, 1, 2, 3})
    one = make("one")
    await until(lambda: one._leases[0].holder == "4-shards")
    two = make("two", 2)
    await until(lambda: two._membership is not None and two._membership.holder == "4-shards")
    assert held(one) == held(two) == set()
    await four.stop()
    await until(lambda: len(held(one)) == 1 or len(held(two)) == 2)
    assert not (held(one) and held(two))


async def test_without_membership_no_shard_is_held(make: Make, api: FakeApi) -> None:
    """Somebody took the common Lease: the shards' own Leases are worth nothing."""
    one = make("one", 2)
    await until(lambda: held(one) == {0, 1})
    api.objects[BASE]["spec"] |= {"holderIdentity": "somebody", "leaseDurationSeconds": 3600}
    api.objects[BASE]["metadata"]["resourceVersion"] = "9999"
    membership = one._membership
    await until(lambda: membership is not None and membership.holder == "somebody")
    await until(lambda: not any(lease.held for lease in one._leases))
    assert held(one) == set()
    assert not one.is_member()
