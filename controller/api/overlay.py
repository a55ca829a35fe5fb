"""Overlays: how some instances of a Job differ from its template, and how many may be on a node."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from controller.api.meta import MAX_INT32, SpecModel

#: At most so many overlays and constraints of one Job.
MAX_OVERLAYS: Final = 16
MAX_CONSTRAINTS: Final = 8


class Overlay(SpecModel):
    """A patch of the template for some of the instances."""

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=63,
            pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            description="Name of the overlay, unique in the list; a DNS label.",
        ),
    ]
    instances: Annotated[
        str | None,
        Field(
            max_length=8192,
            description='Ids of the patched instances as a range string, such as "0-3,7". Exactly '
            "one of `instances` and `match` is required.",
        ),
    ] = None
    match: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=1024,
            description="CEL expression that is true for the patched instances. Its variables are "
            "`instance` (an int), `job` and `namespace` (strings): `instance % 2 == 0`. It must "
            "have a value for each of the ids 0 to 9999.",
        ),
    ] = None
    patch: Annotated[
        dict[str, Any],
        Field(
            description="Strategic merge patch of the template, as for `kubectl patch "
            "--type=strategic`. Overlays apply in the order of the list; placeholders are replaced "
            "afterwards. A patch must not set labels and annotations of Echelon or "
            "`spec.restartPolicy`; all patches together may have 32 KiB.",
            json_schema_extra={"x-kubernetes-preserve-unknown-fields": True},
        ),
    ]


class Constraint(SpecModel):
    """A limit of the number of instances on nodes that have the same value of a label."""

    key: Annotated[
        str,
        Field(
            min_length=1,
            max_length=317,
            description="Label of the nodes, unique in the list. `host`, `zone` and `region` stand "
            "for kubernetes.io/hostname, topology.kubernetes.io/zone and "
            "topology.kubernetes.io/region. Nodes without the label run no instance.",
        ),
    ]
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_INT32,
            description="Maximum number of instances of this Job per value of the label. The "
            "second pod of an instance during a surge counts, too.",
        ),
    ]
