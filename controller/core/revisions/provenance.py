"""Where a revision comes from: its parent, its source, and who made it (contract part 2 §1).

They are annotations of the ControllerRevision. They do not shape pods, so they are no part of the
digest, and no step of an Update follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.api import labels
from controller.api.lenient import part

#: Characters of a source that are kept.
MAX_SOURCE: Final = 256


@dataclass(frozen=True, slots=True)
class Provenance:
    """``parent``: name of the revision that was the Job's ``currentRevision``; ``source``: what the
    template was built from, such as a commit; ``made_by``: the field manager that wrote the
    template. "" says nothing: the annotation is not written, and one that is there stays."""

    parent: str = ""
    source: str = ""
    made_by: str = ""

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations of the ControllerRevision that say so."""
        said = {
            labels.PARENT: self.parent,
            labels.SOURCE: self.source,
            labels.MADE_BY: self.made_by,
        }
        return {name: value for name, value in said.items() if value}


#: Nothing is known of where a revision comes from.
UNKNOWN: Final = Provenance()


def read(annotations: Mapping[str, str]) -> Provenance:
    """What the annotations of a ControllerRevision say."""
    return Provenance(
        annotations.get(labels.PARENT, ""),
        source_of(annotations),
        annotations.get(labels.MADE_BY, ""),
    )


def source_of(annotations: Mapping[str, str]) -> str:
    """The source that the annotations of a Job or a ControllerRevision name, cut to `MAX_SOURCE`
    characters; "" if they name none."""
    return annotations.get(labels.SOURCE, "")[:MAX_SOURCE]


def writer_of_template(metadata: Mapping[str, Any], before: str = "") -> str:
    """The field manager that last wrote ``spec.template`` of a Job with this metadata (as JSON
    data); "" if the managed fields do not say.

    The time of a field manager is that of its last write of any field, in whole seconds. So the
    answer is certain only right after the template has changed, and of two that wrote in one second
    it is the one that is not ``before``: who wrote the template that has just been replaced.
    """
    fields = metadata.get("managedFields")
    writers = [
        (str(entry.get("time") or ""), str(entry.get("manager") or ""))
        for entry in (fields if isinstance(fields, list) else ())
        if not entry.get("subresource") and "f:template" in part(part(entry, "fieldsV1"), "f:spec")
    ]
    # The API server writes all times in one form, in UTC: their order is that of their texts.
    last = max(writers, key=lambda writer: (writer[0], writer[1] != before), default=("", ""))
    return last[1]
