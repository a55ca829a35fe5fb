"""Which keys this process may write for: asked for each write, right before it is sent.

One Lease answers for all keys today. A process that shares the Jobs with others would answer for
some keys only; nothing but the `Ownership` that it is given would be another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from controller.kube.errors import NotHolderError
from controller.kube.lease import Lease
from controller.reconcile.entry import Key

#: A task that a reconcile starts (an action on a pod, a gate) writes for the key of that reconcile.
_KEY: Final[ContextVar[Key | None]] = ContextVar("key", default=None)


class Ownership(Protocol):
    """Who may write for what."""

    def valid(self, key: Key | None) -> bool:
        """Whether this process may write for the Job of this key at this moment. None: the write is
        for no single Job, as that of an Event, which is sent after the reconcile."""
        ...


class OneLease:
    """The holder of the Lease may write for every key. ``lease`` gives the present one."""

    def __init__(self, lease: Callable[[], Lease]) -> None:
        self._lease = lease

    def valid(self, key: Key | None) -> bool:  # noqa: ARG002
        return self._lease().valid()


@contextmanager
def writing_for(key: Key) -> Iterator[None]:
    """What is written inside, and by tasks that are started inside, is written for this key."""
    before = _KEY.set(key)
    try:
        yield
    finally:
        _KEY.reset(before)


def guard(ownership: Ownership) -> Callable[[], None]:
    """The guard of a `Client`. Raises ``NotHolderError`` when this process may not write for the
    key that the write is for."""

    def check() -> None:
        if not ownership.valid(_KEY.get()):
            raise NotHolderError

    return check
