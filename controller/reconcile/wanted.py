"""Follows kinds that only some Jobs need, from the moment at which one of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from controller.api.job_spec import JobSpec
from controller.kube.informer import Informer
from controller.reconcile.store import Store


class Known(Protocol):
    """A store of such kinds. ``wanted``: set when a Job needs them; ``followed``: whether all
    objects are known; ``problem``: why not."""

    wanted: asyncio.Event
    followed: bool
    problem: Callable[[], str]


def want(store: Store, spec: JobSpec) -> None:
    """Follow the kinds that a Job with this spec needs."""
    if spec.has_runs:
        store.runs.wanted.set()
    if spec.has_claims:
        store.claims.wanted.set()


class Wanted:
    """``run()`` works until cancelled; ``on_followed`` is called when all has been listed once."""

    def __init__(
        self, store: Known, informers: Sequence[Informer[Any]], on_followed: Callable[[], None]
    ) -> None:
        self._store = store
        self.informers = tuple(informers)
        self._on_followed = on_followed
        store.problem = self._problem

    async def run(self) -> None:
        """Wait until the kinds are wanted, then follow them until cancelled."""
        await self._store.wanted.wait()
        async with asyncio.TaskGroup() as group:
            for informer in self.informers:
                group.create_task(informer.run(), name=f"informer {informer.resource.plural}")
            group.create_task(self._await_followed(), name="followed")

    async def renewed(self) -> None:
        """List everything again, if the kinds are followed. On return the store is at least as new
        as the moment of the call."""
        if self._store.wanted.is_set():
            await asyncio.gather(*(informer.resync() for informer in self.informers))

    async def _await_followed(self) -> None:
        await asyncio.gather(*(informer.synced.wait() for informer in self.informers))
        self._store.followed = True
        self._on_followed()

    def _problem(self) -> str:
        for informer in self.informers:
            if informer.error:
                return f"cannot follow {informer.resource.plural}: {informer.error}"
        return ""
