"""What one user writes does not stop the operator for others."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from controller.kube.deep import RECURSION_LIMIT
from hack.harness.manifests import job
from hack.harness.operator import Operator
from hack.harness.space import Space


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """What watches the cluster for the tests reads JSON as Python does."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION_LIMIT)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("levels", [900, 5_000])
def test_a_job_of_deeply_nested_json_does_not_stop_the_others(
    space: Space, operator: Operator, levels: int
) -> None:
    bad = job("deep", instances=1)
    bad["spec"]["template"]["spec"]["ours"] = "HERE"
    nested = '{"a":' * levels + "1" + "}" * levels
    text = json.dumps(bad).replace('"HERE"', nested)
    space.kubectl("create", "--validate=false", "-f", "-", input=text)
    space.made(job("web", instances=1))
    space.roll("web:2", "RolledForward")
    operator.kill9()
    operator.start()
    space.roll("web:3", "RolledForward")
    space.kubectl("delete", "ejob", "deep", "--wait=false")
