"""docs/metrics.md has every metric, with all its labels."""

from __future__ import annotations

import re

from hack.metrics_doc import FILE, example, rendered
from tests.metrics.shipped import alerts, queries


def test_the_document_is_as_generated() -> None:
    assert FILE.read_text() == rendered(example().registry.collect()), "run `make metrics-doc`"


def test_the_example_has_a_value_of_each_metric_so_that_its_labels_are_known() -> None:
    families = list(example().registry.collect())
    assert [each.name for each in families if not each.samples] == []
    assert len({each.name for each in families}) == len(families)


def test_each_alert_and_panel_names_only_metrics_of_the_document() -> None:
    known = set(re.findall(r"^\| `(\w+)` \|", FILE.read_text(), re.MULTILINE))
    exprs = [alert["expr"] for alert in alerts()] + [panel.expr for panel in queries()]
    for name in re.findall(r"\b(?:echelon|process)_\w+", " ".join(exprs)):
        assert name in known or re.sub(r"_(bucket|count|sum)$", "", name) in known, name
