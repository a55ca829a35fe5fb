"""What lint says of overlays and constraints."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.manifests import PROBE, Object, errors, job, warnings


def overlay(patch: Any, **fields: Any) -> Object:
    return {"name": "canary", "instances": "0", "patch": patch, **fields}


def container(**fields: Any) -> Object:
    return {"spec": {"containers": [{"name": "web", **fields}]}}


def with_overlays(*overlays: Object, **spec: Any) -> Object:
    return job({"overlays": list(overlays), **spec})


def test_good_overlays() -> None:
    env = [{"name": "LOG", "value": "{{echelon.instance}}"}]
    good = with_overlays(overlay(container(env=env)), constraints=[{"key": "host", "limit": 1}])
    assert errors(good) == warnings(good) == {}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (overlay({}, instances="5-2"), "spec.overlays[canary].instances"),
        ({"name": "canary", "match": "instance +", "patch": {}}, "spec.overlays[canary].match"),
        (overlay({"spec": {"restartPolicy": "Never"}}), "patch.spec.restartPolicy"),
        (overlay(container(env=[{"name": "A"}, {"name": "A"}])), "makes two items"),
    ],
)
def test_what_the_operator_would_refuse(bad: Object, words: str) -> None:
    assert words in errors(with_overlays(bad))["spec.overlays"]


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (container(imge="web:2"), "template.spec.containers[0].imge: unknown field"),
        (container(image=7), "template.spec.containers[0].image: must be text"),
        (
            {"spec": {"containers": [{"image": "web:2", "name": "b", "ports": [{}]}]}},
            "containerPort",
        ),
    ],
)
def test_pods_that_the_api_server_would_refuse(patch: Object, words: str) -> None:
    said = errors(with_overlays(overlay(patch)))["spec.overlays"]
    assert said.startswith("with canary: template.spec.containers")
    assert words in said


def test_what_is_wrong_without_overlays_is_said_once() -> None:
    odd = [{"name": "web", "image": "web:1", "readinessProbe": PROBE, "imge": "web:1"}]
    bad = job({"overlays": [overlay(container(image="web:2"))]}, containers=odd)
    assert list(errors(bad)) == ["spec.template.spec.containers[0].imge"]


def test_two_constraints_of_one_label() -> None:
    limits = [{"key": key, "limit": 1} for key in ("host", "kubernetes.io/hostname")]
    assert "kubernetes.io/hostname" in errors(job({"constraints": limits}))["spec.constraints"]


def test_a_null_that_kubectl_would_lose_and_a_placeholder_that_stays() -> None:
    patch = container(args=None, command=["{{echelon.instence}}"])
    obj = with_overlays(overlay(patch))
    where = "spec.overlays[0].patch.spec.containers[0]"
    assert "server-side apply" in warnings(obj)[f"{where}.args"]
    assert "is not replaced here" in errors(obj)[f"{where}.command[0]"]
