"""Overlays and constraints that are refused, each with the overlay and the field."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.overlays.refusals import ROOM, refusal
from controller.core.revisions.data import of_spec

Object = dict[str, Any]

TEMPLATE: Object = {
    "spec": {
        "containers": [
            {"name": "web", "image": "web:1", "env": [{"name": "A"}, {"name": "A"}]},
        ]
    }
}


def overlay(patch: Object, name: str = "canary", **where: str) -> Object:
    return {"name": name, "patch": patch, **(where or {"instances": "0"})}


def web(**fields: Any) -> Object:
    return {"spec": {"containers": [{"name": "web", **fields}]}}


def refused(*overlays: Object, constraints: tuple[Object, ...] = ()) -> tuple[str, str] | None:
    return refusal(of_spec(TEMPLATE, overlays, constraints), "web", "shop")


PORTS = [{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"metadata": {"labels": {"track": "canary"}, "annotations": {"example.com/a": "b"}}},
        web(env=[{"name": "LOG", "value": "debug"}]),
        web(ports=PORTS),
        {"spec": {"initContainers": [{"name": "side", "restartPolicy": "Always"}]}},
        {"spec": {"readinessGates": [{"conditionType": "example.com/ready"}]}},
    ],
)
def test_a_patch_that_is_not_refused(patch: Object) -> None:
    assert refused(overlay(patch)) is None


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"metadata": {"labels": {"echelon.dev/job": "x"}}}, 'metadata.labels["echelon.dev/job"]'),
        ({"metadata": {"labels": {"echelon.dev/new": None}}}, 'metadata.labels["echelon.dev/new"]'),
        (
            {"metadata": {"labels": {"app.kubernetes.io/managed-by": "helm"}}},
            'metadata.labels["app.kubernetes.io/managed-by"]',
        ),
        (
            {"metadata": {"annotations": {"echelon.dev/failures": "0"}}},
            'metadata.annotations["echelon.dev/failures"]',
        ),
        (
            {"spec": {"readinessGates": [{"conditionType": "echelon.dev/serving"}]}},
            "spec.readinessGates[echelon.dev/serving]",
        ),
        ({"spec": {"restartPolicy": "Always"}}, "spec.restartPolicy"),
        ({"spec": {"restartPolicy": None}}, "spec.restartPolicy"),
    ],
)
@pytest.mark.parametrize("instances", ["0", ""])
def test_what_a_patch_must_not_set(patch: Object, field: str, instances: str) -> None:
    assert refused(overlay(patch, instances=instances)) == (
        "InvalidOverlay",
        f"spec.overlays[canary].patch.{field}: an overlay must not set this field",
    )


@pytest.mark.parametrize("instances", ["0", ""])
@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (web(env=[{"value": "1"}]), "patch.spec.containers[web].env: each item must have name"),
        ({"$patch": "merge"}, "patch.$patch: must be replace or delete in an object"),
        (
            web(volumeMounts=[{"mountPath": "/a", "name": "x"}, {"mountPath": "/a", "name": "y"}]),
            "patch.spec.containers[web].volumeMounts: the patch makes two items with mountPath: /a",
        ),
        (
            web(env=[{"$patch": "replace"}, *[{"name": "A"}] * 3]),
            "patch.spec.containers[web].env: the patch makes two items with name: A",
        ),
        (
            web(ports=[*PORTS, {"containerPort": 53}]),
            "patch.spec.containers[web].ports: the patch makes two items with containerPort: 53, "
            "protocol: TCP",
        ),
    ],
)
def test_a_patch_that_cannot_be_merged(patch: Object, words: str, instances: str) -> None:
    said = refused(overlay(patch, instances=instances))
    assert said is not None
    assert said[0] == "InvalidOverlay"
    assert said[1].startswith(f"spec.overlays[canary].{words}")


def test_duplicates_of_the_template_are_its_own_matter() -> None:
    assert refused(overlay({"metadata": {"labels": {"a": "b"}}})) is None


def test_a_patch_that_only_fails_after_another() -> None:
    first = overlay({"spec": {"containers": [{"name": "web", "$patch": "delete"}]}}, "first")
    order = {"$setElementOrder/containers": [{"name": "web"}], "containers": []}
    second = overlay({"spec": order}, "second")
    assert refused(second) is None
    said = refused(first, second)
    assert said is not None
    assert said[1].startswith("spec.overlays[second].patch.spec.$setElementOrder/containers:")


@pytest.mark.parametrize(
    ("overlays", "message"),
    [
        ([overlay({}), overlay({})], "spec.overlays[canary]: there are 2 of this name"),
        (
            [overlay({}, instances="0", match="true")],
            "spec.overlays[canary]: set exactly one of instances and match",
        ),
        (
            [overlay({}, match="instance > foo")],
            "spec.overlays[canary].match: line 1, column 12: undeclared reference to 'foo'",
        ),
        (
            [overlay({}, f"o{i}") for i in range(17)],
            "spec.overlays: there may be 16, not 17",
        ),
    ],
)
def test_lists_that_are_refused(overlays: list[Object], message: str) -> None:
    assert refused(*overlays) == ("InvalidOverlay", message)


def test_too_many_combinations() -> None:
    said = refused(*(overlay({}, f"b{i}", match=f"instance / {2**i} % 2 == 1") for i in range(5)))
    assert said is not None
    assert said[0] == "TooManyCombinations"


def test_the_size_of_all_patches() -> None:
    def noted(name: str, size: int) -> Object:
        empty = len('{"metadata":{"annotations":{"a":""}}}')
        return overlay({"metadata": {"annotations": {"a": "x" * (size - empty)}}}, name)

    assert refused(noted("one", ROOM - 1000), noted("two", 1000)) is None
    said = refused(noted("one", ROOM - 1000), noted("two", 1001))
    assert said is not None
    assert said[0] == "InvalidOverlay"
    assert said[1].startswith(
        f"spec.overlays[one].patch: this patch has {ROOM - 1000} bytes and all patches together "
        f"have {ROOM + 1}; at most {ROOM} are allowed"
    )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [(["host", "zone"], None), (["host", "host"], "InvalidOverlay")],
)
def test_constraints(keys: list[str], reason: str | None) -> None:
    said = refused(constraints=tuple({"key": key, "limit": 1} for key in keys))
    assert (said and said[0]) == reason


def test_a_constraint_that_an_overlay_has_already() -> None:
    spread = {"topologyKey": "kubernetes.io/hostname", "maxSkew": 1}
    patch = {"spec": {"topologySpreadConstraints": [spread]}}
    said = refused(overlay(patch), constraints=({"key": "host", "limit": 1},))
    assert said is not None
    assert said[0] == "InvalidTemplate"
    assert "spec.constraints[host]" in said[1]
