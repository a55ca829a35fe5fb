"""`Update.spec`: what one rolling update is to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from controller.api.meta import SpecModel, empty
from controller.api.policy import PolicyPatch


class Action(StrEnum):
    """What a user wants an Update to do."""

    PROCEED = "Proceed"
    ROLLBACK = "Rollback"
    ABORT = "Abort"


Flag = Annotated[bool, Field(exclude_if=empty)]


class UpdateSpec(SpecModel):
    """Desired state of an Update; written by whoever creates it, the operator or a user."""

    job: Annotated[
        str,
        Field(
            min_length=1,
            max_length=50,
            description="Name of the Job to update, in the same namespace. Cannot be changed.",
        ),
    ]
    revision: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=253,
            description="Name of the ControllerRevision to update to. Name an older revision to "
            "roll back on purpose. Absent: the revision of the Job's template when the Update is "
            "admitted. Cannot be changed.",
        ),
    ] = None
    instances: Annotated[
        str | None,
        Field(
            max_length=32768,
            description="Ids of the instances to update, as a range string such as "
            '"0-3,7", for a canary. Absent: all instances. Cannot be changed.',
        ),
    ] = None
    policy: Annotated[
        PolicyPatch | None,
        Field(
            description="Policy fields that override `spec.update` of the Job for this Update. An "
            "absent field takes the Job's value; `strategy` and `gates` replace the Job's value as "
            "a whole. The policy is fixed at admission: later edits do not change an active Update."
        ),
    ] = None
    parent: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=253,
            description="Name of the ControllerRevision that must be the Job's `currentRevision` "
            "when the Update is admitted; otherwise the Update ends Rejected with reason "
            "ParentMismatch. Absent: not checked.",
        ),
    ] = None
    restart: Annotated[
        Flag,
        Field(
            description="true: replace all selected instances, even those that are at the revision "
            "already. Without `revision` each instance is replaced at the revision assigned to it. "
            "Absent: false."
        ),
    ] = False
    force: Annotated[
        Flag,
        Field(
            description="true: update even to a revision that is known to be bad because an "
            "earlier update to it failed. Absent: false, such an Update ends Rejected."
        ),
    ] = False
    dry_run: Annotated[
        Flag,
        Field(
            description="true: only write `status.plan`, change nothing and end in phase Planned. "
            "Absent: false."
        ),
    ] = False
    paused: Annotated[
        Flag,
        Field(
            description="true: the Update is paused and starts no new replacements. It takes "
            "precedence over everything except `action: Abort`. Absent: false."
        ),
    ] = False
    resume_token: Annotated[
        str | None,
        Field(
            max_length=253,
            description="Any text. Changing it ends a pause that the operator made (by "
            "`autoPause` or for an inconclusive gate). Absent: no such pause is ended.",
        ),
    ] = None
    action: Annotated[
        Action,
        Field(
            description="What the Update does. `Proceed`: it rolls forward. `Rollback`: it "
            "restores the revision that each instance had before. `Abort`: it stops and leaves the "
            "instances as they are. The value can only change from Proceed to Rollback to Abort."
        ),
    ] = Action.PROCEED
    message: Annotated[
        str | None,
        Field(max_length=1024, description="Why the Update was created, as free text."),
    ] = None
