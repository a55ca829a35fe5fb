"""Acts on pods: makes, deletes, changes, mends them. Fire and follow: each action is a task.

What is under way stands in the store as an assumption, made before the request is sent; so the next
decision neither waits for it nor repeats it. A failure takes the assumption back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from controller.api import labels
from controller.api.pod_wire import PodWire
from controller.core import plan
from controller.kube.client import Client
from controller.kube.errors import ApiError, Conflict, Invalid, NotFound
from controller.kube.resources import CONTROLLER_REVISIONS, PODS
from controller.reconcile.creation import Creation
from controller.reconcile.decode import UPDATES, pod_of
from controller.reconcile.entry import Entry, owner_reference
from controller.reconcile.inplace import Changing
from controller.reconcile.store import Store

log = logging.getLogger(__name__)


class Pods:
    """``settled(key, ok)`` is called when an action is through: the key may be decided anew."""

    def __init__(
        self,
        client: Client,
        store: Store,
        settled: Callable[[tuple[str, str], bool], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._store = store
        self._settled = settled
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def act(self, entry: Entry, actions: Sequence[plan.Action]) -> None:
        """Start the actions; each one shows in the store at once."""
        creates = [a for a in actions if isinstance(a, plan.CreatePod)]
        for action in actions:
            match action:
                case plan.DeletePod():
                    slot = (action.instance, action.surge)
                    entry.instances.assume_deleted(slot, action.uid, action.force)
                    self._start(self._delete(entry, action))
                case plan.ChangePod():
                    if entry.job is not None:
                        change = Changing(self._client, self._store, entry, entry.job, self._clock)
                        change.assume(action)
                        self._start(self._change(change, action))
                case plan.MendPod():
                    self._start(self._mend(entry, action))
                case plan.Prune():
                    self._start(self._prune(entry, action))
        if creates and entry.job is not None:
            creation = Creation(self._client, self._store, entry, entry.job, self._clock)
            creation.assume(creates)
            self._start(self._create(creation, creates))

    async def drain(self, seconds: float) -> None:
        """Wait for what is under way, then cancel the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _create(self, creation: Creation, creates: Sequence[plan.CreatePod]) -> None:
        ok = False
        try:
            ok = await creation.run(creates)
        finally:
            self._settled(creation.entry.key, ok)

    async def _change(self, change: Changing, action: plan.ChangePod) -> None:
        ok = False
        try:
            ok = await change.run(action)
        finally:
            self._settled(change.entry.key, ok)

    # Delete, mend, prune.

    async def _delete(self, entry: Entry, action: plan.DeletePod) -> None:
        slot, ok = (action.instance, action.surge), True
        try:
            await self._client.delete(
                PODS,
                entry.key[0],
                action.name,
                uid=action.uid,
                grace_period_seconds=0 if action.force else None,
                metadata_only=True,
            )
        except (NotFound, Conflict):
            # Gone, or a successor stands there: either way this uid is no more.
            self._store.drop_pod(f"{entry.key[0]}/{action.name}", action.uid)
        except ApiError as error:
            entry.instances.not_deleted(slot, action.uid)
            log.warning("cannot delete %s: %s", action.name, error, extra=_about(entry))
            ok = False
        self._settled(entry.key, ok)

    async def _mend(self, entry: Entry, action: plan.MendPod) -> None:
        namespace, name = entry.key
        marks = {
            labels.JOB: name,
            labels.INSTANCE: str(action.instance),
            labels.MANAGED_BY: labels.MANAGER,
        }
        if action.revision:
            marks[labels.REVISION] = action.revision.removeprefix(f"{name}-")
        metadata: dict[str, Any] = {"uid": action.uid, "labels": marks}
        if action.adopt and entry.job is not None:
            metadata["ownerReferences"] = [owner_reference(entry)]
        ok = True
        try:
            raw = await self._client.patch(PODS, namespace, action.name, {"metadata": metadata})
            self._store.put_pod(pod_of(PodWire.model_validate(raw)))
        except (NotFound, Invalid):
            # Gone, or a successor stands there.
            self._store.drop_pod(f"{namespace}/{action.name}", action.uid)
        except ApiError as error:
            log.warning("cannot mend %s: %s", action.name, error, extra=_about(entry))
            ok = False
        self._settled(entry.key, ok)

    async def _prune(self, entry: Entry, action: plan.Prune) -> None:
        resource = UPDATES if action.kind == "Update" else CONTROLLER_REVISIONS
        name = f"{entry.key[0]}/{action.name}"
        ok = True
        try:
            await self._client.delete(resource, entry.key[0], action.name, uid=action.uid)
        except (NotFound, Conflict):
            pass
        except ApiError as error:
            log.warning("cannot prune %s: %s", action.name, error, extra=_about(entry))
            ok = False
        if ok and action.kind == "Update":
            self._store.drop_update(name, action.uid)
        elif ok:
            self._store.drop_revision(name, action.uid)
        self._settled(entry.key, ok)


def _about(entry: Entry, instance: int | None = None) -> dict[str, Any]:
    """Whom a log line speaks of."""
    about: dict[str, Any] = {"job": "/".join(entry.key)}
    return about if instance is None else {**about, "instance": instance}
