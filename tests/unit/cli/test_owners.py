"""Whose a field is."""

from __future__ import annotations

from typing import Any

from controller.cli import owners


def entry(manager: str, fields: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    found = {"manager": manager, "fieldsV1": fields}
    return {**found, "subresource": subresource} if subresource else found


JOB = {
    "metadata": {
        "managedFields": [
            entry("kubectl-edit", {"f:spec": {"f:update": {"f:retryToken": {}}}}),
            entry("argocd-controller", {"f:spec": {"f:template": {"f:spec": {}}}}),
            entry("kube-controller-manager", {"f:spec": {"f:instances": {}}}, "scale"),
            entry("echelon-controller", {"f:spec": {"f:update": {}}}),
            entry("someone", {"f:spec": {"f:update": {}}}, "status"),
        ]
    }
}


def test_owners_of_a_field() -> None:
    assert owners.owners(JOB, "spec", "update") == ["kubectl-edit"]
    assert owners.owners(JOB, "spec", "template") == ["argocd-controller"]
    assert owners.owners(JOB, "spec", "instances") == ["kube-controller-manager"]
    assert owners.owners(JOB, "spec", "instances", "x") == []
    assert owners.owners({"metadata": {}}, "spec") == []


def test_programs_write_again_and_people_do_not() -> None:
    assert owners.programs(JOB, "spec", "update") == []
    assert owners.programs(JOB, "spec", "template") == ["argocd-controller"]
    for manager in ("kubectl-echelon", "echelon", "echelon-ui"):
        assert owners.is_by_hand(manager)
    assert not owners.is_by_hand("helm")


def test_names_that_people_know() -> None:
    assert owners.called("argocd-controller") == "argocd-controller (Argo CD)"
    assert owners.called("mine") == "mine"


def test_what_was_applied_under_the_earlier_name_keeps_it() -> None:
    applied = {"metadata": {"managedFields": [entry("echelon", {}) | {"operation": "Apply"}]}}
    patched = {"metadata": {"managedFields": [entry("echelon", {}) | {"operation": "Update"}]}}
    assert owners.applier(applied) == "echelon"
    assert owners.applier(patched) == owners.MANAGER == "kubectl-echelon"
    assert owners.applier(None) == owners.MANAGER
