"""Invalid gates are refused before any pod changes."""

from __future__ import annotations

from typing import Any

import pytest

from hack.devcluster.api import ApiError
from hack.harness.manifests import Object, condition, is_true, job, template, update
from hack.harness.space import Space
from tests.integration.gates.manifests import gate, gated


def asking(condition: str, query: str = "up") -> Object:
    return gate(prometheus={"address": "http://x:9090", "query": query, "condition": condition})


@pytest.mark.parametrize(
    ("asks", "said"),
    [
        (asking("result < "), "line 1, column "),
        (asking("result <\n nothing"), "line 2, column 2: undeclared reference to 'nothing'"),
        (asking("result + 1"), "it gives a double, not true or false"),
        (asking("updated < baseline"), "so the query must contain {{echelon.updated}}"),
    ],
    ids=["syntax", "name", "type", "control-group"],
)
def test_an_update_with_a_condition_that_does_not_compile(
    space: Space, asks: Object, said: str
) -> None:
    space.made(job(instances=2, update={"mode": "Manual"}))
    before = space.observer.uids()
    space.patch_job(template=template("web:2"))
    space.create(update("now", policy={"gates": [asks]}))
    ended = space.wait_update("Rejected", name="now")
    assert ended["status"]["reason"] == "InvalidGate"
    assert "spec.policy.gates[g].prometheus.condition" in ended["status"]["message"]
    assert said in ended["status"]["message"]
    assert space.observer.uids() == before
    assert "activeUpdate" not in space.job()["status"]
    # With a valid gate the update runs.
    space.create(update("then", policy={"gates": []}))
    space.wait_update("RolledForward", name="then")


def test_an_automatic_job_stalls_until_its_gate_is_mended(space: Space) -> None:
    space.made(gated())
    before = space.observer.uids()
    space.patch_job(update={"gates": [asking("result <= ")]}, template=template("web:2"))
    stalled = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    told = condition(stalled, "Stalled")
    assert told["reason"] == "InvalidGate"
    assert "spec.update.gates[g].prometheus.condition: line 1, column" in told["message"]
    assert space.updates() == []
    assert space.observer.uids() == before
    space.patch_job(update={"gates": []})
    space.wait_update("RolledForward")
    space.wait_ready()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "g"}, "exactly one"),
        ({"name": "g", "builtin": {}, "http": {"url": "http://x"}}, "exactly one"),
        ({"name": "G", "builtin": {}}, "name"),
        ({"name": "g", "builtin": {}, "intervalSeconds": 0}, "intervalSeconds"),
        ({"name": "g", "builtin": {}, "scope": "Sometimes"}, "scope"),
    ],
    ids=["none", "two", "name", "interval", "scope"],
)
def test_what_the_schema_refuses(space: Space, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError) as refused:
        space.create(gated(wrong))
    assert refused.value.code == 422
    assert said in str(refused.value)
