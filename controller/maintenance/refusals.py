"""Says in the status of a Maintenance why it is not served: it is too new, or nobody serves it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Final

from controller.api.kinds import MAINTENANCES
from controller.api.maintenance import MaintenanceStatus
from controller.api.meta import wire
from controller.core.maintenance.status import NOT_ENABLED, TOO_NEW, refused
from controller.handlers import JobFeed
from controller.kube.client import Client
from controller.kube.errors import ApiError, Conflict, NotFound, NotHolderError
from controller.kube.resources import LEASES
from controller.maintenance.decode import Known
from controller.maintenance.store import Store
from controller.probes import Check

log = logging.getLogger(__name__)

#: Seconds within which an operator that serves Maintenances has observed a new one.
_PATIENCE: Final = 3.0
#: Seconds from one look to the next.
_EVERY: Final = 20.0
_WORDS: Final = (
    "no operator serves Maintenances: start it with --maintenance (chart value maintenance.enabled)"
)


async def say(client: Client, known: Known, reason: str, message: str, now: float) -> Any:
    """Write the conditions, unless they are there already. Returns the object as stored, or None.
    Raises ``ApiError``."""
    meta = known.raw["metadata"]
    generation = _generation(known)
    old = known.read.status.conditions if known.read else _conditions(known)
    conditions = refused(old, reason, message, generation, now)
    if conditions == old:
        return None
    status = MaintenanceStatus(observed_generation=generation, conditions=conditions)
    shown = wire(status)
    body = {
        "metadata": {"uid": known.uid, "resourceVersion": meta["resourceVersion"]},
        "status": {name: shown[name] for name in ("observedGeneration", "conditions")},
    }
    try:
        return await client.patch(MAINTENANCES, None, known.name, body, subresource="status")
    except (Conflict, NotFound):
        return None


def _generation(known: Known) -> int:
    return int(known.raw["metadata"].get("generation", 0))


def _conditions(known: Known) -> Any:
    """The conditions of an object of which this version cannot read the rest."""
    stored = known.raw.get("status")
    try:
        given = stored.get("conditions", ()) if isinstance(stored, dict) else ()
        return MaintenanceStatus.model_validate({"conditions": given}).conditions
    except ValueError:
        return ()


class Unread:
    """Reports the Maintenances that this version cannot read, and touches nothing of theirs."""

    def __init__(self, client: Client, store: Store) -> None:
        self._client = client
        self._store = store

    async def report(self, now: float) -> None:
        """Raises ``ApiError`` if it could not be said of one, after it was said of the others."""
        failed: ApiError | None = None
        for known in list(self._store.maintenances.values()):
            if known.read is not None:
                continue
            words = f"this version cannot read it and leaves it alone: {known.why}"
            try:
                if raw := await say(self._client, known, TOO_NEW, words, now):
                    self._store.renew(raw)
            except NotHolderError:
                raise
            except ApiError as error:
                failed = error
        if failed is not None:
            raise failed


class NotEnabled:
    """Runs in an operator without ``--maintenance``: says so in each Maintenance that no other one
    serves, once: who then writes other words serves it, under another Lease. ``lease``: namespace
    and name of the Lease of those who serve them. The client's guard lets one replica write."""

    def __init__(self, client: Client, lease: tuple[str, str], agent: str) -> None:
        self._client = client
        self._lease = lease
        self._news = asyncio.Event()
        #: The version of the Lease, and the time of the clock when it was first seen.
        self._renewed = ("", 0.0)
        self._store = Store(self._news.set)
        #: uid -> the generation of which it was said.
        self._said: dict[str, int] = {}
        self._kopf = JobFeed(
            self._on_event,
            MAINTENANCES,
            loop=asyncio.get_running_loop(),
            user_agent=f"{agent} kopf",
        )

    def start(self) -> None:
        self._kopf.start()

    async def stop(self) -> None:
        await self._kopf.stop()

    def checks(self) -> dict[str, Check]:
        return {"maintenance-kopf": lambda: None if self._kopf.alive() else "its thread has ended"}

    async def run(self) -> None:
        while True:
            if not self._store.maintenances:
                await self._news.wait()
            self._news.clear()
            await asyncio.sleep(_PATIENCE)
            try:
                await self.look(time.time())
            except NotHolderError:
                pass
            except ApiError as error:
                log.warning("Maintenances: %s", error)
            try:
                await asyncio.wait_for(self._news.wait(), _EVERY)
            except TimeoutError:
                continue

    async def look(self, now: float) -> None:
        """Say it in each Maintenance that nobody serves. Raises ``ApiError``."""
        served = await self._is_served()
        for known in list(self._store.maintenances.values()):
            if served is None and known.read and known.read.status.phase is not None:
                continue  # It is, or was, served under another Lease.
            if served or self._said.get(known.uid) == _generation(known):
                continue
            if raw := await say(self._client, known, NOT_ENABLED, _WORDS, now):
                self._said[known.uid] = _generation(known)
                self._store.renew(raw)

    async def _is_served(self) -> bool | None:
        """Whether somebody holds the Lease, as far as this process has seen. None: there is no such
        Lease."""
        try:
            found = await self._client.get(LEASES, *self._lease)
        except NotFound as error:
            error.prove()
            return None
        spec, version = found["spec"], found["metadata"]["resourceVersion"]
        now = time.monotonic()
        if version != self._renewed[0]:
            self._renewed = version, now
        # Who was killed does not release it.
        is_renewed = now < self._renewed[1] + float(spec.get("leaseDurationSeconds") or 0)
        return bool(spec.get("holderIdentity")) and is_renewed

    def _on_event(self, kind: str, raw: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._said.pop(raw["metadata"]["uid"], None)
            self._store.drop(raw["metadata"]["name"], raw["metadata"]["uid"])
        else:
            self._store.put(raw)
