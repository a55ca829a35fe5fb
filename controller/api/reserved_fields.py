"""Which fields and words a later version will obey; what is done with them says `reserved.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.api.meta import MAX_INT32
from controller.api.rules import Rule
from controller.api.schema import Schema, object_with

#: Path of an object -> its properties.
Fields = Mapping[str, Mapping[str, Schema]]
#: Path of a string -> words that its enum has besides, and what refuses them.
Words = Mapping[str, tuple[tuple[str, ...], Rule]]

_RANGE: Final = 8192


def _text(description: str, most: int = 253) -> Schema:
    return {"type": "string", "maxLength": most, "description": description}


def _kept(description: str) -> Schema:
    """A text of a status: nothing there is refused."""
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
    """An object of which nothing is said yet."""
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
    """An item of a list-map."""
    return _object(description, name, **{name: _text("Unique in the list."), **properties})


_PAUSE: Final = _object(
    "One pause.",
    after=_number("After the group of this number, from 1."),
    seconds=_number("How long; absent: until `resumeToken` changes."),
)
_PAUSES: Final = {"pauses": _list("Pauses after groups.", _PAUSE, most=100)}
_SLA_AWARE: Final = {"slaAware": _flag("Whether updates obey `spec.sla` and budgets, too.")}
_WAIT: Final = _object(
    "What has to be true of one Job.",
    job=_text("Name of that Job."),
    atLeast=_text("Revision that it must have reached."),
    source=_text("Source of the revision that it must have reached."),
    ready=_flag("It must be Ready."),
    available=_share("So many of its instances must be available."),
    timeoutSeconds=_number("How long to wait; absent: for ever."),
    onTimeout=_word("What is done then.", "Fail", "Proceed"),
)
_WAIT_FOR: Final = {
    "waitFor": _list("What has to be true of other Jobs before an update starts.", _WAIT, most=16)
}

JOB_SPEC: Final[Fields] = {
    "spec": {
        "overlays": _list(
            "Patches of the template for some instances.",
            _named(
                "name",
                "One patch.",
                instances=_text("The instances, as a range string.", _RANGE),
                match=_text("The instances, as a CEL expression.", 1024),
                patch=_free("Strategic merge patch of the template."),
            ),
            most=16,
            key="name",
        ),
        "frozen": _text("Instances that updates leave alone, as a range string.", _RANGE),
        "constraints": _list(
            "How many instances there may be on each value of a node label.",
            _named("key", "One limit.", limit=_number("At most so many.")),
            most=8,
            key="key",
        ),
        "migrations": _list(
            "What has to run once per instance before its pod starts, in this order.",
            _named(
                "name",
                "One migration.",
                timeoutSeconds=_number("How long it may take; absent: for ever."),
                container=_free("The container that runs it."),
            ),
            most=100,
            key="name",
        ),
        "lifecycle": _object(
            "How an instance leaves and rejoins.",
            leave=_free("What is done before a serving pod is taken down."),
            rejoin=_free("What is done before a new pod serves."),
        ),
        "sla": _object(
            "How many instances must serve before one may be taken down.",
            minAvailable=_share("So many of `status.instancesInForce`."),
            durationSeconds=_number("For so long an instance must have been available to count."),
            coordinator=_free("Who is asked besides."),
        ),
        "cron": _object(
            "When a Cron Job runs.",
            schedule=_text("Schedule in the format of cron."),
            timeZone=_text("Time zone of the schedule."),
            suspend=_flag("Whether no run is started."),
            startingDeadlineSeconds=_number("How late a run may start."),
        ),
        "collisionPolicy": _word(
            "What is done when a run is due and one is active.", "KillExisting", "CancelNew"
        ),
        "maxTaskFailures": _number("How many failures an instance of a run may have."),
        "deadlineSeconds": _number("How long a run may take; absent: for ever."),
        "volumeClaimTemplates": _list(
            "Claims that each instance gets, as a StatefulSet's.",
            _free("PersistentVolumeClaim."),
            most=16,
        ),
        "persistentVolumeClaimRetentionPolicy": _object(
            "What becomes of these claims.",
            whenScaled=_word("When an instance is scaled away.", "Retain", "Delete"),
            whenDeleted=_word("When the Job is deleted.", "Retain", "Delete"),
        ),
        "ordering": _word("Whether instances are made one by one.", "Parallel", "Ordered"),
    },
    "spec.update": {**_WAIT_FOR, **_SLA_AWARE},
    "spec.update.strategy": _PAUSES,
}

UPDATE_SPEC: Final[Fields] = {
    "spec": {**_WAIT_FOR, "undo": _text("Name of the Update that is to be undone.")},
    "spec.policy": {**_WAIT_FOR, **_SLA_AWARE},
    "spec.policy.strategy": _PAUSES,
}

_MIGRATED: Final = _object(
    "Instances of one migration.",
    migration=_kept("Its name."),
    instances=_kept("Their ids as a range string."),
)
_ENDED: Final = _object(
    "One pod.",
    instance={"type": "integer", "description": "Id of the instance."},
    revision=_kept("Its revision."),
    node=_kept("Its node."),
    startedAt=_kept("When it started."),
    endedAt=_kept("When it ended."),
    cause=_kept("Why, as one CamelCase word."),
    exitCode={"type": "integer", "description": "Exit code of its container."},
    message=_kept("Why, as a sentence."),
    update=_kept("The Update that took it down."),
)

JOB_STATUS: Final[Fields] = {
    "status": {
        "frozen": _kept("Instances that updates leave alone now."),
        "migrations": _list("The chain of migrations.", {"type": "string"}),
        "migrated": _list("The last migration that each instance completed.", _MIGRATED),
        "observedResetMigrated": _kept("The reset of these records that was answered."),
        "updateSet": _object(
            "The UpdateSet that holds the Job.", name=_kept("Its name."), uid=_kept("Its uid.")
        ),
        "ended": _list("Pods that are no more, newest first.", _ENDED),
        "lastRun": _object(
            "The last run of a Cron or Adhoc Job.",
            name=_kept("Its name."),
            startedAt=_kept("When it started."),
            finishedAt=_kept("When it ended."),
            succeeded=_number("Instances that succeeded."),
            failed=_number("Instances that failed."),
            active=_number("Instances that run."),
        ),
        "lastScheduledAt": _kept("When a run was last due."),
    },
}

UPDATE_STATUS: Final[Fields] = {
    "status.to": {
        "source": _kept("What the revision was made from."),
        "parent": _kept("The revision before it."),
    },
    "status.counts": {"relabelled": _number("Instances of which the labels alone change.")},
    "status.plan.instances": {"relabel": _kept("The labels alone change.")},
    "status.policy": _SLA_AWARE,
    "status.policy.strategy": _PAUSES,
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
    "spec.type": (
        ("Cron", "Adhoc"),
        Rule(
            "self.type == 'Service'",
            "spec.type Cron and Adhoc are not yet supported; leave it out",
            ".type",
        ),
    ),
    "spec.update.gates[].scope": _SCOPE,
}
UPDATE_WORDS: Final[Words] = {"spec.policy.gates[].scope": _SCOPE}
#: What the snapshot of a newer operator may have.
UPDATE_STATUS_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "status.policy.gates[].scope": _SCOPE[0]
}
