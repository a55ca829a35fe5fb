"""Which changes between two templates can be made in place."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.pods.resources import resources_of
from controller.core.revisions.changeable_in_place import Change, why_not_in_place
from controller.core.revisions.revision import canonical
from tests.unit.core.revisions.templates import (
    Object,
    amounts,
    change,
    container,
    resized,
    template,
)

BURSTABLE = amounts({"cpu": "1", "memory": "1Gi"}, {"memory": "2Gi"})
GUARANTEED = amounts(limits={"cpu": "1", "memory": "1Gi"})


def test_images_alone_are_changed_in_place() -> None:
    old = template(container(), container("side", "side:1", **BURSTABLE))
    new = template(container(image="web:2"), container("side", "side:2", **BURSTABLE))
    assert change(old, new) is Change.IMAGES


def test_resources_alone_are_changed_in_place() -> None:
    assert resized(BURSTABLE, amounts({"cpu": "2", "memory": "1Gi"}, {"memory": "3Gi"})) is (
        Change.RESOURCES
    )
    assert resized(GUARANTEED, amounts(limits={"cpu": "2", "memory": "1Gi"})) is Change.RESOURCES


@pytest.mark.parametrize(
    "new",
    [
        template(container(image="web:2", **BURSTABLE)),
        template(container(image="web:2", env=[{"name": "A", "value": "b"}])),
        template(container("other", "web:2")),
        template(container(image="web:2"), container("side")),
        template(container(image="")),
        template({"name": "web"}),
        template(container(image="web:2"), initContainers=[container("init", "init:1")]),
        template(container(image="web:2"), nodeSelector={"a": "b"}),
        template(container(resizePolicy=[{"resourceName": "cpu", "restartPolicy": "NotRequired"}])),
        {**template(container(image="web:2")), "metadata": {"finalizers": ["a/b"]}},
        {**template(container(image="web:2")), "metadata": {"labels": "a"}},
        {**template(container(image="web:2")), "metadata": ["a"]},
        {"spec": {"containers": []}},
        {"spec": {"containers": [5]}},
        {"spec": {"containers": "web"}},
        {"spec": {}},
        {"spec": 5},
        {},
    ],
)
def test_anything_else_is_replaced(new: Object) -> None:
    assert change(template(), new) is Change.REPLACE
    assert change(new, template()) is Change.REPLACE


def test_equal_templates_mean_a_replacement() -> None:
    assert change(template(), template()) is Change.REPLACE


def test_init_images_are_replaced() -> None:
    old = template(initContainers=[container("init", "init:1")])
    new = template(initContainers=[container("init", "init:2")])
    assert change(old, new) is Change.REPLACE


def test_containers_that_change_places_are_replaced() -> None:
    a, b = container("a"), container("b")
    assert change(template(a, b), template(b, a)) is Change.REPLACE


@pytest.mark.parametrize("field", ["containers", "initContainers"])
def test_a_pod_with_a_container_named_at_is_replaced(field: str) -> None:
    def made(image: str) -> Object:
        made = template(container(image=image))
        made["spec"].setdefault(field, []).append(container("at", "at:1"))
        return made

    assert change(made("web:1"), made("web:2")) is Change.REPLACE


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("web:1", "web:2", True),
        ("web", "web:latest", True),
        ("web:1", "web", False),
        ("web:latest", "web:1", False),
        ("web:1", "web@sha256:abc", True),
        ("web:latest", "web:latest@sha256:abc", True),
        ("host:5000/web", "host:5000/web:latest", True),
        ("host:5000/web", "host:5000/web:1", False),
    ],
)
def test_an_image_that_a_new_pod_would_pull_by_another_policy_is_replaced(
    old: str, new: str, same: bool
) -> None:
    expected = Change.IMAGES if same else Change.REPLACE
    assert change(template(container(image=old)), template(container(image=new))) is expected
    stated = {"imagePullPolicy": "Always"}
    both = [template(container(image=image, **stated)) for image in (old, new)]
    assert change(*both) is Change.IMAGES


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (BURSTABLE, amounts({"cpu": "1", "memory": "1Gi"})),  # a limit is taken away
        (BURSTABLE, amounts({"cpu": "1"}, {"memory": "2Gi"}) | {"tty": True}),
        (amounts({"cpu": "1", "memory": "1"}), amounts({"cpu": "1"})),  # a request
        (BURSTABLE, {}),
        ({}, BURSTABLE),  # BestEffort becomes Burstable
        (GUARANTEED, amounts({"cpu": "1m"}, {"cpu": "1", "memory": "1Gi"})),
        (amounts({"cpu": "1"}, {"cpu": "2", "memory": "1Gi"}), GUARANTEED),
        (amounts({"cpu": "1"}), amounts({"cpu": "1", "nvidia.com/gpu": "1"})),
        (amounts({"cpu": "1"}), amounts({"cpu": "2", "ephemeral-storage": "1Gi"})),
        (
            amounts({"cpu": "1"}),
            {"resources": {"requests": {"cpu": "2"}, "claims": [{"name": "x"}]}},
        ),
        (amounts({"cpu": "1"}), amounts({"cpu": "{{echelon.instance}}"})),
        (amounts({"cpu": "1"}), {"resources": {"requests": ["cpu"]}}),
        (amounts({"cpu": "1"}), {"resources": "much"}),
    ],
)
def test_what_the_api_server_does_not_resize_is_replaced(old: Object, new: Object) -> None:
    assert resized(old, new) is Change.REPLACE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # An absent request equals the limit: the request is not removed.
        (amounts({"cpu": "1"}, {"cpu": "2"}), amounts(limits={"cpu": "2"})),
        # A request or limit may be added if the QoS class stays.
        (amounts({"cpu": "1"}), amounts({"cpu": "1", "memory": "1Gi"}, {"memory": "2Gi"})),
        # The same amount, written otherwise.
        (amounts({"cpu": "1"}), amounts({"cpu": "1000m"})),
        ({}, {"resources": {}}),
        # Devices stay as they are.
        (
            amounts({"cpu": "1", "nvidia.com/gpu": "1"}),
            amounts({"cpu": "2", "nvidia.com/gpu": "1"}),
        ),
    ],
)
def test_what_the_api_server_resizes(old: Object, new: Object) -> None:
    assert resized(old, new) is Change.RESOURCES


def test_the_qos_class_is_that_of_the_whole_pod() -> None:
    side = container("side", **amounts({"cpu": "1"}))
    new = amounts({"cpu": "1", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"})
    old, with_new = template(container(), side), template(container(**new), side)
    assert change(old, with_new) is Change.RESOURCES, "Burstable by its neighbour, before and after"
    init = {"initContainers": [container("init")]}
    grown = amounts(limits={"cpu": "2", "memory": "1Gi"})
    both = template(container(**GUARANTEED), **init), template(container(**grown), **init)
    assert change(*both) is Change.RESOURCES, "Burstable by an init container"


def test_a_pod_with_pod_level_resources_is_replaced() -> None:
    whole = {"resources": {"limits": {"cpu": "4"}}}
    old = template(container(**amounts({"cpu": "1"})), **whole)
    new = template(container(**amounts({"cpu": "2"})), **whole)
    assert change(old, new) is Change.REPLACE


quantities = st.sampled_from(["0", "100m", "1", "1000m", "2", "1Gi", "1024Mi"])
resources = st.fixed_dictionaries(
    {},
    optional={
        kind: st.dictionaries(st.sampled_from(["cpu", "memory", "gpu"]), quantities, max_size=3)
        for kind in ("requests", "limits")
    },
)
containers = st.fixed_dictionaries(
    {"image": st.sampled_from(["web:1", "web:2", "web"])}, optional={"resources": resources}
)
templates = st.lists(containers, min_size=1, max_size=3).map(
    lambda found: template(*({"name": f"c{i}", **c} for i, c in enumerate(found)))
)


@given(templates, templates)
def test_a_change_in_place_is_of_one_kind(old: Object, new: Object) -> None:
    found = change(old, new)
    both = list(zip(old["spec"]["containers"], new["spec"]["containers"], strict=False))
    if found is Change.IMAGES:
        assert all(a.get("resources") == b.get("resources") for a, b in both)
    if found is Change.RESOURCES:
        assert all(a["image"] == b["image"] for a, b in both)
        for a, b in both:
            had, has = resources_of(a), resources_of(b)
            assert all(set(had[kind]) <= set(has[kind]) for kind in had)
    if found is not Change.REPLACE:
        assert len(old["spec"]["containers"]) == len(new["spec"]["containers"])


@given(templates, st.lists(st.sampled_from(["web:2", "web:3"]), min_size=3, max_size=3))
def test_a_change_of_images_can_be_undone_in_place(old: Object, images: list[str]) -> None:
    new = copy.deepcopy(old)
    for each, image in zip(new["spec"]["containers"], images, strict=False):
        each["image"] = image
    assert change(new, old) is change(old, new)
    assert change(old, new) in (Change.IMAGES, Change.REPLACE)


@given(templates, st.sampled_from(["serviceAccountName", "hostname", "priorityClassName"]))
def test_any_other_field_makes_it_a_replacement(old: Object, field: str) -> None:
    new = copy.deepcopy(old)
    new["spec"]["containers"][0]["image"] = "web:3"
    new["spec"][field] = "x"
    assert change(old, new) is Change.REPLACE


LABELLED = {"metadata": {"labels": {"app.kubernetes.io/version": "1"}}, **template()}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            LABELLED,
            {**LABELLED, "metadata": {"labels": {"app.kubernetes.io/version": "2"}}},
            "",
        ),
        (
            template(),
            {**template(), "metadata": {"finalizers": ["a/b"]}},
            "metadata.finalizers differs",
        ),
        (
            template(container(image="web")),
            template(container(image="web:2")),
            "container web: web and web:2 do not have the same default imagePullPolicy (a latest "
            "or missing tag means Always); set one",
        ),
        (template(), template(hostNetwork=True), "spec.hostNetwork differs"),
        (
            template(container(env=[])),
            template(container(env=[{"name": "A"}])),
            "spec.containers[web].env differs",
        ),
        (template(), template(container(), container("side")), "spec.containers[side] differs"),
        (
            template(container(**BURSTABLE)),
            template(container(image="web:2", **GUARANTEED)),
            "images and resources change at once",
        ),
        (
            template(container(**BURSTABLE)),
            template(container(**amounts({"cpu": "1"}))),
            "container web no longer has requests of memory",
        ),
        (
            template(container(**amounts({"cpu": "1", "memory": "1Gi"}))),
            template(container(**GUARANTEED)),
            "the QoS class of the pod changes from Burstable to Guaranteed",
        ),
        (template(), template(container(image="web:2")), ""),
        (template(), template(), ""),
    ],
)
def test_why_a_pod_is_replaced(old: Object, new: Object, why: str) -> None:
    assert why_not_in_place(canonical(old), canonical(new)) == why


@pytest.mark.parametrize("kind", ["labels", "annotations"])
def test_a_pod_is_replaced_if_a_variable_reads_the_name_of_its_revision(kind: str) -> None:
    """With labels and annotations alone no container starts again, so it would read the old one."""
    path = f"metadata.{kind}['echelon.dev/revision']"
    env = [{"name": "REVISION", "valueFrom": {"fieldRef": {"fieldPath": path}}}]
    old = {**template(container(env=env)), "metadata": {"labels": {"a": "1"}}}
    new = {**template(container(env=env)), "metadata": {"labels": {"a": "2"}}}
    assert change(old, new) is Change.REPLACE
    assert "REVISION of container web" in why_not_in_place(canonical(old), canonical(new))
    other = {**template(container(env=env, image="web:2")), "metadata": {"labels": {"a": "2"}}}
    assert change(old, other) is Change.IMAGES, "its start reads it"
