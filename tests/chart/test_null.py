"""Null removes a value: it means the empty value if that is valid, otherwise an error names it.

This holds for values files that override each other, and for a chart that depends on this one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hack.chart import CHART
from hack.chart.values import Value, values
from tests.chart.changes import CHANGES
from tests.chart.dry_run import DryRun
from tests.chart.helm import HelmError, helm, nested, objects, one, template

VALUES = values((CHART / "values.yaml").read_text())
EMPTY: tuple[Any, ...] = ("", [], {})
#: Values that may be null, because another value can replace them.
OTHERWISE = "podDisruptionBudget.maxUnavailable"
GROUPS = sorted({v.path[:depth] for v in VALUES for depth in range(1, len(v.path))})
#: Enables everything that is off by default.
ON = {
    "metrics.serviceMonitor.enabled": True,
    "networkPolicy.enabled": True,
    "networkPolicy.egress.enabled": True,
    "podDisruptionBudget.enabled": True,
    "mutatingAdmissionPolicy.enabled": True,
    "watchNamespaces": ["team-a"],
    "page.enabled": True,
    "page.urls": ["https://echelon.example.com"],
    "page.ingress.enabled": True,
}


def is_empty(value: Value) -> bool:
    return value.default in EMPTY and not isinstance(value.default, bool)


def is_required(value: Value) -> bool:
    """Whether the chart requires the value: a number, a boolean or a required name."""
    return not (is_empty(value) or isinstance(value.default, dict) or value.name == OTHERWISE)


def rendered(given: dict[str, Any], *flags: str) -> str:
    return template(nested(given), *flags, release="dry")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name)
def test_a_value_that_is_null_is_nothing_or_refused(value: Value, dry_run: DryRun) -> None:
    others = {name: each for name, each in ON.items() if name != value.name}
    given = {**others, value.name: None}
    if is_required(value):
        with pytest.raises(HelmError, match=rf"missing property '{value.path[-1]}'"):
            rendered(given)
    elif value.name == OTHERWISE:
        with pytest.raises(HelmError, match="needs minAvailable or maxUnavailable"):
            rendered(given)
    else:
        text = rendered(given)
        for each in objects(text):
            dry_run.send(each)
        if is_empty(value):
            assert text == rendered(others)


@pytest.mark.parametrize("group", GROUPS, ids=".".join)
def test_a_group_that_is_null_is_refused(group: tuple[str, ...]) -> None:
    with pytest.raises(HelmError, match=f"missing property '{group[-1]}'"):
        rendered({".".join(group): None})


@pytest.mark.parametrize("name", [value.name for value in VALUES if is_empty(value)])
def test_a_later_values_file_takes_away(name: str, tmp_path: Path) -> None:
    change = CHANGES[name]
    flags = []
    for number, value in enumerate((change.value, None)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(json.dumps(nested({name: value})))
        flags.append(f"--values={path}")
    assert rendered(change.given, *flags) == rendered(change.given)


MAPS = [
    value.name
    for value in VALUES
    if value.default == {} and value.name.rpartition(".")[2].lower().endswith(("labels", "tions"))
]


@pytest.mark.parametrize("name", ["nodeSelector", *MAPS])
def test_a_later_values_file_takes_one_label_away(name: str) -> None:
    given = CHANGES[name].given
    kept = {**given, name: {"example.com/kept": "yes"}}
    one_less = {**given, name: {"example.com/kept": "yes", "example.com/gone": None}}
    assert rendered(one_less) == rendered(kept)


def test_a_budget_can_be_said_either_way() -> None:
    on = {"podDisruptionBudget.enabled": True, "podDisruptionBudget.maxUnavailable": None}
    with pytest.raises(HelmError, match="podDisruptionBudget needs minAvailable or maxUnavailable"):
        rendered(on)
    text = rendered({**on, "podDisruptionBudget.minAvailable": 0})
    budget = one(objects(text), "PodDisruptionBudget")["spec"]
    assert budget.keys() == {"minAvailable", "selector"}
    assert budget["minAvailable"] == 0


def test_null_in_a_chart_that_has_this_one_as_a_part(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: platform\nversion: 0.1.0\ndependencies:\n"
        f"- {{name: echelon, version: 0.1.0, repository: 'file://{CHART}'}}\n"
    )
    helm("dependency", "build", str(tmp_path))
    plain = helm("template", "platform", str(tmp_path))
    given = nested({value.name: None for value in VALUES if is_empty(value)})
    assert helm("template", "platform", str(tmp_path), values={"echelon": given}) == plain
    with pytest.raises(HelmError, match="missing property 'replicaCount'"):
        helm("template", "p", str(tmp_path), values={"echelon": {"replicaCount": None}})
    given["commonLabels"] = {"example.com/gone": None}
    (tmp_path / "values.yaml").write_text(json.dumps({"echelon": given}))
    assert helm("template", "platform", str(tmp_path)) == plain
