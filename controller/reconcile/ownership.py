"""Decides for which keys this process may write; checked for each write right before it is sent.

Today one Lease covers all keys. If several processes shared the Jobs, each could write for some
keys only; that would need only another `Ownership`.
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
    """For which keys this process may write."""

    def valid(self, key: Key | None) -> bool:
        """Whether this process may write for the Job of this key at this moment. ``key`` is None if
        the write belongs to no single Job, such as an Event, which is sent after the reconcile."""
        ...


class OneLease:
    """The holder of the Lease may write for every key. ``lease`` returns the present Lease."""

    def __init__(self, lease: Callable[[], Lease]) -> None:
        self._lease = lease

    def valid(self, key: Key | None) -> bool:  # noqa: ARG002
        return self._lease().valid()


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
