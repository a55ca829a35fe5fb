"""What the revisions of a Job make of its instances, as far as a decision has read them.

A pod is *mislabelled* if it is at another revision than its instance is assigned, and its manifest
is the same at both: it needs other labels, no replacement. Only revisions with overlays or
constraints can do that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.api.ids import NONE, Ids
from controller.api.known_bad import KnownBad
from controller.core.model import assigned as asg
from controller.core.model.limits import TEMPLATES_COMPARED
from controller.core.model.observed import Observed
from controller.core.overlays.changed import changed
from controller.core.overlays.variants import Variants, usable
from controller.core.revisions import data as revision_data
from controller.core.revisions.revision import digest, revision_name


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revisions of the Job of ``observed``."""

    observed: Observed

    def of(self, revision: str) -> Variants | None:
        """The variants of a revision; None if its data was not read, or is refused."""
        data, meta = self.observed.templates.get(revision), self.observed.job.metadata
        return None if data is None else usable(data, meta.name, meta.namespace)

    def template(self, revision: str, instance: int) -> bytes | None:
        """The template of one instance at a revision; None as above."""
        data = self.observed.templates.get(revision)
        if data is None or not revision_data.is_shaped(data):
            return data
        found = self.of(revision)
        return found.of_instance(instance).template if found else None

    def pairs(self, ids: Ids, old: str, new: str) -> Iterator[tuple[Ids, bytes, bytes]]:
        """Parts of ``ids``, each with the templates that they have at two revisions. Nothing if one
        of the revisions was not read."""
        data = self.observed.templates
        if old not in data or new not in data:
            return
        if not (self.is_shaped(old) or self.is_shaped(new)):
            yield ids, data[old], data[new]
            return
        before, after = self.of(old), self.of(new)
        for one in before.all if before and after else ():
            for other in after.all if after else ():
                if part := ids & one.ids & other.ids:
                    yield part, one.template, other.template

    def is_shaped(self, revision: str) -> bool:
        """Whether a revision has overlays or constraints."""
        data = self.observed.templates.get(revision)
        if data is not None:
            return revision_data.is_shaped(data)
        known = self.observed.revisions.get(revision)
        return known is not None and known.shaped

    def likeness(self, revision: str) -> str:
        """The name that the revision would have without constraints and with sorted overlays; its
        own name if it was not read."""
        data, job = self.observed.templates.get(revision), self.observed.job.metadata.name
        if data is None or not revision_data.is_shaped(data):
            return revision
        return revision_name(job, digest(revision_data.likeness(data)))

    def bad(self, revision: str) -> KnownBad | None:
        """What is known bad of a revision, or of one that differs from it only in constraints or in
        the order of overlays; None if nothing is."""
        mine = self.likeness(revision)
        return next((b for b in self._known_bad if _is_of(b, revision, mine)), None)

    def not_bad(self, revision: str) -> tuple[KnownBad, ...]:
        """What is known bad besides that: a revision that has proven good."""
        mine = self.likeness(revision)
        return tuple(b for b in self._known_bad if not _is_of(b, revision, mine))

    @property
    def _known_bad(self) -> tuple[KnownBad, ...]:
        return self.observed.job.status.known_bad

    def alike(self, ids: Ids, old: str, new: str) -> Ids:
        """Those of ``ids`` whose pods at two revisions differ in their labels only."""
        if not ids or old == new or not (self.is_shaped(old) or self.is_shaped(new)):
            return NONE
        before, after = self.of(old), self.of(new)
        return ids - changed(ids, before, after) if before and after else NONE

    def mislabelled(self, alive: asg.Assigned, wanted: asg.Assigned) -> asg.Assigned:
        """Revision of ``wanted`` -> ids that need its labels only. ``alive``: revision -> ids whose
        pod is alive there, or that are assigned it and have none."""
        found = dict[str, Ids]()
        for new, to_ids in wanted.items():
            for old, at_ids in alive.items():
                if part := self.alike(to_ids & at_ids, old, new):
                    found[new] = found.get(new, NONE) | part
        return found

    def unread(self, *maps: Mapping[str, Ids]) -> str | None:
        """A revision that must be read before it is known which pods of these maps differ. Returns
        None if there is none, or if there are more than the operator compares."""
        names = {name for each in maps for name, ids in each.items() if name and ids}
        if len(names) < 2 or len(names) > TEMPLATES_COMPARED or not any(map(self.is_shaped, names)):
            return None
        missing = (names - set(self.observed.templates)) & set(self.observed.revisions)
        return min(missing, default=None)


def _is_of(bad: KnownBad, revision: str, likeness: str) -> bool:
    return revision == bad.revision or likeness == (bad.likeness or bad.revision)
