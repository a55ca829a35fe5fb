"""Claim templates as volumes of a pod template, and the claims themselves."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from controller.core.revisions.claims import dry_run, manifest, mounted
from controller.core.revisions.data import of_job, of_spec

Object = dict[str, Any]

TEMPLATE: Object = {
    "spec": {
        "containers": [{"name": "db"}],
        "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
    }
}


def claim(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": spec}


def volume(name: str) -> Object:
    claim_name = f"{name}-{{{{echelon.job}}}}-{{{{echelon.instance}}}}"
    return {"name": name, "persistentVolumeClaim": {"claimName": claim_name}}


def test_a_claim_replaces_the_volume_of_its_name() -> None:
    before = copy.deepcopy(TEMPLATE)
    data = of_spec(TEMPLATE, claims=[claim("logs"), claim("data")])
    assert json.loads(data)["spec"]["volumes"] == [
        {"name": "tmp", "emptyDir": {}},
        volume("data"),
        volume("logs"),
    ]
    assert before == TEMPLATE
    assert mounted(data) == {"data", "logs"}


def test_only_the_set_of_names_makes_a_revision() -> None:
    one = of_spec(TEMPLATE, claims=[claim("a", x=1), claim("b")])
    assert one == of_spec(TEMPLATE, claims=[claim("b", y=2), claim("a")])
    assert one != of_spec(TEMPLATE, claims=[claim("a")])
    assert of_spec(TEMPLATE, claims=[]) == of_spec(TEMPLATE)


def test_beside_overlays() -> None:
    overlay = {"name": "o", "instances": "0", "patch": {}}
    data = of_job(
        {"template": TEMPLATE, "overlays": [overlay], "volumeClaimTemplates": [claim("data")]}
    )
    assert mounted(data) == {"data"}
    assert json.loads(data)["echelon"]["overlays"]


@pytest.mark.parametrize(
    ("template", "claims"),
    [
        ({}, [claim("a")]),
        ({"spec": None}, [claim("a")]),
        ({"spec": {"volumes": "x"}}, [claim("a")]),
        (TEMPLATE, [{"metadata": {}}, {"metadata": None}, {}]),
    ],
)
def test_what_has_no_shape_is_left_alone(template: Object, claims: list[Object]) -> None:
    assert of_spec(template, claims=claims) == of_spec(template)


def test_a_volume_like_ours_that_names_another_claim_is_none_of_ours() -> None:
    other = {"name": "x", "persistentVolumeClaim": volume("data")["persistentVolumeClaim"]}
    assert mounted(of_spec({"spec": {"volumes": [other]}})) == frozenset()


def test_the_manifest() -> None:
    given = claim("data", accessModes=["ReadWriteOnce"])
    given["metadata"] |= {
        "labels": {"echelon.dev/job": "theirs", "a": "b"},
        "annotations": {"c": "d"},
    }
    owner = {"kind": "EchelonJob"}
    made = manifest(given, "web", 7, owner)
    assert made["metadata"] == {
        "name": "data-web-7",
        "labels": {
            "a": "b",
            "echelon.dev/job": "web",
            "echelon.dev/instance": "7",
            "app.kubernetes.io/managed-by": "echelon",
        },
        "annotations": {"c": "d"},
        "ownerReferences": [owner],
    }
    assert made["spec"] == {"accessModes": ["ReadWriteOnce"]}
    assert dry_run(given, "web")["metadata"]["name"] == "data-web-0-dry-run"
