"""Shards: the work is cut into N parts, each with a Lease of its own.

    shard of a uid          fnv1a(uid) mod N
    replicas R, shards N    each replica has floor(N / R) shards, N mod R of them have one more

Those who hold most already have the additional ones, so that no shard is moved without need.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_OFFSET: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF


@lru_cache(maxsize=65536)
def fnv1a(text: str) -> int:
    """The 64-bit FNV-1a hash of a text, the same in every process."""
    value = _OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _PRIME & _MASK
    return value


def shard_of(uid: str, shards: int) -> int:
    """The shard of an object."""
    return fnv1a(uid) % shards if shards > 1 else 0


def share(replica: str, held: Mapping[str, int], shards: int) -> int:
    """How many shards a replica should hold. ``held``: how many each live replica holds now, this
    one included."""
    order = sorted(held, key=lambda each: (-held[each], each))
    least, more = divmod(shards, len(order))
    return least + (order.index(replica) < more)


def lease_name(name: str, shard: int, shards: int) -> str:
    """The name of the Lease of a shard."""
    return f"{name}-{shard}" if shards > 1 else name
