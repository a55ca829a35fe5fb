"""Leader election: at most one process at a time considers itself the holder of a Lease.

A holder is valid for ``renew_deadline`` seconds after it *began* its last successful renewal.
Others take over only when they have observed the record unchanged for ``duration`` seconds. Each
process measures both on its own monotonic clock. So wall clocks do not matter, and a process that
was stopped or blocked is invalid as soon as it runs again. Any failure counts as "not renewed".
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from controller.kube.client import Client
from controller.kube.errors import FOR_NOW, AlreadyExists, ApiError, Conflict, Forbidden, NotFound
from controller.kube.lease_times import Times
from controller.kube.resources import LEASES

log = logging.getLogger(__name__)

Object = dict[str, Any]

#: How often a release is tried, and the seconds between.
_TRIES, _AGAIN = 10, 0.1


class Lease:
    """One Lease. It belongs to one event loop; every thread may call ``valid`` and read ``term``.

    The client needs connections of its own, so that renewals do not queue behind other requests.
    ``changed()`` is called when this process gets or loses the Lease.
    """

    LEVEL = logging.INFO  #: Of log lines that say who holds it.

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        identity: str,
        *,
        times: Times | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.identity = identity
        self.name = name
        #: Whether this process took the Lease. Before a write ask `valid`, which knows the time.
        self.held = False
        #: How often this process has got the Lease. Work that began in an earlier term is over.
        self.term = 0
        #: Identity of the holder of the Lease, as last observed; for logs and probes.
        self.holder: str | None = None
        #: Whether the Lease was read or written at least once.
        self.seen = False
        #: Whether the last turn failed for another reason than that somebody was faster.
        self.failing = False
        self._client = client
        self._namespace = namespace
        self._times = times or Times()
        self._clock = clock
        self._now = now
        self._changed = changed
        #: A release waits for the turn under way, or the answer of that turn would undo it.
        self._lock = asyncio.Lock()
        self._releasing = False
        #: Time of the clock when the last successful renewal began.
        self._renewed = float("-inf")
        #: The Lease as this process last wrote it, so that it can be renewed without reading it.
        self._mine: Object | None = None
        #: The last observed resourceVersion, and the time of the clock when it was first observed.
        self._observed: tuple[str | None, float] = (None, 0.0)
        #: Time of the clock since which, or from which on, no other process holds the Lease.
        self.free_at = float("-inf")
        self.complaint = ""  #: What was wrong with the last turn, and how to fix it.
        #: Whether this process asked for the Lease, so that it may have it without knowing.
        self._asked = False

    def valid(self) -> bool:
        """Whether this process may act at this moment. Call it before every write."""
        return self.held and self._clock() < self._renewed + self._times.renew_deadline

    def named(self) -> str | None:
        """Whom the Lease names as its holder; None if another one let it expire."""
        expired = self.holder != self.identity and self._clock() > self.free_at
        return None if expired else self.holder

    def pause(self) -> float:
        """Seconds until the next turn."""
        if self.held:
            return self._times.retry
        # Jitter, so that contenders do not collide again and again.
        pause = self._times.look * random.uniform(0.8, 1.0)
        left = self.free_at - self._clock()
        return min(pause, left + 0.01) if left > 0 else pause

    def expire(self) -> None:
        """Give the Lease up if it could not be renewed in time."""
        if self.held and not self.valid():
            limit = self._times.renew_deadline
            log.error("lease lost: %s not renewed for %.0f s", self.name, limit)
            self.lose()

    def lose(self) -> None:
        """From now on this process does not hold the Lease, whatever its record says."""
        if self.held:
            self.held = False
            self._changed()

    async def release(self) -> None:
        """Release the Lease, so that a standby does not have to wait until it expires. ``valid()``
        is False before the release is sent."""
        was_valid, self._releasing = self.valid(), True
        self.lose()
        async with self._lock:
            self._releasing = False
            try:
                if was_valid or self._asked:
                    async with asyncio.timeout(self._timeout()):
                        await self._leave()
            except Exception as error:  # The other Leases are to be released all the same.
                log.warning("%s not released: %s", self, str(error) or "timed out")
            self._mine, self._asked = None, False

    async def _leave(self) -> None:
        """Leave the Lease. A renewal that was broken off, or had no answer, may have changed it."""
        lease = self._mine
        for left in reversed(range(_TRIES)):
            try:
                lease = lease or await self._client.get(LEASES, self._namespace, self.name)
                if (lease.get("spec") or {}).get("holderIdentity") == self.identity:
                    await self._free(lease)
                return
            except (Conflict, *FOR_NOW):
                if not left:
                    raise
                lease = None
                await asyncio.sleep(_AGAIN)

    async def _free(self, lease: Object) -> None:
        await self._patch(lease, self._emptied())
        self.holder = None

    # -- one turn --------------------------------------------------------------------------

    async def turn(self, take: bool = True) -> None:
        """Keep the Lease, or try once to get it; without ``take`` a free one is only looked at.
        Never raises."""
        async with self._lock:
            began = self._clock()
            try:
                async with asyncio.timeout(self._timeout()):
                    won = await self._renew() or await self._acquire(take)
            except (ApiError, TimeoutError) as error:
                # The write may have been carried out, so read the Lease before the next write.
                self._mine = None
                self.failing = not isinstance(error, Conflict | AlreadyExists)
                self._complain(error)
            except Exception:
                self._mine, self.failing = None, True
                log.exception("turn of %s failed", self)
            else:
                self.complaint, self.failing = "", False
                if won and not self._releasing:
                    self._win(began)

    def _win(self, began: float) -> None:
        self._renewed = began
        self.holder = self.identity
        if not self.held:
            log.log(self.LEVEL, "%s acquired as %s", self, self.identity)
            self.term += 1
            self.held = True
            self._changed()

    async def _renew(self) -> bool:
        """Renew without reading. Returns False if someone has changed the Lease since."""
        if self._mine is None or not self.held:
            return False
        try:
            self._mine = await self._patch(self._mine, {"renewTime": self._stamp()})
        except (Conflict, NotFound):
            self._mine = None
            return False
        return True

    async def _acquire(self, take: bool) -> bool:
        try:
            lease = await self._client.get(LEASES, self._namespace, self.name)
        except NotFound:
            self.seen = True
            return await self._create(take)
        self.seen = True
        if not self._is_free(lease["metadata"]["resourceVersion"], lease.get("spec") or {}):
            return False
        if not (take or self.held):
            return False
        self._asked = True
        self._mine = await self._take(lease)
        return True

    async def _take(self, lease: Object) -> Object:
        spec = lease.get("spec") or {}
        kept = spec.get("holderIdentity") == self.identity and self.held
        record = self._record(int(spec.get("leaseTransitions") or 0) + (not kept))
        if kept:
            del record["acquireTime"]
        return await self._patch(lease, record)

    async def _create(self, take: bool) -> bool:
        # Someone deleted the Lease; its last holder may not know yet, so it keeps its time.
        if not self._is_free("", {"holderIdentity": self.holder}) or not (take or self.held):
            return False
        body = {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": self.name, "namespace": self._namespace, **self._metadata()},
            "spec": self._record(0),
        }
        self._asked = True
        self._mine = await self._client.create(LEASES, self._namespace, body)
        return True

    def _is_free(self, version: str, spec: Object) -> bool:
        """Whether this process may take the Lease: it holds the Lease already, or the Lease was
        released or not renewed for its duration."""
        holder = spec.get("holderIdentity") or None
        if holder != self.holder and holder not in (None, self.identity):
            log.log(self.LEVEL, "%s is held by %s", self, holder)
        self.holder = holder
        if version != self._observed[0]:
            self._observed = (version, self._clock())
        if self.held and holder != self.identity:
            log.error("lease lost: %s is held by %s", self.name, holder or "nobody")
            self.lose()
            return False
        if holder in (None, self.identity):
            self.free_at = self._observed[1]
            return True
        duration = float(spec.get("leaseDurationSeconds") or self._times.duration)
        self.free_at = self._observed[1] + duration
        return self._clock() > self.free_at

    async def _patch(self, lease: Object, spec: Object, **metadata: Any) -> Object:
        version = lease["metadata"]["resourceVersion"]
        body = {"metadata": {"resourceVersion": version, **metadata}, "spec": spec}
        return await self._client.patch(LEASES, self._namespace, self.name, body)

    def _record(self, transitions: int) -> Object:
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": math.ceil(self._times.duration),
            "acquireTime": self._stamp(),
            "renewTime": self._stamp(),
            "leaseTransitions": transitions,
        }

    def _emptied(self) -> Object:
        return {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": self._stamp()}

    def _metadata(self) -> Object:
        """What a new Lease has in its metadata besides its name."""
        return {}

    # -- helpers ---------------------------------------------------------------------------

    def _timeout(self) -> float:
        """Seconds for one try: two tries fit into the deadline, and none lasts beyond it."""
        deadline = self._times.renew_deadline
        limit = max(deadline / 2, 1.0)
        if self.held:
            limit = min(limit, max(0.1, self._renewed + deadline - self._clock()))
        return limit

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def __str__(self) -> str:
        return f"lease {self._namespace}/{self.name}"

    def _complain(self, error: Exception) -> None:
        """Log once what is wrong, and how to fix it where that is known."""
        text = str(error) or "timed out"
        if isinstance(error, NotFound):
            text = f"the namespace {self._namespace} does not exist; create it or choose another"
        elif isinstance(error, AlreadyExists):
            text = "another contender was first"
        elif isinstance(error, Forbidden):
            text += " (needs get, create and patch on leases.coordination.k8s.io)"
        level = logging.WARNING if text != self.complaint else logging.DEBUG
        self.complaint = text
        log.log(level, "%s: %s; trying again", self, text)
