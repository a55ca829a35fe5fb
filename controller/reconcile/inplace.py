"""Changes a running pod in place (contract rule 16).

Images, labels and annotations take one patch of the pod as the store shows it. The pod is read
first only if it has changed since, or if an earlier change is not in effect yet.

Resources take two writes: first labels and annotations, which announce the resize and hold its
restart base, so that a restart by the resize does not count as a failure; then the subresource
``resize``, which can change nothing else. If the operator is killed between the two, the pod shows
that its resize is due (`Resizing`). Both writes are repeated if the Update still changes the pod to
that revision; else one write takes the marks back. A third write changes labels and annotations of
the template, if they differ, and corrects the marks if admission altered the resize. Until a first
pod of the Job has been resized from the one template to the other, a dry run comes before, so that
pods that cannot be resized get no marks. Labels and annotations of the template are
tried by a dry run on each pod: after the resize it would be too late to replace the pod instead.

A pod that has changed in between is read, and the next decision is made from that. A pod that
cannot be changed (the API server finds the change invalid) is recorded in ``in_place_refused``, so
that it is replaced. If a quota, a policy or a webhook refuses the change, the pod goes on serving
as it is, and the change is tried again later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from controller.api import labels
from controller.api.job import Job
from controller.api.pods.pod import Pod
from controller.api.pods.resizing import Resizing
from controller.api.pods.restart_base import RestartBase
from controller.api.pods.wire import PodWire
from controller.core.model import plan
from controller.core.replacement import in_place_patch as patch
from controller.core.replacement.in_place_wish import Object, Wish
from controller.core.revisions.changeable_in_place import Change
from controller.kube.client import Client
from controller.kube.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from controller.kube.resources import PODS
from controller.lazy import cached_property
from controller.reconcile import refusal
from controller.reconcile.decode import pod_of
from controller.reconcile.entry import Entry
from controller.reconcile.store import Store
from controller.reconcile.wishes import Wishes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Changing:
    """The changes in place of one decision about ``job``."""

    client: Client
    store: Store
    entry: Entry
    job: Job
    clock: Callable[[], float]

    @cached_property
    def _wishes(self) -> Wishes:
        drop = self.store.drop_revision
        return Wishes(self.client, self.entry, self.job, lambda gone: drop(gone.key, gone.uid))

    async def run(self, action: plan.ChangePod) -> bool:
        """Change the pod to its revision. Returns False if the change must be tried again later.
        Raises ``ApiError`` if it is refused."""
        if await self._changed_unread(action):
            return True
        if (found := await self._read(action)) is None:
            return True
        live, pod = found
        if patch.is_restarting(live, self.clock()):
            return False
        wish = await self._wishes.of(pod, action)
        if wish is None:
            return False
        if words := patch.not_running(live, wish.containers):
            self._refuse(action, words)
            return True
        try:
            await self._write(live, wish, action, pod)
        except (NotFound, Conflict):
            await self._read(action)
        except (BadRequest, Forbidden, Invalid) as error:
            self.entry.resized = None
            # Invalid may also mean that another pod of this name is there now.
            if (found := await self._read(action)) is None:
                return True
            there, _ = found
            if (half := patch.due_resize(there)) is not None:
                self._take(await self._patch(action, patch.undo(there, half, self.entry.key[1])))
            if isinstance(error, Forbidden) or refusal.answer(error).is_denial:
                raise
            self._refuse(action, refusal.answer(error).words)
        return True

    async def take_back(self, action: plan.RepairPod) -> None:
        """Take back the resize that is announced on the pod, if it is still to be made. Raises
        ``ApiError`` if that is refused."""
        live, _ = await self._live(action)
        if live is None or (half := patch.due_resize(live)) is None:
            return
        body = patch.undo(live, half, self.entry.key[1])
        body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        try:
            self._take(await self._patch(action, body))
        except (NotFound, Conflict):
            await self._live(action)

    async def finish(self, action: plan.RepairPod) -> None:
        """Change the labels and annotations of the template on a pod that was resized, if they are
        still to be changed. Raises ``ApiError`` if that is refused."""
        live, pod = await self._live(action)
        if live is None or pod is None or not pod.unfinished:
            return
        announced = Resizing.announced(live["metadata"]["annotations"])
        known = announced.before.get(labels.REVISION) if announced else None
        if (given := await self._wishes.metadata(known, pod.revision, action)) is None:
            return
        try:
            self._take(await self._patch(action, patch.finished(live, given)))
        except (NotFound, Conflict):
            await self._live(action)

    async def _changed_unread(self, action: plan.ChangePod) -> bool:
        """Change images or metadata of the pod that the store shows. Returns False if it must be
        read for that. Raises ``ApiError`` if the change is refused whatever the pod is like."""
        pod = self.entry.instances.pods.get((action.instance, action.surge))
        if (
            pod is None
            or not self._wishes.are_for(pod, action)
            or action.change is Change.RESOURCES
        ):
            return False
        # An earlier change that is not in effect decides how many restarts are expected.
        if not pod.in_effect or not pod.containers.declared:
            return False
        live = pod.containers.as_raw(pod.uid, pod.resource_version)
        wish = await self._wishes.of(pod, action)
        if wish is None or patch.not_running(live, wish.containers):
            return False
        try:
            await self._write_at_once(live, wish, action)
        except (NotFound, Conflict):
            return False
        except (BadRequest, Invalid) as error:
            if refusal.answer(error).is_denial:
                raise
            return False
        return True

    async def _read(self, action: plan.ChangePod) -> tuple[Object, Pod] | None:
        """The present pod, whole and slim. Returns None if this change is not, or no longer, meant
        for it."""
        live, pod = await self._live(action)
        if live is None or pod is None or not self._wishes.are_for(pod, action):
            return None
        return live, pod

    async def _live(
        self, action: plan.ChangePod | plan.RepairPod
    ) -> tuple[Object | None, Pod | None]:
        """The present pod, whole and slim; the store gets it, too. None if the pod is gone."""
        name = f"{self.entry.key[0]}/{action.name}"
        try:
            live = await self.client.get(PODS, self.entry.key[0], action.name)
        except NotFound:
            self.store.drop_pod(name, action.uid)
            return None, None
        same = live["metadata"]["uid"] == action.uid
        if not same:
            self.store.drop_pod(name, action.uid)
        pod = self._take(live)
        return (live, pod) if same else (None, None)

    async def _write(self, live: Object, wish: Wish, action: plan.ChangePod, pod: Pod) -> None:
        """Send the writes. The store gets the answer to the last one. Raises ``ApiError``."""
        if action.change is not Change.RESOURCES:
            await self._write_at_once(live, wish, action)
            return
        want, templates = wish.containers, self._wishes.templates(pod, action)
        base = patch.restart_base(live, want, action.change, self.clock())
        tried = patch.resize(live, want)
        if tried is None:
            await self._mark(live, wish, action, base)
            return
        if self.entry.resized != templates:
            await self._resize(action, tried, dry_run=True)
        follows = wish.has_metadata
        notes = patch.resizing_annotations(live, want, base, pod.revision, metadata_follows=follows)
        if follows:
            every = patch.marks_of(self.entry.key[1], action, base, notes, wish.metadata)
            await self._patch(action, patch.with_metadata(live, every), dry_run=True)
        marks = patch.marks_of(self.entry.key[1], action, base, notes)
        live = await self._patch(action, patch.with_metadata(live, marks))
        resized = await self._resize(action, patch.on_version(live, tried))
        self.entry.resized = templates
        if patch.is_as_announced(resized) and not follows:
            self._take(resized)
            return
        there = patch.resources_after(resized, want)
        base = patch.restart_base(live, there, action.change, self.clock())
        await self._mark(resized, wish, action, base)

    async def _mark(
        self, live: Object, wish: Wish, action: plan.ChangePod, base: RestartBase
    ) -> None:
        """Mark a pod that has its resources already."""
        notes = patch.resize_annotations(live, base)
        marks = patch.marks_of(self.entry.key[1], action, base, notes, wish.metadata)
        self._take(await self._patch(action, patch.marked(live, marks)))

    async def _write_at_once(self, live: Object, wish: Wish, action: plan.ChangePod) -> None:
        base = patch.restart_base(live, wish.containers, action.change, self.clock())
        if action.change is Change.IMAGES:
            notes = patch.image_annotations(live, wish.containers, base)
        else:
            notes = patch.metadata_annotations(live, base)
        marks = patch.marks_of(self.entry.key[1], action, base, notes, wish.metadata)
        body = patch.with_images(live, wish.containers, marks)
        self._take(await self._patch(action, body, kind="strategic"))

    async def _resize(
        self, action: plan.ChangePod, body: Object, *, dry_run: bool = False
    ) -> Object:
        return await self._patch(
            action, body, kind="strategic", subresource="resize", dry_run=dry_run
        )

    async def _patch(
        self,
        action: plan.ChangePod | plan.RepairPod,
        body: Object,
        *,
        kind: Literal["merge", "strategic"] = "merge",
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        return await self.client.patch(
            PODS,
            self.entry.key[0],
            action.name,
            body,
            content_type=kind,
            subresource=subresource,
            dry_run=dry_run,
        )

    def _take(self, raw: Object) -> Pod | None:
        """Put an answer about the pod into the store. Returns the slim pod."""
        item = pod_of(PodWire.of(raw))
        self.store.read_pod(item, self.clock())
        return item.pod

    def _refuse(self, action: plan.ChangePod, words: str) -> None:
        self.entry.in_place_refused.add(action.uid)
        about = {"job": "/".join(self.entry.key), "instance": action.instance}
        log.info("%s is replaced: %s", action.name, words, extra=about)
