"""Keeps the caller's view of one resource equal to the API server's: list, watch, list again.

The caller decodes and stores the objects. An informer itself only keeps the existing keys, so that
after a new list it finds the objects that were deleted in between. Objects disappear only by a
watch event or a complete, successful list: never by an error, a broken stream, a refused token or
a partly read list. An empty list must be received twice. With ``confirm`` a list alone is not
enough: a GET must say that the object is gone. An informer never gives up and raises nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic

from controller.kube.client import Client
from controller.kube.codec import Codec, Sink, T
from controller.kube.reflector import Reflector
from controller.resource import Resource

log = logging.getLogger(__name__)


class Informer(Generic[T]):
    """One resource, in all namespaces or in some (a stream each).

    ``on_put(object)`` is called for each new or changed object, ``on_delete(key, uid)`` for each
    deleted object. If an object was deleted and created again under the same key, first
    ``on_delete`` is called, then ``on_put``. ``on_delete`` may name an object that was never put.
    Both are called from the event loop and must not block. ``held``: see `Sink`. ``run()`` works
    until cancelled.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        codec: Codec[T],
        on_put: Callable[[T], None],
        on_delete: Callable[[str, str], None],
        held: Callable[[str | None], Mapping[str, str]] = lambda _: {},
        namespaces: Sequence[str] = (),
        label_selector: str | None = None,
        field_selector: str | None = None,
        metadata_only: bool = False,
        confirm: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.resource = resource
        #: Set when every stream has been listed once.
        self.synced = asyncio.Event()
        self.streams: Sequence[Reflector[T]] = [
            Reflector(
                client,
                resource,
                namespace,
                codec=codec,
                sink=Sink(on_put, on_delete, held),
                label_selector=label_selector,
                field_selector=field_selector,
                metadata_only=metadata_only,
                confirm=confirm,
                on_listed=self._listed,
                sleep=sleep,
                clock=clock,
            )
            for namespace in (tuple(namespaces) or (None,))
        ]

    async def run(self) -> None:
        """List and watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for stream in self.streams:
                group.create_task(stream.run(), name=f"reflector {stream.name}")

    async def resync(self) -> None:
        """List everything again, however long that takes; callbacks are made only for differences.

        On return the view is at least as new as the moment of the call.
        """
        await asyncio.gather(*(stream.resync() for stream in self.streams))

    @property
    def last_contact(self) -> float:
        """Time of the clock when the API server last sent something, on the quietest stream."""
        return min(stream.last_contact for stream in self.streams)

    @property
    def last_active(self) -> float:
        """Time of the clock of the last answer or request, on the stream where it is oldest."""
        return min(max(stream.last_contact, stream.last_asked) for stream in self.streams)

    @property
    def lag(self) -> float:
        """Seconds for which the slowest stream has been working through a backlog of events."""
        return max(stream.lag for stream in self.streams)

    @property
    def error(self) -> str | None:
        """The error of a failing stream, until that stream works again; None if all work."""
        return next((str(stream.failure) for stream in self.streams if stream.failure), None)

    @property
    def failing_seconds(self) -> float:
        """For how long no stream has worked; 0 while one does. One namespace of several may be
        refused because it was deleted, which must not count."""
        return min(stream.failures.seconds for stream in self.streams)

    @property
    def listed_at(self) -> float:
        """Time of the clock when the last complete list began, on the stream where that was
        first."""
        return min(stream.listed_at for stream in self.streams)

    def __len__(self) -> int:
        return sum(len(stream) for stream in self.streams)

    def _listed(self) -> None:
        if not self.synced.is_set() and all(stream.listed for stream in self.streams):
            log.info("watching %d %s", len(self), self.resource.plural)
            self.synced.set()
