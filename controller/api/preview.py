"""The plan of an Update that is only to be planned: `Update.status.plan`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.ids import NONE, Ids
from controller.api.meta import Model, empty
from controller.api.progress import IdSet


class PlannedInstances(Model):
    """What would become of each instance, as range strings; each id is in exactly one."""

    create: Annotated[IdSet, Field(description="New ids: a pod is made.")] = NONE
    recreate: Annotated[
        IdSet,
        Field(
            description="The old pod goes, then the new one comes; also those whose pod is not "
            "alive now, whatever the policy says."
        ),
    ] = NONE
    in_place: Annotated[IdSet, Field(description="The running pod is changed.")] = NONE
    surge: Annotated[
        IdSet, Field(description="A second pod becomes good first, then the old one goes.")
    ] = NONE
    remove: Annotated[IdSet, Field(description="The pod goes for good.")] = NONE
    unchanged: Annotated[
        IdSet,
        Field(
            description="Not touched: already where the update goes, or not among its instances."
        ),
    ] = NONE


class GroupRun(Model):
    """Some groups of one size, one after the other."""

    size: Annotated[int, Field(description="Instances in each of them.")]
    times: Annotated[int, Field(description="How many groups of this size follow each other.")]


class PlannedGroup(Model):
    """One group."""

    index: Annotated[int, Field(description="Number of the group, from 0.")]
    instances: Annotated[Ids, Field(description="Its ids as a range string.")]


class PlannedGroups(Model):
    """In which groups the instances would be replaced.

    A Queue is a sliding window: no instance waits for a whole group there, and a group is that many
    instances of the order in which they come.
    """

    count: Annotated[int, Field(description="How many groups there are.")] = 0
    sizes: Annotated[
        tuple[GroupRun, ...],
        Field(
            description="Their sizes, first group first, equal ones told once.", exclude_if=empty
        ),
    ] = ()
    first: Annotated[
        tuple[PlannedGroup, ...],
        Field(description="The first 50 groups with their instances.", exclude_if=empty),
    ] = ()


class Estimate(Model):
    """About how long it would take."""

    seconds: Annotated[int, Field(description="How many seconds.")]
    from_: Annotated[
        str, Field(alias="from", description="What the estimate was made from, as a sentence.")
    ]


class Conflict(Model):
    """Why the Update would be refused, or what it would run into."""

    reason: Annotated[
        str,
        Field(
            description="What it is, as one CamelCase word: the reason with which the Update "
            "would be Rejected, or a warning."
        ),
    ]
    message: Annotated[str, Field(description="What it is, as a sentence.")]


class UpdatePlan(Model):
    """What an Update would do if it started now and nothing else happened."""

    instances: Annotated[
        PlannedInstances, Field(description="What would become of each instance.")
    ] = PlannedInstances()
    groups: Annotated[
        PlannedGroups,
        Field(
            description="In which groups. A Queue is a sliding window: no instance waits for a "
            "whole group there."
        ),
    ] = PlannedGroups()
    estimate: Annotated[
        Estimate | None,
        Field(description="About how long it would take. Absent: nothing is known of that."),
    ] = None
    conflicts: Annotated[
        tuple[Conflict, ...],
        Field(
            description="Why it would be refused, and what it would run into. Absent: nothing "
            "stands in its way.",
            exclude_if=empty,
        ),
    ] = ()
