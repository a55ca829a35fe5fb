"""The integration tests run the operator with exactly the rules of this chart."""

from __future__ import annotations

from hack.harness.role import LEASES, chart_rules
from tests.chart.helm import Object, nested, render

NAME = "echelon"


def rules(objects: list[Object], kind: str, name: str = NAME) -> dict[str | None, list[Object]]:
    """Namespace -> rules of the roles of this kind and name."""
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    return {role["metadata"].get("namespace"): role["rules"] for role in found}


def test_the_rules_that_the_integration_tests_grant_are_what_helm_renders() -> None:
    assert rules(render(), "ClusterRole") == {None: chart_rules()}
    assert rules(render(), "Role") == {}


def test_in_a_namespace_it_is_the_same_without_nodes() -> None:
    """Nodes are of no namespace, so no Role can grant them."""
    objects = render(nested({"watchNamespaces": ["a", "b"]}))
    own = [rule for rule in chart_rules() if rule["resources"] != ["nodes"]]
    assert len(own) == len(chart_rules()) - 1
    assert rules(objects, "Role") == {"a": own, "b": own}
    assert rules(objects, "ClusterRole") == {}


def test_of_leases_the_chart_grants_one_name_and_the_tests_all() -> None:
    """Each test has a Lease of its own; the verbs are the same."""
    ((_, granted),) = rules(render(), "Role", f"{NAME}-lease").items()
    assert {rule["resources"][0] for rule in granted} == set(LEASES["resources"])
    assert sorted(verb for rule in granted for verb in rule["verbs"]) == sorted(LEASES["verbs"])
    assert [rule.get("resourceNames") for rule in granted] == [None, [NAME]]
