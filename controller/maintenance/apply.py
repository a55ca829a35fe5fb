"""Carries out one plan: first nodes, then marks, evictions one by one, and last the statuses.

Each request has a precondition, and what it changes shows in the store at once. A request about a
node or a pod that is refused is made again after a back-off, and holds up no other one; the status
has the API server's words.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from controller.api.kinds import MAINTENANCES
from controller.api.labels import MOVE, MOVE_DEADLINE, MOVE_SLA
from controller.api.maintenance import Maintenance
from controller.api.meta import wire
from controller.core.maintenance.observed import Refused
from controller.core.maintenance.plan import Event, EvictPod, MarkPod, PatchNode, Plan, WriteStatus
from controller.core.maintenance.status import FORBIDDEN, REFUSED
from controller.kube.client import Client
from controller.kube.errors import (
    FOR_NOW,
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    NotHolderError,
    TooManyRequests,
)
from controller.kube.request import Request, dumped
from controller.kube.resources import NODES, PODS, query_string
from controller.maintenance.decode import node_from, pod_from
from controller.maintenance.store import Store
from controller.reconcile.merge import merge_patch

log = logging.getLogger(__name__)

#: Requests of one kind in flight.
AT_ONCE: Final = 8
#: Seconds from a refused request to the next try: the first, and at most.
FIRST: Final = 1.0
MOST: Final = 30.0
#: Seconds to the next try for a node or a pod that had changed meanwhile.
CONFLICT_PAUSE: Final = 0.3
#: Seconds to the next try of a request that RBAC or an admission webhook forbids.
FORBIDDEN_PAUSE: Final = 60.0
#: A fault of the API server ends by itself; after so many in a row a person is needed.
PATIENCE: Final = 3


class Applier:
    """``now()``: epoch seconds. ``every``: seconds between two reports about one Maintenance.
    ``record``: called with the Events of each report that was written."""

    def __init__(
        self,
        client: Client,
        store: Store,
        now: Callable[[], float],
        every: float,
        record: Callable[[Maintenance, Event], None] = lambda *_: None,
    ) -> None:
        self._client = client
        self._store = store
        self._now = now
        self._every = every
        self._record = record
        self._slots = asyncio.Semaphore(AT_ONCE)
        #: When what the present plan could not do is to be tried again.
        self._again: list[float] = []
        #: name -> when the next report may be written.
        self._quiet_until: dict[str, float] = {}

    async def apply(self, plan: Plan) -> float | None:
        """Carry out a plan. Returns epoch seconds at which something is to be tried again. Raises
        ``NotHolderError``."""
        self._again = []
        await self._all([self._node(each) for each in plan.nodes])
        await self._all([self._mark(each) for each in plan.marks])
        for each in plan.evictions:
            # One after the other: each sees what the one before left of a budget.
            await self._evict(each)
        await self._reports(plan.statuses)
        return min(self._again, default=None)

    async def _all(self, requests: Sequence[Awaitable[None]]) -> None:
        async def one(request: Awaitable[None]) -> None:
            async with self._slots:
                await request

        answers = await asyncio.gather(*map(one, requests), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    # Nodes.

    async def _node(self, change: PatchNode) -> None:
        metadata: dict[str, Any] = {"uid": change.uid, "resourceVersion": change.resource_version}
        if change.annotations:
            metadata["annotations"] = dict(change.annotations)
        spec: dict[str, Any] = {}
        if change.unschedulable is not None:
            spec["unschedulable"] = change.unschedulable or None
        if change.taints is not None:
            spec["taints"] = list(change.taints) or None
        body = {"metadata": metadata, "spec": spec}
        try:
            raw = await self._client.patch(NODES, None, change.name, body)
        except Conflict:
            # A report of the kubelet makes a newer version, too, and that calls for no decision.
            self._again.append(self._now() + CONFLICT_PAUSE)
            return
        except NotFound:
            # The watch says that the node is gone.
            return
        except NotHolderError:
            raise
        except ApiError as error:
            self._refuse_change(change.uid, f"node {change.name}", error)
            return
        self._store.refuse(change.uid, None)
        self._store.renew_node(node_from(raw))

    # Pods.

    async def _mark(self, mark: MarkPod) -> None:
        said = {
            MOVE: mark.move or None,
            MOVE_DEADLINE: mark.deadline or None,
            MOVE_SLA: mark.sla or None,
        }
        body = {"metadata": {"uid": mark.uid, "annotations": said}}
        try:
            raw = await self._client.patch(PODS, mark.namespace, mark.name, body)
        except Conflict:
            self._again.append(self._now() + CONFLICT_PAUSE)
            return
        except NotFound:
            return
        except NotHolderError:
            raise
        except ApiError as error:
            # Another uid is Invalid, too: then the watch says that this pod is gone.
            place = f"pod {mark.namespace}/{mark.name} on node {mark.node}"
            self._refuse_change(mark.uid, place, error)
            return
        self._store.refuse(mark.uid, None)
        self._store.renew_pod(pod_from(raw))

    async def _evict(self, pod: EvictPod) -> None:
        try:
            # A real eviction that fails may still use up a unit of the budget.
            await self._post_eviction(pod, dry_run=True)
            await self._post_eviction(pod, dry_run=False)
        except NotHolderError:
            raise
        except (Conflict, NotFound):
            return
        except Forbidden as error:
            self._refuse(pod.uid, FORBIDDEN, error.message, FORBIDDEN_PAUSE)
        except ApiError as error:
            self._refuse(pod.uid, *_told(error), error.retry_after)
        else:
            self._store.refuse(pod.uid, None)

    async def _post_eviction(self, pod: EvictPod, *, dry_run: bool) -> None:
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"namespace": pod.namespace, "name": pod.name},
            "deleteOptions": {"preconditions": {"uid": pod.uid}},
        }
        path = PODS.path(pod.namespace, pod.name, "eviction")
        path += query_string(dryRun="All" if dry_run else None)
        await self._client.raw(
            Request("create", "pods/eviction", "POST", path, "application/json", dumped(body))
        )

    def _refuse_change(self, uid: str, what: str, error: ApiError) -> None:
        """A patch of a node, a pod or a status was refused. One that takes a mark back may belong
        to a Maintenance that is gone, and has no status to tell it: so it is logged."""
        tries = self._store.tries.get(uid, 0)
        if not tries:
            log.warning("%s cannot be changed: %s; trying again", what, error)
        for_now = isinstance(error, FOR_NOW)
        reason = error.reason if for_now and tries < PATIENCE else REFUSED
        pause = error.retry_after if for_now else FORBIDDEN_PAUSE
        self._refuse(uid, reason, error.message or str(error), pause)

    def _refuse(self, uid: str, reason: str, message: str, pause: float | None) -> None:
        tries = self._store.tries.get(uid, 0)
        seconds = max(pause or 0.0, min(MOST, FIRST * 2.0 ** min(tries, 10)))
        until = self._now() + seconds
        self._again.append(until)
        self._store.refuse(uid, Refused(reason, message, until))

    # Statuses.

    async def _reports(self, reports: Sequence[WriteStatus]) -> None:
        for report in reports:
            name, now = report.maintenance.metadata.name, self._now()
            if (until := self._quiet_until.get(name, 0.0)) > now:
                self._again.append(until)
                continue
            self._quiet_until[name] = now + self._every
            await self._report(report)

    async def _report(self, report: WriteStatus) -> None:
        meta = report.maintenance.metadata
        known = self._store.maintenances.get(meta.name)
        if known is None or known.uid != meta.uid:
            return
        stored = known.raw.get("status")
        patch = merge_patch(stored if isinstance(stored, dict) else {}, wire(report.status))
        if not patch:
            return
        body = {
            "metadata": {"uid": meta.uid, "resourceVersion": meta.resource_version},
            "status": patch,
        }
        try:
            raw = await self._client.patch(
                MAINTENANCES, None, meta.name, body, subresource="status"
            )
        except (Conflict, NotFound):
            self._quiet_until.pop(meta.name, None)
            return
        except NotHolderError:
            raise
        except ApiError as error:
            self._refuse_change(meta.uid, f"the status of Maintenance {meta.name}", error)
            self._quiet_until[meta.name] = self._store.refused[meta.uid].until
            return
        self._store.refuse(meta.uid, None)
        self._store.renew(raw)
        for event in report.events:
            log.info("%s: %s: %s", meta.name, event.reason, event.note)
            self._record(report.maintenance, event)


def _told(error: ApiError) -> tuple[str, str]:
    """Reason and message of a refused eviction. Of a budget the API server names it in a cause."""
    for cause in error.details.get("causes") or ():
        if isinstance(error, TooManyRequests) and cause.get("reason") == "DisruptionBudget":
            return "DisruptionBudget", str(cause.get("message") or error.message)
    return error.reason or type(error).__name__, error.message
