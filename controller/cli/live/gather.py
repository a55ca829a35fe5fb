"""Gathers what one frame shows: the Update itself, its Job, pods in flight, images and Events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.api.pods.pod import slot_of
from controller.api.update import Update
from controller.cli.exits import CliError
from controller.cli.follow import BACK, follow
from controller.cli.live.snapshot import Happening, Snapshot, happening, in_flight, newest
from controller.cli.live.sources import Feed, PodWindow
from controller.cli.live.words import LastWords
from controller.cli.objects import as_job, as_update
from controller.cli.session import Object, Session
from controller.core.revisions.revision import images
from controller.kube.resources import CONTROLLER_REVISIONS, EVENTS
from controller.view.updates import covered, is_over

#: Seconds between two snapshots: at least, and at most.
FRAME: Final = 0.25
TICK: Final = 1.0
#: Seconds that the first snapshot waits for the objects beside the Update.
PATIENCE: Final = 3.0
MAX_EVENTS: Final = 30
#: Events older than the Update by more seconds belong to what was before.
_BEFORE: Final = 1.0


class Gathering:
    """The snapshots of one Update, until it has ended."""

    def __init__(self, session: Session, name: str, timeout: float | None) -> None:
        self._session = session
        self._name = name
        self._timeout = timeout
        self._changed = asyncio.Event()
        self._update: Update | None = None
        self._images: dict[str, tuple[str, ...]] = {}
        self._lost = ""
        self._job: Feed | None = None
        self._events: tuple[Feed, ...] = ()
        self._pods: PodWindow | None = None
        self._words = LastWords(session)

    async def snapshots(self) -> AsyncGenerator[Snapshot]:
        """A snapshot after each change, and one a second; at most four a second. The last one shows
        the end. Raises ``CliError`` as ``follow`` does."""
        follower = asyncio.create_task(self._follow())
        try:
            await self._wait(follower, None)
            while True:
                self._changed.clear()
                update = await self._look()
                yield self._snapshot(update)
                if is_over(update):
                    return
                await asyncio.sleep(FRAME)
                await self._wait(follower, TICK - FRAME)
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            await self._close()

    async def _follow(self) -> None:
        versions = follow(self._session, UPDATES, self._name, self._timeout, tell=self._tell)
        async with aclosing(versions) as found:
            async for raw in found:
                self._update = as_update(raw)
                self._changed.set()
                if is_over(self._update):
                    return

    def _tell(self, text: str) -> None:
        self._lost = "" if text == BACK else text
        self._changed.set()

    async def _wait(self, follower: asyncio.Task[None], seconds: float | None) -> None:
        """Wait for a change. Raises what ended the follower."""
        change = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait(
                {follower, change}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            change.cancel()
        if follower.done():
            follower.result()

    async def _look(self) -> Update:
        """Open what the present state of the Update needs. Returns the Update."""
        assert self._update is not None, "the follower has set it"
        update, is_first = self._update, self._job is None
        if self._job is None:
            self._open(update)
        if self._pods is not None:
            # Of an Update that has ended nothing is in flight.
            failed = NONE if is_over(update) else update.status.instances.failed
            await self._pods.show(in_flight(update) | failed, _next(update))
        if is_first:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._first_look()
        await self._read_images(update)
        if self._pods is not None and not is_over(update):
            self._words.read(update, self._pods.pods, self._changed.set)
        return update

    def _open(self, update: Update) -> None:
        session, job, changed = self._session, update.spec.job, self._changed.set
        self._job = Feed(session, JOBS, changed, field_selector=f"metadata.name={job}")
        self._pods = PodWindow(session, job, changed)

        def is_ours(event: Object) -> bool:
            return slot_of(job, (event.get("regarding") or {}).get("name", "")) is not None

        of_update = f"regarding.kind={update.kind},regarding.name={self._name}"
        of_pods = "regarding.kind=Pod,type=Warning"
        self._events = (
            Feed(session, EVENTS, changed, field_selector=of_update),
            Feed(session, EVENTS, changed, field_selector=of_pods, keep=is_ours),
        )

    async def _first_look(self) -> None:
        assert self._job is not None
        assert self._pods is not None
        await asyncio.gather(
            self._job.ready(), self._pods.ready(), *(each.ready() for each in self._events)
        )

    async def _read_images(self, update: Update) -> None:
        """Read the images of the revisions, once each: they do not change."""
        target = update.status.to.revision if update.status.to else None
        names = {each.revision for each in update.status.from_} | ({target} if target else set())
        for name in names - self._images.keys():
            self._images[name] = ()
            with suppress(CliError):  # A picture without images is better than none.
                found = await self._session.get(CONTROLLER_REVISIONS, name)
                self._images[name] = images(found.get("data") or {})

    def _snapshot(self, update: Update) -> Snapshot:
        assert self._pods is not None
        return Snapshot(
            update=update,
            now=time.time(),
            job=self._read_job(),
            pods=self._pods.pods,
            read=self._pods.ids,
            images=dict(self._images),
            last_words=self._words.by_instance,
            events=self._happenings(update),
            unseen=self._unseen(),
            lost=self._lost,
        )

    def _read_job(self) -> Job | None:
        for raw in self._job.objects.values() if self._job else ():
            with suppress(CliError):
                return as_job(raw)
        return None

    def _happenings(self, update: Update) -> tuple[Happening, ...]:
        since = (update.metadata.creation_timestamp or 0.0) - _BEFORE
        found = (happening(raw) for feed in self._events for raw in feed.objects.values())
        return newest((each for each in found if each.time >= since), MAX_EVENTS)

    def _unseen(self) -> tuple[str, ...]:
        assert self._pods is not None
        kinds = {
            "the Job": self._job is not None and self._job.forbidden,
            "pods": self._pods.forbidden,
            "Events": any(each.forbidden for each in self._events),
        }
        return tuple(kind for kind, forbidden in kinds.items() if forbidden)

    async def _close(self) -> None:
        feeds = [each for each in (self._job, self._pods, *self._events) if each is not None]
        await asyncio.gather(*(each.close() for each in feeds), self._words.close())


def _next(update: Update) -> Ids:
    """The instances that are replaced next, as far as that can be told."""
    sets = update.status.instances
    if sets.rolling_back | sets.rolled_back:
        return sets.updated | sets.failed
    return covered(update) - sets.updated - sets.failed - sets.updating
