"""Every value has an effect that Kubernetes accepts, and unknown values are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from hack.chart import CHART
from hack.chart.values import values
from tests.chart.changes import CHANGES
from tests.chart.dry_run import DryRun
from tests.chart.helm import HelmError, helm, nested, objects, template

VALUES = values((CHART / "values.yaml").read_text())
EVERY = pytest.mark.parametrize("name", [value.name for value in VALUES])


@cache
def _rendered(given: str) -> str:
    # A separate name, to avoid conflicts with objects of other tests.
    return template(nested(json.loads(given)), release="dry")


def rendered(given: dict[str, Any]) -> str:
    """The rendered change. It is rendered once for all tests."""
    return _rendered(json.dumps(given))


def test_each_value_has_a_change() -> None:
    assert set(CHANGES) == {value.name for value in VALUES}


@EVERY
def test_it_changes_what_is_rendered(name: str) -> None:
    change = CHANGES[name]
    assert rendered({**change.given, name: change.value}) != rendered(change.given)


@EVERY
def test_the_api_server_takes_what_is_rendered(name: str, dry_run: DryRun) -> None:
    change = CHANGES[name]
    for rendered_object in objects(rendered({**change.given, name: change.value})):
        dry_run.send(rendered_object)


def test_the_api_server_takes_all_changes_together(dry_run: DryRun) -> None:
    together = {k: v for name, c in CHANGES.items() for k, v in {name: c.value, **c.given}.items()}
    together |= {
        "crds.install": True,
        "serviceAccount.create": True,
        "rbac.create": True,
        "rbac.aggregateRoles": True,
        "metrics.enabled": True,
        "metrics.service.enabled": True,
    }
    for rendered_object in objects(rendered(together)):
        dry_run.send(rendered_object)


def test_lint_finds_nothing() -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART))
    assert "WARNING" not in helm("lint", str(CHART))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"replicas": 2}, "replicas"),
        ({"image.repo": "x"}, "repo"),
        ({"metrics.serviceMonitor.intervall": "1s"}, "intervall"),
        ({"replicaCount": "two"}, "replicaCount"),
        ({"replicaCount": -1}, "replicaCount"),
        ({"logging.level": "loud"}, "level"),
        ({"image.digest": "latest"}, "digest"),
        ({"watchNamespaces": "team-a"}, "watchNamespaces"),
        ({"watchNamespaces": ["Team A"]}, "watchNamespaces"),
        ({"health.port": 70000}, "port"),
        ({"health.livenessProbe": {"path": "/"}}, "path"),
        ({"extraEnv": [{"value": "x"}]}, "name"),
        ({"resources": {"limit": {}}}, "limit"),
        ({"podDisruptionBudget.minAvailable": "half"}, "minAvailable"),
        ({"leaderElection.leaseDurationSeconds": 1}, "leaseDurationSeconds"),
        ({"leaderElection.shards": 0}, "shards"),
        ({"leaderElection.shards": 65}, "shards"),
        ({"rbac.secrets": [""]}, "secrets"),
        ({"watchNamespaces": [123]}, "watchNamespaces"),
        ({"fullnameOverride": "My Release"}, "fullnameOverride"),
        ({"serviceAccount.name": "a: b"}, "serviceAccount"),
        ({"commonLabels": {"a": 1}}, "commonLabels"),
    ],
    ids=lambda given: json.dumps(given),
)
def test_a_mistake_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(HelmError, match=named):
        template(nested(given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"leaseDurationSeconds": 10}, "they are 10, 10 and 2"),
        ({"renewDeadlineSeconds": 20}, "they are 15, 20 and 2"),
        ({"retryPeriodSeconds": 10.5}, "they are 15, 10 and 10.5"),
    ],
)
def test_times_of_the_lease_that_the_operator_would_refuse(
    given: dict[str, float], said: str
) -> None:
    words = "leaderElection: leaseDurationSeconds must be greater than renewDeadlineSeconds"
    with pytest.raises(HelmError, match=f"{words}.*{said}"):
        template({"leaderElection": given})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ECHELON_LOG_LEVEL", "a value of the chart or extraArgs instead of ECHELON_LOG_LEVEL"),
        ("POD_UID", "POD_UID is set by the chart"),
    ],
)
def test_a_variable_that_would_have_no_effect_is_refused(name: str, said: str) -> None:
    with pytest.raises(HelmError, match=f"extraEnv: .*{said}"):
        template({"extraEnv": [{"name": name, "value": "debug"}]})


def test_one_port_for_two_things_is_refused() -> None:
    with pytest.raises(HelmError, match=r"health\.port and metrics\.port must differ"):
        template(nested({"health.port": 9095}))
    assert template(nested({"health.port": 9095, "metrics.enabled": False}))


def test_a_service_monitor_without_a_service_is_refused() -> None:
    with pytest.raises(HelmError, match=r"needs metrics\.enabled and metrics\.service\.enabled"):
        template(nested({"metrics.serviceMonitor.enabled": True, "metrics.service.enabled": False}))


def groups(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of the schema for the groups of values."""
    yield path, schema
    for name, child in schema["properties"].items():
        if "description" not in child and name not in ("global", "enabled"):
            yield from groups(child, f"{path}.{name}")


def test_the_schema_knows_every_value_and_refuses_all_others() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    for path, group in groups(schema):
        assert group["additionalProperties"] is False, path
    for value in VALUES:
        node = schema
        for part in value.path:
            node = node["properties"][part]
        assert node["description"] == value.text
