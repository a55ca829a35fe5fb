"""The watches that feed the page: Jobs, Updates and pods, once for all viewers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import JOB
from controller.api.update import Update
from controller.kube.client import Client
from controller.kube.informer import Informer
from controller.kube.resources import PODS
from controller.ui.access import Viewer
from controller.ui.decode import JOB_CODEC, POD_CODEC, UPDATE_CODEC, Item
from controller.ui.reviews import Question
from controller.ui.store import Store
from controller.view.instances import Seen

#: The API server sends a bookmark every minute. Longer silence means that what is shown may be old.
SILENCE: Final = 90.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What is watched. ``namespaces``: empty for all. ``note``: why it is less than all, "" if
    nothing is to be said."""

    namespaces: tuple[str, ...] = ()
    pods: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """The watches do not work. ``since``: epoch seconds of the last sign of life."""

    message: str
    since: float


class _Watching(Protocol):
    """An informer, whatever it watches."""

    synced: asyncio.Event

    async def run(self) -> None: ...
    @property
    def last_contact(self) -> float: ...
    @property
    def last_active(self) -> float: ...
    @property
    def error(self) -> str | None: ...


async def reach(viewer: Viewer, namespace: str | None, fallback: str) -> Reach:
    """What the viewer may watch. ``namespace``: the only one wanted, None: all; ``fallback``: the
    one to watch if all are not allowed."""
    note = ""
    if namespace is None and not await viewer.may(Question("list", JOBS, None)):
        namespace = fallback
        note = f"Only namespace {namespace} is shown: you may not list Jobs in all namespaces."
    pods = await viewer.may(Question("list", PODS, namespace))
    if not pods:
        note = f"{note} Pods are not shown: you may not list them.".strip()
    return Reach((namespace,) if namespace else (), pods, note)


class Watch:
    """Fills a store. ``run()`` works until cancelled."""

    def __init__(self, client: Client, store: Store, reach: Reach) -> None:
        self.reach = reach
        self.jobs = Informer[Item[Job]](
            client,
            JOBS,
            codec=JOB_CODEC,
            on_put=store.put_job,
            on_delete=store.drop_job,
            namespaces=reach.namespaces,
        )
        self.updates = Informer[Item[Update]](
            client,
            UPDATES,
            codec=UPDATE_CODEC,
            on_put=store.put_update,
            on_delete=store.drop_update,
            namespaces=reach.namespaces,
        )
        self.pods = Informer[Item[Seen]](
            client,
            PODS,
            codec=POD_CODEC,
            on_put=store.put_pod,
            on_delete=store.drop_pod,
            namespaces=reach.namespaces,
            label_selector=JOB,
        )

    @property
    def _watches(self) -> dict[str, _Watching]:
        """What is watched, by its name."""
        found: dict[str, _Watching] = {"jobs": self.jobs, "updates": self.updates}
        return found | {"pods": self.pods} if self.reach.pods else found

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for name, each in self._watches.items():
                group.create_task(each.run(), name=f"watch of {name}")

    @property
    def last_active(self) -> dict[str, Callable[[], float]]:
        """For each watch: when it last heard or asked something, as ``time.monotonic``."""
        watches = self._watches.items()
        return {name: lambda one=one: one.last_active for name, one in watches}  # type: ignore[misc]

    @property
    def synced(self) -> bool:
        """Whether all that is watched has been listed once."""
        return all(each.synced.is_set() for each in self._watches.values())

    async def wait(self, seconds: float) -> bool:
        """Wait until all is listed, at most so long. Returns whether it is."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(each.synced.wait() for each in self._watches.values()))
        except TimeoutError:
            return False
        return True

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with the watches; None if they work."""
        watches = self._watches.values()
        quiet = time.monotonic() - min(each.last_contact for each in watches)
        error = next((each.error for each in watches if each.error), None)
        if error is None and quiet < SILENCE:
            return None
        message = error or f"the API server has been silent for {int(quiet)} seconds"
        return Trouble(message, time.time() - quiet)
