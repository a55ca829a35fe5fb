"""What became of instances: the pods of a Job that are no more (`Job.status.ended`)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from controller.api.meta import Model, Time, empty

#: Entries that a status keeps, and characters of a message.
KEPT: Final = 50
MAX_MESSAGE: Final = 256


class EndCause(StrEnum):
    """Why a pod is no more."""

    UPDATE = "Update"
    ROLLBACK = "Rollback"
    SCALE = "Scale"
    MOVE = "Move"
    EVICTED = "Evicted"
    PREEMPTED = "Preempted"
    NODE_LOST = "NodeLost"
    FAILED = "Failed"
    DELETED = "Deleted"


class Ended(Model):
    """A pod of an instance that is no more."""

    instance: Annotated[int, Field(description="Id of the instance.")]
    revision: Annotated[
        str, Field(description="Name of the ControllerRevision it ran.", exclude_if=empty)
    ] = ""
    node: Annotated[
        str, Field(description="Node it ran on. Absent: it had none.", exclude_if=empty)
    ] = ""
    started_at: Annotated[
        Time | None, Field(description="When its node began to start it. Absent: it never did.")
    ] = None
    ended_at: Annotated[
        Time,
        Field(description="When its last container ended, or the operator saw that it was gone."),
    ]
    cause: Annotated[
        EndCause,
        Field(
            description="Why it ended. `Update`, `Rollback`: an Update replaced or removed it. "
            "`Scale`: the Job has fewer instances now. `Move`: its node is in maintenance. "
            "`Evicted`: somebody drained its node, or the node ran out of resources. `Preempted`: "
            "it made room for a pod of higher priority. `NodeLost`: its node does not report. "
            "`Failed`: its containers ended, or it did not become good in time. `Deleted`: "
            "somebody deleted it, or it did not run what it should."
        ),
    ]
    exit_code: Annotated[
        int,
        Field(
            description="Exit code of the first container that ended with another one than 0; 0 if "
            "none did."
        ),
    ] = 0
    message: Annotated[
        str,
        Field(
            max_length=MAX_MESSAGE,
            description="What was wrong with it at its end, in the words of the source.",
            exclude_if=empty,
        ),
    ] = ""
    update: Annotated[
        str, Field(description="Name of the Update that ended it.", exclude_if=empty)
    ] = ""

    @property
    def key(self) -> tuple[int, str, float | None, float]:
        """What tells one entry from all others of a Job."""
        return self.instance, self.revision, self.started_at, self.ended_at
