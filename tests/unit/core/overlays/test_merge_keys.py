"""The table of merge keys, and the program that writes it."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.overlays.fields import Field
from controller.core.overlays.merge_keys import DEFINITIONS, ROOT
from hack import merge_keys


@pytest.mark.parametrize(
    ("owner", "name", "key"),
    [
        ("PodSpec", "containers", "name"),
        ("PodSpec", "initContainers", "name"),
        ("PodSpec", "volumes", "name"),
        ("PodSpec", "imagePullSecrets", "name"),
        ("PodSpec", "hostAliases", "ip"),
        ("PodSpec", "topologySpreadConstraints", "topologyKey"),
        ("Container", "env", "name"),
        ("Container", "ports", "containerPort"),
        ("Container", "volumeMounts", "mountPath"),
        ("Container", "volumeDevices", "devicePath"),
        ("ObjectMeta", "finalizers", ""),
    ],
)
def test_a_merged_list(owner: str, name: str, key: str) -> None:
    field = DEFINITIONS[owner][name]
    assert (field.merged, field.key) == (True, key)


@pytest.mark.parametrize(
    ("owner", "name"),
    [("PodSpec", "tolerations"), ("PodSpec", "readinessGates"), ("Container", "envFrom")],
)
def test_a_list_that_is_replaced_is_not_in_the_table(owner: str, name: str) -> None:
    assert name not in DEFINITIONS[owner]


def test_every_type_in_the_table_is_defined() -> None:
    types = {field.type for table in DEFINITIONS.values() for field in table.values()}
    assert types - {""} == DEFINITIONS.keys() - {ROOT}


def document(**properties: Any) -> dict[str, Any]:
    return {"io.k8s.api.core.v1.PodTemplateSpec": {"properties": properties}}


def test_what_leads_to_nothing_is_left_out() -> None:
    thing = {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.Thing"}], "default": {}}
    known = document(thing=thing, plain={"type": "string"}, lists={"items": {"type": "string"}})
    known["io.k8s.api.core.v1.Thing"] = {"properties": {"name": {"type": "string"}}}
    tables = merge_keys._interesting(merge_keys._tables(known))
    assert tables == {"PodTemplateSpec": {"thing": Field(present=True)}}


def test_a_strategy_that_no_code_knows_is_an_error() -> None:
    known = document(thing={"x-kubernetes-patch-strategy": "shuffle"})
    with pytest.raises(ValueError, match=r"PodTemplateSpec\.thing: unknown patch strategy shuffle"):
        merge_keys._tables(known)
