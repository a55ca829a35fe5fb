"""Runs of Jobs of type Cron and Adhoc: when they start, what happens when two meet, and how the
last one went."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from controller.api.meta import MAX_INT32, Model, SpecModel, Time

# Reasons of a run.
SUCCEEDED: Final = "Succeeded"
KILLING: Final = "Killing"
KILLED: Final = "Killed"
DELETED: Final = "Deleted"


class CollisionPolicy(StrEnum):
    """What happens when a run is due while another one is active."""

    KILL_EXISTING = "KillExisting"
    CANCEL_NEW = "CancelNew"


# A later field gets its default here only, never in the CRD: see `controller.api.crds`.
class CronSpec(SpecModel):
    """When the runs of a Cron Job start."""

    schedule: Annotated[
        str,
        Field(
            min_length=1,
            max_length=253,
            description="Schedule in cron format, as in a CronJob of Kubernetes: minute, hour, day "
            'of the month, month, day of the week, such as "*/5 * * * *" or "@daily".',
        ),
    ]
    time_zone: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=253,
            description="Time zone of the schedule, such as Europe/Berlin. Absent: that of the "
            "kube-controller-manager, usually UTC.",
        ),
    ] = None
    suspend: Annotated[
        bool, Field(description="Whether no new runs are started. An active run goes on.")
    ] = False
    starting_deadline_seconds: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT32,
            description="Seconds after its scheduled time within which a run may still start. "
            "Absent: no limit.",
        ),
    ] = None


class LastRun(Model):
    """The last run of a Cron or Adhoc Job."""

    name: Annotated[str, Field(description="Name of the batch/v1 Job that carries out the run.")]
    revision: Annotated[
        str | None, Field(description="Name of the ControllerRevision that the run uses.")
    ] = None
    instances: Annotated[
        int | None, Field(ge=0, description="Number of instances that the run has.")
    ] = None
    started_at: Annotated[
        Time | None, Field(description="When the run started; absent while it is being created.")
    ] = None
    finished_at: Annotated[
        Time | None, Field(description="When the run ended; absent while it is active.")
    ] = None
    succeeded: Annotated[int, Field(ge=0, description="Number of instances that succeeded.")] = 0
    failed: Annotated[
        int,
        Field(
            ge=0,
            description="Number of instances that failed. When the run has ended, every instance "
            "that did not succeed counts.",
        ),
    ] = 0
    active: Annotated[int, Field(ge=0, description="Number of instances that are running.")] = 0
    reason: Annotated[
        str | None,
        Field(
            description="How the run ended, as one CamelCase word: Succeeded, Killed (by "
            "`collisionPolicy`), Deleted (by somebody), or the reason of the failed batch/v1 Job, "
            "such as FailedIndexes. Killing: it is about to be killed. Absent while it is active."
        ),
    ] = None
    message: Annotated[
        str | None, Field(description="How the run ended, as a sentence for people.")
    ] = None

    @property
    def succeeded_whole(self) -> bool:
        """Whether the run has ended and every instance succeeded."""
        return self.finished_at is not None and self.reason == SUCCEEDED

    @property
    def is_open(self) -> bool:
        """Whether the run has not ended."""
        return self.finished_at is None
