"""`echelon version`: what is said about what a cluster has, and how an operator is recognised."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from controller.api.meta import format_time
from controller.cli import finding, installed, main, version
from controller.cli.installed import Holder, Installed, Operator

HELD = Holder("kube-system", "echelon", "pod-x_uid", 3.0, alive=True)


def test_the_version_of_the_client_needs_no_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    done = CliRunner().invoke(main.app, ["version", "--client"])
    assert done.exit_code == 0
    assert done.output == f"Client: {version.mine()} (echelon.dev/v1alpha1)\n"


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_the_version_for_programs(form: str, read: Any) -> None:
    done = CliRunner().invoke(main.app, ["version", "--client", "-o", form])
    own = {"version": version.mine(), "api": "echelon.dev/v1alpha1"}
    assert read(done.output) == {"client": own, "server": None}


def test_a_cluster_without_echelon() -> None:
    found = Installed("v1.36.3", (), operators=(), leases=())
    assert "Kinds: not installed" in installed.lines(found)
    assert "helm install" in installed.hints(found, "0.1.0")[0]


def test_what_a_user_without_rights_sees() -> None:
    found = Installed("v1.36.3", ("v1alpha1",))
    assert installed.lines(found)[-2:] == [
        "Operator: unknown (you may not list Deployments)",
        "Lease: unknown (you may not list Leases)",
    ]
    (hint,) = installed.hints(found, "0.1.0")
    assert "may list Deployments or Leases" in hint


def test_an_operator_of_another_version_that_is_not_ready() -> None:
    operator = Operator("echelon", "echelon", "0.2.0", 0, 1)
    found = Installed("v1.36.3", ("v1alpha1",), ("v1alpha1",), "0.2.0", (operator,), (HELD,))
    assert installed.lines(found)[1:] == [
        "Kinds: echelon.dev v1alpha1, stored as v1alpha1, of version 0.2.0",
        "Operator: 0.2.0 (echelon/echelon, 0 of 1 ready)",
        "Lease: kube-system/echelon, held by pod-x_uid",
    ]
    other, unready = installed.hints(found, "0.1.0")
    assert "0.2.0" in other
    assert "describe deployment echelon" in unready


def test_a_newer_api_alone() -> None:
    (hint,) = installed.hints(Installed("v1.36.3", ("v1",)), "0.1.0")
    assert "v1alpha1 only" in hint


def test_an_operator_that_runs_outside_of_the_cluster() -> None:
    found = Installed("v1.36.3", ("v1alpha1",), operators=(), leases=(HELD,))
    assert "Operator: no Deployment, but the Lease is held" in installed.lines(found)
    assert installed.hints(found, "0.1.0") == []


def test_no_operator_says_what_was_looked_for() -> None:
    stale = Holder("kube-system", "echelon", "gone", 7200.0, alive=False)
    found = Installed("v1.36.3", ("v1alpha1",), operators=(), leases=(stale,))
    assert installed.lines(found)[-2:] == [
        "Operator: not found",
        "Lease: kube-system/echelon, last held by gone, which has not renewed it for 120m",
    ]
    (hint,) = installed.hints(found, "0.1.0")
    for what in (installed.LABEL, installed.PROGRAM, "a Lease named echelon", "--lease-name"):
        assert what in hint


# How it is found.


def deployment(**container: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "tools", "name": "rollouts", "labels": {"team": "a"}},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [container]}}},
        "status": {"readyReplicas": 1},
    }


@pytest.mark.parametrize(
    ("container", "found"),
    [
        ({"image": "registry.example:5000/x/echelon:0.3.1"}, "0.3.1"),
        ({"image": "echelon@sha256:0a"}, ""),
        ({"image": "own:v0.4", "command": ["echelon-controller"]}, "0.4"),
        ({"image": "own:latest", "args": ["python", "-m", "controller", "--log-level=debug"]}, ""),
        ({"image": "own", "args": ["python", "-m", "controllers"]}, None),
        ({"image": "echelon-demo:1", "args": ["serve"]}, None),
        ({}, None),
    ],
)
def test_a_deployment_without_the_label(container: dict[str, Any], found: str | None) -> None:
    raw = deployment(**container)
    assert finding.runs_operator(raw) == (found is not None)
    if found is not None:
        assert finding.operator_of(raw) == Operator("tools", "rollouts", found, 1, 2)


@pytest.mark.parametrize(("ago", "alive"), [(5, True), (600, False)])
def test_a_lease_is_held_as_long_as_it_is_renewed(ago: int, alive: bool) -> None:
    spec = {
        "holderIdentity": "x",
        "leaseDurationSeconds": 15,
        "renewTime": format_time(time.time() - ago),
    }
    found = finding.holder_of({"metadata": {"namespace": "n", "name": "echelon"}, "spec": spec})
    assert found.alive is alive
    assert found.renewed == pytest.approx(ago, abs=5)


def test_a_lease_that_nobody_holds() -> None:
    found = finding.holder_of({"metadata": {"namespace": "n", "name": "echelon"}, "spec": {}})
    assert found == Holder("n", "echelon", "", None, alive=False)
    line = installed.lines(Installed("v1.36.3", ("v1alpha1",), leases=(found,)))[-1]
    assert line == "Lease: n/echelon, held by nobody"
