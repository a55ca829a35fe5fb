"""Leader election: at most one process at a time considers itself the holder of a Lease.

A holder is valid for ``renew_deadline`` seconds after it *began* its last successful renewal.
Others take over only when they have observed the record unchanged for ``duration`` seconds. Each
process measures both on its own monotonic clock. So wall clocks do not matter, and a process that
was stopped or blocked is invalid as soon as it runs again. Any failure counts as "not renewed". An
object of ``Lease`` that has lost the Lease never tries to get it again; make a new object for that.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, ApiError, Conflict, Forbidden, NotFound
from controller.kube.resources import LEASES

log = logging.getLogger(__name__)


def default_identity(environ: Mapping[str, str] = os.environ) -> str:
    """The identity of this process in the Lease.

    In a pod that knows its uid (``POD_NAME``, ``POD_UID``), a restarted container has the same
    identity and gets its Lease back at once. That is safe, because two processes of one container
    never run at the same time. Elsewhere every process has an identity of its own.
    """
    host = environ.get("POD_NAME") or socket.gethostname()
    return f"{host}_{environ.get('POD_UID') or uuid.uuid4()}"


class Lease:
    """``held`` is set while this process holds the Lease, ``lost`` when it lost or released it.

    ``duration``, ``renew_deadline`` and ``retry`` are seconds, in falling order. The client needs
    connections of its own, so that renewals do not queue behind other requests.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        identity: str,
        *,
        duration: float = 15.0,
        renew_deadline: float = 10.0,
        retry: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not duration > renew_deadline > retry > 0:
            raise ValueError("a Lease needs duration > renew_deadline > retry > 0")
        self.identity = identity
        self.held = asyncio.Event()
        self.lost = asyncio.Event()
        #: Identity of the holder of the Lease, as last observed; for logs and probes.
        self.holder: str | None = None
        self._client = client
        self._namespace = namespace
        self._name = name
        self._duration = duration
        self._renew_deadline = renew_deadline
        self._retry = retry
        self._clock = clock
        self._now = now
        self._sleep = sleep
        #: Time of the clock when the last successful renewal began.
        self._renewed = float("-inf")
        #: The Lease as this process last wrote it, so that it can be renewed without reading it.
        self._mine: dict[str, Any] | None = None
        #: The last observed resourceVersion, and the time of the clock when it was first observed.
        self._observed: tuple[str | None, float] = (None, 0.0)
        self._complaint = ""

    def valid(self) -> bool:
        """Whether this process may act at this moment. Call it before every write."""
        return self.held.is_set() and self._clock() < self._renewed + self._renew_deadline

    async def run(self) -> None:
        """Try to get the Lease, then keep it. Returns when the Lease is lost or released."""
        while not self.lost.is_set():
            await self._turn()
            if self.held.is_set() and not self.valid():
                log.error("lease lost: not renewed for %.0f s", self._renew_deadline)
                self._lose()
            if not self.lost.is_set():
                # Jitter, so that contenders do not collide again and again.
                pause = self._retry * (1.0 if self.held.is_set() else random.uniform(1.0, 1.2))
                await self._sleep(pause)

    async def release(self) -> None:
        """Release the Lease, so that a standby does not have to wait until it expires.

        ``valid()`` is False before the release is sent. End ``run()`` before calling this.
        """
        mine, self._mine = self._mine, None
        was_valid = self.valid()
        self._lose()
        if mine is None or not was_valid:
            return
        try:
            async with asyncio.timeout(self._timeout()):
                spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": self._stamp()}
                await self._patch(mine, spec)
        except (ApiError, TimeoutError) as error:
            log.warning("lease not released: %s", error)

    # -- one turn --------------------------------------------------------------------------

    async def _turn(self) -> None:
        """Try once to get or keep the Lease. Never raises."""
        began = self._clock()
        try:
            async with asyncio.timeout(self._timeout()):
                won = await self._renew() or await self._acquire()
        except (ApiError, TimeoutError) as error:
            # The write may have been carried out, so read the Lease before the next write.
            self._mine = None
            self._complain(error)
        except Exception:
            log.exception("lease turn failed")
        else:
            self._complaint = ""
            if won and not self.lost.is_set():
                self._renewed = began
                self.holder = self.identity
                if not self.held.is_set():
                    log.info(
                        "lease %s/%s acquired as %s", self._namespace, self._name, self.identity
                    )
                    self.held.set()

    async def _renew(self) -> bool:
        """Renew without reading. Returns False if someone has changed the Lease since."""
        if self._mine is None:
            return False
        try:
            self._mine = await self._patch(self._mine, {"renewTime": self._stamp()})
        except (Conflict, NotFound):
            self._mine = None
            return False
        return True

    async def _acquire(self) -> bool:
        try:
            lease = await self._client.get(LEASES, self._namespace, self._name)
        except NotFound:
            return await self._create()
        spec: dict[str, Any] = lease.get("spec") or {}
        if not self._is_free(lease["metadata"]["resourceVersion"], spec):
            return False
        kept = spec.get("holderIdentity") == self.identity and self.held.is_set()
        record = self._record(int(spec.get("leaseTransitions") or 0) + (not kept))
        if kept:
            del record["acquireTime"]
        self._mine = await self._patch(lease, record)
        return True

    async def _create(self) -> bool:
        # Someone deleted the Lease; its last holder may not know yet, so it keeps its time.
        if not self._is_free("", {"holderIdentity": self.holder}):
            return False
        body = {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._record(0),
        }
        self._mine = await self._client.create(LEASES, self._namespace, body)
        return True

    def _is_free(self, version: str, spec: dict[str, Any]) -> bool:
        """Whether this process may take the Lease: it holds the Lease already, or the Lease was
        released or not renewed for its duration."""
        holder = spec.get("holderIdentity") or None
        if holder != self.holder and holder not in (None, self.identity):
            log.info("lease %s/%s is held by %s", self._namespace, self._name, holder)
        self.holder = holder
        if version != self._observed[0]:
            self._observed = (version, self._clock())
        if holder == self.identity:
            return True
        if self.held.is_set():
            log.error("lease lost: %s holds it", holder or "nobody")
            self._lose()
            return False
        if holder is None:
            return True
        duration = float(spec.get("leaseDurationSeconds") or self._duration)
        return self._clock() > self._observed[1] + duration

    async def _patch(self, lease: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
        version = lease["metadata"]["resourceVersion"]
        body = {"metadata": {"resourceVersion": version}, "spec": spec}
        return await self._client.patch(LEASES, self._namespace, self._name, body)

    def _record(self, transitions: int) -> dict[str, Any]:
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": math.ceil(self._duration),
            "acquireTime": self._stamp(),
            "renewTime": self._stamp(),
            "leaseTransitions": transitions,
        }

    # -- helpers ---------------------------------------------------------------------------

    def _lose(self) -> None:
        self.held.clear()
        self.lost.set()

    def _timeout(self) -> float:
        """Seconds for one try: two tries fit into the deadline, and none lasts beyond it."""
        limit = max(self._renew_deadline / 2, 1.0)
        if self.held.is_set():
            limit = min(limit, max(0.1, self._renewed + self._renew_deadline - self._clock()))
        return limit

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _complain(self, error: Exception) -> None:
        """Log once what is wrong, and how to fix it where that is known."""
        where = f"lease {self._namespace}/{self._name}"
        text = str(error) or "timed out"
        if isinstance(error, NotFound):
            text = f"the namespace {self._namespace} does not exist; create it or choose another"
        elif isinstance(error, AlreadyExists):
            text = "another contender was first"
        elif isinstance(error, Forbidden):
            text += " (needs get, create and patch on leases.coordination.k8s.io)"
        level = logging.WARNING if text != self._complaint else logging.DEBUG
        self._complaint = text
        log.log(level, "%s: %s; trying again", where, text)
