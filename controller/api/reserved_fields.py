"""The reserved fields and enum words of later versions; `reserved.py` says how they are treated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.api.meta import MAX_INT32
from controller.api.rules import Rule
from controller.api.schema import Schema, object_with

#: Path of an object -> the reserved properties of that object.
Fields = Mapping[str, Mapping[str, Schema]]
#: Path of a string with an enum -> its reserved words, and the rule that refuses these words.
Words = Mapping[str, tuple[tuple[str, ...], Rule]]

_RANGE: Final = 8192


def _text(description: str, most: int = 253) -> Schema:
    return {"type": "string", "maxLength": most, "description": description}


def _kept(description: str) -> Schema:
    """A string of a status. It has no bounds, because everything in a status is kept."""
    return {"type": "string", "description": description}


def _word(description: str, *words: str) -> Schema:
    return {"type": "string", "enum": list(words), "description": description}


def _flag(description: str) -> Schema:
    return {"type": "boolean", "description": description}


def _number(description: str, most: int = MAX_INT32) -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": most, "description": description}


def _share(description: str) -> Schema:
    """A count or a percentage."""
    return {
        "x-kubernetes-int-or-string": True,
        "minimum": 0,
        "pattern": "^(0|[1-9][0-9]?|100)%$",
        "description": description,
    }


def _free(description: str) -> Schema:
    """An object whose properties are not defined yet."""
    return {**object_with(), "description": description}


def _object(description: str, *required: str, **properties: Schema) -> Schema:
    return {**object_with(*required, **properties), "description": description}


def _list(description: str, item: Schema, *, most: int | None = None, key: str = "") -> Schema:
    schema: Schema = {"type": "array", "items": item, "description": description}
    if most:
        schema["maxItems"] = most
    if key:
        schema["x-kubernetes-list-type"] = "map"
        schema["x-kubernetes-list-map-keys"] = [key]
    return schema


def _named(name: str, description: str, **properties: Schema) -> Schema:
    """An item of a list whose items are identified by their key ``name``."""
    key = _text("Key of the item, unique in the list.")
    return _object(description, name, **{name: key, **properties})


_WAIT: Final = _object(
    "Conditions that another Job must meet.",
    job=_text("Name of the other Job."),
    atLeast=_text("Revision that the other Job must have reached."),
    source=_text("Source of the revision that the other Job must have reached."),
    ready=_flag("Whether the other Job must be Ready."),
    available=_share("How many instances of the other Job must be available."),
    timeoutSeconds=_number("Seconds to wait; absent: for ever."),
    onTimeout=_word("What the Update does when this time is over.", "Fail", "Proceed"),
)
_WAIT_FOR: Final = {
    "waitFor": _list("Conditions of other Jobs for which an Update waits.", _WAIT, most=16)
}

JOB_SPEC: Final[Fields] = {
    "spec": {
        "migrations": _list(
            "Migrations that run once per instance before its pod starts, in this order.",
            _named(
                "name",
                "One migration.",
                timeoutSeconds=_number("Seconds the migration may take; absent: no limit."),
                container=_free("The container that runs the migration."),
            ),
            most=100,
            key="name",
        ),
        "lifecycle": _object(
            "Steps by which an instance leaves and rejoins the load.",
            leave=_free("Step before a serving pod is deleted or changed."),
            rejoin=_free("Step before a new pod serves."),
        ),
    },
    "spec.update": _WAIT_FOR,
}

UPDATE_SPEC: Final[Fields] = {
    "spec": {**_WAIT_FOR, "undo": _text("Name of the Update to undo.")},
    "spec.policy": _WAIT_FOR,
}

_MIGRATED: Final = _object(
    "Instances that completed the same migration last.",
    migration=_kept("Name of the migration."),
    instances=_kept("Ids of the instances, as a range string."),
)
_ENDED: Final = _object(
    "One pod that ended.",
    instance={"type": "integer", "description": "Id of the instance."},
    revision=_kept("Name of the pod's revision."),
    node=_kept("Name of the pod's node."),
    startedAt=_kept("When the pod started."),
    endedAt=_kept("When the pod ended."),
    cause=_kept("Why the pod ended, as one CamelCase word."),
    exitCode={"type": "integer", "description": "Exit code of the pod's container."},
    message=_kept("Why the pod ended, as a sentence."),
    update=_kept("Name of the Update that deleted the pod."),
)

JOB_STATUS: Final[Fields] = {
    "status": {
        "migrations": _list("Names of the migrations in their order.", {"type": "string"}),
        "migrated": _list("The last migration that each instance completed.", _MIGRATED),
        "observedResetMigrated": _kept("The last reset of these records that was carried out."),
        "updateSet": _object(
            "The UpdateSet that holds the Job.",
            name=_kept("Name of the UpdateSet."),
            uid=_kept("uid of the UpdateSet."),
        ),
        "ended": _list("Pods that ended, newest first.", _ENDED),
    },
}

_SCOPE: Final = (
    ("Before",),
    Rule(
        "!has(self.scope) || self.scope != 'Before'",
        "scope Before is not yet supported; use Batch, Continuous or Final",
        ".scope",
    ),
)
JOB_WORDS: Final[Words] = {
    "spec.update.gates[].scope": _SCOPE,
}
UPDATE_WORDS: Final[Words] = {"spec.policy.gates[].scope": _SCOPE}
#: Words that a newer operator may have written into the policy snapshot.
UPDATE_STATUS_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "status.policy.gates[].scope": _SCOPE[0]
}
