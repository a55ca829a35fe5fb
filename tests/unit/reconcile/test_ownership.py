"""Every write is checked for its key, and not sent if another process owns that key."""

from __future__ import annotations

import asyncio

import pytest

from controller.kube.errors import NotHolderError
from controller.reconcile.entry import Key
from controller.reconcile.ownership import OneLease, guard, writing_for
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


@pytest.mark.parametrize("key", [KEY, None])
def test_the_present_lease_covers_all_keys(key: Key | None) -> None:
    class Fixed:
        def __init__(self, held: bool) -> None:
            self.held = held

        def valid(self) -> bool:
            return self.held

    leases = [Fixed(False)]
    ownership = OneLease(lambda: leases[-1])  # type: ignore[arg-type,return-value]
    assert not ownership.valid(key)
    leases.append(Fixed(True))
    assert ownership.valid(key)


async def _call(check: object) -> None:
    assert callable(check)
    check()
