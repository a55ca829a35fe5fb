"""Which instances are changed: those whose pods differ, and no others."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.api import labels
from controller.api.ids import Ids
from controller.core.overlays import changed as module
from controller.core.overlays.changed import changed
from controller.core.overlays.combinations import ALL
from controller.core.overlays.variants import Variants, variants
from controller.core.revisions.data import of_spec
from controller.core.revisions.placeholders import filled
from controller.core.revisions.template import Prepared

Object = dict[str, Any]

TEN = Ids.span(0, 10)
TEMPLATE: Object = {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}


def template(**fields: Any) -> Object:
    made = copy.deepcopy(TEMPLATE)
    made["spec"]["containers"][0] |= fields
    return made


def named(name: str) -> Object:
    return template(args=[name])


def resolved(template: Object, *overlays: Object) -> Variants:
    return variants(of_spec(template, overlays), "web", "shop")


#: Images of overlays.
IMAGES = ["web:2", "web:3", "web:9", "3", "{{echelon.instance}}", "{{echelon.job}}", "web", "x"]


def set_image(instances: str, image: str) -> Object:
    patch = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return {"name": f"to-{IMAGES.index(image)}", "instances": instances, "patch": patch}


def between(old: Variants, new: Variants, ids: Ids = TEN) -> str:
    one, other = changed(ids, old, new), changed(ids, new, old)
    assert one == other
    return str(one)


def test_only_the_instances_of_a_changed_overlay() -> None:
    plain, canary = resolved(TEMPLATE), resolved(TEMPLATE, set_image("2-3", "web:2"))
    assert between(plain, canary) == "2-3"
    assert between(canary, resolved(TEMPLATE, set_image("3-4", "web:2"))) == "2,4"
    assert between(canary, resolved(TEMPLATE, set_image("2-3", "web:3"))) == "2-3"
    assert between(canary, canary) == ""
    assert between(plain, canary, Ids([0, 3])) == "3"


def test_a_new_template_that_an_overlay_hides() -> None:
    canary = set_image("2", "web:9")
    new = template(image="web:2")
    assert between(resolved(TEMPLATE, canary), resolved(new, canary)) == "0-1,3-9"


@pytest.mark.parametrize(
    "same",
    [
        {"metadata": {"labels": {labels.JOB: "x", labels.INSTANCE: "y", labels.REVISION: "z"}}},
        {"metadata": {"annotations": {labels.FAILURES: "3", labels.REVISION: "z"}}},
        {"spec": {**TEMPLATE["spec"], "hostname": ""}},
        template(env=[{"name": labels.ENV_INSTANCE, "value": "5"}]),
    ],
)
def test_what_the_operator_sets_itself_changes_no_pod(same: Object) -> None:
    base = {**TEMPLATE, "metadata": {"labels": {}, "annotations": {}}}
    base["spec"] = {**base["spec"], "containers": [{**template(env=[])["spec"]["containers"][0]}]}
    other = {**base, **same}
    other["metadata"] = {**base["metadata"], **same.get("metadata", {})}
    assert between(resolved(base), resolved(other)) == ""


@pytest.mark.parametrize(
    ("old", "new", "ids"),
    [
        ("{{echelon.instance}}", "3", "0-2,4-9"),
        ("{{ echelon.instance }}", "3", "0-2,4-9"),
        ("{{echelon.job}}-{{echelon.namespace}}", "web-shop", ""),
        ("{{echelon.instance}}1", "1{{echelon.instance}}", "0,2-9"),
        ("{{echelon.instances}}", "10", "0-9"),
        ("{{echelon.instance}}", "{{echelon.instance}} ", "0-9"),
    ],
)
def test_placeholders_count_as_what_they_are_replaced_by(old: str, new: str, ids: str) -> None:
    assert between(resolved(named(old)), resolved(named(new))) == ids


WORDS = st.sampled_from(IMAGES[3:])
OVERLAYS = st.lists(
    st.builds(set_image, st.sets(st.integers(0, 9)).map(lambda ids: str(Ids(ids))), WORDS),
    max_size=3,
    unique_by=lambda each: each["name"],
)


def pod(at: Variants, instance: int) -> Object:
    prepared = Prepared.of(
        job_name="web",
        namespace="shop",
        job_uid="u",
        revision="web-x",
        template=json.loads(at.of_instance(instance).template),
    )
    return prepared.pod(instance=instance, instances=10)


@settings(max_examples=60)
@given(WORDS, OVERLAYS, WORDS, OVERLAYS)
def test_it_is_as_if_all_pods_were_compared(
    old: str, before: list[Object], new: str, after: list[Object]
) -> None:
    one, other = resolved(named(old), *before), resolved(named(new), *after)
    expected = Ids(i for i in TEN if pod(one, i) != pod(other, i))
    assert changed(TEN, one, other) == expected


def test_each_id_is_compared_at_most_once_and_two_revisions_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []

    def counted(node: Any, values: Mapping[str, str]) -> Any:
        compared.append(values["instance"])
        return filled(node, values)

    def overlay(part: int, where: str, text: str) -> Object:
        patch = {"spec": {"containers": [{"name": "web", "image": text}]}}
        return {"name": f"part-{part}", "match": where, "patch": patch}

    monkeypatch.setattr(module, "filled", counted)
    old = resolved(
        TEMPLATE,
        *(overlay(i, f"instance % 17 == {i}", f"{{{{echelon.job}}}}{i}") for i in range(16)),
    )
    new = resolved(
        TEMPLATE,
        *(overlay(i, f"instance / 600 == {i}", f"{{{{echelon.job}}}}{i}") for i in range(16)),
    )
    found = changed(ALL, old, new)
    assert 0 < len(found) < len(ALL)
    assert len(compared) <= 2 * len(ALL)
    compared.clear()
    assert changed(TEN, old, new) == found & TEN
    assert compared == []
