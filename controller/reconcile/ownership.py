"""Decides for which keys this process may write; checked for each write right before it is sent.

The Jobs are cut into shards by their uid. A Job never changes its shard, so whoever holds the Lease
of a shard is the only writer for its Jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from controller.kube.errors import NotHolderError
from controller.kube.shards import shard_of
from controller.reconcile.entry import Key

#: A task that a reconcile starts (an action on a pod, a gate) writes for the key of that reconcile.
_KEY: Final[ContextVar[Key | None]] = ContextVar("key", default=None)


class Ownership(Protocol):
    """For which keys this process may write."""

    def valid(self, key: Key | None) -> bool:
        """Whether this process may write for the Job of this key at this moment. ``key`` is None if
        the write belongs to no single Job, such as an Event, which is sent after the reconcile."""
        ...


class Leases(Protocol):
    """What `Shards` asks of the elector; each answer is about this moment."""

    def holds(self, shard: int) -> bool: ...

    def term(self, shard: int) -> int: ...

    def is_member(self) -> bool: ...


class Shards:
    """``uid_of(key)`` is the uid of the Job of a key; "" if there is no Job. Then the shard is that
    of the name: what is left of a Job that is gone (its Updates) also has one writer.

    A write that belongs to no Job, an Event, needs no shard: no state depends on it, and what it
    tells has happened. It needs a process that is in contact: with one shard the holder of the
    Lease, with several a member (`Elector.is_member`).
    """

    def __init__(self, count: int, leases: Leases, uid_of: Callable[[Key], str]) -> None:
        self._count = count
        self._leases = leases
        self._uid_of = uid_of
        #: The shards at work, with the term of the Lease in which the work began.
        self._terms: dict[int, int] = {}

    def __len__(self) -> int:
        return self._count

    @property
    def at_work(self) -> frozenset[int]:
        """The shards whose keys are handled. Their Leases may have been lost a moment ago."""
        return frozenset(self._terms)

    def begin(self, shard: int, term: int) -> None:
        """From now on keys of the shard are accepted, and writes for them sent in this term."""
        self._terms[shard] = term

    def end(self, shard: int) -> None:
        """From now on no key of the shard is accepted, and no write for it is sent."""
        self._terms.pop(shard, None)

    def shard(self, key: Key) -> int:
        if self._count == 1:
            return 0
        return shard_of(self._uid_of(key) or "/".join(key), self._count)

    def accepts(self, key: Key) -> bool:
        """Whether the key is of a shard at work."""
        return bool(self._terms) and self.shard(key) in self._terms

    def leader(self) -> dict[str, float]:
        """By shard ("" for an only one): 1 if it is at work here, else 0. For metrics."""
        if self._count == 1:
            return {"": float(0 in self._terms)}
        return {str(shard): float(shard in self._terms) for shard in range(self._count)}

    def valid(self, key: Key | None) -> bool:
        if key is None:
            return self._leases.is_member()
        shard = self.shard(key)
        # The Lease may have been lost and taken again since the work began.
        same = self._terms.get(shard) == self._leases.term(shard)
        return same and self._leases.holds(shard)


@contextmanager
def writing_for(key: Key) -> Iterator[None]:
    """Writes inside this context, and by tasks that are started inside it, are for this key."""
    before = _KEY.set(key)
    try:
        yield
    finally:
        _KEY.reset(before)


def guard(ownership: Ownership) -> Callable[[], None]:
    """The guard of a `Client`. It raises ``NotHolderError`` if this process may not write for the
    key of the write."""

    def check() -> None:
        if not ownership.valid(_KEY.get()):
            raise NotHolderError

    return check
