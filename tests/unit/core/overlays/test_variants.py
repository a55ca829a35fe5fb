"""The templates that the instances of one revision get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.overlay import Overlay
from controller.core.overlays import variants as module
from controller.core.overlays.problem import RefusedError
from controller.core.overlays.variants import Variants, applied, variants
from controller.core.revisions.data import KEY, of_data, of_spec
from controller.core.revisions.revision import canonical
from controller.core.revisions.template import Prepared

Object = dict[str, Any]

TEMPLATE: Object = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "web:1", "args": ["--name={{echelon.job}}"]}]},
}


def overlay(name: str, patch: Object, instances: str) -> Object:
    return {"name": name, "instances": instances, "patch": patch}


def env(name: str, value: str) -> Object:
    return {"spec": {"containers": [{"name": "web", "env": [{"name": name, "value": value}]}]}}


def found(*overlays: Object, constraints: tuple[Object, ...] = ()) -> Variants:
    return variants(of_spec(TEMPLATE, overlays, constraints), "web", "shop")


def env_of(made: Variants, instance: int) -> dict[str, str]:
    template = json.loads(made.of_instance(instance).template)
    return {e["name"]: e["value"] for e in template["spec"]["containers"][0].get("env", [])}


def test_a_revision_without_overlays_has_one_variant_its_template() -> None:
    (only,) = found().all
    assert (only.overlays, only.template) == ((), canonical(TEMPLATE))
    assert only.ids == Ids.span(0, 10_000)


def test_overlays_apply_in_their_order() -> None:
    one, two = overlay("one", env("LOG", "info"), "0-2"), overlay("two", env("LOG", "debug"), "2")
    made = found(one, two)
    assert [env_of(made, i) for i in (1, 2, 3)] == [{"LOG": "info"}, {"LOG": "debug"}, {}]
    assert env_of(found(two, one), 2) == {"LOG": "info"}
    assert made.of_instance(2).overlays == ("one", "two")


def test_an_overlay_without_instances_makes_no_variant() -> None:
    assert len(found(overlay("none", env("A", "1"), "")).all) == 1


def test_nulls_of_a_patch_delete() -> None:
    made = found(overlay("bare", {"metadata": {"labels": None}}, "0"))
    assert json.loads(made.of_instance(0).template)["metadata"] == {}


def test_placeholders_are_replaced_after_merging() -> None:
    made = found(overlay("own", env("SELF", "{{echelon.instance}}"), "0-9"))
    template = json.loads(made.of_instance(7).template)
    prepared = Prepared.of(
        job_name="web", namespace="shop", job_uid="u", revision="web-1", template=template
    )
    container = prepared.pod(instance=7, instances=10)["spec"]["containers"][0]
    assert container["args"] == ["--name=web"]
    assert {"name": "SELF", "value": "7"} in container["env"]


def test_constraints_are_in_each_variant() -> None:
    limit = {"key": "zone", "limit": 3}
    made = found(overlay("a", env("A", "1"), "0"), constraints=(limit,))
    assert len(made.all) == 2
    for variant in made.all:
        (spread,) = json.loads(variant.template)["spec"]["topologySpreadConstraints"]
        assert (spread["topologyKey"], spread["maxSkew"]) == ("topology.kubernetes.io/zone", 3)


def test_sixteen_variants_are_found_by_instance() -> None:
    made = found(*(overlay(f"o{i}", env("N", str(i)), f"{i * 10}-{i * 10 + 9}") for i in range(16)))
    assert all(env_of(made, i) == {"N": str(i // 10)} for i in range(0, 160, 7))
    assert env_of(made, 160) == env_of(made, 9999) == {}


def test_variants_with_the_same_template_are_checked_once() -> None:
    same = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    made = found(overlay("same", same, "3-4"), overlay("other", env("A", "1"), "4-5"))
    assert [each.overlays for each in made.all] == [(), ("same",), ("other",), ("same", "other")]
    assert [each.overlays for each in made.distinct()] == [(), ("other",)]
    assert [each.lowest for each in made.all] == [0, 3, 5, 4]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"overlays": [{"name": "a", "instances": "0"}]}, "spec.overlays[a].patch: Field required"),
        ({"overlays": [{"name": "A", "patch": {}}]}, "spec.overlays[A].name: String should match"),
        ({"overlays": ["a"]}, "spec.overlays[0].: Input should be"),
        ({"constraints": [{"key": "host", "limit": 0}]}, "spec.constraints[host].limit: Input"),
    ],
)
def test_parts_of_another_shape_are_refused(parts: Object, words: str) -> None:
    with pytest.raises(RefusedError) as error:
        variants(of_data({**TEMPLATE, KEY: parts}), "web", "shop")
    assert error.value.reason == "InvalidOverlay"
    assert str(error.value).startswith(words)


def test_revisions_of_many_jobs_are_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    canary, resolved = [overlay("canary", env("A", "1"), "0")], list[str]()

    def counted(template: Object, each: Overlay) -> Object:
        resolved.append(each.name)
        return applied(template, each)

    monkeypatch.setattr(module, "applied", counted)
    for _ in range(2):
        for i in range(100):
            labelled = {**TEMPLATE, "metadata": {"labels": {"app": f"web-{i}"}}}
            variants(of_spec(labelled, canary), "web", "shop")
    assert len(resolved) == 100
