"""Fills the store: informers for pods, Updates and revisions, and a periodic list of Jobs.

Changes of Jobs come from kopf (`controller.handlers`). The list corrects what kopf missed: it never
reports an object that was deleted while kopf was not watching.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from controller.api.job_spec import JobSpec
from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import JOB
from controller.kube.absence import gone
from controller.kube.client import Client
from controller.kube.errors import ApiError
from controller.kube.failures import Failures
from controller.kube.following import Following
from controller.kube.informer import Informer
from controller.kube.resources import BUDGETS, CONTROLLER_REVISIONS, PODS
from controller.reconcile.budgets import BUDGET_CODEC, BudgetObject
from controller.reconcile.claims.feeds import claim_feeds
from controller.reconcile.decode import POD_CODEC, UPDATE_CODEC, PodObject, UpdateObject
from controller.reconcile.revision_objects import REVISION_CODEC, RevisionObject
from controller.reconcile.runs.feeds import run_feeds
from controller.reconcile.store import Store

log = logging.getLogger(__name__)

#: Seconds from one list of Jobs to the next while some of them cannot be read.
TOO_DEEP_EVERY: Final = 10.0


class Feeds:
    """If ``namespaces`` is empty, all namespaces are watched. ``clock`` returns monotonic seconds.
    ``run()`` works until cancelled; it calls ``on_filled`` when all has been listed once."""

    def __init__(
        self,
        client: Client,
        store: Store,
        namespaces: Sequence[str] = (),
        resync_seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        on_filled: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._on_filled = on_filled
        self._store = store
        self._namespaces = tuple(namespaces)
        self._resync_seconds = resync_seconds
        self._clock = clock
        self._jobs_listed = asyncio.Event()
        self._job_failures = Failures(clock)
        #: Time of the clock when the last complete list of Jobs began.
        self._jobs_listed_at = float("-inf")
        #: Set when Jobs are to be listed before their time.
        self._again = asyncio.Event()
        #: The periodic list of Jobs that is under way, or the last one.
        self._listing: asyncio.Task[bool] | None = None
        #: Keys of Jobs that are nested too deeply to be read. While there are any, kopf may not get
        #: beyond them, for it reads JSON as Python does; then the list takes its place.
        self._too_deep: set[tuple[str, str]] = set()
        following = Following(client, self._namespaces, clock)
        follow = following.of
        self.pods = follow(PODS, POD_CODEC, store.put_pod, store.drop_pod, store.pods_held, JOB)
        self.updates = follow(
            UPDATES, UPDATE_CODEC, store.put_update, store.drop_update, store.updates_held
        )
        self.revisions = follow(
            CONTROLLER_REVISIONS,
            REVISION_CODEC,
            store.see_revision,
            store.drop_revision,
            store.revisions_held,
            JOB,
        )
        self.budgets = follow(
            BUDGETS, BUDGET_CODEC, store.put_budget, store.drop_budget, store.budgets.held
        )
        self.wanted = (
            run_feeds(following, store.runs, lambda: store.reconsider(has_runs)),
            claim_feeds(following, store.claims, lambda: store.reconsider(has_claims)),
        )

    @property
    def informers(
        self,
    ) -> dict[
        str,
        Informer[PodObject]
        | Informer[UpdateObject]
        | Informer[RevisionObject]
        | Informer[BudgetObject],
    ]:
        """The informers by the name of their resource."""
        return {
            "pods": self.pods,
            "updates": self.updates,
            "controllerrevisions": self.revisions,
            "poddisruptionbudgets": self.budgets,
        }

    @property
    def synced(self) -> bool:
        """Whether all resources have been listed once."""
        informers = self.informers.values()
        return self._jobs_listed.is_set() and all(i.synced.is_set() for i in informers)

    def lags(self) -> dict[str, float]:
        """Seconds for which each informer has been working through a backlog of events."""
        return {name: informer.lag for name, informer in self.informers.items()}

    def silences(self) -> dict[str, float]:
        """Seconds since the API server last sent something to each informer."""
        now = self._clock()
        return {name: now - informer.last_contact for name, informer in self.informers.items()}

    def problem(self, seconds: float) -> str | None:
        """Which kind could not be followed for more than so many seconds, and why."""
        for name, informer in self.informers.items():
            if informer.failing_seconds > seconds:
                return f"cannot follow {name}: {informer.error}"
        # The list of all namespaces fails if one of them is refused: see `failing_seconds`.
        if self._job_failures.seconds > seconds and len(self._namespaces) < 2:
            return f"cannot list jobs: {self._job_failures.error}"
        return None

    def listed_since(self, moment: float) -> bool:
        """Whether the last complete list of each kind began at this time of the clock or later."""
        began = (informer.listed_at for informer in self.informers.values())
        return min(self._jobs_listed_at, *began) >= moment

    async def run(self) -> None:
        """Fill the store until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, informer in self.informers.items():
                group.create_task(informer.run(), name=f"informer {name}")
            group.create_task(self._list_jobs_for_ever(), name="list of jobs")
            for feeds in self.wanted:
                group.create_task(feeds.run(), name="feeds of what some Jobs need")
            group.create_task(self._await_filled(), name="filled")

    async def _await_filled(self) -> None:
        filled = (each.synced for each in self.informers.values())
        await asyncio.gather(*(event.wait() for event in (self._jobs_listed, *filled)))
        self._on_filled()

    async def renewed(self) -> None:
        """List everything again. Returns when the store is at least as new as the moment of the
        call: a process that has just got the Lease must not act on older observations."""
        again = [informer.resync() for informer in self.informers.values()]
        again += [feeds.renewed() for feeds in self.wanted]
        await asyncio.gather(*again, self._insist())

    async def _insist(self) -> None:
        if self._listing is not None:
            self._listing.cancel()
        while not await self._try_list():  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(1.0)

    async def _list_jobs_for_ever(self) -> None:
        try:
            while True:
                self._listing = asyncio.create_task(self._try_list(), name="one list of jobs")
                await asyncio.wait([self._listing])
                # It is cancelled in favour of a newer list.
                ok = self._listing.cancelled() or self._listing.result()
                seconds = min(TOO_DEEP_EVERY, self._resync_seconds) if self._too_deep else None
                with suppress(TimeoutError):
                    pause = (seconds or self._resync_seconds) if ok else 2.0
                    await asyncio.wait_for(self._again.wait(), pause)
                self._again.clear()
        finally:
            if self._listing is not None:
                self._listing.cancel()

    def look_again(self) -> None:
        """List the Jobs now. Call it when kopf begins to watch: it never reports a Job that was
        deleted after the last list and before that."""
        self._again.set()

    async def _try_list(self) -> bool:
        began = self._clock()
        try:
            await self.list_jobs()
        except ApiError as error:
            log.warning("cannot list jobs: %s", error)
            self._job_failures.failed(error)
            return False
        except Exception as error:
            # An answer that is none of the API server's; it must not end the process.
            log.exception("cannot list jobs")
            self._job_failures.failed(error)
            return False
        self._job_failures.succeeded()
        self._jobs_listed_at = began
        self._jobs_listed.set()
        return True

    async def list_jobs(self) -> None:
        """Make the Jobs in the store equal to those of the API server. A Job that the list lacks is
        only dropped if a GET says that it is gone. Raises ``ApiError``."""
        before = {key: entry.uid for key, entry in self._store.entries.items() if entry.uid}
        too_deep = list[dict[str, Any]]()
        for namespace in self._namespaces or (None,):
            async for raw in self._client.list(JOBS, namespace, too_deep=too_deep.append):
                before.pop(_key(raw), None)
                try:
                    self._store.put_job(raw)
                except Exception:
                    # Whoever wrote it must not keep the Jobs of others from being read.
                    log.exception("Job %s cannot be read", "/".join(_key(raw)))
        found = set(map(_key, too_deep))
        for key in found:
            # It is there: it stays as it was known.
            before.pop(key, None)
            if key not in self._too_deep:
                log.error("Job %s is nested too deeply to be read: left alone", "/".join(key))
        self._too_deep = found
        await self._drop(before)

    async def _drop(self, missing: Mapping[tuple[str, str], str]) -> None:
        """Drop the Jobs that a list lacks (key -> uid) and that are gone."""
        keys, kept = {"/".join(key): key for key in missing}, len(missing)
        named = {name: missing[key] for name, key in keys.items()}
        async for part in gone(self._client, JOBS, named):
            kept -= len(part)
            for name in part:
                self._store.drop_job(keys[name], named[name])
        if kept:
            log.warning("a list of jobs lacks %d Jobs that exist", kept)


def has_runs(spec: JobSpec) -> bool:
    return spec.has_runs


def has_claims(spec: JobSpec) -> bool:
    return spec.has_claims


def _key(raw: dict[str, Any]) -> tuple[str, str]:
    return raw["metadata"]["namespace"], raw["metadata"]["name"]
