"""The last update of a Job that was admitted, as the status of the Job remembers it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.meta import Model


class LastAttempt(Model):
    """The last admitted update; an Automatic Job does not try the same template again by itself."""

    revision: Annotated[
        str,
        Field(
            description="Name of the ControllerRevision of the Job's template that was last tried. "
            "An Update to another revision does not change it."
        ),
    ]
    retry_token: Annotated[
        str | None, Field(description="`spec.update.retryToken` when the update was admitted.")
    ] = None
    update: Annotated[
        str | None,
        Field(description="Name of the Update; absent for the first creation of the instances."),
    ] = None
    update_uid: Annotated[
        str | None,
        Field(
            alias="updateUID",
            description="uid of the Update; it distinguishes this Update from a later one of the "
            "same name.",
        ),
    ] = None
    outcome: Annotated[
        str | None,
        Field(description="Phase in which the Update ended; absent while the Update is active."),
    ] = None
    reason: Annotated[
        str | None,
        Field(
            description="Why the Update left less than the whole Job at the revision of the Job's "
            "template: Canary, OlderRevision, FailuresTolerated or NothingLeft. Absent otherwise."
        ),
    ] = None
    message: Annotated[
        str | None,
        Field(
            description="Why the Update ended in this phase, as a sentence; absent while the "
            "Update is active."
        ),
    ] = None
