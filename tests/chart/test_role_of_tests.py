"""The integration tests run the operator with exactly the rules of this chart."""

from __future__ import annotations

from hack.harness.role import LEASES, chart_rules, maintenance_rules
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
    """Nodes and Maintenances are of no namespace, so no Role can grant them."""
    objects = render(nested({"watchNamespaces": ["a", "b"]}))
    cluster = (["nodes"], ["maintenances"], ["maintenances/status"])
    own = [rule for rule in chart_rules() if rule["resources"] not in cluster]
    assert len(own) == len(chart_rules()) - len(cluster)
    assert rules(objects, "Role") == {"a": own, "b": own}
    assert rules(objects, "ClusterRole") == {}


def test_of_leases_the_chart_grants_two_names_and_the_tests_all() -> None:
    """Each test has a Lease of its own; the verbs are the same."""
    ((_, granted),) = rules(render(), "Role", f"{NAME}-lease").items()
    assert {rule["resources"][0] for rule in granted} == set(LEASES["resources"])
    assert sorted(verb for rule in granted for verb in rule["verbs"]) == sorted(LEASES["verbs"])
    assert [rule.get("resourceNames") for rule in granted] == [None, [NAME, f"{NAME}-maintenance"]]


def test_maintenances_have_a_role_of_their_own_which_the_tests_have() -> None:
    on = {"maintenance.enabled": True, "maintenance.evictOthers": True}
    role = f"{NAME}-maintenance"
    assert rules(render(nested(on)), "ClusterRole", role) == {None: maintenance_rules()}
    inside = nested(on | {"watchNamespaces": ["a"]})
    assert rules(render(inside), "ClusterRole", role) == {None: maintenance_rules()}
    rest = [each for each in maintenance_rules() if "pods/eviction" not in each["resources"]]
    only = nested({"maintenance.enabled": True})
    assert rules(render(only), "ClusterRole", role) == {None: rest}
    assert rules(render(), "ClusterRole", role) == {}


def test_events_about_maintenances_are_granted_where_they_are_kept() -> None:
    role = f"{NAME}-maintenance"
    events = {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]}
    for more in ({}, {"watchNamespaces": ["a"]}):
        objects = render(nested({"maintenance.enabled": True, **more}))
        assert rules(objects, "Role", role) == {"default": [events]}
        (bound,) = [
            o for o in objects if o["kind"] == "RoleBinding" and o["metadata"]["name"] == role
        ]
        assert (bound["metadata"]["namespace"], bound["roleRef"]["name"]) == ("default", role)
    assert not any("events" in rule["resources"] for rule in maintenance_rules())
    assert rules(render(), "Role", role) == {}
