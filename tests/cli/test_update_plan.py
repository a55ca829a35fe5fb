"""``echelon update plan``: it shows what would happen, and touches nothing."""

from __future__ import annotations

import json
from typing import Any

import yaml

from hack.harness.manifests import batch
from hack.harness.space import Space
from tests.cli.echelon import Echelon
from tests.cli.files import created

MANUAL = {"mode": "Manual"}


def test_plan_of_a_file_touches_nothing(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(instances=4, strategy=batch(3))
    created(echelon, here)
    before = space.job()
    shown = echelon("update", "plan", here.image("web:2"), check=0)
    assert "  + spec.containers[web].image: web:2" in shown.lines
    assert "Plan: 4 instances in 2 groups (Batch of 3)" in shown.out
    answer = echelon("update", "plan", str(here.path), "-o", "json", check=0)
    plan = json.loads(answer.out)
    assert plan["instances"] == {"recreate": "0-3"}
    assert [group["instances"] for group in plan["groups"]["first"]] == ["0-2", "3"]
    assert space.job()["metadata"] == before["metadata"]
    assert space.updates() == []


def test_plan_of_a_job_is_the_operators(space: Space, echelon: Echelon, file: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    wish = {
        "spec": {"containers": [{"name": "web", "image": "w", "ports": [{"containerPort": 99999}]}]}
    }
    space.set_template(wish)
    refused = echelon("update", "plan", "web", check=6)
    assert "InvalidTemplate" in refused.out, "only the operator asks the API server about a pod"
    space.set_image("web:2")
    plans = echelon("update", "plan", "web/1", "-o", "yaml", check=0)
    assert yaml.safe_load(plans.out)["instances"] == {"recreate": "1", "unchanged": "0,2"}
    space.until("the dry runs are deleted", lambda: not space.updates())


def test_plan_without_an_operator(space: Space, echelon: Echelon, file: Any, operator: Any) -> None:
    here = file(update=MANUAL)
    created(echelon, here)
    space.set_image("web:2")
    operator.stop()
    planned = echelon("update", "plan", "web", check=0)
    assert "planned here, not by the operator" in planned.err
    assert "Plan: 3 instances" in planned.out
    space.until("the dry run is deleted", lambda: not space.updates())
    here.content["spec"]["update"]["mode"] = "Automatic"
    args = ["update", "start", str(here.path), "-y", "--force-conflicts"]
    here.image("web:3")
    left = echelon(*args, "--detach", "--timeout", "2", check=0)
    assert "the operator has not started the Update yet" in left.err
    here.image("web:4")
    late = echelon(*args, "--timeout", "1", check=7)
    assert "1 s have passed" in late.err
