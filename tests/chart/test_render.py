"""The rendered chart, as far as it can be tested without a cluster."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller import settings
from controller.setting_types import Address
from hack.chart import CHART, ROOT
from tests.chart.helm import (
    Object,
    container,
    default_objects,
    helm,
    nested,
    objects,
    one,
    render,
)


def flags(values: Object | None = None) -> settings.Settings:
    """The operator's settings from the container's flags."""
    return settings.load(container(render(values))["args"], {})


def test_versions_are_those_of_the_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == project["version"]
    assert f"ARG VERSION={project['version']}\n" in (ROOT / "Dockerfile").read_text()


def test_by_default_the_operator_runs_as_by_default() -> None:
    ours, own = flags(), settings.load([], {})
    expected = {
        "metrics_address": Address("", 9095),
        "health_address": Address("", 9096),
        "log_format": "json",
        "lease_namespace": "echelon",
    }
    for name in settings.Settings.model_fields:
        assert getattr(ours, name) == expected.get(name, getattr(own, name)), name


def test_each_flag_of_the_operator_has_a_value() -> None:
    values = {"watchNamespaces": ["apps"], "gates": {"caFile": "/etc/ssl/company.pem"}}
    values |= {"maintenance": {"enabled": True, "evictOthers": True}}
    args = container(render(values))["args"]
    assert {arg.partition("=")[0] for arg in args} == set(settings.flags())


def test_values_reach_the_operator() -> None:
    got = flags(
        nested(
            {
                "watchNamespaces": ["b", "a", "b"],
                "leaderElection.retryPeriodSeconds": 0.5,
                "controller.workers": 7,
                "metrics.enabled": False,
                "extraArgs": ["--connections=3"],
            }
        )
    )
    assert got.namespaces == ("b", "a")
    assert (got.lease_retry, got.workers, got.connections) == (0.5, 7, 3)
    assert got.metrics_address.host == "127.0.0.1", "only the pod itself can read them"


def test_the_pod_is_locked_down() -> None:
    pod = one(default_objects(), "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    context = container(default_objects())["securityContext"]
    assert context["readOnlyRootFilesystem"]
    assert not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    user = pod["securityContext"]["runAsUser"]
    assert f"USER {user}:{user}\n" in (ROOT / "Dockerfile").read_text()


def test_ids_can_be_left_to_the_platform() -> None:
    """As docs/helm.md says for OpenShift."""
    none = dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"))
    pod = one(render({"podSecurityContext": none}), "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"].keys() == {"runAsNonRoot", "seccompProfile"}


_MAINTENANCE = {"maintenance.enabled": True}


def test_the_pod_tells_the_operator_who_it_is() -> None:
    fields = {
        entry["name"]: entry["valueFrom"]["fieldRef"]["fieldPath"]
        for entry in container(default_objects())["env"]
    }
    assert fields == {"POD_NAME": "metadata.name", "POD_UID": "metadata.uid"}
    names = {entry["name"] for entry in container(render(nested(_MAINTENANCE)))["env"]}
    assert names == {*fields, "NODE_NAME"}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ({}, "echelon/controller:0.1.0"),
        ({"tag": "1.2"}, "echelon/controller:1.2"),
        ({"tag": "1.2", "digest": "sha256:" + 64 * "a"}, "echelon/controller@sha256:" + 64 * "a"),
        ({"registry": "r.example.com:5000/", "repository": "e"}, "r.example.com:5000/e:0.1.0"),
    ],
)
def test_the_image_is_named_as_people_expect(image: Object, name: str) -> None:
    assert container(render({"image": image}))["image"] == name


@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        ("echelon", {}, "echelon"),
        ("prod", {}, "prod-echelon"),
        ("my-echelon", {}, "my-echelon"),
        ("prod", {"nameOverride": "rollouts"}, "prod-rollouts"),
        ("prod", {"fullnameOverride": "rollouts"}, "rollouts"),
    ],
)
def test_objects_are_named_as_people_expect(release: str, values: Object, name: str) -> None:
    rendered = render(values, release=release)
    assert one(rendered, "Deployment")["metadata"]["name"] == name
    assert one(rendered, "ServiceAccount")["metadata"]["name"] == name
    assert container(rendered)["args"].count(f"--lease-name={name}") == 1


def test_the_longest_name_gives_names_kubernetes_takes() -> None:
    for rendered in render({"fullnameOverride": 30 * "ab" + "-cd"}):
        if rendered["kind"] == "Service":
            assert len(rendered["metadata"]["name"]) <= 63


def test_common_labels_reach_every_object_and_never_the_selectors() -> None:
    given = {"example.com/team": "platform", "app.kubernetes.io/name": "not-this"}
    for rendered in render({"commonLabels": given}):
        assert rendered["metadata"]["labels"]["example.com/team"] == "platform"
        assert rendered["metadata"]["labels"]["app.kubernetes.io/name"] == "echelon"
    selector = one(render({"commonLabels": given}), "Deployment")["spec"]["selector"]
    assert "example.com/team" not in selector["matchLabels"]


def test_pods_of_the_operator_are_what_is_spread() -> None:
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    own = {**constraint, "labelSelector": {"matchLabels": {"app": "x"}}}
    deployment = one(render({"topologySpreadConstraints": [constraint, own]}), "Deployment")["spec"]
    first, second = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert first["labelSelector"] == deployment["selector"]
    assert second == own


def test_by_default_there_are_two_pods_on_two_nodes_and_one_stays() -> None:
    deployment = one(default_objects(), "Deployment")["spec"]
    (spread,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert deployment["replicas"] == 2
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway", "one node is enough"
    assert spread["labelSelector"] == deployment["selector"]
    budget = one(default_objects(), "PodDisruptionBudget")["spec"]
    assert budget == {"maxUnavailable": 1, "selector": deployment["selector"]}


@pytest.mark.parametrize(
    ("shards", "names"), [(1, ["jobs"]), (3, ["jobs", "jobs-0", "jobs-1", "jobs-2"])]
)
def test_the_role_covers_the_leases_and_no_others(shards: int, names: list[str]) -> None:
    rendered = render(nested({"leaderElection.shards": shards, "leaderElection.leaseName": "jobs"}))
    (role,) = [
        o for o in rendered if o["kind"] == "Role" and o["metadata"]["name"].endswith("lease")
    ]
    create, others = role["rules"]
    assert create["verbs"] == ["create"]
    names = [*names, "jobs-maintenance"]
    assert (others["resourceNames"], others["verbs"]) == (names, ["get", "patch"])
    assert settings.load(container(rendered)["args"], {}).shards == shards


def test_on_the_nodes_network_names_of_the_cluster_still_resolve() -> None:
    pod = one(render({"hostNetwork": True}), "Deployment")["spec"]["template"]["spec"]
    assert (pod["hostNetwork"], pod["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")


OWN = {"maxSurge": "25%", "maxUnavailable": "25%"}


@pytest.mark.parametrize(
    ("host", "given", "rolling"),
    [
        (False, {}, OWN),
        (False, {"type": "RollingUpdate", "rollingUpdate": None}, OWN),
        (False, {"rollingUpdate": {"maxSurge": 0}}, {**OWN, "maxSurge": 0}),
        (True, {}, {"maxSurge": 0, "maxUnavailable": 1}),
        (True, {"type": "RollingUpdate"}, {"maxSurge": 0, "maxUnavailable": 1}),
        (True, {"rollingUpdate": {"maxUnavailable": 2}}, {"maxSurge": 0, "maxUnavailable": 2}),
        (True, {"type": "Recreate"}, None),
        (False, {"type": "Recreate", "rollingUpdate": None}, None),
    ],
)
def test_on_the_nodes_network_an_old_pod_makes_room(
    host: bool, given: Object, rolling: Object | None
) -> None:
    found = one(render({"hostNetwork": host, "strategy": given}), "Deployment")["spec"]["strategy"]
    assert found.pop("type") == ("RollingUpdate" if rolling else "Recreate")
    assert found.get("rollingUpdate") == rolling


def test_roles_are_in_the_namespaces_served_or_in_the_cluster() -> None:
    def found(values: Object) -> set[tuple[str, str | None]]:
        return {
            (o["kind"], o["metadata"].get("namespace"))
            for o in render({**values, "rbac": {"aggregateRoles": False}})
            if "Role" in o["kind"]
        }

    lease = {("Role", "echelon"), ("RoleBinding", "echelon")}
    assert found({}) == {("ClusterRole", None), ("ClusterRoleBinding", None)} | lease
    some = {(kind, ns) for kind in ("Role", "RoleBinding") for ns in ("a", "b")}
    assert found({"watchNamespaces": ["a", "b"]}) == some | lease


def test_it_can_be_a_part_of_another_chart(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: platform\nversion: 0.1.0\ndependencies:\n"
        f"- {{name: echelon, version: 0.1.0, repository: 'file://{CHART}', "
        "condition: echelon.enabled}\n"
    )
    helm("dependency", "build", str(tmp_path))
    values: dict[str, Any] = {"global": {"x": 1}, "echelon": {"enabled": True, "replicaCount": 3}}
    rendered = objects(helm("template", "platform", str(tmp_path), values=values))
    assert one(rendered, "Deployment")["spec"]["replicas"] == 3
    values["echelon"]["enabled"] = False
    assert objects(helm("template", "platform", str(tmp_path), values=values)) == []


def test_braces_of_the_definitions_survive() -> None:
    definitions = {
        o["metadata"]["name"]: o["spec"]
        for o in default_objects()
        if o["kind"] == "CustomResourceDefinition"
    }
    for file in (ROOT / "crds").glob("*.yaml"):
        crd = yaml.safe_load(file.read_text())
        assert definitions[crd["metadata"]["name"]] == crd["spec"]


def test_the_chart_names_no_object_twice() -> None:
    seen = [
        (o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"])
        for o in render(nested({"watchNamespaces": ["echelon"], "networkPolicy.enabled": True}))
    ]
    assert len(seen) == len(set(seen))


def test_it_comes_as_one_package(tmp_path: Path) -> None:
    said = helm("package", str(CHART), "--destination", str(tmp_path))
    assert re.search(r"echelon-0\.1\.0\.tgz", said)
