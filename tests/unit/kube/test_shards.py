"""Which shard an object belongs to, and how many shards each replica holds."""

from __future__ import annotations

import random
import uuid

import pytest

from controller.kube.shards import fnv1a, lease_name, shard_of, share


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0xCBF29CE484222325), ("a", 0xAF63DC4C8601EC8C), ("foobar", 0x85944171F73967E8)],
)
def test_the_hash_is_fnv1a(text: str, value: int) -> None:
    """The values are those of the authors of the hash: all versions must agree on them."""
    assert fnv1a(text) == value


def test_shards_are_of_about_the_same_size() -> None:
    chance = random.Random(3)
    uids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(4000)]
    sizes = [sum(shard_of(uid, 4) == shard for uid in uids) for shard in range(4)]
    assert min(sizes) > 850
    assert {shard_of(uid, 1) for uid in uids} == {0}


def test_one_shard_keeps_the_name_of_the_lease() -> None:
    assert lease_name("echelon", 0, 1) == "echelon"
    assert [lease_name("echelon", n, 2) for n in range(2)] == ["echelon-0", "echelon-1"]


@pytest.mark.parametrize(
    ("held", "shares"),
    [
        ({"a": 4}, {"a": 4}),
        ({"a": 4, "b": 0}, {"a": 2, "b": 2}),
        ({"a": 2, "b": 2, "c": 0}, {"a": 2, "b": 1, "c": 1}),
        ({"a": 1, "b": 2, "c": 1}, {"a": 1, "b": 2, "c": 1}),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 0}, {"a": 1, "b": 1, "c": 1, "d": 1, "e": 0}),
        ({"b": 2, "c": 1}, {"b": 2, "c": 2}),
    ],
)
def test_shares_of_four_shards(held: dict[str, int], shares: dict[str, int]) -> None:
    assert {each: share(each, held, 4) for each in held} == shares


def test_replicas_that_come_and_go_end_with_even_shares() -> None:
    """Each replica in turn gives up what it has too much of and takes what is free and its due. A
    replica that dies leaves its shards free."""
    chance = random.Random(11)
    for shards in (1, 2, 3, 4, 7, 16):
        owner: dict[int, str] = {}
        live: list[str] = []
        for step in range(60):
            if not live or (len(live) < 6 and chance.random() < 0.5):
                live.append(f"r{step}")
            elif len(live) > 1 and chance.random() < 0.5:
                gone = live.pop(chance.randrange(len(live)))
                owner = {shard: who for shard, who in owner.items() if who != gone}
            for _ in range(2 * len(live) + 2):
                for who in chance.sample(live, len(live)):
                    held = {each: list(owner.values()).count(each) for each in live}
                    due = share(who, held, shards)
                    mine = sorted(shard for shard, each in owner.items() if each == who)
                    for shard in mine[due:]:
                        del owner[shard]
                    free = [shard for shard in range(shards) if shard not in owner]
                    for shard in free[: max(0, due - len(mine))]:
                        owner[shard] = who
            counts = [list(owner.values()).count(each) for each in live]
            assert sum(counts) == shards, "no shard is left without an owner"
            assert max(counts) - min(counts) <= 1
