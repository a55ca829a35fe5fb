"""The alerts and the dashboard that the chart ships, as the tests use them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from hack.chart import CHART

ALERTS: Final = CHART / "files" / "alerts.yaml"
DASHBOARD: Final = CHART / "files" / "dashboard.json"
_THRESHOLD: Final = re.compile(r" ([<>]|==|!=) [0-9.]+$")
_RANGE: Final = re.compile(r"\[(\d+)m\]")


@dataclass(frozen=True)
class Panel:
    """One query of a panel, as Grafana sends it."""

    title: str
    ref: str
    expr: str

    @property
    def name(self) -> str:
        return f"{self.title} {self.ref}"


def alerts() -> list[dict[str, Any]]:
    """All alerts."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def without_threshold(expr: str) -> str:
    """The expression without the comparison at its end."""
    return _THRESHOLD.sub("", expr)


def hastened(thresholds: Mapping[str, float], hold: float = 0, window: float = 30) -> str:
    """The file of alerts with shorter times. ``hold``: seconds of ``for`` per minute of it;
    ``window``: seconds that stand for each range. ``thresholds``: by alert."""
    found = yaml.safe_load(ALERTS.read_text())
    for group in found["groups"]:
        for rule in group["rules"]:
            name = rule["alert"]
            rule["for"] = f"{minutes(rule.get('for', '0m')) * hold:.0f}s"
            rule["expr"] = _RANGE.sub(f"[{window:g}s]", rule["expr"])
            if name in thresholds:
                assert _THRESHOLD.search(rule["expr"]), name
                rule["expr"] = re.sub(r"[0-9.]+$", f"{thresholds[name]:g}", rule["expr"])
    return yaml.safe_dump(found)


def minutes(text: str) -> int:
    """A duration such as ``10m`` or ``4h`` in minutes."""
    return int(text[:-1]) * {"m": 1, "h": 60}[text[-1]]


def panels() -> list[dict[str, Any]]:
    """All panels, rows included."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> list[Panel]:
    """All queries, with the variables replaced as Grafana does for "All" and a short range."""
    given = {"$namespace": ".*", "$job": ".*", "$__rate_interval": "5m", "$__range": "5m"}
    found = []
    for panel in panels():
        for target in panel.get("targets", ()):
            expr = target["expr"]
            for name, value in given.items():
                expr = expr.replace(name, value)
            # With a vector that is always there, "returns data" would say nothing.
            expr = expr.removesuffix(" or vector(0)")
            found.append(Panel(panel["title"], target["refId"], expr))
    return found
