"""Evictions: deletes that the API server refuses while a PodDisruptionBudget forbids them.

First a dry run asks: a real eviction of a pod that is gone meanwhile, so that the uid is another
one, would cost a unit of the budget all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from controller.core.model import plan
from controller.core.refusals import judgement
from controller.core.refusals.judgement import ErrorAnswer
from controller.kube.client import Client
from controller.kube.errors import ApiError, Conflict, NotFound
from controller.kube.media_types import ACCEPT
from controller.kube.request import Request, dumped
from controller.kube.resources import BUDGETS, PODS, query_string
from controller.reconcile.budgets import read_budget
from controller.reconcile.entry import Entry
from controller.reconcile.references import about_line
from controller.reconcile.store import Store

log = logging.getLogger(__name__)


class Evictions:
    """``clock``: epoch seconds."""

    def __init__(self, client: Client, store: Store, clock: Callable[[], float]) -> None:
        self._client = client
        self._store = store
        self._clock = clock

    async def would_go(self, entry: Entry, name: str, uid: str) -> bool:
        """Ask whether the pod could be evicted now. Returns False if it is gone. Raises
        ``ApiError`` if budgets forbid it."""
        return await self._granted(entry, name, uid, dry_run=True)

    async def evict(
        self, entry: Entry, action: plan.DeletePod, check: Callable[[], None] = lambda: None
    ) -> None:
        """Evict the pod. Raises ``ApiError`` if it is not granted. ``check`` is called right before
        that; it raises ``ApiError`` if the pod must not go."""
        if not await self.would_go(entry, action.name, action.uid):
            return
        check()
        entry.endings.intend(action.uid, action.intent)
        if not await self._granted(entry, action.name, action.uid, dry_run=False):
            return
        # Its name stays in the status of a budget until the disruption controller has taken note.
        # The watch may be late, and until then the pod's successor must not be made.
        for budget in entry.budgets(entry):
            if budget.selects:
                await self._read(entry, budget.name)

    def is_held(self, entry: Entry, action: plan.ActionOnObject, answer: ErrorAnswer) -> bool:
        """Take note of an action that failed. Returns whether a disruption budget is why."""
        asks = isinstance(action, plan.DeletePod) and action.evict
        asks |= isinstance(action, plan.ChangePod) and action.budgeted
        return asks and self.take_note(entry, action.name, action.key[1], answer)

    def take_note(self, entry: Entry, name: str, uid: str, answer: ErrorAnswer) -> bool:
        """Take note of an eviction that was refused. Returns whether a disruption budget is why."""
        found = judgement.not_evicted(answer, entry.not_evicted, self._clock())
        if found is None:
            return False
        entry.not_evicted = found
        entry.endings.withdraw(uid)
        log.debug("%s is not evicted: %s", name, answer.words, extra=about_line(entry))
        return True

    async def _read(self, entry: Entry, name: str) -> None:
        try:
            raw = await self._client.get(BUDGETS, entry.key[0], name)
        except ApiError as error:
            # The watch tells it, too, a little later.
            log.debug("cannot read %s: %s", name, error, extra=about_line(entry))
            return
        self._store.put_budget(read_budget(raw))

    async def _granted(self, entry: Entry, name: str, uid: str, *, dry_run: bool) -> bool:
        try:
            await self._request(entry, name, uid, dry_run=dry_run)
        except (NotFound, Conflict):
            # The pod is gone, or another pod has its name: in both cases this uid is gone.
            self._store.drop_pod(f"{entry.key[0]}/{name}", uid)
            return False
        entry.not_evicted = None
        return True

    async def _request(self, entry: Entry, name: str, uid: str, *, dry_run: bool) -> None:
        namespace = entry.key[0]
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        }
        path = PODS.path(namespace, name, "eviction")
        path += query_string(dryRun="All" if dry_run else None)
        data = dumped(body)
        await self._client.raw(Request("create", "pods/eviction", "POST", path, ACCEPT[0], data))
