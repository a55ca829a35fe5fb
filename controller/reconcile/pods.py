"""Creates, deletes, changes and repairs pods. Each action is a task that nobody waits for.

Before a request is sent, the store shows its effect as an assumption, so that the next decision
neither waits for the action nor repeats it. A failure removes the assumption. After a refusal by
the API server the action is repeated only after a back-off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from controller.api import labels
from controller.api.pods.wire import PodWire
from controller.core.model import plan
from controller.core.model.coordination import Question
from controller.core.refusals import judgement
from controller.kube.client import Client
from controller.kube.errors import (
    ApiError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotHolderError,
)
from controller.kube.resources import PODS
from controller.reconcile import budgets, pruning, refusal
from controller.reconcile.claims import writes as claim_writes
from controller.reconcile.claims.writes import ClaimCreation
from controller.reconcile.coordinators import Coordinators, Means
from controller.reconcile.creation import Creation
from controller.reconcile.decode import pod_of
from controller.reconcile.entry import Entry, Key
from controller.reconcile.evictions import Evictions
from controller.reconcile.inplace import Changing
from controller.reconcile.references import about_line, owner_reference
from controller.reconcile.store import Store

log = logging.getLogger(__name__)


class Pods:
    """``settled(key, ok)`` is called when an action has ended and a new decision may be made."""

    def __init__(
        self,
        client: Client,
        store: Store,
        settled: Callable[[tuple[str, str], bool], None],
        clock: Callable[[], float] = time.time,
        means: Means | None = None,
    ) -> None:
        self._client = client
        self._store = store
        self._settled = settled
        self._clock = clock
        self._evictions = Evictions(client, store, clock)
        self.coordinators = Coordinators(
            means, self._evictions, lambda key: settled(key, True), clock
        )
        self._tasks: dict[asyncio.Task[None], Key] = {}

    def act(self, entry: Entry, actions: Sequence[plan.Action]) -> None:
        """Start the actions; the store shows their effects at once."""
        for action in actions:
            if not isinstance(action, plan.Creation) and self._may(entry, action):
                self._assume(entry, action)
                self._start(entry, self._on_object(entry, action))
        if entry.job is None:
            return
        means = (self._client, self._store, entry, entry.job, self._clock)
        if creates := [a for a in actions if isinstance(a, plan.CreatePod)]:
            creation = Creation(*means)
            creation.assume(creates)
            self._start(entry, self._create(entry, creation.run(creates)))
        if makes := [a for a in actions if isinstance(a, plan.MakeClaims)]:
            claims = ClaimCreation(*means)
            claims.assume(makes)
            self._start(entry, self._create(entry, claims.run(makes)))

    async def drain(self, seconds: float, kept: Callable[[Key], bool] = lambda _: False) -> None:
        """Wait for the running actions of keys that are not kept for at most ``seconds``, then
        cancel them."""
        if tasks := [task for task, key in self._tasks.items() if not kept(key)]:
            _, pending = await asyncio.wait(tasks, timeout=seconds)
            for task in pending:
                task.cancel()

    def _start(self, entry: Entry, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = entry.key
        task.add_done_callback(self._tasks.pop)

    async def _create(self, entry: Entry, creating: Awaitable[bool]) -> None:
        ok = False
        try:
            ok = await creating
        except Exception:
            # A fault of ours: tried again after a while.
            log.exception("creating pods or claims failed", extra=about_line(entry))
        finally:
            self._settled(entry.key, ok)

    # Actions on existing objects.

    def _may(self, entry: Entry, action: plan.ActionOnObject) -> bool:
        """Whether the coordinator allows the action now, if it needs that."""
        question = _question(action)
        return question is None or self.coordinators.begin(entry, question)

    def _assume(self, entry: Entry, action: plan.ActionOnObject) -> None:
        entry.under_way.add(action.key)
        match action:
            case plan.DeletePod(evict=True):
                entry.instances.assume_evicting((action.instance, action.surge), action.uid)
            case plan.DeletePod():
                slot = (action.instance, action.surge)
                entry.instances.assume_deleted(slot, action.uid, action.force)
                entry.endings.intend(action.uid, action.intent)
            case plan.ChangePod():
                entry.instances.assume_changed((action.instance, action.surge), action.uid)
            case plan.RepairPod():
                entry.instances.assume_repaired((action.instance, action.surge), action.uid)

    async def _on_object(self, entry: Entry, action: plan.ActionOnObject) -> None:
        """Perform the action and record a refusal.

        However the action ends, its assumption is removed, except after a successful delete: that
        assumption stays until the watch shows the end of the pod.
        """
        granted, settled = False, True
        try:
            match action:
                case plan.Prune():
                    await pruning.prune(self._client, self._store, entry, action)
                case plan.KeepBudget():
                    await self._keep(entry, action)
                case plan.OwnClaim():
                    await claim_writes.own(self._client, self._store, entry, action)
                case plan.DeletePod(evict=True):
                    await self._evictions.evict(entry, action, self._check(entry, action))
                case plan.DeletePod():
                    await self._delete(entry, action)
                case plan.ChangePod() | plan.RepairPod(undo=True) | plan.RepairPod(finish=True):
                    settled = await self._change(entry, action)
                case plan.RepairPod():
                    await self._repair(entry, action)
            granted = True
            if settled:
                entry.refused_actions.pop(action.key, None)
        except NotHolderError:
            settled = False  # Not sent: the process that holds the Lease now decides about it.
        except ApiError as error:
            answer, before = refusal.answer(error), entry.refused_actions.get(action.key)
            if self._evictions.is_held(entry, action, answer):
                return  # A disruption budget waits for other pods, and no deadline runs.
            if answer.is_judged:
                entry.endings.withdraw(action.key[1])
            refused = judgement.refused_action(action, answer, before, self._clock())
            entry.refused_actions[action.key] = refused
            what = f"{action.key[0]} of {action.name} refused: {error}"
            log.log(logging.DEBUG if before else logging.WARNING, what, extra=about_line(entry))
        except Exception:
            # A fault of ours: tried again as it is, but not at once, for it may never go away.
            settled = False
            log.exception("%s of %s failed", action.key[0], action.name, extra=about_line(entry))
        finally:
            if _question(action) is not None:
                self.coordinators.end(entry.key)
            self._through(entry, action, granted)
            self._settled(entry.key, settled)

    def _through(self, entry: Entry, action: plan.ActionOnObject, granted: bool) -> None:
        """Remove the assumption of an action that has ended."""
        entry.under_way.discard(action.key)
        match action:
            case plan.DeletePod(evict=True):
                slot = (action.instance, action.surge)
                entry.instances.evicted(slot, action.uid, granted)
            case plan.DeletePod() if not granted:
                entry.instances.not_deleted((action.instance, action.surge), action.uid)
            case plan.ChangePod():
                entry.instances.changed((action.instance, action.surge), action.uid)
            case plan.RepairPod():
                entry.instances.repaired((action.instance, action.surge), action.uid)

    async def _change(self, entry: Entry, action: plan.ChangePod | plan.RepairPod) -> bool:
        """Change a pod in place, take a change back, or finish one. Returns False if it must be
        tried later."""
        if entry.job is None:
            return True
        changing = Changing(self._client, self._store, entry, entry.job, self._clock)
        if isinstance(action, plan.ChangePod):
            name, uid = action.name, action.uid
            if action.budgeted and not await self._evictions.would_go(entry, name, uid):
                return True
            self._check(entry, action)()
            return await changing.run(action)
        await (changing.take_back(action) if action.undo else changing.finish(action))
        return True

    def _check(self, entry: Entry, action: plan.DeletePod | plan.ChangePod) -> Callable[[], None]:
        if action.question is None:
            return lambda: None
        return lambda: self.coordinators.check(entry.key)

    async def _delete(self, entry: Entry, action: plan.DeletePod) -> None:
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
            # The pod is gone, or another pod has its name: in both cases this uid is gone.
            self._store.drop_pod(f"{entry.key[0]}/{action.name}", action.uid)

    async def _repair(self, entry: Entry, action: plan.RepairPod) -> None:
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
        if action.moved:
            metadata["annotations"] = dict.fromkeys(labels.MOVES)
        if action.relabel:
            metadata["annotations"] = {labels.REVISION: action.revision}
        try:
            raw = await self._client.patch(PODS, namespace, action.name, {"metadata": metadata})
        except NotFound:
            self._store.drop_pod(f"{namespace}/{action.name}", action.uid)
            return
        except Invalid as error:
            # Invalid may also mean that another pod has this name: a uid cannot be changed.
            if refusal.answer(error).is_denial or await self._is_there(entry, action):
                raise
            return
        item = pod_of(PodWire.of(raw))
        self._store.read_pod(item, self._clock())
        pod = item.pod
        if pod is not None and not (pod.owner and (pod.labelled or pod.changing_to)):
            words = f'pods "{action.name}": admission removed its labels or owner again'
            raise Forbidden(403, "Forbidden", words)

    async def _is_there(self, entry: Entry, action: plan.RepairPod) -> bool:
        """Whether the pod with this uid still exists; if not, the store drops it."""
        with suppress(NotFound):
            raw = await self._client.get(PODS, entry.key[0], action.name, metadata_only=True)
            if raw["metadata"]["uid"] == action.uid:
                return True
        self._store.drop_pod(f"{entry.key[0]}/{action.name}", action.uid)
        return False

    async def _keep(self, entry: Entry, action: plan.KeepBudget) -> None:
        kept = await budgets.keep(self._client, entry, action)
        if kept is not None:
            self._store.put_budget(kept)
        else:
            self._store.drop_budget(f"{entry.key[0]}/{action.name}", action.uid)


def _question(action: plan.ActionOnObject) -> Question | None:
    return action.question if isinstance(action, plan.DeletePod | plan.ChangePod) else None
