"""Claims: the PersistentVolumeClaims that each instance of a Job has (contract part 2 §10)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from controller.api.meta import SpecModel
from controller.api.rule import Rule
from controller.api.schema import Schema, object_with

#: At most so many claim templates of one Job.
MAX_CLAIMS: Final = 16

_TEMPLATES: Final = "self.volumeClaimTemplates"

#: For the spec of a Job.
RULES: Final = (
    Rule(
        f"!has({_TEMPLATES}) || {_TEMPLATES}.all(one,"
        f" {_TEMPLATES}.exists_one(other, other.metadata.name == one.metadata.name))",
        "spec.volumeClaimTemplates has two templates of one metadata.name; give each its own name",
        ".volumeClaimTemplates",
    ),
    Rule(
        f"!has({_TEMPLATES}) || self.update.replacement != 'Surge' || {_TEMPLATES}.all(one,"
        " has(one.spec.accessModes) && one.spec.accessModes.exists(mode, mode == 'ReadWriteMany'))",
        "update.replacement Surge runs two pods of an instance at a time, so each of"
        " spec.volumeClaimTemplates must have accessModes: [ReadWriteMany]; else use replacement"
        " Recreate or InPlace",
        ".update.replacement",
    ),
)


class Retention(StrEnum):
    """What becomes of the claims of an instance that is gone."""

    RETAIN = "Retain"
    DELETE = "Delete"


class RetentionPolicy(SpecModel):
    """Whether claims are kept or deleted."""

    when_scaled: Annotated[
        Retention | None,
        Field(
            description="What becomes of the claims of an instance that scaling removes. `Delete`: "
            "they are deleted when its pod is gone. An Update that lowers the number of instances "
            "keeps them, because its rollback brings the instances back. Absent: Retain."
        ),
    ] = None
    when_deleted: Annotated[
        Retention | None,
        Field(
            description="What becomes of the claims of all instances when the Job is deleted. "
            "`Delete`: they are deleted when the pods are gone. Absent: Retain."
        ),
    ] = None


def with_name(template: dict[str, Any]) -> dict[str, Any]:
    """A claim template that has a name. Raises ``ValueError`` for any other."""
    metadata = template.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        raise ValueError("a claim template needs metadata.name")
    return template


def name_of(template: dict[str, Any]) -> str:
    """The name of a claim template, which is that of its volume, too."""
    name: str = template["metadata"]["name"]
    return name


def is_shared(template: dict[str, Any]) -> bool:
    """Whether two pods on two nodes may use a claim of this template at the same time."""
    modes = (template.get("spec") or {}).get("accessModes")
    return isinstance(modes, list) and "ReadWriteMany" in modes


def template_schema() -> Schema:
    """The schema of a claim template. It lists only what rules need and keeps all other fields: a
    template copied from a StatefulSet may have `apiVersion`, `kind` and `status`."""
    name = {
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        "description": "Name of the claim template and of the volume of the pod, unique in the "
        "list; a DNS label. The claim of instance 3 of Job web is called `NAME-web-3`.",
    }
    modes = {
        "type": "array",
        "maxItems": 16,
        "items": {"type": "string", "maxLength": 64},
        "description": "Access modes of the volume.",
    }
    return object_with(
        "metadata",
        "spec",
        metadata={
            **object_with("name", name=name),
            "description": "Name of the template; labels and annotations of the claims.",
        },
        spec={
            **object_with(accessModes=modes),
            "description": "Specification of the claims; see `kubectl explain pvc.spec`.",
        },
    )
