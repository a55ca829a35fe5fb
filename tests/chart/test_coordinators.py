"""The Leases by which coordinators are asked one question at a time."""

from __future__ import annotations

from typing import Any

from controller.reconcile.coordinators import lease_name
from tests.chart.helm import nested, render


def test_only_the_leases_of_coordinators_that_are_named_are_granted() -> None:
    urls = ["https://consent.test/may?x=1", "http://a"]
    own = _leases({})
    assert own == ["echelon", "echelon-maintenance"]
    assert _leases({"rbac.coordinators": urls}) == [*own, *map(lease_name, urls)]
    assert _leases({"rbac.coordinators": ["*"]}) is None, "all of its namespace"


def _leases(values: dict[str, Any]) -> list[str] | None:
    """The names of the Leases that the operator may change; None: all."""
    roles = [o for o in render(nested(values)) if o["metadata"]["name"] == "echelon-lease"]
    (rule,) = (r for o in roles for r in o.get("rules", ()) if "patch" in r["verbs"])
    names: list[str] | None = rule.get("resourceNames")
    return names
