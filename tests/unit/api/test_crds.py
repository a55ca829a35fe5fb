"""The CustomResourceDefinitions match the contract, and the files in crds/ are up to date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.api import rules
from controller.api.crds import (
    job_crd,
    job_schema,
    maintenance_crd,
    maintenance_schema,
    update_crd,
    update_schema,
)
from controller.api.schema import at
from hack import crds, golden
from hack.generated import stale

Node = tuple[str, dict[str, Any]]

#: The folder of each release.
GOLDEN = sorted(golden.FOLDER.iterdir())


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[Node]:
    """Every node of a schema with its path."""
    yield path, schema
    for name, prop in schema.get("properties", {}).items():
        yield from nodes(prop, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


KINDS = ["Job", "Update", "Maintenance"]
BOTH = pytest.mark.parametrize(
    "schema", [job_schema(), update_schema(), maintenance_schema()], ids=KINDS
)
CRDS = pytest.mark.parametrize("crd", [job_crd(), update_crd(), maintenance_crd()], ids=KINDS)


def test_the_files_are_as_generated() -> None:
    assert stale(crds.rendered()) == [], "run `make crds`"


def test_the_defaults_of_a_job_are_those_of_the_contract() -> None:
    defaults = {path: node["default"] for path, node in nodes(job_schema()) if "default" in node}
    assert defaults == {
        "spec.type": "Service",
        "spec.instances": 1,
        "spec.minReadySeconds": 10,
        "spec.revisionHistoryLimit": 10,
        "spec.updateHistoryLimit": 10,
        "spec.update": {},
        "spec.update.mode": "Automatic",
        "spec.update.strategy": {"type": "Queue", "size": 1},
        "spec.update.replacement": "Recreate",
        "spec.update.readyTimeoutSeconds": 600,
        "spec.update.terminationTimeoutSeconds": 0,
        "spec.update.maxFailuresPerInstance": 1,
        "spec.update.maxFailedInstances": 0,
        "spec.update.rollbackOnFailure": True,
        "spec.update.gates": [],
        "spec.update.watchAfterSeconds": 0,
        "status": {"observedGeneration": -1},
    }


def test_an_update_has_no_defaults_that_could_overrule_its_job() -> None:
    defaults = {path: node["default"] for path, node in nodes(update_schema()) if "default" in node}
    assert defaults == {"spec.action": "Proceed", "status": {"observedGeneration": -1}}


def filled_in(crd: dict[str, Any]) -> dict[str, Any]:
    """Path of a property of the spec -> the default that the API server fills in."""
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec = nodes(schema["properties"]["spec"], "spec")
    return {path: node["default"] for path, node in spec if "default" in node}


@CRDS
@pytest.mark.parametrize("release", GOLDEN, ids=lambda path: path.name)
def test_each_default_of_a_spec_was_there_in_every_release(
    crd: dict[str, Any], release: Path
) -> None:
    file = release / "crds" / f"{crd['spec']['names']['plural']}.json"
    if not file.exists():
        assert crd["spec"]["names"]["kind"] == "Maintenance"  # The release did not have this kind.
        return
    present, then = filled_in(crd), filled_in(json.loads(file.read_text(encoding="utf-8")))
    assert {path: then.get(path) for path in present} == present, (
        "an older operator would find a new default in every Job, and leave all of them alone: "
        "let the operator apply the default"
    )


@BOTH
def test_every_field_is_documented_in_sentences(schema: dict[str, Any]) -> None:
    for path, node in nodes(schema):
        if path.endswith(("[]", "{}")) or path.startswith("metadata"):
            continue
        assert re.search(r"[.?]$", node.get("description", "")), f"{path} has no description"


@BOTH
def test_every_node_has_a_type(schema: dict[str, Any]) -> None:
    for path, node in nodes(schema):
        assert ("type" in node) != ("x-kubernetes-int-or-string" in node), path


@BOTH
def test_what_a_user_lists_or_writes_is_bounded(schema: dict[str, Any]) -> None:
    # The API server estimates the cost of a rule from the largest object that the schema allows.
    for path, node in nodes(schema["properties"]["spec"]):
        if node.get("type") == "array":
            assert "maxItems" in node, path
        if node.get("type") == "string" and path != "template.spec.containers[].name":
            assert "maxLength" in node or "enum" in node, path


def test_no_level_of_the_template_is_pruned() -> None:
    for path, node in nodes(at(job_schema(), "spec.template")):
        if node["type"] == "object":
            assert node["x-kubernetes-preserve-unknown-fields"], path


@CRDS
def test_names_and_subresources(crd: dict[str, Any]) -> None:
    names = crd["spec"]["names"]
    (version,) = crd["spec"]["versions"]
    assert crd["metadata"]["name"] == f"{names['plural']}.echelon.dev"
    assert names["categories"] == ["echelon"]
    short = {"EchelonJob": "ejob", "Update": "eup", "Maintenance": "emaint"}
    assert names["shortNames"] == [short[names["kind"]]]
    assert version["name"] == "v1alpha1"
    assert version["subresources"]["status"] == {}


@CRDS
def test_printer_columns_point_at_fields_that_exist(crd: dict[str, Any]) -> None:
    (version,) = crd["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    for column in version["additionalPrinterColumns"]:
        path = re.sub(r"\[\?.*\]", "[]", column["jsonPath"]).removeprefix(".")
        if not path.startswith("metadata."):
            at(schema, path)


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        (job_schema(), rules.JOB),
        (update_schema(), rules.UPDATE),
    ],
)
def test_each_rule_names_a_field_that_exists_and_a_remedy(
    schema: dict[str, Any], given: rules.Rules
) -> None:
    for path, those in given.items():
        for rule in those:
            at(at(schema, path), rule.field.removeprefix("."))
            assert re.search(r"leave|create|make|choose|give|use", rule.message), rule.message
