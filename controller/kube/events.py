"""Writes Kubernetes Events about objects, in the background.

``record()`` never waits and never raises, because no state depends on an Event. If the same Event
is recorded again about the same object within five minutes, it becomes a series (a count on the
first Event) instead of another object. If too many Events wait to be written, new ones are dropped
and counted.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from controller.kube.client import Client
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.kube.resources import EVENTS
from controller.kube.workqueue import QueueClosed, WorkQueue

log = logging.getLogger(__name__)

#: Seconds within which the same Event continues a series.
SERIES_GAP: Final = 300.0
#: Seconds between two writes of the count of a series, at least.
SERIES_PAUSE: Final = 10.0
#: Maximum number of Events that wait to be written.
LIMIT: Final = 1000
#: Maximum number of series that are remembered.
REMEMBERED: Final = 4000
ATTEMPTS: Final = 3
#: The API server's limits.
NOTE_BYTES: Final = 1024
NAME_LENGTH: Final = 253

Key = tuple[str, str, str, str, str]


@dataclass(slots=True)
class _Series:
    """One Event about one object: how often it was recorded, and which count is written."""

    body: dict[str, Any]
    last_seen: float
    last_stamp: str
    count: int = 1
    #: The count that the API server has; 0: the Event is not written yet.
    written: int = 0
    written_at: float = 0.0
    attempts: int = 0


class Recorder:
    """``controller`` and ``instance`` name the reporter; ``on_drop`` is called per lost Event."""

    def __init__(
        self,
        client: Client,
        *,
        controller: str,
        instance: str,
        on_drop: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._controller = controller
        self._instance = instance[:128]
        self._on_drop = on_drop
        self._clock = clock
        self._now = now
        self._queue: WorkQueue[Key] = WorkQueue(clock=clock)
        #: Least recently seen first.
        self._series: OrderedDict[Key, _Series] = OrderedDict()
        self._waiting: set[Key] = set()
        self._sequence = itertools.count(time.time_ns())

    def record(
        self,
        regarding: Mapping[str, str],
        type: Literal["Normal", "Warning"],
        reason: str,
        note: str,
        action: str,
    ) -> None:
        """Record an Event about an object.

        ``regarding`` is an ObjectReference: apiVersion, kind, namespace, name, uid. ``reason`` and
        ``action`` are CamelCase words. ``note`` is for people; it is cut to the API server's limit.
        """
        note = _shortened(note)
        key = (regarding.get("uid", ""), regarding.get("name", ""), type, reason, note)
        now = self._clock()
        self._forget_old(now)
        series = self._series.get(key)
        if series is None:
            if len(self._waiting) >= LIMIT:
                self._on_drop()
                return
            body = self._body(regarding, type, reason, note, action)
            self._series[key] = _Series(body, now, body["eventTime"])
            self._waiting.add(key)
            self._queue.add(key)
            return
        series.count += 1
        series.last_seen = now
        series.last_stamp = self._stamp()
        self._series.move_to_end(key)
        self._waiting.add(key)
        self._queue.add_at(key, series.written_at + SERIES_PAUSE if series.written else now)

    async def run(self) -> None:
        """Write Events until cancelled or drained."""
        with suppress(QueueClosed):
            while True:
                await self._write_next()

    async def drain(self, seconds: float = 2.0) -> None:
        """Write the waiting Events for at most ``seconds``, then end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._queue.depth:
                    await self._write_next()
        self._queue.close()

    # -- writing ---------------------------------------------------------------------------

    async def _write_next(self) -> None:
        key = await self._queue.get()
        try:
            await self._write(key)
        finally:
            self._queue.done(key)

    async def _write(self, key: Key) -> None:
        series = self._series.get(key)
        self._waiting.discard(key)
        if series is None or series.written == series.count:
            return
        count = series.count
        try:
            if series.written:
                await self._write_count(series)
            else:
                await self._client.create(
                    EVENTS, series.body["metadata"]["namespace"], series.body, metadata_only=True
                )
        except NotFound:
            self._start_anew(key, series)
        except ApiError as error:
            self._failed(key, series, error)
        except Exception:
            # Most likely the guard refused the write; the process that holds the Lease now
            # records its own Events.
            log.debug("event not written", exc_info=True)
            self._drop(key)
        else:
            # A new Event counts as one; higher counts are written as a series.
            series.written = count if series.written else 1
            series.written_at = self._clock()
            series.attempts = 0
            if series.count > series.written:
                self._again(key, series.written_at + SERIES_PAUSE)

    async def _write_count(self, series: _Series) -> None:
        metadata = series.body["metadata"]
        body = {"series": {"count": series.count, "lastObservedTime": series.last_stamp}}
        await self._client.patch(
            EVENTS, metadata["namespace"], metadata["name"], body, metadata_only=True
        )

    def _start_anew(self, key: Key, series: _Series) -> None:
        """The Event has expired (Events live for an hour), or its namespace is gone."""
        if not series.written:
            self._drop(key)
            return
        series.body = {
            **series.body,
            "metadata": {**series.body["metadata"], "name": self._name(series.body["regarding"])},
            "eventTime": series.last_stamp,
        }
        series.count, series.written = 1, 0
        self._again(key, self._clock())

    def _failed(self, key: Key, series: _Series, error: ApiError) -> None:
        series.attempts += 1
        transient = error.status == 0 or error.status == 429 or error.status >= 500
        if transient and series.attempts < ATTEMPTS:
            self._again(key, self._clock() + (error.retry_after or 2.0**series.attempts))
            return
        if not (isinstance(error, Forbidden) and "terminated" in error.message):
            log.warning("event not written: %s", error)
            self._drop(key)
            return
        # A terminating namespace accepts no more Events, and nobody would read them.
        self._series.pop(key, None)

    def _again(self, key: Key, when: float) -> None:
        self._waiting.add(key)
        self._queue.add_at(key, when)

    def _drop(self, key: Key) -> None:
        self._series.pop(key, None)
        self._on_drop()

    # -- building --------------------------------------------------------------------------

    def _forget_old(self, now: float) -> None:
        while self._series:
            key, series = next(iter(self._series.items()))
            if now - series.last_seen <= SERIES_GAP and len(self._series) < REMEMBERED:
                return
            del self._series[key]

    def _body(
        self, regarding: Mapping[str, str], type: str, reason: str, note: str, action: str
    ) -> dict[str, Any]:
        return {
            "metadata": {
                "name": self._name(regarding),
                "namespace": regarding.get("namespace") or "default",
            },
            "eventTime": self._stamp(),
            "reportingController": self._controller,
            "reportingInstance": self._instance,
            "action": action,
            "reason": reason,
            "regarding": dict(regarding),
            "note": note,
            "type": type,
        }

    def _name(self, regarding: Mapping[str, str]) -> str:
        suffix = f".{next(self._sequence):x}"
        return regarding.get("name", "")[: NAME_LENGTH - len(suffix)] + suffix

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _shortened(note: str) -> str:
    """The note with at most `NOTE_BYTES` bytes; ``…`` stands for what is left out."""
    raw, end = note.encode(), "…"
    if len(raw) <= NOTE_BYTES:
        return note
    return raw[: NOTE_BYTES - len(end.encode())].decode(errors="ignore") + end
