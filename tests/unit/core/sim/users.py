"""What people and other programs do to a Job and its Updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from controller.api.claims import RetentionPolicy
from controller.api.job import Job, JobStatus
from controller.api.job_spec import Ordering
from controller.api.labels import PULSED_AT
from controller.api.meta import format_time
from controller.api.pods.pod import Pod, slot_of
from controller.api.update import UpdateSpec, UpdateStatus
from tests.unit.core.sim.disruption import Disruption
from tests.values import replace


class Users(Disruption):
    """None of this is the operator's: it is neither counted nor does it fail."""

    def user_edit(self, change: Callable[[Job], Job]) -> None:
        """A change of the Job's spec."""
        job = change(self.job)
        meta = job.metadata
        meta = meta.model_copy(
            update={
                "generation": meta.generation + 1,
                "uid": meta.uid or self.uid("job"),
                "resource_version": self.version(),
            }
        )
        self.job = job.model_copy(update={"metadata": meta})
        self.templates[self.revision] = self.job.spec.template
        self.tell("job", meta.name, meta.uid, self.job)

    def user_freeze(self, ids: str | None) -> None:
        """The Updates are to leave these instances alone."""
        self._user_sets(frozen=ids)

    def user_order(self, ordering: str | None) -> None:
        """Whether the Job is scaled step by step."""
        self._user_sets(ordering=ordering and Ordering(ordering))

    def user_claims(self, fields: dict[str, Any]) -> None:
        """Which claims the instances are to have, as fields of the spec."""
        templates = tuple(fields.get("volumeClaimTemplates", ()))
        policy = fields.get("persistentVolumeClaimRetentionPolicy")
        kept = RetentionPolicy.model_validate(policy) if policy else None
        self._user_sets(
            volume_claim_templates=templates, persistent_volume_claim_retention_policy=kept
        )

    def _user_sets(self, **fields: Any) -> None:
        """Fields of the Job's spec, by attribute."""
        self.user_edit(
            lambda job: job.model_copy(update={"spec": job.spec.model_copy(update=fields)})
        )

    def annotate(self, **notes: str | None) -> None:
        """Annotations of the Job, by the end of their name: ``expected_parent``, ``source``. With
        None it is removed."""
        named = {f"echelon.dev/{name.replace('_', '-')}": note for name, note in notes.items()}
        meta = self.job.metadata
        kept = {**meta.annotations, **named}
        changes = {
            "annotations": {name: note for name, note in kept.items() if note is not None},
            "resource_version": self.version(),
        }
        self.job = self.job.model_copy(update={"metadata": meta.model_copy(update=changes)})
        self.tell("job", meta.name, meta.uid, self.job)

    def user_update(self, name: str, **spec: Any) -> None:
        """An Update made by hand."""
        self.new_update(name, UpdateSpec(job=self.job.metadata.name, **spec), owner=None)

    def user_edit_update(self, name: str, **spec: Any) -> None:
        """Somebody edits the spec of an Update; ``spec`` by attribute."""
        old = self.updates[name]
        changed = old.spec.model_copy(update=spec)
        if changed == old.spec:
            return  # The API server raises no generation for nothing.
        meta = old.metadata.model_copy(update={"generation": old.metadata.generation + 1})
        self.updates[name] = old.model_copy(update={"metadata": meta, "spec": changed})
        self.put_update(name)

    def pulse(self, name: str, at: float | None = None) -> None:
        """A coordinator's pulse."""
        annotations = self.updates[name].metadata.annotations
        moment = format_time(self.now if at is None else at)
        self.put_update(name, annotations={**annotations, PULSED_AT: moment})

    def user_delete_update(self, name: str) -> None:
        self.drop_update(name)

    def stranger(self, name: str, owner: str = "somebody") -> Pod:
        """A pod of somebody else under one of our names."""
        slot = slot_of(self.job.metadata.name, name)
        assert slot is not None
        return self.set_pod(
            Pod("default", name, self.uid("pod"), self.job.metadata.name, owner, *slot)
        )

    # Backups: what comes back has no status, and an Update another uid (but its annotations).

    def restore_job(self) -> None:
        fresh = JobStatus(observed_generation=-1)
        self.user_edit(lambda job: job.model_copy(update={"status": fresh}))

    def orphan_job(self, change: Callable[[Job], Job] = lambda job: job) -> None:
        """The Job is deleted without what it owns, and made again."""
        for name, revision in self.revisions.items():
            self.tell("revision", name, revision.uid, None)
        self.orphans, self.revisions = self.orphans | self.revisions, {}
        for pod in list(self.pods.values()):
            self.set_pod(replace(pod, owner=""))
        for name, update in list(self.updates.items()):
            meta = update.metadata.model_copy(update={"owner_references": ()})
            self.updates[name] = update.model_copy(update={"metadata": meta})
            self.put_update(name)
        meta = self.job.metadata.model_copy(
            update={"uid": "", "generation": 0, "creation_timestamp": self.stamp}
        )
        fresh = {"status": JobStatus(observed_generation=-1), "metadata": meta}
        self.user_edit(lambda job: change(job.model_copy(update=fresh)))

    def restore_update(self, name: str, *, status: bool = False) -> None:
        """``status``: it was in the backup too."""
        old = self.drop_update(name)
        meta = old.metadata.model_copy(update={"uid": self.uid("update"), "generation": 1})
        kept = old.status if status else UpdateStatus(observed_generation=-1)
        self.updates[name] = old.model_copy(update={"metadata": meta, "status": kept})
        self.put_update(name)
