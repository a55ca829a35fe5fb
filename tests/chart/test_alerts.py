"""The alerts as a PrometheusRule, and the dashboard as a ConfigMap."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from hack.chart import CHART, ROOT
from tests.chart.helm import HelmError, Object, default_objects, one, render

FILE = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())
DOCUMENT = ROOT / "docs" / "alerts.md"


def changed(alerts: Object, **more: Any) -> dict[str, Object]:
    """The alerts by name. ``alerts``, ``more``: values of `prometheusRule`."""
    rule = {"prometheusRule": {"enabled": True, "alerts": alerts, **more}}
    groups = one(render(rule), "PrometheusRule")["spec"]["groups"]
    return {each["alert"]: each for group in groups for each in group["rules"]}


def test_by_default_the_rules_are_those_of_the_file() -> None:
    rendered = one(render({"prometheusRule": {"enabled": True}}), "PrometheusRule")
    assert rendered["spec"] == FILE


def test_neither_is_made_unless_wanted() -> None:
    kinds = {each["kind"] for each in default_objects()}
    assert not kinds & {"PrometheusRule", "ConfigMap"}


def test_an_alert_can_be_changed() -> None:
    change = {
        "threshold": 7200,
        "for": "1m",
        "keepFiringFor": "5m",
        "severity": "info",
        "labels": {"team": "shop"},
    }
    found = changed({"EchelonUpdateStuck": change})["EchelonUpdateStuck"]
    assert found["expr"].endswith(") > 7200")
    assert (found["for"], found["keep_firing_for"]) == ("1m", "5m")
    assert found["labels"] == {"severity": "info", "team": "shop"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"EchelonUpdateStuk": {"enabled": False}}, "there is no alert EchelonUpdateStuk"),
        ({"EchelonAbsent": {"threshold": 1}}, "this alert has no threshold"),
        ({"EchelonAbsent": {"treshold": 1}}, "treshold"),
        ({"EchelonAbsent": {"for": "soon"}}, "for"),
    ],
)
def test_what_cannot_be_changed_is_refused(given: Object, words: str) -> None:
    with pytest.raises(HelmError, match=words):
        changed(given)


def test_the_document_explains_each_alert_and_its_example_works() -> None:
    text = DOCUMENT.read_text()
    names = [rule["alert"] for group in FILE["groups"] for rule in group["rules"]]
    assert re.findall(r"^### (Echelon\w+)$", text, re.MULTILINE) == names
    for name, rule in ((r["alert"], r) for g in FILE["groups"] for r in g["rules"]):
        assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{name.lower()}"
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
    (example,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    given = yaml.safe_load(example)["prometheusRule"]
    found = changed(given["alerts"], runbookUrl=given["runbookUrl"])
    assert found["EchelonUpdateStuck"]["expr"].endswith("> 7200")
    assert "EchelonUpdateWaits" not in found
    url = found["EchelonAbsent"]["annotations"]["runbook_url"]
    assert url == "https://wiki.example.com/echelon/alerts#echelonabsent"


def test_the_dashboard_is_the_file() -> None:
    rendered = render({"grafana": {"dashboard": {"enabled": True}}})
    made = one(rendered, "ConfigMap")
    (text,) = made["data"].values()
    assert json.loads(text) == json.loads((CHART / "files" / "dashboard.json").read_text())
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
