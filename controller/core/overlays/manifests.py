"""What makes the pods of one revision of a Job: one prepared manifest for each of its variants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from controller.core.overlays.variants import Variants, variants
from controller.core.revisions.template import Prepared


@dataclass(frozen=True, slots=True)
class Manifests:
    """``variants`` of the revision; the manifests by template."""

    variants: Variants
    _prepared: Mapping[bytes, Prepared]

    @classmethod
    def of(cls, *, job: str, namespace: str, job_uid: str, revision: str, data: bytes) -> Self:
        """``data``: of the revision, canonical. Raises ``RefusedError`` for overlays that must not
        be used, ``ValueError`` if ``revision`` is not one of this Job's."""
        found = variants(data, job, namespace)
        return cls(
            found,
            {
                each.template: Prepared.of(
                    job_name=job,
                    namespace=namespace,
                    job_uid=job_uid,
                    revision=revision,
                    template=json.loads(each.template),
                )
                for each in found.distinct()
            },
        )

    def of_instance(self, instance: int) -> Prepared:
        """What makes the pod of this instance."""
        return self._prepared[self.variants.of_instance(instance).template]

    def dry_runs(self, instances: int) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        """A pod of each distinct variant for a server-side dry run, with the names of the overlays
        that it has. ``instances``: how many there are."""
        for each in self.variants.distinct():
            prepared = self._prepared[each.template]
            yield each.overlays, prepared.dry_run(instances=instances, instance=each.lowest)
