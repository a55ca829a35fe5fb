"""Whether a resize that was announced on a pod has been carried out."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.labels import FAILURES, RESIZED, RESIZING, REVISION, UPDATE
from controller.api.pods.resizing import Resizing
from tests.unit.api.pods.raw_pods import container, raw, running, slim

Object = dict[str, Any]
SMALL, LARGE = ({"requests": {"cpu": cpu}, "limits": {}} for cpu in ("1", "2"))
BEFORE = {REVISION: "web-old", UPDATE: "u0", FAILURES: None}


def announced(generation: int, resources: Object, **more: str) -> Object:
    """A pod on which a resize from generation 3 to 4 was announced."""
    notes = {RESIZING: str(Resizing({"web": LARGE}, BEFORE)), RESIZED: "4", **more}
    marks = {REVISION: "web-new", UPDATE: "u1", FAILURES: "2"}
    meta = {"generation": generation, "labels": {REVISION: "new"}, "annotations": marks | notes}
    return raw(running(), containers=(container(resources=resources),), metadata=meta)


@pytest.mark.parametrize(
    ("generation", "resources"),
    [
        pytest.param(3, SMALL, id="not made"),
        pytest.param(4, SMALL, id="somebody else changed the pod instead"),
    ],
)
def test_until_the_resize_is_made_the_pod_is_what_it_was(
    generation: int, resources: Object
) -> None:
    pod = slim(announced(generation, resources))
    assert (pod.revision, pod.changing_to) == ("web-old", "web-new")
    assert (pod.update, pod.failures) == ("u0", 0)


@pytest.mark.parametrize(
    ("generation", "resources"),
    [
        pytest.param(4, LARGE, id="made"),
        pytest.param(4, {"requests": {"cpu": "2000m"}}, id="the same amounts in other words"),
        pytest.param(5, SMALL, id="somebody else resized the pod later"),
    ],
)
def test_when_the_resize_is_made_the_pod_is_what_its_marks_say(
    generation: int, resources: Object
) -> None:
    pod = slim(announced(generation, resources))
    assert (pod.revision, pod.changing_to) == ("web-new", "")
    assert (pod.update, pod.failures) == ("u1", 2)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, '{"to": {"web": 1}, "before": {}}', '{"to": {}}']
)
def test_an_invalid_annotation_is_treated_as_absent(text: str) -> None:
    assert slim(announced(3, SMALL, **{RESIZING: text})).changing_to == ""


@pytest.mark.parametrize("text", ["soon", "9" * 5_000])
def test_without_the_generation_after_it_no_resize_is_due(text: str) -> None:
    assert slim(announced(3, SMALL, **{RESIZED: text})).changing_to == ""
