"""Cron and Adhoc Jobs that the API server must refuse; see `bad_objects`."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def _spec(**fields: Any) -> Object:
    return {"spec": fields}


#: The change of a valid Job, and texts that the refusal must contain; the first is the field.
RUNS: dict[str, tuple[Object, tuple[str, ...]]] = {
    "type Cron without a schedule": (_spec(type="Cron"), ("spec.cron", "required with type Cron")),
    "a schedule of an Adhoc Job": (
        _spec(type="Adhoc", cron={"schedule": "@daily"}),
        ("spec.cron", "type Cron only"),
    ),
    "a schedule of a Service": (_spec(cron={"schedule": "@daily"}), ("spec.cron", "type: Cron")),
    "an empty schedule": (
        _spec(type="Cron", cron={"schedule": ""}),
        ("spec.cron.schedule", "at least 1"),
    ),
    "a collisionPolicy of a Service": (
        _spec(collisionPolicy="CancelNew"),
        ("spec.collisionPolicy", "types Cron and Adhoc only"),
    ),
    "maxTaskFailures of a Service": (_spec(maxTaskFailures=0), ("spec.maxTaskFailures", "Adhoc")),
    "deadlineSeconds of a Service": (_spec(deadlineSeconds=1), ("spec.deadlineSeconds", "Adhoc")),
    "a deadline of 0": (
        _spec(type="Adhoc", deadlineSeconds=0),
        ("spec.deadlineSeconds", "greater than or equal to 1"),
    ),
    "an unknown collisionPolicy": (
        _spec(type="Adhoc", collisionPolicy="RunOverlap"),
        ("spec.collisionPolicy", "KillExisting"),
    ),
    "a run that restarts its pods": (
        _spec(type="Adhoc", template={"spec": {"restartPolicy": "OnFailure"}}),
        ("spec.template.spec.restartPolicy", "must be Never"),
    ),
    "frozen instances of a run": (
        _spec(type="Adhoc", frozen="1"),
        ("spec.frozen", "not supported with types Cron and Adhoc"),
    ),
    "overlays of a run": (
        _spec(type="Adhoc", overlays=[{"name": "a", "instances": "0", "patch": {}}]),
        ("spec.overlays", "not supported with types Cron and Adhoc"),
    ),
    "the order of a run": (
        _spec(type="Adhoc", ordering="Ordered"),
        ("spec.ordering", "not supported with types Cron and Adhoc"),
    ),
    "an sla of a run": (
        _spec(type="Adhoc", sla={"minAvailable": 1}),
        ("spec.sla", "not supported with types Cron and Adhoc"),
    ),
    "a long name of a Job with runs": (
        {"metadata": {"name": "w" * 50}, "spec": {"type": "Adhoc", "instances": 10_000}},
        ("metadata.name", "too long for a Job of type Cron or Adhoc"),
    ),
}
