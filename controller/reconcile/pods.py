"""Acts on pods: creates, deletes, mends. Fire and follow: each action is a task of its own.

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
from controller.api.pod import Pod, PodWire
from controller.core import plan
from controller.core.template import Prepared
from controller.kube.client import Client
from controller.kube.errors import AlreadyExists, ApiError, Conflict, NotFound
from controller.kube.resources import CONTROLLER_REVISIONS, PODS
from controller.reconcile import refusal
from controller.reconcile.decode import UPDATES, pod_of
from controller.reconcile.entry import Contest, Entry, owner_reference
from controller.reconcile.store import Store

log = logging.getLogger(__name__)

#: Manifests kept per Job: the present revision, the one before, and one to roll back to.
PREPARED_KEPT = 4
#: After a refusal, creates are tried in growing groups: a full quota must not cost a request each.
RAMP = (1, 8, 64)


async def prepared(client: Client, entry: Entry, revision: str) -> Prepared:
    """The manifest maker of a revision: from the Job's own template or the ControllerRevision."""
    if (known := entry.prepared.get(revision)) is not None:
        return known
    assert entry.job is not None
    namespace, name = entry.key
    if revision == entry.revision:
        template = entry.template_dict()
    else:
        raw = await client.get(CONTROLLER_REVISIONS, namespace, revision)
        template = raw["data"]
    made = Prepared.of(
        job_name=name,
        namespace=namespace,
        job_uid=entry.job.metadata.uid,
        revision=revision,
        template=template,
    )
    while len(entry.prepared) >= PREPARED_KEPT:
        entry.prepared.pop(next(iter(entry.prepared)))
    entry.prepared[revision] = made
    return made


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
                    entry.instances.assume_deleted(slot, action.uid)
                    self._start(self._delete(entry, action))
                case plan.MendPod():
                    self._start(self._mend(entry, action))
                case plan.Prune():
                    self._start(self._prune(entry, action))
                case plan.CreatePod():
                    entry.instances.assume_created(self._assumed(entry, action))
        if creates:
            self._start(self._create_all(entry, creates))

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

    # Create.

    async def _create_all(self, entry: Entry, creates: Sequence[plan.CreatePod]) -> None:
        """Creates in growing groups; the first refusal holds back what was not sent yet."""
        sent = 0
        held = await self._prepare(entry, {c.revision for c in creates})
        careful = bool(entry.refusals) or len(creates) > RAMP[-1]
        sizes = iter(RAMP if careful else ())
        while sent < len(creates) and held is None:
            group = creates[sent : sent + next(sizes, len(creates))]
            results = await asyncio.gather(*(self._create(entry, c) for c in group))
            sent += len(group)
            held = next((e for e in results if e is not None), None)
        for create in creates[sent:]:
            entry.instances.not_created((create.instance, create.surge))
            if held is not None:
                before = entry.refusals.get(create.instance)
                kept = refusal.of(held, None, self._clock())
                entry.refusals[create.instance] = before or kept
        self._settled(entry.key, held is None)

    async def _prepare(self, entry: Entry, revisions: set[str]) -> ApiError | None:
        """Have the templates at hand before many ask for them."""
        for revision in revisions:
            try:
                await prepared(self._client, entry, revision)
            except NotFound as error:
                if (known := entry.revisions.get(revision)) is not None:
                    self._store.drop_revision(known.key, known.uid)
                return error
            except ApiError as error:
                return error
        return None

    async def _create(self, entry: Entry, action: plan.CreatePod) -> ApiError | None:
        """Create one pod; what was refused is remembered and given back."""
        slot, namespace = (action.instance, action.surge), entry.key[0]
        try:
            assert entry.job is not None
            maker = await prepared(self._client, entry, action.revision)
            body = maker.pod(
                instance=action.instance,
                instances=entry.job.status.instances_in_force or 0,
                slot_s=action.surge,
                update_uid=action.update or None,
                failures=action.failures,
                remade=action.remade,
            )
            raw = await self._client.create(PODS, namespace, body, metadata_only=True)
        except AlreadyExists:
            entry.instances.not_created(slot)
            await self._look(entry, action)
            return None
        except ApiError as error:
            entry.instances.not_created(slot)
            before = entry.refusals.get(action.instance)
            entry.refusals[action.instance] = refusal.of(error, before, self._clock())
            log.debug("create refused: %s", error, extra=_about(entry, action.instance))
            return error
        entry.refusals.pop(action.instance, None)
        self._put(raw)
        return None

    async def _look(self, entry: Entry, action: plan.CreatePod) -> None:
        """The name is taken: by our own pod, by one of a former Job, or by a stranger."""
        name = self._assumed(entry, action).name
        try:
            raw = await self._client.get(PODS, entry.key[0], name)
        except NotFound:
            return
        except ApiError as error:
            log.debug("cannot read %s: %s", name, error)
            return
        meta = raw["metadata"]
        owner = next((o for o in meta.get("ownerReferences", ()) if o.get("controller")), None)
        ours = owner is not None and entry.job and owner["uid"] == entry.job.metadata.uid
        watched = meta.get("labels", {}).get(labels.JOB) == entry.key[1]
        former = owner is not None and owner["kind"] == "Job" and owner["name"] == entry.key[1]
        if ours or (watched and (owner is None or former)):
            self._put(raw)
            return
        who = f"{owner['kind']} {owner['name']}" if owner else "nobody"
        known = entry.contests.get(action.instance)
        tries = known.tries + 1 if known else 1
        until = self._clock() + refusal.delay(tries, 5.0, 60.0)
        who = f"the name {name} is held by a pod that belongs to {who}"
        entry.contests[action.instance] = Contest(who, until, tries)

    async def look_again(self, entry: Entry, instance: int) -> None:
        """Whether a stranger still holds the name of an instance's pod."""
        contest = entry.contests[instance]
        surge = entry.job is not None and instance in entry.job.status.slots
        name = f"{entry.key[1]}-{instance}" + ("-s" if surge else "")
        try:
            await self._client.get(PODS, entry.key[0], name, metadata_only=True)
        except NotFound:
            del entry.contests[instance]
            return
        contest.tries += 1
        contest.until = self._clock() + refusal.delay(contest.tries, 5.0, 60.0)

    # Delete, mend, prune.

    async def _delete(self, entry: Entry, action: plan.DeletePod) -> None:
        slot, ok = (action.instance, action.surge), True
        try:
            await self._client.delete(
                PODS, entry.key[0], action.name, uid=action.uid, metadata_only=True
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
            self._put(raw)
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

    def _put(self, raw: dict[str, Any]) -> None:
        self._store.put_pod(pod_of(PodWire.model_validate(raw)))

    def _assumed(self, entry: Entry, action: plan.CreatePod) -> Pod:
        """The pod as it will be, without uid and resourceVersion."""
        assert entry.job is not None
        namespace, job = entry.key
        return Pod(
            namespace=namespace,
            name=f"{job}-{action.instance}" + ("-s" if action.surge else ""),
            uid="",
            job=job,
            owner=entry.job.metadata.uid,
            instance=action.instance,
            surge=action.surge,
            revision=action.revision,
            update=action.update,
            failures=action.failures,
            remade=action.remade,
            created=self._clock(),
        )


def _about(entry: Entry, instance: int | None = None) -> dict[str, Any]:
    """Whom a log line speaks of."""
    about: dict[str, Any] = {"job": "/".join(entry.key)}
    return about if instance is None else {**about, "instance": instance}
