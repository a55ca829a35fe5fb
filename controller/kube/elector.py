"""Stands for the Leases of all shards, in a thread of its own with its own connections.

So a main loop that is blocked does not stop the renewals by accident. The thread stops them on
purpose, when the main loop has not turned for some seconds: then another replica takes over. The
main loop asks `Elector.holds` before each write, which reads the clock and waits for nobody; if the
thread is blocked or dead, the answer becomes False by itself.

Only a replica that can do the work stands for a Lease (`stand`). With several shards each replica
holds its share (`shards.share`). What a replica holds beyond that, or cannot work on, it names in
``surplus``; the main loop ends the work on such a shard, then calls `give_up`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from controller.kube.client import Client
from controller.kube.lease import Lease
from controller.kube.lease_times import Times
from controller.kube.membership import Membership
from controller.kube.shards import lease_name, share

log = logging.getLogger(__name__)

#: Seconds without a turn of the main loop after which no Lease is renewed, at most.
MAIN_STALL: Final = 3.0
#: Seconds without a turn of the thread's own loop after which the thread counts as blocked.
THREAD_STALL: Final = 30.0
_TICK: Final = 0.5
_STOP_TIMEOUT: Final = 10.0


class Elector:
    """``client`` is used in the thread only. ``main_age()`` says for how many seconds the main loop
    has not turned. ``changed()`` is called, in the thread, when anything that can be asked here has
    changed.

    ``await stop()`` releases all Leases.
    """

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        shards: int = 1,
        times: Times | None = None,
        main_age: Callable[[], float] = lambda: 0.0,
        changed: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._times = times or Times()
        self._identity = identity
        self._main_age = main_age
        self._main_limit = min(MAIN_STALL, self._times.renew_deadline / 2)
        self._changed = changed
        self._clock = clock
        self._leases = [
            Lease(client, namespace, lease_name(name, shard, shards), identity,
                  times=self._times, clock=clock, changed=self._think)
            for shard in range(shards)
        ]  # fmt: skip
        #: Whether this replica can do the work.
        self._able = False
        self._membership: Membership | None = None
        if shards > 1:
            self._membership = Membership(
                client, namespace, name, identity, shards,
                times=self._times, clock=clock, changed=self._think,
            )  # fmt: skip
        #: The shards that this replica should give up.
        self.surplus: frozenset[int] = frozenset()
        #: Number of live replicas, as far as this one knows; it counts itself.
        self.replicas = 1
        #: Shards that this replica tries to get at this moment.
        self._trying: set[int] = set()
        self._told: object = None
        self._blocked = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        #: Set, and replaced, to end the present pauses between turns.
        self._hurry = asyncio.Event()
        self._stopped = threading.Event()
        self._last_tick = clock()

    # -- for the main loop -----------------------------------------------------------------

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def stand(self, able: bool) -> None:
        """Take free Leases, at once, from now on; or none, and name those that are held as
        ``surplus``, because this replica cannot do the work."""
        if able == self._able:
            return
        self._able = able
        if self._membership is not None:
            self._membership.able = able
        if self._loop is not None:
            with suppress(RuntimeError):  # The loop of the thread may be closed already.
                self._loop.call_soon_threadsafe(self._end_pauses)

    @property
    def looked(self) -> bool:
        """Whether it was tried to read the Lease (the common one, if there are several shards)."""
        first = self._membership or self._leases[0]
        return first.seen or first.failing

    @property
    def failing(self) -> bool:
        """Whether the API server refuses or does not answer what is asked about Leases."""
        return any(lease.failing for lease in (*self._leases, *filter(None, [self._membership])))

    def holds(self, shard: int) -> bool:
        """Whether this process may act on a shard at this moment. Call it before every write."""
        return self.is_member() and self._leases[shard].valid()

    def term(self, shard: int) -> int:
        """Changes whenever this process gets the shard: work of an earlier term is over."""
        return self._leases[shard].term

    def free_since(self, shard: int) -> float:
        """Time of the clock since which nobody else could work on a shard that this replica got: it
        saw the Lease free then, and took it by a compare-and-swap. Only known for the first term of
        an only shard; else, infinity."""
        lease = self._leases[shard]
        known = self._membership is None and lease.term == 1
        return lease.free_at if known else float("inf")

    def is_member(self) -> bool:
        """Whether this process is in contact with the API server and no operator of another number
        of shards is in force. With one shard: whether this process holds its Lease."""
        return (self._membership or self._leases[0]).valid()

    def problem(self) -> str | None:
        """What is wrong with the thread; None if nothing is."""
        if self._thread is None:
            return None
        if not self._thread.is_alive():
            return "its thread has ended"
        age = self._clock() - self._last_tick
        return f"its thread is blocked for {age:.0f} s" if age > THREAD_STALL else None

    async def give_up(self, shard: int) -> None:
        """Release the Lease of a shard whose work has ended."""
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            return
        release = self._leases[shard].release()
        done = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(release, self._loop))
        # Whether it has ended or not: `holds` is right.
        await asyncio.wait([done], timeout=_STOP_TIMEOUT)

    async def stop(self) -> None:
        """Release all Leases and end the thread. Returns after at most 10 seconds."""
        self._stopped.set()
        with suppress(RuntimeError):  # The loop of the thread may be closed already.
            if self._loop is not None and self._stop is not None:
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _STOP_TIMEOUT)

    # -- in the thread ---------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception:
            log.exception("the thread of the Leases ended")
        self._changed()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        works = [self._tick(), *(self._keep(each) for each in range(len(self._leases)))]
        if self._membership is not None:
            works.append(self._keep_membership(self._membership))
        tasks = [asyncio.create_task(work) for work in works]
        stop = asyncio.create_task(self._stop.wait())
        try:
            if not self._stopped.is_set():
                done, _ = await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stop}:
                    task.result()  # These tasks end only by a bug, whose exception this raises.
        finally:
            for task in (*tasks, stop):
                task.cancel()
            await asyncio.gather(*tasks, stop, return_exceptions=True)
            await asyncio.gather(*(lease.release() for lease in self._leases))
            if self._membership is not None:
                await self._membership.release()
            await self._client.close()

    async def _tick(self) -> None:
        while True:
            self._last_tick = self._clock()
            await asyncio.sleep(_TICK)

    async def _keep(self, shard: int) -> None:
        lease = self._leases[shard]
        while True:
            if self._may_turn() and (self._membership is None or self._membership.valid()):
                await self._turn(shard, lease)
            elif self._membership is not None and not self._membership.valid():
                lease.lose()
            lease.expire()
            self._think()
            known = lease.seen or lease.failing  # At the start this waits for the membership.
            await self._pause(lease.pause() if known else self._times.look / 4)

    async def _turn(self, shard: int, lease: Lease) -> None:
        if not self._wants(shard):
            await lease.turn(take=False)
            return
        self._trying.add(shard)
        try:
            await lease.turn()
        finally:
            self._trying.discard(shard)

    async def _keep_membership(self, membership: Membership) -> None:
        while True:
            # A replica that cannot get its share leaves it to the others.
            membership.willing = not any(lease.failing for lease in self._leases)
            if self._may_turn():
                await membership.turn(take=membership.able)
            membership.expire()
            self._think()
            await self._pause(membership.pause())

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    def _end_pauses(self) -> None:
        self._hurry.set()
        self._hurry = asyncio.Event()

    def _may_turn(self) -> bool:
        """Whether the main loop works, so that holding Leases makes sense."""
        age = self._main_age()
        blocked = age > self._main_limit
        if blocked and not self._blocked:
            log.error("the event loop is blocked for %.1f s: no Lease is renewed", age)
        self._blocked = blocked
        return not blocked

    # -- sharing ---------------------------------------------------------------------------

    def _mine(self) -> set[int]:
        return {shard for shard, lease in enumerate(self._leases) if lease.held}

    def _wants(self, shard: int) -> bool:
        """Whether to take the shard if it is free."""
        if self._membership is None or not self._able:
            return self._able
        if not all(lease.seen for lease in self._leases):
            return False
        return len((self._mine() | self._trying) - {shard}) < self._share()

    def _share(self) -> int:
        """How many shards this replica should hold.

        All replicas must count alike, or each would leave a free shard to another one. So a shard
        that this replica lost still counts as its own while the Lease names it, for the others
        see no more than that. A replica that let all its Leases expire counts as gone.
        """
        assert self._membership is not None
        holders = Counter(lease.named() for lease in self._leases)
        gone = {lease.holder for lease in self._leases if not lease.named()} - holders.keys()
        held = {replica: holders[replica] for replica in self._membership.live() - gone}
        held[self._identity] = holders[self._identity]
        self.replicas = len(held)
        return share(self._identity, held, len(self._leases))

    def _think(self) -> None:
        """Find out what this replica should give up, and tell the main loop of any change."""
        mine = self._mine()
        if not self._able:
            self.surplus = frozenset(mine)
        elif self._membership is not None and mine:
            too_many = len(mine) - self._share()
            self.surplus = frozenset(sorted(mine)[-too_many:] if too_many > 0 else ())
        else:
            self.surplus = frozenset()
        terms = tuple(lease.term for lease in self._leases)
        told = (self.surplus, self.replicas, frozenset(mine), terms, self.looked)
        if told != self._told:
            self._told = told
            self._changed()
