"""`spec.sla` of Jobs and Maintenances: how many instances must stay available in voluntary
disruptions."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import Field

from controller.api.gate import Url
from controller.api.meta import MAX_INT32, IntOrPercent, SpecModel

#: Seconds for which an answer of a coordinator is waited for, unless the Job says otherwise.
ASK_TIMEOUT: Final = 10
#: At most so many: all Jobs that ask at the same URL wait meanwhile.
LONGEST_ASK: Final = 600


class Coordinator(SpecModel):
    """A service that must allow each disruption before it happens."""

    url: Annotated[
        Url,
        Field(
            description="URL to which a POST request is sent before an instance that counts is "
            'taken down. It allows that with status 200 and the body `{"allow": true}`. After any '
            'other answer, such as `{"allow": false, "message": ""}`, it is asked again 5 to 60 '
            "seconds later. One question at a time is sent to the same URL."
        ),
    ]
    headers_from: Annotated[
        str | None,
        Field(
            max_length=253,
            description="Name of a Secret in the Job's namespace. Each of its keys is sent as a "
            "header of the request. Absent: no additional headers.",
        ),
    ] = None
    timeout_seconds: Annotated[
        int | None,
        Field(
            ge=1,
            le=LONGEST_ASK,
            description="Seconds in which an answer must come. Absent: 10.",
        ),
    ] = None

    @property
    def timeout(self) -> int:
        """Seconds in which an answer must come."""
        return self.timeout_seconds or ASK_TIMEOUT

    @property
    def shown(self) -> str:
        """The URL for messages: without credentials, query and fragment."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return "with an invalid URL"
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class MaintenanceSla(SpecModel):
    """What the moves of a Maintenance leave of a Job that has no sla."""

    min_available: Annotated[
        IntOrPercent | None,
        Field(
            description="Number of instances that must count as available while an instance is "
            "taken down: a number, or a percentage of `status.instancesInForce`, rounded up. At "
            "most all instances but one are required, so that each can be replaced."
        ),
    ] = None
    duration_seconds: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT32,
            description="Seconds for which an instance must have been available without a break "
            "before it counts. Absent: 0, it counts as soon as it is available.",
        ),
    ] = None

    @property
    def duration(self) -> int:
        """Seconds for which an instance must have been available to count."""
        return self.duration_seconds or 0


class Sla(MaintenanceSla):
    """What voluntary disruptions leave of a Job."""

    coordinator: Annotated[
        Coordinator | None,
        Field(
            description="A service of yours that must also allow each disruption. Absent: none is "
            "asked."
        ),
    ] = None
