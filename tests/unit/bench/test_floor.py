"""The floor creates the pods of the operator, and waits for what it must wait for."""

from __future__ import annotations

import json
from pathlib import Path

from controller.api.labels import JOB
from controller.core.revisions import revision
from controller.core.revisions.template import Prepared
from hack.bench.floor import Plan
from hack.bench.manifests import FLOOR_JOB, floor_pod
from hack.bench.work import Work

_UID = "00000000-0000-4000-8000-000000000000"


def test_the_floors_pod_is_the_operators_but_for_one_label() -> None:
    given = Work(1, 1).template(1)
    name = revision.revision_name("web", revision.digest(revision.canonical(given)))
    made = Prepared.of(
        job_name="web", namespace="default", job_uid="uid", revision=name, template=given
    )
    theirs = made.pod(instance=17, instances=1, update_uid=_UID)
    ours = json.loads(floor_pod("web", "uid", given).replace("@@", "17"))
    assert FLOOR_JOB != JOB
    ours["metadata"]["labels"][JOB] = ours["metadata"]["labels"].pop(FLOOR_JOB)
    assert ours == theirs


def test_a_plan_is_read_from_json(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({
        "jobs": 2, "instances": 3, "window": 1, "first": 2, "replacement": "Recreate",
        "strategy": "Queue", "old": "{}", "new": "{}", "marks": ["a", "b"], "selector": "x=y",
    }))  # fmt: skip
    plan = Plan.read(path)
    assert plan.marks == ("a", "b")
    assert list(plan.ids(1, plan.first)) == ["1-0", "1-1"]
