"""batch/v1 Jobs and CronJobs as the store keeps them: only what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import Any, Final

import msgspec

from controller.api import labels
from controller.api.meta import seconds
from controller.core.model.runs import CronJob, Run
from controller.kube.codec import struct_codec

#: Annotation that Kubernetes writes to the Jobs of a CronJob.
_SCHEDULED: Final = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class _Owner(msgspec.Struct):
    uid: str
    controller: bool | None = None


class _Managed(msgspec.Struct):
    time: str | None = None
    subresource: str = ""


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None
    managed_fields: list[_Managed] | None = None

    @property
    def written(self) -> float:
        """When it was last written, its status aside, in epoch seconds."""
        times = [each.time for each in self.managed_fields or () if not each.subresource]
        return max(map(seconds, (self.creation_timestamp, *times)))

    @property
    def owner(self) -> str:
        return next((o.uid for o in self.owner_references or () if o.controller), "")

    @property
    def job(self) -> str:
        return (self.labels or {}).get(labels.JOB, "")

    def note(self, name: str) -> str:
        return (self.annotations or {}).get(name, "")


class _Condition(msgspec.Struct, rename="camel"):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None


class _RunSpec(msgspec.Struct, rename="camel"):
    completions: int | None = None
    parallelism: int | None = None


class _RunStatus(msgspec.Struct, rename="camel"):
    conditions: list[_Condition] | None = None
    completion_time: str | None = None
    succeeded: int = 0
    active: int = 0
    ready: int | None = None
    failed_indexes: str | None = None


class RunWire(msgspec.Struct):
    """The fields of a batch/v1 Job that are parsed."""

    metadata: _Meta
    spec: _RunSpec = msgspec.field(default_factory=_RunSpec)
    status: _RunStatus = msgspec.field(default_factory=_RunStatus)


class _CronSpec(msgspec.Struct, rename="camel"):
    schedule: str = ""
    time_zone: str | None = None
    suspend: bool | None = None
    starting_deadline_seconds: int | None = None
    concurrency_policy: str = ""
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None


class _CronStatus(msgspec.Struct, rename="camel"):
    last_schedule_time: str | None = None


class CronWire(msgspec.Struct):
    """The fields of a CronJob that are parsed."""

    metadata: _Meta
    spec: _CronSpec = msgspec.field(default_factory=_CronSpec)
    status: _CronStatus = msgspec.field(default_factory=_CronStatus)


@dataclass(frozen=True, slots=True)
class RunObject:
    """A batch/v1 Job. ``job``: name of the EchelonJob in its label."""

    namespace: str
    job: str
    resource_version: str
    run: Run

    @property
    def uid(self) -> str:
        return self.run.uid

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.run.name}"


@dataclass(frozen=True, slots=True)
class CronObject:
    """A CronJob. ``job``: name of the EchelonJob in its label."""

    namespace: str
    job: str
    resource_version: str
    cron: CronJob

    @property
    def uid(self) -> str:
        return self.cron.uid

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.cron.name}"


def run_of(wire: RunWire) -> RunObject:
    """The slim form of a batch/v1 Job."""
    meta, status = wire.metadata, wire.status
    ended = {c.type: c for c in status.conditions or () if c.status == "True"}
    failure, complete = ended.get("Failed"), ended.get("Complete")
    last = failure or complete
    at = status.completion_time or (last.last_transition_time if last else None)
    run = Run(
        meta.name,
        meta.uid,
        meta.owner,
        intern(meta.note(labels.REVISION)),
        seconds(meta.creation_timestamp),
        seconds(meta.note(_SCHEDULED)) or None,
        wire.spec.completions or 0,
        status.succeeded,
        _count(status.failed_indexes),
        status.active,
        status.ready or 0,
        seconds(at) if last else None,
        (failure.reason or "Failed") if failure else "",
        failure.message if failure else "",
        meta.deletion_timestamp is not None,
    )
    return RunObject(intern(meta.namespace), intern(meta.job), meta.resource_version, run)


def _count(indexes: str | None) -> int:
    """How many indexes a text such as ``1,3-5`` names."""
    spans = [part.split("-") for part in (indexes or "").split(",") if part]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)


def cron_of(wire: CronWire) -> CronObject:
    """The slim form of a CronJob."""
    meta, spec = wire.metadata, wire.spec
    cron = CronJob(
        meta.name,
        meta.uid,
        meta.owner,
        meta.note(labels.MADE_FROM),
        (
            spec.schedule,
            spec.time_zone,
            bool(spec.suspend),
            spec.starting_deadline_seconds,
            spec.concurrency_policy,
            spec.successful_jobs_history_limit,
            spec.failed_jobs_history_limit,
        ),
        not meta.owner,
        seconds(wire.status.last_schedule_time) or None,
        meta.written,
        meta.deletion_timestamp is not None,
    )
    return CronObject(intern(meta.namespace), intern(meta.job), meta.resource_version, cron)


def read_run(raw: dict[str, Any]) -> RunObject:
    """The slim form, from an answer of the API server."""
    return run_of(msgspec.convert(raw, RunWire))


def read_cron(raw: dict[str, Any]) -> CronObject:
    """The slim form, from an answer of the API server."""
    return cron_of(msgspec.convert(raw, CronWire))


RUN_CODEC = struct_codec(RunWire, run_of)
CRON_CODEC = struct_codec(CronWire, cron_of)
