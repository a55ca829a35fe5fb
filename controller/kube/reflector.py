"""One stream of an informer: a list, then a watch from its resourceVersion, for ever.

See ``informer`` for the contract. A turn is one list (if needed) and one watch. After a failed turn
there is a jittered back-off. The next watch starts from the last observed resourceVersion, unless
the server says that this version is gone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic

from controller.kube.absence import gone
from controller.kube.backlog import Backlog
from controller.kube.client import Client
from controller.kube.codec import Codec, Sink, T
from controller.kube.errors import ApiError, Forbidden, Gone, NotFound, from_status
from controller.kube.failures import SHORT, Failures
from controller.kube.pages import pages
from controller.resource import Resource

log = logging.getLogger(__name__)

#: Number of events handled before other tasks of the event loop run.
BATCH = 200
#: Seconds after which a list is repeated that is empty although objects are known.
DOUBT = 1.0


class Reflector(Generic[T]):
    """``name`` is for logs; ``failures`` says whether the stream works. ``namespace``:
    None for all. ``confirm``: an object that a list lacks is only gone if a GET says so
    (`absence`); ``label_selector`` must then be a label's name."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        namespace: str | None,
        *,
        codec: Codec[T],
        sink: Sink[T],
        label_selector: str | None = None,
        field_selector: str | None = None,
        metadata_only: bool = False,
        confirm: bool = False,
        on_listed: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = f"{resource.plural} in {namespace}" if namespace else resource.plural
        self.namespace = namespace
        #: Time of the clock when the last complete list began.
        self.listed_at = float("-inf")
        #: Set when the first list was complete, or was refused as a whole (403, 404).
        self.answered = asyncio.Event()
        self.failures = Failures(clock)
        self.last_contact = clock()
        #: Time of the clock when this stream last sent a request to the API server.
        self.last_asked = clock()
        self._client = client
        self._resource = resource
        self._codec = codec
        self._sink = sink
        self._select: dict[str, Any] = {
            "label_selector": label_selector,
            "field_selector": field_selector,
            "metadata_only": metadata_only,
        }
        self._confirm = confirm
        self._on_listed = on_listed
        self._sleep = sleep
        self._clock = clock
        #: key -> (uid, resourceVersion) of the objects that the sink has.
        self._known: dict[str, tuple[str, str]] = {}
        #: Where the next watch starts; None: list first.
        self._version: str | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._turn: asyncio.Task[None] | None = None
        self._backlog = Backlog(clock)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def listed(self) -> bool:
        """Whether a list was complete."""
        return self.listed_at > float("-inf")

    @property
    def failure(self) -> Exception | None:
        """The last failure; None while the stream works."""
        return self.failures.error

    @property
    def lag(self) -> float:
        """Seconds for which lines have been arriving without a pause; 0 if there is no backlog."""
        return self._backlog.seconds

    async def resync(self) -> None:
        """List again. Returns when a list that began after this call is complete and passed on."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._version = None
        if self._turn is not None:
            self._turn.cancel()
        await waiter

    async def run(self) -> None:
        while True:
            # A task of its own, so that a resync can interrupt the turn and nothing else.
            self._turn = asyncio.create_task(self._take_turn(), name=f"turn {self.name}")
            try:
                await self._turn
            except asyncio.CancelledError:
                own = asyncio.current_task()
                if own is not None and own.cancelling():
                    raise

    async def _take_turn(self) -> None:
        self.last_asked = self._clock()
        try:
            if self._version is None:
                await self._list()
            await self._watch()
        except Gone as gone:
            log.info("listing %s again: %s", self.name, gone.message or "history expired")
            self._version = None
            await self._back_off(gone)
        except Exception as error:
            if not isinstance(error, ApiError):
                log.exception("cannot follow %s", self.name)
            await self._back_off(error)

    # -- list ------------------------------------------------------------------------------

    async def _list(self) -> None:
        waiting, self._waiting = self._waiting, []
        began = self._clock()
        try:
            held = self._held()
            seen, version = await self._read_pages()
            if not seen and held:
                # An empty list may be true, but a proxy or a broken storage may cause it too.
                log.warning("%s: an empty list; asking again", self.name)
                await self._sleep(DOUBT)
                seen, version = await self._read_pages()
            await self._forget_missing(held, seen)
        except BaseException:
            self._waiting = waiting + self._waiting
            raise
        self._version = version
        self.failures.succeeded()
        self.listed_at = began
        self.answered.set()
        self._on_listed()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _held(self) -> dict[str, str]:
        """key -> uid of all objects that the sink has."""
        return {k: uid for k, (uid, _) in self._known.items()} | {**self._sink.held(self.namespace)}

    async def _forget_missing(self, held: Mapping[str, str], seen: set[str]) -> None:
        """Forget the objects that the sink had when a list began and that are not in the list; with
        ``confirm`` those that are gone."""
        missing = {key: uid for key, uid in held.items() if key not in seen}
        if not self._confirm:
            for key in missing:
                self._forget(key, missing[key])
            return
        kept, label = len(missing), self._select["label_selector"]
        unseen = {k for k, uid in missing.items() if self._known.get(k, ("",))[0] != uid}
        async for part in gone(self._client, self._resource, missing, label, unseen):
            self.last_contact = self._clock()
            kept -= len(part)
            for key in part:
                self._forget(key, missing[key])
        if kept:
            log.warning("%s: a list lacks %d objects that exist", self.name, kept)

    async def _read_pages(self) -> tuple[set[str], str]:
        """Pass on all objects. Returns their keys and the resourceVersion of the list."""
        seen: set[str] = set()
        version = ""
        async with aclosing(
            pages(self._client, self._resource, self.namespace, **self._select)
        ) as read:
            async for raw in read:
                self.last_contact = self._clock()
                objects, _, version = self._codec.page(raw)
                for index, item in enumerate(objects):
                    seen.add(item.key)
                    self._put(item)
                    if index % BATCH == BATCH - 1:
                        await asyncio.sleep(0)
        if not version or version == "0":
            raise ApiError(0, "Malformed", "a list without a resourceVersion")
        return seen, version

    # -- watch -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        if self._version is None:
            return
        started, handled = self._clock(), 0
        lines = self._client.watch(
            self._resource,
            self.namespace,
            resource_version=self._version,
            # Random, so that streams opened at the same time do not all end at the same time.
            timeout_seconds=random.randint(300, 600),
            opened=self._opened,
            **self._select,
        )
        async with aclosing(lines):
            async for line in lines:
                self.last_contact = self._backlog.arrived()
                self._handle(line)
                handled += 1
                if handled % BATCH == 0:
                    await asyncio.sleep(0)
                self._backlog.handled()
        if not handled and self._clock() - started < SHORT:
            raise ApiError(0, "WatchEnded", "the watch ended at once")

    def _opened(self) -> None:
        self.last_contact = self._clock()
        self.failures.opened()

    def _handle(self, line: bytes) -> None:
        # The API server writes the type of the event first. The caller's decoder gets only events
        # of objects.
        head = line[:24]
        if b'"BOOKMARK"' in head or b'"ERROR"' in head:
            self._handle_control(line)
            return
        try:
            kind, item = self._codec.event(line)
        except Exception:
            log.exception("%s: an event that cannot be read: %.200r", self.name, line)
            return
        self.failures.succeeded()
        self._version = item.resource_version
        if kind != "DELETED":
            self._put(item)
        elif not self._is_stale(item):
            self._forget(item.key, item.uid)

    def _handle_control(self, line: bytes) -> None:
        event = json.loads(line)
        content = event["object"]
        if event["type"] == "ERROR":
            raise from_status(content, int(content.get("code") or 500))
        self.failures.succeeded()
        self._version = content["metadata"]["resourceVersion"]

    # -- changes ---------------------------------------------------------------------------

    def _is_stale(self, item: T) -> bool:
        """Whether a newer version is known: an old cache answered the list before."""
        known = self._known.get(item.key)
        return known is not None and int(item.resource_version) < int(known[1])

    def _put(self, item: T) -> None:
        known = self._known.get(item.key)
        if known == (item.uid, item.resource_version) or self._is_stale(item):
            return
        if known is not None and known[0] != item.uid:
            self._forget(item.key, known[0])
        self._known[item.key] = (item.uid, item.resource_version)
        try:
            self._sink.put(item)
        except Exception:
            log.exception("%s: handling %s failed", self.name, item.key)

    def _forget(self, key: str, uid: str) -> None:
        """An object is gone. Perhaps this stream never saw it, but the sink has it."""
        known = self._known.pop(key, (uid, ""))
        for each in dict.fromkeys((known[0], uid)):
            try:
                self._sink.delete(key, each)
            except Exception:
                log.exception("%s: handling the end of %s failed", self.name, key)

    # -- failures --------------------------------------------------------------------------

    async def _back_off(self, error: Exception) -> None:
        if isinstance(error, (Forbidden, NotFound)):
            self.answered.set()
        level = logging.WARNING if self.failures.count in (1, 5) else logging.DEBUG
        log.log(level, "%s: %s; trying again", self.name, error)
        await self._sleep(self.failures.failed(error))
