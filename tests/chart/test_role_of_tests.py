"""The integration tests run the operator with exactly the rules of this chart."""

from __future__ import annotations

from hack.harness.role import chart_rules
from tests.chart.helm import render


def test_the_rules_that_the_integration_tests_grant_are_what_helm_renders() -> None:
    roles = [o for o in render() if o["kind"] == "ClusterRole" and "aggregationRule" not in o]
    rendered = [role["rules"] for role in roles]
    assert chart_rules() in rendered
