"""Overlays and constraints as models."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from controller.api.crds import job_schema
from controller.api.overlay import MAX_CONSTRAINTS, MAX_OVERLAYS, Constraint, Overlay


@pytest.mark.parametrize(
    ("field", "key", "most"),
    [("overlays", "name", MAX_OVERLAYS), ("constraints", "key", MAX_CONSTRAINTS)],
)
def test_the_lists_are_merged_by_their_key_and_have_a_bound(
    field: str, key: str, most: int
) -> None:
    schema = job_schema()["properties"]["spec"]["properties"][field]
    assert schema["x-kubernetes-list-map-keys"] == [key]
    assert schema["x-kubernetes-list-type"] == "map"
    assert schema["maxItems"] == most
    assert key in schema["items"]["required"]


def test_nulls_of_a_patch_are_kept() -> None:
    patch = {"spec": {"hostname": None, "containers": [{"name": "web", "args": None}]}}
    assert Overlay.model_validate({"name": "a", "patch": patch}).patch == patch


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a"},
        {"name": "A", "patch": {}},
        {"name": "a" * 64, "patch": {}},
        {"name": "a", "patch": []},
        {"name": "a", "patch": {}, "instances": "1," * 5000},
        {"name": "a", "patch": {}, "match": "t" * 1025},
        {"name": "a", "patch": {}, "until": "2030"},
    ],
)
def test_an_overlay_of_another_shape(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Overlay.model_validate(wrong)


@pytest.mark.parametrize("limit", [0, -1, 2**31, "many"])
def test_a_limit_out_of_range(limit: Any) -> None:
    with pytest.raises(ValidationError):
        Constraint.model_validate({"key": "host", "limit": limit})
