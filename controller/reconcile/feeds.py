"""Fills the store: informers for pods, Updates and revisions, and a periodic list of Jobs.

Changes of Jobs come from kopf (`controller.handlers`). The list corrects what kopf missed: it never
reports an object that was deleted while kopf was not watching.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import JOB
from controller.kube.absence import gone
from controller.kube.client import Client
from controller.kube.errors import ApiError
from controller.kube.informer import Informer
from controller.kube.resources import CONTROLLER_REVISIONS, PODS
from controller.reconcile.decode import (
    POD_CODEC,
    REVISION_CODEC,
    UPDATE_CODEC,
    PodObject,
    RevisionObject,
    UpdateObject,
)
from controller.reconcile.store import Store

log = logging.getLogger(__name__)


class Feeds:
    """If ``namespaces`` is empty, all namespaces are watched. ``clock`` returns monotonic seconds.
    ``run()`` works until cancelled."""

    def __init__(
        self,
        client: Client,
        store: Store,
        namespaces: Sequence[str] = (),
        resync_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._store = store
        self._namespaces = tuple(namespaces)
        self._resync_seconds = resync_seconds
        self._jobs_listed = asyncio.Event()
        self.pods = Informer[PodObject](
            client,
            PODS,
            codec=POD_CODEC,
            on_put=store.put_pod,
            on_delete=store.drop_pod,
            namespaces=self._namespaces,
            label_selector=JOB,
            confirm=True,
            clock=clock,
        )
        self.updates = Informer[UpdateObject](
            client,
            UPDATES,
            codec=UPDATE_CODEC,
            on_put=store.put_update,
            on_delete=store.drop_update,
            namespaces=self._namespaces,
            confirm=True,
            clock=clock,
        )
        self.revisions = Informer[RevisionObject](
            client,
            CONTROLLER_REVISIONS,
            codec=REVISION_CODEC,
            on_put=store.put_revision,
            on_delete=store.drop_revision,
            namespaces=self._namespaces,
            label_selector=JOB,
            confirm=True,
            clock=clock,
        )

    @property
    def informers(
        self,
    ) -> dict[str, Informer[PodObject] | Informer[UpdateObject] | Informer[RevisionObject]]:
        """The informers by the name of their resource."""
        return {
            "pods": self.pods,
            "updates": self.updates,
            "controllerrevisions": self.revisions,
        }

    @property
    def synced(self) -> bool:
        """Whether all resources have been listed once."""
        informers = self.informers.values()
        return self._jobs_listed.is_set() and all(i.synced.is_set() for i in informers)

    async def run(self) -> None:
        """Fill the store until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, informer in self.informers.items():
                group.create_task(informer.run(), name=f"informer {name}")
            group.create_task(self._list_jobs_for_ever(), name="list of jobs")

    async def renewed(self) -> None:
        """List everything again. Returns when the store is at least as new as the moment of the
        call: a process that has just got the Lease must not act on older observations."""
        await asyncio.gather(*(i.resync() for i in self.informers.values()), self._insist())

    async def _insist(self) -> None:
        while not await self._try_list():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(1.0)

    async def _list_jobs_for_ever(self) -> None:
        while True:
            ok = await self._try_list()
            await asyncio.sleep(self._resync_seconds if ok else 2.0)

    async def _try_list(self) -> bool:
        try:
            await self.list_jobs()
        except ApiError as error:
            log.warning("cannot list jobs: %s", error)
            return False
        self._jobs_listed.set()
        return True

    async def list_jobs(self) -> None:
        """Make the Jobs in the store equal to those of the API server. A Job that the list lacks is
        only dropped if a GET says that it is gone. Raises ``ApiError``."""
        before = {key: entry.uid for key, entry in self._store.entries.items() if entry.uid}
        for namespace in self._namespaces or (None,):
            async for raw in self._client.list(JOBS, namespace):
                self._store.put_job(raw)
                before.pop((raw["metadata"]["namespace"], raw["metadata"]["name"]), None)
        missing = {"/".join(key): uid for key, uid in before.items()}
        proved = await gone(self._client, JOBS, missing)
        if kept := len(missing) - len(proved):
            log.warning("a list of jobs lacks %d Jobs that exist", kept)
        for key, uid in before.items():
            if "/".join(key) in proved:
                self._store.drop_job(key, uid)
