"""The plan that an Update with `dryRun: true` writes: `Update.status.plan`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.meta import Model, empty
from controller.api.progress import IdSet


class PlannedInstances(Model):
    """Ids of the instances for each kind of change; each id of the Job is in exactly one set."""

    create: Annotated[
        IdSet, Field(description="Ids of new instances, for which a pod would be created.")
    ] = NONE
    recreate: Annotated[
        IdSet,
        Field(
            description="Ids of instances whose old pod would be deleted before the new pod is "
            "created. Instances without a live pod are always among them."
        ),
    ] = NONE
    in_place: Annotated[
        IdSet, Field(description="Ids of instances whose running pod would be changed in place.")
    ] = NONE
    surge: Annotated[
        IdSet,
        Field(
            description="Ids of instances whose new pod would have to be good before the old pod "
            "is deleted."
        ),
    ] = NONE
    remove: Annotated[
        IdSet,
        Field(description="Ids of instances that would be removed: their pod would be deleted."),
    ] = NONE
    relabel: Annotated[
        IdSet,
        Field(
            description="Ids of instances whose running pod would get other labels only, because "
            "it is the same at both revisions."
        ),
    ] = NONE
    unchanged: Annotated[
        IdSet,
        Field(
            description="Ids of instances that would not be changed: they are at the target "
            "already, or the Update does not cover them."
        ),
    ] = NONE


class GroupRun(Model):
    """Consecutive groups of the same size."""

    size: Annotated[int, Field(description="Number of instances in each of these groups.")]
    times: Annotated[int, Field(description="Number of consecutive groups of this size.")]


class PlannedGroup(Model):
    """One group of instances."""

    index: Annotated[int, Field(description="Number of the group, from 0.")]
    instances: Annotated[
        Ids, Field(description="Ids of the instances of the group, as a range string.")
    ]


class PlannedGroups(Model):
    """The groups in which the instances would be replaced.

    With strategy Queue, a sliding window, no instance waits for a whole group. A group then is the
    next `size` instances in the order of replacement.
    """

    count: Annotated[int, Field(description="Number of groups.")] = 0
    sizes: Annotated[
        tuple[GroupRun, ...],
        Field(
            description="Sizes of the groups in their order; consecutive groups of the same size "
            "are one entry.",
            exclude_if=empty,
        ),
    ] = ()
    first: Annotated[
        tuple[PlannedGroup, ...],
        Field(description="The first 50 groups with their instances.", exclude_if=empty),
    ] = ()


class Estimate(Model):
    """Estimate of how long the Update would take."""

    seconds: Annotated[int, Field(description="Estimated duration of the Update in seconds.")]
    from_: Annotated[
        str,
        Field(alias="from", description="What the estimate is based on, as a sentence."),
    ]


class Conflict(Model):
    """Why the Update would be rejected, or a problem that it would meet."""

    reason: Annotated[
        str,
        Field(
            description="The conflict as one CamelCase word: the reason with which the Update "
            "would be Rejected, or that of a warning."
        ),
    ]
    message: Annotated[str, Field(description="The conflict as a sentence.")]


class UpdatePlan(Model):
    """What an Update would do if it started now and nothing else changed."""

    instances: Annotated[
        PlannedInstances,
        Field(
            description="Ids of the instances for each kind of change, as range strings; each id "
            "of the Job is in exactly one."
        ),
    ] = PlannedInstances()
    groups: Annotated[
        PlannedGroups,
        Field(
            description="The groups in which the instances would be replaced. With strategy Queue, "
            "a sliding window, no instance waits for a whole group."
        ),
    ] = PlannedGroups()
    estimate: Annotated[
        Estimate | None,
        Field(
            description="Estimate of how long the Update would take. Absent: there is nothing to "
            "base an estimate on."
        ),
    ] = None
    conflicts: Annotated[
        tuple[Conflict, ...],
        Field(
            description="Why the Update would be rejected, and problems that it would meet. "
            "Absent: none.",
            exclude_if=empty,
        ),
    ] = ()
