"""Labels and annotations of the template that change, alone or with other fields."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from controller.core.revisions.changeable_in_place import Change, why_not_in_place
from controller.core.revisions.revision import canonical
from tests.unit.core.revisions.templates import Object, amounts, change, container, template


def noted(value: str, kind: str = "annotations", **spec: Any) -> Object:
    """A template with the label or annotation ``a.b/c``."""
    return {**template(**spec), "metadata": {kind: {"a.b/c": value}}}


@pytest.mark.parametrize("kind", ["labels", "annotations"])
def test_labels_and_annotations_are_changed_in_place(kind: str) -> None:
    old, new = noted("1", kind), noted("2", kind)
    assert change(old, new) is Change.METADATA
    assert change(new, template()) is Change.METADATA
    assert change(template(), new) is Change.METADATA
    assert change(old, copy.deepcopy(old)) is Change.REPLACE, "equal"
    assert change(template(), {**template(), "metadata": {kind: {}}}) is Change.REPLACE, "equal"


@pytest.mark.parametrize("kind", ["labels", "annotations"])
def test_labels_and_annotations_change_along_with_images_or_resources(kind: str) -> None:
    metadata = {"metadata": {kind: {"a": "1"}}}
    images = {**template(container(image="web:2")), **metadata}
    assert change(template(), images) is Change.IMAGES
    small, large = amounts({"cpu": "1"}), amounts({"cpu": "2"})
    resources = {**template(container(**large)), **metadata}
    assert change(template(container(**small)), resources) is Change.RESOURCES


def reader(name: str, path: str) -> Object:
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": path}}},
    ]
    return container(name, env=env)


@pytest.mark.parametrize("kind", ["labels", "annotations"])
@pytest.mark.parametrize("field", ["containers", "initContainers"])
def test_a_pod_that_reads_the_key_at_its_start_is_replaced(field: str, kind: str) -> None:
    def made(value: str, key: str) -> Object:
        found = noted(value, kind)
        path = f"metadata.{kind}['{key}']"
        found["spec"].setdefault(field, []).append(reader("side", path))
        return found

    old, new = made("1", "a.b/c"), made("2", "a.b/c")
    assert change(old, new) is Change.REPLACE
    assert why_not_in_place(canonical(old), canonical(new)) == (
        f"environment variable B of container side reads metadata.{kind}['a.b/c']"
    )
    assert change(made("1", "a.b/d"), made("2", "a.b/d")) is Change.METADATA, "another key"
    other = "labels" if kind == "annotations" else "annotations"
    both = [noted(value, other) for value in "12"]
    for each in both:
        each["spec"].setdefault(field, []).append(reader("side", f"metadata.{kind}['a.b/c']"))
    assert change(*both) is Change.METADATA, "the other map"


TERM = {"topologyKey": "zone", "matchLabelKeys": ["a.b/c"]}
MISMATCH = {"topologyKey": "zone", "mismatchLabelKeys": ["a.b/c"]}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@pytest.mark.parametrize(
    "spec",
    [
        {"topologySpreadConstraints": [{"maxSkew": 1, **TERM}]},
        {"affinity": {"podAffinity": {REQUIRED: [TERM]}}},
        {"affinity": {"podAntiAffinity": {REQUIRED: [MISMATCH]}}},
        {"affinity": {"podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": TERM}]}}},
    ],
)
def test_a_pod_that_was_placed_by_the_label_is_replaced(spec: Object) -> None:
    old, new = noted("1", "labels", **spec), noted("2", "labels", **spec)
    assert change(old, new) is Change.REPLACE
    assert why_not_in_place(canonical(old), canonical(new)) == (
        "the scheduler has placed the pod by its label a.b/c (matchLabelKeys)"
    )
    assert change(noted("1", **spec), noted("2", **spec)) is Change.METADATA, "an annotation"
