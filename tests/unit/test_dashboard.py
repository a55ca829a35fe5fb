"""The dashboard looks as a dashboard should: complete panels that do not overlap."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.metrics.shipped import DASHBOARD, panels

#: Kinds of panels that Grafana 10 and later have, and do not call deprecated.
KINDS = {"row", "stat", "timeseries", "state-timeline", "table"}
UNITS = {value for name, value in vars(units).items() if not name.startswith("_")}
TEXT = DASHBOARD.read_text()
SHOWN = [panel for panel in panels() if panel["type"] != "row"]


def test_each_field_is_one_that_grafana_knows() -> None:
    """What Grafana's own types read of it and write again is the same."""
    register_default_plugins()
    again = JSONEncoder().encode(Dashboard.from_json(json.loads(TEXT)))
    assert json.loads(again) == json.loads(TEXT)
    assert json.loads(TEXT)["schemaVersion"] >= 39


def test_each_panel_is_complete() -> None:
    assert len(SHOWN) > 25
    for panel in SHOWN:
        title = panel["title"]
        assert panel["type"] in KINDS, title
        assert title, panel
        assert panel["description"].endswith("."), title
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, title
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, title
        assert panel["targets"], title
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"], title
            assert target["legendFormat"] or panel["type"] == "table", title


def test_newer_versions_of_the_schema_change_nothing_of_it() -> None:
    """What Grafana's migrations to the versions 40 to 43 change does not occur in it."""
    whole = json.loads(TEXT)
    assert isinstance(whole["refresh"], str)
    assert "timepicker" not in whole
    for panel in SHOWN:
        used = {each["id"] for each in panel.get("transformations", ())}
        used |= {p["id"] for each in panel["fieldConfig"]["overrides"] for p in each["properties"]}
        assert not used & {"formatTime", "custom.hideFrom"}, panel["title"]


def test_steps_of_colours_begin_without_a_value_and_ascend() -> None:
    for panel in SHOWN:
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
        values = [each["value"] for each in steps]
        assert values[:1] in ([], [None]), panel["title"]
        assert values[1:] == sorted(values[1:]), panel["title"]


def test_titles_and_ids_are_unique() -> None:
    for field in ("title", "id"):
        found = [panel[field] for panel in panels()]
        assert len(set(found)) == len(found)


def test_panels_are_on_the_grid_and_do_not_overlap() -> None:
    for one, other in combinations(panels(), 2):
        assert not _overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])
    for panel in panels():
        assert 0 <= panel["gridPos"]["x"] <= 24 - panel["gridPos"]["w"], panel["title"]


def test_the_variables_choose_the_data_source_namespaces_and_jobs() -> None:
    found = json.loads(TEXT)["templating"]["list"]
    assert [each["name"] for each in found] == ["datasource", "namespace", "job"]
    assert (found[0]["type"], found[0]["query"]) == ("datasource", "prometheus")
    for each in found[1:]:
        assert (each["type"], each["datasource"]) == ("query", SHOWN[0]["datasource"])
    for each in found[1:]:
        assert (each["multi"], each["includeAll"], each["current"]["value"]) == (
            True,
            True,
            "$__all",
        )
    assert "$namespace" in found[2]["query"]


def test_no_other_variables_are_used() -> None:
    defined = {each["name"] for each in json.loads(TEXT)["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", TEXT))
    assert used == defined | {"__all", "__range", "__rate_interval"}


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or above)
