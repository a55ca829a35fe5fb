"""What a change in place makes of a pod: the manifests of its old and of its new revision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from controller.api.job import Job
from controller.api.pods.pod import Pod
from controller.core.model import plan
from controller.core.overlays.variants import usable
from controller.core.replacement import in_place_wish
from controller.core.replacement.in_place_wish import Metadata, Object, Wish
from controller.core.revisions.changeable_in_place import Change, classify
from controller.core.revisions.template import Prepared
from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.reconcile.creation import prepared
from controller.reconcile.entry import Entry
from controller.reconcile.revision_objects import RevisionObject

Action = plan.ChangePod | plan.RepairPod
#: Canonical templates of the old and of the new revision.
Templates = tuple[bytes, bytes]


@dataclass(frozen=True)
class Wishes:
    """Of one decision about ``job``. ``gone``: told of a revision that does not exist any more."""

    client: Client
    entry: Entry
    job: Job
    gone: Callable[[RevisionObject], object]

    def are_for(self, pod: Pod, action: plan.ChangePod) -> bool:
        """Whether the action is meant for this version of the pod."""
        if pod.uid != action.uid or pod.ended or pod.deleted is not None:
            return False
        both = self.templates(pod, action)
        meant = both is not None and classify(*both) is action.change
        return meant and self.entry.is_of(self.job)

    def templates(self, pod: Pod, action: plan.ChangePod) -> Templates | None:
        """The templates of the instance; None if one was not read."""
        old, new = (self._template(n, pod.instance) for n in (pod.revision, action.revision))
        return None if old is None or new is None else (old, new)

    async def of(self, pod: Pod, action: plan.ChangePod) -> Wish | None:
        """The difference of the two revisions for this instance. Returns None if one of the
        revisions is gone. Raises ``ApiError``."""
        before = await self._maker(pod.revision, action)
        after = await self._maker(action.revision, action)
        if before is None or after is None:
            return None
        if not (before.has_placeholders or after.has_placeholders):
            return _for_all(before, after, action.change)
        return Wish.of(self._manifest(before, action), self._manifest(after, action), action.change)

    async def metadata(self, old: str | None, new: str, action: Action) -> Metadata | None:
        """The difference of labels and annotations alone. ``old``: None if it is not known.
        Returns None if the new revision is gone. Raises ``ApiError``."""
        before = await self._maker(old, action) if old else None
        if (after := await self._maker(new, action)) is None:
            return None
        was = self._manifest(before, action) if before else None
        return in_place_wish.metadata(was, self._manifest(after, action))

    def _template(self, revision: str, instance: int) -> bytes | None:
        entry = self.entry
        data = entry.template if revision == entry.revision else entry.templates.get(revision)
        if data is None:
            return None
        namespace, job = entry.key
        found = usable(data, job, namespace)
        return found.of_instance(instance).template if found else None

    def _manifest(self, maker: Prepared, action: Action) -> Object:
        count = self.job.status.instances_in_force or 0
        return maker.pod(instance=action.instance, instances=count, slot_s=action.surge)

    async def _maker(self, revision: str, action: Action) -> Prepared | None:
        """What makes the instance's pod of ``revision``. Returns None if the revision is gone."""
        try:
            made = await prepared(self.client, self.entry, self.job, revision)
            return made.of_instance(action.instance)
        except NotFound:
            if (known := self.entry.revisions.get(revision)) is not None:
                self.gone(known)
            return None


@lru_cache(maxsize=64)
def _for_all(before: Prepared, after: Prepared, change: Change) -> Wish:
    """The difference of two revisions that is the same for all instances."""
    was, should = (maker.pod(instance=0, instances=0) for maker in (before, after))
    return Wish.of(was, should, change)
