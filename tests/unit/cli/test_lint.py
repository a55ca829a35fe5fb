"""What lint calls an error: all that the API server refuses, fields of pods, gates."""

from __future__ import annotations

from typing import Any

import pytest

from controller.cli.lint import kubernetes_types
from tests.integration.bad_objects import (
    GATE,
    JOB,
    JOBS,
    LATER_JOBS,
    LATER_UPDATES,
    UPDATE,
    UPDATES,
    changed,
)
from tests.unit.cli.manifests import PROBE, Object, container, errors, found, job, warnings


def test_a_good_job_and_a_good_update_have_no_finding() -> None:
    assert found(job(), UPDATE) == []


BAD = [
    *((JOB, name, change, texts[0]) for name, (change, texts) in JOBS.items()),
    *((UPDATE, name, change, texts[0]) for name, (change, texts) in UPDATES.items()),
    *((JOB, field, change, field) for field, change in LATER_JOBS.items()),
    *((UPDATE, field, change, field) for field, change in LATER_UPDATES.items()),
]


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [(base, change, field) for base, _, change, field in BAD],
    ids=[f"{base['kind']}: {name}" for base, name, _, _ in BAD],
)
def test_all_that_the_api_server_refuses_is_an_error(
    base: Object, change: Object, field: str
) -> None:
    assert field in errors(changed(base, change))


@pytest.mark.parametrize("field", LATER_JOBS)
def test_a_field_of_a_later_version_is_named_as_such(field: str) -> None:
    assert "not yet supported" in errors(changed(JOB, LATER_JOBS[field]))[field]


def test_a_rule_says_more_than_the_bound_beside_it() -> None:
    said = errors(changed(JOB, {"spec": {"update": {"maxUnavailable": 0}}}))
    assert "replacement: Surge" in said["spec.update.maxUnavailable"]
    assert len(said) == 1


def test_the_field_is_not_named_twice() -> None:
    said = errors(changed(JOB, {"spec": {"update": {"strategy": {"type": "Batch"}}}}))
    assert said["spec.update.strategy.size"].startswith("is required with type Batch")


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"instanses": 3}, "spec.instanses", "did you mean instances?"),
        ({"update": {"gates": [{**GATE, "when": 1}]}}, "spec.update.gates[0].when", "unknown"),
        ({"template": {"spec": {"contaners": []}}}, "spec.template.spec.contaners", "containers?"),
    ],
)
def test_an_unknown_field(change: Object, field: str, text: str) -> None:
    assert text in errors(job(change))[field]


@pytest.mark.parametrize(
    ("obj", "field", "text"),
    [
        (container(readinesProbe=PROBE), "containers[0].readinesProbe", "readinessProbe?"),
        (container(env=[{"name": "A", "value": 1}]), "containers[0].env[0].value", "in quotes"),
        (container(env=[{"value": "1"}]), "containers[0].env[0].name", "is required"),
        (container(ports=[{"containerPort": "x"}]), "containers[0].ports[0].containerPort", "x"),
        (container(image=...), "containers[0].image", "is required"),
        (container(command="sh"), "containers[0].command", "must be a list"),
        (job(volumes=[{"emptyDir": {}}]), "volumes[0].name", "is required"),
        (job(hostNetwork="yes"), "hostNetwork", "must be true or false"),
        (job(priority="9"), "priority", "must be a whole number, not the text '9'"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_the_pods(obj: Object, field: str, text: str) -> None:
    said = errors(obj)
    assert text in said[f"spec.template.spec.{field}"]
    assert len(said) == 1


@pytest.mark.parametrize("name", ["resizeStrategy", "images", "newerField"])
def test_a_field_that_a_newer_kubernetes_may_have_is_a_warning(name: str) -> None:
    obj = container(**{name: "x"})
    assert errors(obj) == {}
    said = warnings(obj)[f"spec.template.spec.containers[0].{name}"]
    assert said.startswith(f"Kubernetes {kubernetes_types.VERSION} has no such field")
    assert "--server" in said
    assert ("did you mean image?" in said) == (name == "images")


@pytest.mark.parametrize("name", ["Image", "imag", "imagee", "iamge", "imbge", "imagePullpolicy"])
def test_a_slip_of_the_pen_is_an_error(name: str) -> None:
    said = errors(container(**{name: "x"}))[f"spec.template.spec.containers[0].{name}"]
    assert said.startswith("unknown field")


def test_quantities_may_be_numbers_and_nulls_are_absent() -> None:
    limits = {"limits": {"cpu": 1, "memory": "1Gi"}}
    assert errors(container(resources=limits, livenessProbe=None)) == {}


@pytest.mark.parametrize(
    ("metadata", "field", "text"),
    [
        ({"name": ...}, "metadata.name", "is required"),
        ({"labels": {"a": 1}}, "metadata.labels.a", "in quotes"),
        ({"labels": {"a": "b c"}}, "metadata.labels.a", "a label has"),
        ({"labels": {"a/b/c": "d"}}, 'metadata.labels["a/b/c"]', "not allowed"),
        ({"lables": {}}, "metadata.lables", "labels?"),
    ],
)
def test_wrong_metadata(metadata: Object, field: str, text: str) -> None:
    assert text in errors(changed(UPDATE, {"metadata": metadata}))[field]


def test_a_generated_name_is_a_name() -> None:
    assert errors(changed(UPDATE, {"metadata": {"name": ..., "generateName": "web-"}})) == {}


def test_labels_of_the_template_may_have_placeholders() -> None:
    labels = {"app": "{{echelon.job}}", "shard": "s-{{echelon.instance}}"}
    assert found(job({"template": {"metadata": {"labels": labels}}})) == []


@pytest.mark.parametrize(
    ("kind", "version", "field", "text"),
    [
        ("Job", "echelon.dev/v1alpha1", "kind", "write kind: EchelonJob"),
        ("Update", "echelon.dev/v1", "apiVersion", "write echelon.dev/v1alpha1"),
    ],
)
def test_an_unknown_kind_or_version(kind: str, version: str, field: str, text: str) -> None:
    assert text in errors({**UPDATE, "kind": kind, "apiVersion": version})[field]


# Gates.


def prometheus(**fields: Any) -> Object:
    gate = {"address": "http://prometheus:9090", "query": "up", "condition": "result < 1"}
    return {"name": "errors", "prometheus": {**gate, **fields}}


def test_a_condition_that_does_not_compile() -> None:
    gates = [prometheus(), prometheus(condition="resutl < 1") | {"name": "other"}]
    said = errors(job({"update": {"gates": gates}}))
    assert list(said) == ["spec.update.gates[1].prometheus.condition"]
    assert "line 1, column 1" in said["spec.update.gates[1].prometheus.condition"]


def test_a_control_group_needs_its_placeholder() -> None:
    gates = [prometheus(condition="updated < baseline")]
    said = errors(changed(UPDATE, {"spec": {"policy": {"gates": gates}}}))
    assert "{{echelon.updated}}" in said["spec.policy.gates[0].prometheus.condition"]


def test_gates_that_are_too_large_together() -> None:
    gates = [
        prometheus(query="x" * 8000, minSamples={"query": "y" * 8000, "atLeast": 1})
        | {"name": f"g{i}"}
        for i in range(5)
    ]
    assert "65536" in errors(job({"update": {"gates": gates}}))["spec.update.gates"]


def test_ids_that_cannot_be_read() -> None:
    assert "0-3,7" in errors(changed(UPDATE, {"spec": {"instances": "0..3"}}))["spec.instances"]
