"""Works on the shards whose Leases this process holds.

For each shard, one after the other: the Lease is held; everything is listed again, so that the
store is newer than what others did; the keys of the shard are handled; the Lease is lost, or is to
be given up, or the process ends; the work on the shard ends. Other shards go on all the time.

A process that starts while nobody holds the Lease lists once: it looks at the Lease, then lists,
and takes the Lease if that is the same still.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from controller.kube.elector import Elector
from controller.kube.workqueue import WorkQueue
from controller.reconcile.entry import Key
from controller.reconcile.feeds import Feeds
from controller.reconcile.ownership import Shards
from controller.reconcile.store import Store
from controller.reconcile.worker import Reconciler

log = logging.getLogger(__name__)

#: Seconds for which writes in flight may go on when the work on a shard ends.
GRACE: Final = 5.0
#: Seconds for which shards that are acquired one after the other wait for one list.
_TOGETHER: Final = 0.05


class Leading:
    """``run()`` works until cancelled; ``stop()`` makes it end the work in good order and return,
    with the Leases still held. Call ``notice`` when the elector has news, and now and then."""

    def __init__(
        self,
        elector: Elector,
        shards: Shards,
        feeds: Feeds,
        store: Store,
        queue: WorkQueue[Key],
        reconciler: Reconciler,
        *,
        workers: int,
    ) -> None:
        self._elector = elector
        self._shards = shards
        self._feeds = feeds
        self._store = store
        self._queue = queue
        self._reconciler = reconciler
        self._workers = workers
        self._news = asyncio.Event()
        self._stopping = False
        #: The list that has not begun yet, if one is asked for.
        self._next_list: asyncio.Task[None] | None = None
        self._lists: set[asyncio.Task[None]] = set()
        self._listing = asyncio.Lock()

    def notice(self) -> None:
        """Look again at which Leases are held."""
        self._news.set()
        self._news = asyncio.Event()

    def stop(self) -> None:
        self._stopping = True
        self.notice()

    async def fill(self) -> None:
        """Fill the store until cancelled. The Lease is looked at before, so that the first list may
        be all it takes to begin the work."""
        await self._until(lambda: self._elector.looked)
        await self._feeds.run()

    async def run(self) -> None:
        """Raises what a worker raised by a bug."""
        workers = [
            asyncio.create_task(self._reconciler.work(), name=f"worker {n}")
            for n in range(self._workers)
        ]
        shards = [
            asyncio.create_task(self._serve(each), name=f"shard {each}")
            for each in range(len(self._shards))
        ]
        waiting = set(shards)
        try:
            while waiting:
                done, _ = await asyncio.wait(
                    [*waiting, *workers], return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
                waiting -= done
        finally:
            tasks = [*shards, *workers, *self._lists]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, shard: int) -> None:
        """Work on one shard whenever its Lease is held."""
        elector = self._elector
        while True:
            await self._until(lambda: elector.holds(shard))
            if self._stopping:
                return
            term = elector.term(shard)

            def over(term: int = term) -> bool:
                return not elector.holds(shard) or elector.term(shard) != term

            def is_to_end(over: Callable[[], bool] = over) -> bool:
                return over() or shard in elector.surplus or self._stopping

            if await self._is_fresh(shard, is_to_end) and not is_to_end():
                self._begin(shard, term)
                await self._until(is_to_end)
                await self._end(shard)
            if shard in elector.surplus and not over() and not self._stopping:
                log.info("the Lease of shard %d is released for another replica", shard)
                await elector.give_up(shard)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds or the process is to stop."""
        while not condition() and not self._stopping:
            await self._news.wait()

    async def _is_fresh(self, shard: int, over: Callable[[], bool]) -> bool:
        """List everything again if others may have acted since the last list began. Returns False
        if it was ``over`` before that had ended."""
        if self._feeds.listed_since(self._elector.free_since(shard)):
            return True
        if self._next_list is None:
            self._next_list = asyncio.create_task(self._list_when_free())
            self._lists.add(self._next_list)
            self._next_list.add_done_callback(self._lists.discard)
        listed = asyncio.ensure_future(asyncio.shield(self._next_list))
        listed.add_done_callback(lambda _: self.notice())
        await self._until(lambda: listed.done() or over())
        if not listed.done():
            listed.cancel()
            return False
        await listed
        return True

    async def _list_when_free(self) -> None:
        """One list for all that ask before it begins; who asks later may be newer than its data."""
        async with self._listing:
            if len(self._shards) > 1:
                await asyncio.sleep(_TOGETHER)
            self._next_list = None
            await self._feeds.renewed()

    def _begin(self, shard: int, term: int) -> None:
        self._shards.begin(shard, term)
        keys = [key for key in self._store.entries if self._shards.shard(key) == shard]
        for key in keys:
            self._store.entries[key].begin()
            self._queue.add(key)
        if len(self._shards) == 1:
            log.info("at work: %d Jobs", sum(1 for _ in self._store.jobs()))
        else:
            log.info("at work on shard %d: %d Jobs", shard, len(keys))

    async def _end(self, shard: int) -> None:
        """Forget what is planned for the shard, and wait for the requests in flight."""
        self._shards.end(shard)
        self._queue.sift()
        began = time.monotonic()
        await self._reconciler.end(self._shards.accepts, GRACE)
        log.info("work on shard %d ended in %.2f s", shard, time.monotonic() - began)
