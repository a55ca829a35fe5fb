"""Constraints as topology spread constraints."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from controller.api.overlay import Constraint
from controller.core.overlays.constraints import constrained
from controller.core.overlays.problem import RefusedError

TEMPLATE: dict[str, Any] = {
    "spec": {"topologySpreadConstraints": [{"topologyKey": "rack", "maxSkew": 1}]}
}


def spreads(template: dict[str, Any], *constraints: Constraint) -> Any:
    return constrained(template, constraints, "web")["spec"]["topologySpreadConstraints"]


def test_a_limit() -> None:
    before = copy.deepcopy(TEMPLATE)
    assert spreads(TEMPLATE, Constraint(key="host", limit=2)) == [
        {"topologyKey": "rack", "maxSkew": 1},
        {
            "topologyKey": "kubernetes.io/hostname",
            "maxSkew": 2,
            "minDomains": 2147483647,
            "whenUnsatisfiable": "DoNotSchedule",
            "nodeAffinityPolicy": "Ignore",
            "nodeTaintsPolicy": "Ignore",
            "labelSelector": {"matchLabels": {"echelon.dev/job": "web"}},
        },
    ]
    assert before == TEMPLATE


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("host", "kubernetes.io/hostname"),
        ("zone", "topology.kubernetes.io/zone"),
        ("region", "topology.kubernetes.io/region"),
        ("example.com/rack", "example.com/rack"),
    ],
)
def test_the_label_of_a_key(key: str, label: str) -> None:
    (made,) = spreads({"spec": {}}, Constraint(key=key, limit=1))
    assert made["topologyKey"] == label


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            ["rack"],
            "spec.constraints[rack]: spec.template.spec.topologySpreadConstraints constrains rack, "
            "too; remove one of the two",
        ),
        (
            ["zone", "topology.kubernetes.io/zone"],
            "spec.constraints[topology.kubernetes.io/zone]: spec.constraints[zone] constrains "
            "topology.kubernetes.io/zone, too; remove one of the two",
        ),
    ],
)
def test_a_label_is_constrained_once(keys: list[str], message: str) -> None:
    with pytest.raises(RefusedError) as error:
        spreads(TEMPLATE, *(Constraint(key=key, limit=1) for key in keys))
    assert (error.value.reason, str(error.value)) == ("InvalidTemplate", message)


@pytest.mark.parametrize("template", [{}, {"spec": []}, {"spec": {"topologySpreadConstraints": 1}}])
def test_a_template_of_another_shape_is_left_to_the_api_server(template: dict[str, Any]) -> None:
    assert constrained(template, [Constraint(key="host", limit=1)], "web") == template


def test_a_topology_key_that_is_no_string_is_left_to_the_api_server() -> None:
    template = {"spec": {"topologySpreadConstraints": [{"topologyKey": {"a": 1}}]}}
    assert len(spreads(template, Constraint(key="host", limit=1))) == 2
