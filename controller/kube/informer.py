"""Keeps the caller's view of one resource equal to the API server's: list, watch, list again.

The caller decodes and stores; an informer itself knows just which keys exist, to find after a
new list what was deleted in between. Only a complete, successful list makes anything disappear:
no error, cut stream, refused token or half-read list does, and an empty list must be given twice.
It never gives up and raises nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic

from controller.kube.client import Client
from controller.kube.codec import Codec, Sink, T
from controller.kube.reflector import Reflector
from controller.resource import Resource

log = logging.getLogger(__name__)


class Informer(Generic[T]):
    """One resource, in all namespaces or in some (a stream each).

    ``on_put(object)`` is called for each new or changed object, ``on_delete(key, uid)`` for each
    that is gone; an object made again under its key is a delete, then a put. Both are called from
    the event loop and must not block. ``run()`` works until cancelled.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        *,
        codec: Codec[T],
        on_put: Callable[[T], None],
        on_delete: Callable[[str, str], None],
        namespaces: Sequence[str] = (),
        label_selector: str | None = None,
        field_selector: str | None = None,
        metadata_only: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.resource = resource
        #: Set when every stream has been listed once.
        self.synced = asyncio.Event()
        self._streams = [
            Reflector(
                client,
                resource,
                namespace,
                codec=codec,
                sink=Sink(on_put, on_delete),
                label_selector=label_selector,
                field_selector=field_selector,
                metadata_only=metadata_only,
                on_listed=self._listed,
                sleep=sleep,
                clock=clock,
            )
            for namespace in (tuple(namespaces) or (None,))
        ]

    async def run(self) -> None:
        """List and watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for stream in self._streams:
                group.create_task(stream.run(), name=f"reflector {stream.name}")

    async def resync(self) -> None:
        """Read everything anew, however long that takes; only differences are called back.

        On return the view is at least as new as the moment of the call.
        """
        await asyncio.gather(*(stream.resync() for stream in self._streams))

    @property
    def last_contact(self) -> float:
        """The clock when the API server was last heard, on the quietest stream."""
        return min(stream.last_contact for stream in self._streams)

    @property
    def last_active(self) -> float:
        """The clock when the quietest stream last heard the API server, or asked it in vain."""
        return min(max(stream.last_contact, stream.last_asked) for stream in self._streams)

    @property
    def lag(self) -> float:
        """Seconds the slowest stream has been working through events without catching up."""
        return max(stream.lag for stream in self._streams)

    @property
    def error(self) -> str | None:
        """What the last failed stream said, until it works again."""
        return next((stream.error for stream in self._streams if stream.error), None)

    def __len__(self) -> int:
        return sum(len(stream) for stream in self._streams)

    def _listed(self) -> None:
        if not self.synced.is_set() and all(stream.listed for stream in self._streams):
            log.info("watching %d %s", len(self), self.resource.plural)
            self.synced.set()
