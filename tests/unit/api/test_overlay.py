"""Overlays and constraints as models."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from controller.api.meta import Model
from controller.api.overlay import MAX_CONSTRAINTS, MAX_OVERLAYS, Constraint, Overlay
from controller.api.reserved_fields import JOB_SPEC


@pytest.mark.parametrize(
    ("field", "model", "most"),
    [("overlays", Overlay, MAX_OVERLAYS), ("constraints", Constraint, MAX_CONSTRAINTS)],
)
def test_the_models_have_the_fields_that_are_reserved(
    field: str, model: type[Model], most: int
) -> None:
    reserved = JOB_SPEC["spec"][field]
    (key,) = reserved["x-kubernetes-list-map-keys"]
    assert set(model.model_json_schema()["properties"]) == set(reserved["items"]["properties"])
    assert model.model_fields[key].is_required()
    assert reserved["maxItems"] == most


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
