"""What the API server of one Job keeps: objects with versions and uids, and what a watch says."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import Any

from controller.api.job import Job
from controller.api.meta import OwnerReference, UpdateMeta
from controller.api.pods.pod import Pod
from controller.api.update import Update, UpdateSpec, UpdateStatus
from controller.core.model.claims import BOUND, Claim
from controller.core.model.observed import Revision
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions
from tests.values import replace

START = 1_750_000_000.0
GRACE = 5


class ApiError(Exception):
    """The API server refuses or does not answer; ``reason`` as in its own Status."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class Change:
    """One watch event; ``value`` None: the object is gone."""

    kind: str
    name: str
    uid: str
    value: Any


class Store:
    """The objects. What is stored of a moment is cut to whole seconds, as the API does."""

    def __init__(self, job: Job, now: float = START) -> None:
        self.now = now
        self._version = itertools.count(100)
        self._uid = itertools.count(1)
        self.job = job
        self.updates: dict[str, Update] = {}
        self.revisions: dict[str, Revision] = {}
        #: ControllerRevisions that nobody owns.
        self.orphans: dict[str, Revision] = {}
        self.templates: dict[str, dict[str, Any]] = {}
        self._canonical: dict[str, bytes] = {}
        self._named: dict[tuple[int, ...], tuple[object, str]] = {}
        self.pods: dict[str, Pod] = {}
        #: PersistentVolumeClaims; ``claim_phase``: of those that are made.
        self.claims: dict[str, Claim] = {}
        self.claim_phase = BOUND
        self.inbox: dict[str, deque[Change]] = {
            kind: deque() for kind in ("job", "update", "revision", "pod", "claim")
        }

    @property
    def stamp(self) -> float:
        return float(int(self.now))

    @property
    def revision(self) -> str:
        """The name of the present template's revision."""
        return self.revision_of(self.job)

    def revision_of(self, job: Job) -> str:
        """The name of the revision of a Job's template, which is a value: each is read once."""
        spec = job.spec
        parts = (spec.template, spec.overlays, spec.constraints, spec.volume_claim_templates)
        key = tuple(map(id, parts))
        if (known := self._named.get(key)) is None:
            data = revision_data.of_spec(*parts)
            known = parts, revisions.revision_name(job.metadata.name, revisions.digest(data))
            self._named[key] = known  # Kept with them, it does not leave their ids to others.
            self._canonical[known[1]] = data
        return known[1]

    def canonical(self, revision: str) -> bytes:
        """What a revision keeps."""
        if revision not in self._canonical:
            self._canonical[revision] = revision_data.of_data(self.templates[revision])
        return self._canonical[revision]

    def image(self, revision: str) -> str:
        """What a revision runs."""
        return (revisions.images(self.templates.get(revision, {})) or ("",))[0]

    def uid(self, kind: str) -> str:
        return f"{kind}-{next(self._uid)}"

    def version(self) -> str:
        return str(next(self._version))

    # Pods, for the kubelet and for whoever disturbs.

    def set_pod(self, pod: Pod) -> Pod:
        """A new version of a pod."""
        stored = replace(pod, resource_version=int(self.version()))
        self.pods[pod.name] = stored
        self.tell("pod", pod.name, pod.uid, stored)
        return stored

    def let_go(self, pod: Pod) -> None:
        """A delete: ended pods go at once, others when the kubelet says so."""
        if pod.ended:
            self.remove_pod(pod)
        elif pod.deleted is None:
            self.set_pod(replace(pod, deleted=self.stamp + GRACE, grace=GRACE))

    def remove_pod(self, pod: Pod) -> None:
        """The pod is gone for good; a successor of its name stays."""
        if (there := self.pods.get(pod.name)) is not None and there.uid == pod.uid:
            del self.pods[pod.name]
            self.tell("pod", pod.name, pod.uid, None)
            for claim in [c for c in self.claims.values() if c.pod == pod.uid or c.deleted]:
                self.delete_claim(claim)

    # Claims.

    def set_claim(self, claim: Claim) -> Claim:
        """A new version of a claim."""
        self.claims[claim.name] = claim
        self.tell("claim", claim.name, claim.uid, claim)
        return claim

    def delete_claim(self, claim: Claim) -> None:
        """A delete: a claim that a pod mounts goes when that pod is gone."""
        if any(p.instance == claim.instance for p in self.pods.values()):
            self.set_claim(replace(claim, deleted=True))
        else:
            self.remove_claim(claim)

    def remove_claim(self, claim: Claim) -> None:
        """The claim is gone for good."""
        del self.claims[claim.name]
        self.tell("claim", claim.name, claim.uid, None)

    # Updates.

    def new_update(
        self,
        name: str,
        spec: UpdateSpec,
        owner: OwnerReference | None,
        annotations: dict[str, str] | None = None,
    ) -> Update:
        meta = UpdateMeta(
            name=name,
            uid=self.uid("update"),
            generation=1,
            creation_timestamp=self.stamp,
            owner_references=(owner,) if owner else (),
            annotations=annotations or {},
        )
        # As the CRD's default for status.
        status = UpdateStatus(observed_generation=-1)
        self.updates[name] = Update(metadata=meta, spec=spec, status=status)
        return self.put_update(name)

    def put_update(
        self,
        name: str,
        status: UpdateStatus | None = None,
        annotations: dict[str, str] | None = None,
    ) -> Update:
        """A new version of an Update."""
        old = self.updates[name]
        meta = old.metadata.model_copy(
            update={
                "resource_version": self.version(),
                "annotations": annotations or old.metadata.annotations,
            }
        )
        new = old.model_copy(update={"metadata": meta, "status": status or old.status})
        self.updates[name] = new
        self.tell("update", name, meta.uid, new)
        return new

    def drop_update(self, name: str) -> Update:
        gone = self.updates.pop(name)
        self.tell("update", name, gone.metadata.uid, None)
        return gone

    def tell(self, kind: str, name: str, uid: str, value: Any) -> None:
        self.inbox[kind].append(Change(kind, name, uid, value))
