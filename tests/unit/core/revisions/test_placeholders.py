"""Placeholders: with blanks, in values only, and none that does not exist."""

from __future__ import annotations

import json

import pytest

from controller.core.revisions.data import of_spec
from controller.core.revisions.placeholders import filled, unknown

VALUES = {"instance": "3", "instances": "5", "job": "web", "namespace": "shop"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{echelon.instance}}", "3"),
        ("{{ echelon.instance }} of {{echelon.instances }}", "3 of 5"),
        ("{{\techelon.job}}", "web"),
        ("{{ echelon . job }}", "{{ echelon . job }}"),
        ("{{echelon.Job}}", "{{echelon.Job}}"),
        ("{ {echelon.job} }", "{ {echelon.job} }"),
    ],
)
def test_filled(text: str, result: str) -> None:
    assert filled([{text: text}], VALUES) == [{text: result}]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("{{echelon.shard}}", "shard"),
        ("{{ echelon.instance_id }}", "instance_id"),
        ("{{echelon.Instance}}", "Instance"),
        ("{{echelon.}}", ""),
    ],
)
def test_a_placeholder_that_does_not_exist_is_refused(value: str, name: str) -> None:
    template = {"spec": {"containers": [{"name": "web", "args": ["ok", f"x{value}"]}]}}
    said = unknown(json.dumps(template).encode())
    assert said == (
        "spec.template.spec.containers[0].args[1]: there is no placeholder"
        f" {{{{echelon.{name}}}}}; use one of"
        " {{echelon.instance}}, {{echelon.instances}}, {{echelon.job}}, {{echelon.namespace}}"
    )


def test_in_an_overlay() -> None:
    patch = {"metadata": {"labels": {"a": "{{echelon.x}}"}}}
    data = of_spec({"spec": {}}, [{"name": "o", "instances": "0", "patch": patch}])
    assert unknown(data).startswith("spec.overlays[0].patch.metadata.labels.a: there is no")


@pytest.mark.parametrize("text", ["{{ echelon.job }}", "{{.Values.echelon}}", "{{ other.x }}", ""])
def test_all_others_are_left_alone(text: str) -> None:
    assert unknown(json.dumps({"metadata": {"annotations": {"a": text}}}).encode()) == ""
