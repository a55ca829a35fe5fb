"""The watches that feed the page, once for all viewers: Jobs, Updates, pods and Maintenances.

That of Maintenances may fail without consequences for other pages: not every cluster has that kind,
and who shows some namespaces may have no right on objects of the cluster.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from controller.api.job import Job
from controller.api.kinds import JOBS, MAINTENANCES, UPDATES
from controller.api.labels import JOB
from controller.api.maintenance import Maintenance
from controller.api.update import Update
from controller.kube.client import Client
from controller.kube.errors import ApiError
from controller.kube.informer import Informer
from controller.kube.resources import PODS
from controller.ui.access import Viewer
from controller.ui.decode import JOB_CODEC, MAINTENANCE_CODEC, POD_CODEC, UPDATE_CODEC, Item
from controller.ui.reviews import Question
from controller.ui.store import Kind, Store
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
    maintenances: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """A watch does not work. ``namespace``: the only one that it watches; "" if it watches all.
    ``is_refused``: the API server answers, and refuses. ``since``: epoch seconds of the last sign
    of life; None if there was none."""

    kind: Kind
    message: str
    since: float | None
    namespace: str = ""
    is_refused: bool = False


class _Stream(Protocol):
    """A reflector, whatever it watches."""

    namespace: str | None
    answered: asyncio.Event
    last_contact: float

    @property
    def listed(self) -> bool: ...
    @property
    def failure(self) -> Exception | None: ...


class _Watching(Protocol):
    """An informer, whatever it watches."""

    @property
    def streams(self) -> Sequence[_Stream]: ...
    @property
    def last_active(self) -> float: ...
    async def run(self) -> None: ...


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
    maintenances = await viewer.may(Question("list", MAINTENANCES, None))
    return Reach((namespace,) if namespace else (), pods, note, maintenances)


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
        self.maintenances = Informer[Item[Maintenance]](
            client,
            MAINTENANCES,
            codec=MAINTENANCE_CODEC,
            on_put=store.put_maintenance,
            on_delete=store.drop_maintenance,
        )

    @property
    def _watches(self) -> dict[Kind, _Watching]:
        """What is watched, by its kind."""
        found: dict[Kind, _Watching] = {"job": self.jobs, "update": self.updates}
        if self.reach.pods:
            found["pod"] = self.pods
        if self.reach.maintenances:
            found["maintenance"] = self.maintenances
        return found

    @property
    def _streams(self) -> list[tuple[Kind, _Stream]]:
        return [(kind, each) for kind, one in self._watches.items() for each in one.streams]

    @property
    def _needed(self) -> list[_Stream]:
        """The streams without which pages would be wrong."""
        return [each for kind, each in self._streams if kind != "maintenance"]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for kind, each in self._watches.items():
                group.create_task(each.run(), name=f"watch of {kind}s")

    @property
    def last_active(self) -> dict[str, Callable[[], float]]:
        """For each watch: when it last heard or asked something, as ``time.monotonic``."""
        watches = self._watches.items()
        return {f"{kind}s": lambda one=one: one.last_active for kind, one in watches}  # type: ignore[misc]

    @property
    def synced(self) -> bool:
        """Whether all that is watched has been listed once. A single namespace that the API server
        refuses, because it was deleted for example, does not count."""
        return all(
            each.listed or (each.namespace is not None and each.answered.is_set())
            for each in self._needed
        )

    async def wait(self, seconds: float) -> bool:
        """Wait until all is listed or refused, at most so long. Returns whether it is `synced`."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(each.answered.wait() for each in self._needed))
        except TimeoutError:
            return False
        return self.synced

    @property
    def troubles(self) -> list[Trouble]:
        """What is wrong with the watches; empty if they work."""
        return [found for kind, each in self._streams if (found := _trouble(kind, each))]


def _trouble(kind: Kind, stream: _Stream) -> Trouble | None:
    quiet, error = time.monotonic() - stream.last_contact, stream.failure
    if error is None and quiet < SILENCE:
        return None
    return Trouble(
        kind,
        str(error) if error else f"it has been silent for {int(quiet)} seconds",
        time.time() - quiet if stream.listed else None,
        stream.namespace or "",
        isinstance(error, ApiError) and 400 <= error.status < 500 and error.status != 429,
    )
