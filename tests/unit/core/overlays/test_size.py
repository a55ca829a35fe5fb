"""With 16 overlays at 10,000 instances no object passes 200 KiB."""

from __future__ import annotations

import json
from typing import Any, Final

from controller.api.ids import Ids
from controller.api.job import Job, RevisionRange
from controller.api.meta import wire
from controller.api.preview import PlannedInstances
from controller.core.model import assigned as asg
from controller.core.overlays.changed import changed
from controller.core.overlays.refusals import ROOM, refusal
from controller.core.overlays.variants import usable
from controller.core.revisions import data as revision_data
from tests.unit.core.sim.world import template

LIMIT: Final = 200 * 1024
COUNT: Final = 10_000
PARTS: Final = 16
ALL, ODD = Ids(range(COUNT)), Ids(range(1, COUNT, 2))


def overlays(*changed: int) -> list[dict[str, Any]]:
    """Each sixteenth instance has an overlay of its own; together as large as they may be."""
    filling = "x" * (ROOM // PARTS - 160)
    return [
        {
            "name": f"part-{part}",
            "match": f"instance % {PARTS} == {part}".ljust(1024),
            "patch": {
                "metadata": {"annotations": {"about": filling}},
                "spec": {
                    "containers": [
                        {"name": "app", "env": [{"name": "NEW", "value": str(part in changed)}]}
                    ]
                },
            },
        }
        for part in range(PARTS)
    ]


def size(obj: object) -> int:
    return len(json.dumps(obj))


def test_half_of_the_instances_change_and_the_others_are_between_them() -> None:
    old, new = (
        revision_data.of_spec(template("app:1"), overlays(*parts))
        for parts in ((), range(1, PARTS, 2))
    )
    assert ROOM < len(new) < LIMIT
    assert refusal(new, "web", "shop") is None
    before, after = (usable(each, "web", "shop") for each in (old, new))
    assert before is not None
    assert after is not None
    assert len(after.all) == PARTS
    assert changed(ALL, before, after) == ODD
    ranges = asg.write({"web-a": ALL - ODD, "web-b": ODD})
    status = {"assigned": ranges, "revisions": ranges, "frozen": Ids(range(1, 2000, 2))}
    spec = {"instances": COUNT, "template": template("app:1"), "overlays": overlays()}
    job = Job.model_validate({"metadata": {"name": "web", "uid": "j"}, "spec": spec})
    job = job.model_copy(update={"status": job.status.model_copy(update=status)})
    assert all(isinstance(each, RevisionRange) for each in ranges)
    assert 120_000 < size(wire(job)) < LIMIT
    assert size(wire(PlannedInstances(recreate=ODD, relabel=ALL - ODD))) < LIMIT // 3
