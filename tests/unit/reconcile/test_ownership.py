"""Every write is checked for its key, and not sent if another process owns that key."""

from __future__ import annotations

import asyncio

import pytest

from controller.kube.errors import NotHolderError
from controller.kube.shards import shard_of
from controller.reconcile.entry import Key
from controller.reconcile.ownership import Shards, guard, writing_for
from tests.unit.reconcile.fake_api import KEY, Shop


class Some:
    """An ownership of some keys that records for which keys it was asked."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.asked: list[Key | None] = []

    def valid(self, key: Key | None) -> bool:
        self.asked.append(key)
        return key in self.keys


def guarded(ownership: Some) -> Shop:
    """A reconciler whose client checks the ownership before each write, as the real client does."""
    shop, check = Shop(), guard(ownership)
    shop.job()
    shop.api.before = lambda verb, *_: check() if verb != "get" else None
    return shop


async def test_every_write_of_a_reconcile_is_for_its_key() -> None:
    ownership = Some(KEY)
    shop = guarded(ownership)
    await shop.reconcile()
    kinds = {plural for _, plural, _ in shop.api.writes()}
    assert {"controllerrevisions", "echelonjobs", "pods"} <= kinds, "actions on pods are tasks"
    assert len(ownership.asked) == len(shop.api.writes())
    assert set(ownership.asked) == {KEY}


async def test_nothing_is_written_for_a_key_of_another_process() -> None:
    shop = guarded(Some(("ns", "other")))
    with pytest.raises(NotHolderError):
        await shop.worker.reconcile(KEY)
    assert shop.api.writes() == []


async def test_outside_of_a_reconcile_a_write_is_for_no_key() -> None:
    ownership = Some(KEY)
    check = guard(ownership)
    with writing_for(KEY):
        inside = asyncio.create_task(_call(check))
    with pytest.raises(NotHolderError):
        check()
    await inside
    assert ownership.asked == [None, KEY], "a task keeps the key that it was started for"


async def test_keys_at_the_same_time_do_not_mix() -> None:
    ownership = Some(KEY, ("ns", "shop"))
    check = guard(ownership)

    async def two_writes(key: Key) -> None:
        with writing_for(key):
            check()
            await asyncio.sleep(0)
            check()

    await asyncio.gather(two_writes(KEY), two_writes(("ns", "shop")))
    assert ownership.asked == [KEY, ("ns", "shop")] * 2


class Fixed:
    """Leases as a test sets them."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.terms: dict[int, int] = {}
        self.member = True

    def holds(self, shard: int) -> bool:
        return shard in self.held

    def term(self, shard: int) -> int:
        return self.terms.get(shard, 0)

    def is_member(self) -> bool:
        return self.member


def test_one_shard_covers_all_keys() -> None:
    leases = Fixed()
    shards = Shards(1, leases, lambda _: pytest.fail("no hash is needed"))
    assert not shards.valid(KEY)
    leases.held.add(0)
    assert not shards.valid(KEY), "everything must be listed first"
    shards.begin(0, term=0)
    assert shards.valid(KEY)
    assert shards.accepts(KEY)
    leases.held.clear()
    assert not shards.valid(KEY)


def test_a_job_has_the_shard_of_its_uid() -> None:
    uids = {("ns", str(n)): f"uid-{n}" for n in range(100)}
    leases = Fixed()
    leases.held = {0, 1, 2, 3}
    shards = Shards(4, leases, uids.__getitem__)
    shards.begin(2, term=0)
    mine = {key for key in uids if shards.accepts(key)}
    assert mine == {key for key, uid in uids.items() if shard_of(uid, 4) == 2}
    assert 10 < len(mine) < 40
    assert {key for key in uids if shards.valid(key)} == mine
    shards.end(2)
    assert not any(shards.valid(key) or shards.accepts(key) for key in uids)


def test_what_is_left_of_a_job_has_one_owner_too() -> None:
    shards = Shards(4, Fixed(), lambda _: "")
    assert shards.shard(KEY) == shard_of("/".join(KEY), 4)


def test_a_lease_that_was_lost_and_got_again_is_another_term() -> None:
    leases = Fixed()
    leases.held = {0}
    shards = Shards(1, leases, lambda _: "")
    shards.begin(0, term=0)
    leases.terms[0] = 1
    assert not shards.valid(KEY), "what another process wrote in between is not listed yet"


def test_an_event_belongs_to_no_shard() -> None:
    leases = Fixed()
    shards = Shards(4, leases, lambda _: "")
    assert shards.valid(None), "also of a shard that was given up a moment ago"
    leases.member = False
    assert not shards.valid(None), "a process without contact writes nothing at all"


async def _call(check: object) -> None:
    assert callable(check)
    check()
