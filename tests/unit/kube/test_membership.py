"""The Lease that all replicas of one number of shards hold together."""

from __future__ import annotations

import pytest

from controller.kube.client import Client
from controller.kube.lease import Lease
from controller.kube.membership import Membership
from tests.unit.kube.conftest import Clock
from tests.unit.kube.fake import FakeApi

PATH = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/echelon"


def member(client: Client, replica: str, clock: Clock, shards: int = 4) -> Membership:
    made = Membership(client, "ns", "echelon", replica, shards, clock=clock)
    made.able = True
    return made


async def test_replicas_hold_it_together_and_see_each_other(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = member(client, "one", clock), member(second, "two", clock)
    await one.turn()
    assert one.live() == {"one"}
    await two.turn()
    await one.turn()
    assert one.valid()
    assert two.valid()
    assert one.live() == two.live() == {"one", "two"}
    assert api.objects[PATH]["spec"]["holderIdentity"] == "4-shards"
    assert api.objects[PATH]["spec"]["leaseTransitions"] == 0


async def test_renewing_is_one_request_also_beside_others(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = member(client, "one", clock), member(second, "two", clock)
    for _ in range(2):
        await one.turn()
        await two.turn()
    before = len(api.seen)
    for _ in range(5):
        clock.pass_by(2)
        await one.turn()
        await two.turn()
    assert [seen.method for seen in api.seen[before:]] == ["PATCH"] * 10
    assert one.valid()


async def test_one_that_is_gone_does_not_count_and_is_forgotten(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = member(client, "one", clock), member(second, "two", clock)
    await one.turn()
    await two.turn()
    await one.turn()
    for passed in range(2, 33, 2):
        clock.pass_by(2)
        await one.turn()
        assert one.live() == ({"one", "two"} if passed <= 15 else {"one"}), passed
    await one.turn()
    assert len(api.objects[PATH]["metadata"]["annotations"]) == 1
    # It was only stopped for long.
    assert not two.valid()
    await two.turn()
    await one.turn()
    assert one.live() == {"one", "two"}


async def test_one_that_leaves_is_gone_at_once_and_the_last_frees_the_lease(
    client: Client, second: Client, clock: Clock, api: FakeApi
) -> None:
    one, two = member(client, "one", clock), member(second, "two", clock)
    await one.turn()
    await two.turn()
    await one.turn()
    await two.release()
    assert not two.valid()
    assert api.objects[PATH]["spec"]["holderIdentity"] == "4-shards"
    await one.turn()
    assert one.live() == {"one"}
    await one.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("first", ["one shard", "four shards"])
async def test_operators_of_another_number_of_shards_wait(
    client: Client, second: Client, clock: Clock, first: str
) -> None:
    """The Lease of one shard, also that of a version that knows no shards, has the same name."""
    single: Lease = Lease(client, "ns", "echelon", "old", clock=clock)
    four: Lease = member(second, "new", clock)
    holds, waits = (single, four) if first == "one shard" else (four, single)
    await holds.turn()
    for _ in range(20):
        clock.pass_by(2)
        await holds.turn()
        await waits.turn()
        assert holds.valid()
        assert not waits.held
    for _ in range(20):  # The holder is gone.
        clock.pass_by(1)
        await waits.turn()
        assert not (holds.valid() and waits.valid())
    assert waits.valid()
    await holds.turn()
    assert not holds.held


async def test_two_and_four_shards_are_never_both_in_force(
    client: Client, second: Client, clock: Clock
) -> None:
    two, four = member(client, "a", clock, 2), member(second, "b", clock, 4)
    await two.turn()
    await four.turn()
    assert two.valid()
    assert not four.valid()
    await two.release()
    await four.turn()
    assert four.valid()
    assert four.live() == {"b"}, "replicas of another time do not count"


async def test_one_that_cannot_take_shards_is_a_member_but_gets_no_share(
    client: Client, second: Client, clock: Clock
) -> None:
    one, two = member(client, "one", clock), member(second, "two", clock)
    two.able = False
    await one.turn()
    await two.turn()
    await one.turn()
    assert one.live() == {"one"}
    two.able = True
    await two.turn()
    await one.turn()
    assert one.live() == {"one", "two"}
    two.willing = False
    for _ in range(8):
        clock.pass_by(2)
        await two.turn()
        await one.turn()
    assert one.live() == {"one"}
    assert two.valid()


async def test_deleted_by_hand(client: Client, second: Client, clock: Clock, api: FakeApi) -> None:
    one, two = member(client, "one", clock), member(second, "two", clock)
    for each in (one, two, one):
        await each.turn()
    del api.objects[PATH]
    await one.turn()
    await two.turn()
    await one.turn()
    assert one.valid()
    assert two.valid()
    assert one.live() == {"one", "two"}
