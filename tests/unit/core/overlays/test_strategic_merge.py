"""Strategic merge patches, rule by rule. That the API server has these rules, too, is shown by
tests/integration/test_strategic_merge.py."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.overlays.problem import PatchError
from controller.core.overlays.strategic_merge import merge
from controller.core.revisions.revision import canonical
from tests.unit.core.overlays.cases import case

Object = dict[str, Any]


def web(**fields: Any) -> Object:
    return {"spec": {"containers": [{"name": "web", **fields}]}}


def named(*names: str) -> list[Object]:
    return [{"name": name} for name in names]


OLD = web(image="web:1", env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])

#: What it shows -> template, patch, result.
RULES: dict[str, tuple[Object, Object, Object]] = {
    "a field is set": (
        OLD,
        web(image="web:2"),
        web(image="web:2", env=[*OLD["spec"]["containers"][0]["env"]]),
    ),
    "null deletes": (web(image="a", args=["x"]), web(args=None), web(image="a")),
    "null of what is absent": (web(image="a"), web(args=None), web(image="a")),
    "items merge by key, new ones first": (
        OLD,
        web(env=[{"name": "LOG", "value": "debug"}, {"name": "B", "value": None}]),
        web(
            image="web:1",
            env=[{"name": "LOG", "value": "debug"}, {"name": "A", "value": "1"}, {"name": "B"}],
        ),
    ),
    "a list without merge key is replaced": (
        web(args=["a", "b"]),
        web(args=["c"]),
        web(args=["c"]),
    ),
    "tolerations are replaced": (
        {"spec": {"tolerations": [{"key": "a"}]}},
        {"spec": {"tolerations": [{"key": "b"}]}},
        {"spec": {"tolerations": [{"key": "b"}]}},
    ),
    "a list of an unknown field is replaced": (
        {"spec": {"newField": named("a")}},
        {"spec": {"newField": named("b")}},
        {"spec": {"newField": named("b")}},
    ),
    "an item is deleted": (
        OLD,
        web(env=[{"name": "A", "$patch": "delete"}]),
        web(image="web:1", env=[{"name": "B", "value": "2"}]),
    ),
    "a merged list is replaced": (
        OLD,
        web(env=[{"name": "C"}, {"$patch": "replace"}]),
        web(image="web:1", env=named("C")),
    ),
    "an object is replaced": (
        web(resources={"limits": {"cpu": "1"}}),
        web(resources={"$patch": "replace", "requests": {"cpu": "1"}}),
        web(resources={"requests": {"cpu": "1"}}),
    ),
    "an object is emptied": (
        web(resources={"limits": {"cpu": "1"}}),
        web(resources={"$patch": "delete"}),
        web(resources={}),
    ),
    "an object that is always stored can be replaced": (
        web(image="a"),
        web(resources={"$patch": "replace", "requests": {"cpu": "1"}}),
        web(image="a", resources={"requests": {"cpu": "1"}}),
    ),
    "an object that is absent cannot": (
        web(image="a"),
        web(readinessProbe={"$patch": "replace", "tcpSocket": {"port": 1}}),
        web(image="a"),
    ),
    "only some keys are retained": (
        {"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}},
        {
            "spec": {
                "volumes": [
                    {"name": "v", "hostPath": {"path": "/"}, "$retainKeys": ["name", "hostPath"]}
                ]
            }
        },
        {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}},
    ),
    "strings are merged": (
        {"metadata": {"finalizers": ["a/a", "a/b"]}},
        {"metadata": {"finalizers": ["a/c", "a/b"]}},
        {"metadata": {"finalizers": ["a/c", "a/a", "a/b"]}},
    ),
    "strings are deleted": (
        {"metadata": {"finalizers": ["a/a", "a/b"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a/b", "a/z"]}},
        {"metadata": {"finalizers": ["a/a"]}},
    ),
    "they are deleted from other lists, too": (
        web(args=["a", "b"]),
        web(**{"$deleteFromPrimitiveList/args": ["a"]}),
        web(args=["b"]),
    ),
    "a list is ordered": (
        OLD,
        web(**{"env": named("C"), "$setElementOrder/env": named("B", "C", "A")}),
        web(
            image="web:1",
            env=[{"name": "B", "value": "2"}, {"name": "C"}, {"name": "A", "value": "1"}],
        ),
    ),
    "ports merge by containerPort": (
        web(ports=[{"containerPort": 80}]),
        web(ports=[{"containerPort": 80, "name": "http"}, {"containerPort": 81}]),
        web(ports=[{"containerPort": 80, "name": "http"}, {"containerPort": 81}]),
    ),
    "mounts merge by mountPath": (
        web(volumeMounts=[{"mountPath": "/a", "name": "x"}]),
        web(volumeMounts=[{"mountPath": "/a", "readOnly": True}]),
        web(volumeMounts=[{"mountPath": "/a", "name": "x", "readOnly": True}]),
    ),
    "true is not 1": (
        web(ports=[{"containerPort": 1, "name": "one"}]),
        web(ports=[{"containerPort": True}]),
        web(ports=[{"containerPort": True}, {"containerPort": 1, "name": "one"}]),
    ),
    "an empty map is an absent one": (
        {"metadata": {"labels": {}}},
        {"metadata": {"labels": {"$patch": "replace", "a": "b"}}},
        {"metadata": {}},
    ),
    "a map whose values have another shape": (
        {"metadata": {"labels": {"a": {"b": "c"}}}},
        {"metadata": {"labels": {"a": {"d": "e"}}}},
        {"metadata": {"labels": {"a": {"b": "c", "d": "e"}}}},
    ),
    "what is added has no nulls and no directives": (
        {"spec": {}},
        {
            "spec": {
                "affinity": {"nodeAffinity": None, "$retainKeys": ["podAffinity"]},
                "hostAliases": [{"ip": "1", "$patch": "delete"}],
            }
        },
        {"spec": {"affinity": {}, "hostAliases": []}},
    ),
}

#: Patch of `OLD` -> what is said of it.
REFUSED: dict[str, tuple[Object, str]] = {
    "merge": (web(**{"$patch": "merge"}), "spec.containers.$patch: must be replace or delete"),
    "a directive in an object": (
        {"spec": {"$patch": "remove"}},
        "spec.$patch: must be replace or delete in an object",
    ),
    "no merge key": (
        web(env=[{"value": "1"}]),
        "spec.containers[web].env: each item must have name, by which items are merged",
    ),
    "mixed types": (web(env=["A"]), "spec.containers[web].env: its items"),
    "a null item": (
        web(env=[None]),
        "spec.containers[web].env: an item must not be a list or null",
    ),
    "a key that is an object": (web(env=[{"name": {}}]), "env: name must be a string or a number"),
    "retained keys that are no list": (
        {"spec": {"$retainKeys": "containers"}},
        "spec.$retainKeys: must be a list of keys",
    ),
    "a key that is not retained": (
        {"spec": {"$retainKeys": [], "hostNetwork": True}},
        "spec.$retainKeys: must name hostNetwork, which the patch sets",
    ),
    "no field to order": (
        {"spec": {"$setElementOrder": []}},
        "spec.$setElementOrder: must be written $setElementOrder/<field>",
    ),
    "an order that is no list": (
        web(**{"$setElementOrder/env": None}),
        "spec.containers[web].$setElementOrder/env: it and the list",
    ),
    "another order than in the patch": (
        web(**{"env": named("A", "B"), "$setElementOrder/env": named("B", "A")}),
        "spec.containers[web].$setElementOrder/env: it must have the items of the patch's list",
    ),
    "nothing to order": (
        web(**{"ports": [], "$setElementOrder/ports": [{"containerPort": 1}]}),
        "spec.containers[web].$setElementOrder/ports: there is no item to order",
    ),
    "objects without a key to order them by": (
        {"spec": {"tolerations": [{"key": "a"}], "$setElementOrder/tolerations": [{"key": "a"}]}},
        "spec.$setElementOrder/tolerations: the objects of this list have no merge key",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule(rule: str) -> None:
    old, patch, expected = copy.deepcopy(RULES[rule])
    assert json.dumps(merge(old, patch), sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert (old, patch, expected) == RULES[rule], "neither is changed"


@pytest.mark.parametrize("fault", REFUSED)
def test_a_refused_patch_names_the_field(fault: str) -> None:
    patch, words = REFUSED[fault]
    with pytest.raises(PatchError) as error:
        merge(OLD, patch)
    assert words in str(error.value)


@given(st.integers(0, 10**9))
def test_any_patch_merges_or_is_refused_and_changes_no_input(number: int) -> None:
    old, patch = case(number)
    before = copy.deepcopy((old, patch))
    with contextlib.suppress(PatchError):
        assert "$patch" not in json.dumps(merge(old, patch))
    assert (old, patch) == before


@given(st.integers(0, 10**9))
def test_an_empty_patch_and_the_template_itself_change_nothing(number: int) -> None:
    old = json.loads(canonical(case(number)[0]))
    assert merge(old, {}) == old
    assert canonical(merge(old, old)) == canonical(old)
