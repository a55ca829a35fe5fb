"""From a template to the pod of one instance: what every pod carries, and what is kept."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api import labels
from controller.api.pods.pod import slot_of
from controller.api.pods.slim import slim as slim_pod
from controller.api.pods.wire import PodWire
from controller.core.revisions.template import Prepared

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"note": "hello"}},
    "spec": {"containers": [{"name": "web", "image": "web:1"}]},
}
OWNED: dict[str, Any] = {
    "job_name": "web",
    "namespace": "shop",
    "job_uid": "uid-1",
    "revision": "web-bcd456",
}


def pod(template: dict[str, Any], **how: Any) -> dict[str, Any]:
    return Prepared.of(**OWNED, template=template).pod(**{"instance": 3, "instances": 5, **how})


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "web", "image": "web:1"}], **fields}}


def test_the_whole_pod() -> None:
    assert pod(TEMPLATE) == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web-3",
            "namespace": "shop",
            "labels": {
                "app": "web",
                "echelon.dev/job": "web",
                "echelon.dev/instance": "3",
                "echelon.dev/revision": "bcd456",
                "app.kubernetes.io/managed-by": "echelon",
            },
            "annotations": {
                "note": "hello",
                "echelon.dev/revision": "web-bcd456",
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
            },
            "ownerReferences": [
                {
                    "apiVersion": "echelon.dev/v1alpha1",
                    "kind": "EchelonJob",
                    "name": "web",
                    "uid": "uid-1",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "hostname": "web-3",
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "env": [{"name": "ECHELON_INSTANCE", "value": "3"}],
                }
            ],
        },
    }


def test_the_slim_pod_has_what_was_written() -> None:
    found = pod(TEMPLATE, slot_s=True, update_uid="u", failures=2, remade=1)
    slim = slim_pod(PodWire.of(found))
    assert slim is not None
    assert (slim.slot, slim.revision, slim.owner) == ((3, True), "web-bcd456", "uid-1")
    assert (slim.update, slim.failures, slim.remade) == ("u", 2, 1)
    assert slim.labelled


def test_the_twin_differs_in_name_alone() -> None:
    plain, twin = pod(TEMPLATE), pod(TEMPLATE, slot_s=True)
    assert twin["metadata"].pop("name") == "web-3-s"
    assert plain["metadata"].pop("name") == "web-3"
    assert plain == twin


@pytest.mark.parametrize(
    ("how", "written"),
    [
        ({}, {}),
        ({"update_uid": ""}, {}),
        ({"update_uid": "u"}, {"echelon.dev/update": "u", "echelon.dev/failures": "0"}),
        (
            {"update_uid": "u", "failures": 2},
            {"echelon.dev/update": "u", "echelon.dev/failures": "2"},
        ),
        ({"failures": 2}, {"echelon.dev/failures": "2"}),
        ({"remade": 4}, {"echelon.dev/remade": "4"}),
    ],
)
def test_annotations_of_a_pods_state(how: dict[str, Any], written: dict[str, str]) -> None:
    assert pod(spec(), **how)["metadata"]["annotations"] == {
        labels.REVISION: "web-bcd456",
        labels.SAFE_TO_EVICT: "true",
        **written,
    }


@pytest.mark.parametrize(
    ("notes", "volumes", "value"),
    [
        (None, [], "true"),
        ({labels.SAFE_TO_EVICT: "false"}, [], "false"),
        (None, [{"name": "a", "configMap": {"name": "a"}}], "true"),
        (None, [{"name": "a", "emptyDir": {}}], None),
        (None, [{"name": "a", "hostPath": {"path": "/a"}}], None),
        ({labels.SAFE_TO_EVICT: "true"}, [{"name": "a", "emptyDir": {}}], "true"),
    ],
)
def test_the_cluster_autoscaler_may_evict_a_pod_without_local_volumes(
    notes: dict[str, str] | None, volumes: list[Any], value: str | None
) -> None:
    template = {"metadata": {"annotations": notes}, **spec(volumes=volumes)}
    assert pod(template)["metadata"]["annotations"].get(labels.SAFE_TO_EVICT) == value


def test_the_operators_metadata_wins_over_the_templates() -> None:
    ours = (labels.JOB, labels.INSTANCE, labels.REVISION, labels.MANAGED_BY)
    template = {
        "metadata": {
            "name": "mine",
            "generateName": "mine-",
            "namespace": "mine",
            "ownerReferences": [{"name": "mine"}],
            "uid": "mine",
            "resourceVersion": "7",
            "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "deletionTimestamp": "2026-01-01T00:00:00Z",
            "deletionGracePeriodSeconds": 30,
            "managedFields": [{"manager": "kubectl"}],
            "selfLink": "/mine",
            "labels": dict.fromkeys(ours, "mine"),
            "annotations": dict.fromkeys(
                (
                    labels.REVISION,
                    labels.UPDATE,
                    labels.FAILURES,
                    labels.REMADE,
                    labels.RESTART_BASE,
                ),
                "mine",
            ),
        },
        "status": {"phase": "Running"},
        **spec(),
    }
    assert pod(template) == pod(spec())


def test_every_container_has_echelon_instance_first() -> None:
    mine = {"name": labels.ENV_INSTANCE, "value": "mine"}
    other = {"name": "PATH_OF", "value": "/data/$(ECHELON_INSTANCE)"}
    found = pod(
        spec(
            containers=[
                {"name": "a", "env": [other, mine]},
                {"name": "b"},
                {"name": "c", "env": None},
            ],
            initContainers=[{"name": "d", "env": [mine]}],
        )
    )["spec"]
    ours = {"name": labels.ENV_INSTANCE, "value": "3"}
    assert [c["env"] for c in found["containers"]] == [[ours, other], [ours], [ours]]
    assert [c["env"] for c in found["initContainers"]] == [[ours]]


@pytest.mark.parametrize(
    ("given_name", "hostname"),
    [("db", "db"), ("db-{{echelon.instance}}", "db-3"), ("", "web-3"), (None, "web-3")],
)
def test_hostname(given_name: str | None, hostname: str) -> None:
    assert pod(spec(hostname=given_name))["spec"]["hostname"] == hostname


def test_placeholders() -> None:
    text = (
        "{{echelon.namespace}}/{{echelon.job}}-{{echelon.instance}} of {{echelon.instances}}"
        " {{echelon.revision}} {{  echelon.instance }} {{.Values.x}} {echelon.job}"
    )
    filled = "shop/web-3 of 5 {{echelon.revision}} 3 {{.Values.x}} {echelon.job}"
    template = {
        "metadata": {"labels": {"shard": "s{{echelon.instance}}"}, "annotations": {"a": text}},
        "spec": {
            "containers": [{"name": "web", "args": [text, 1, True], "x": {"y": [[text]]}}],
            "{{echelon.job}}": "a key stays",
        },
    }
    found = pod(template)
    assert found["metadata"]["labels"]["shard"] == "s3"
    assert found["metadata"]["annotations"]["a"] == filled
    assert found["spec"]["containers"][0]["args"] == [filled, 1, True]
    assert found["spec"]["containers"][0]["x"] == {"y": [[filled]]}
    assert found["spec"]["{{echelon.job}}"] == "a key stays"


def test_unknown_fields_are_kept_and_none_are_added() -> None:
    template = {
        "metadata": {"finalizers": ["x/y"]},
        "future": {"field": [1]},
        **spec(futureField={"a": [{"b": 1.5}]}, containers=[{"name": "web", "future": "ü"}]),
    }
    found = pod(template)
    assert found["metadata"]["finalizers"] == ["x/y"]
    assert found["future"] == {"field": [1]}
    assert found["spec"]["futureField"] == {"a": [{"b": 1.5}]}
    assert found["spec"]["containers"][0]["future"] == "ü"
    assert "restartPolicy" not in found["spec"]


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"spec": "x"},
        {"spec": {"containers": "x", "initContainers": [1], "hostname": "x"}},
    ],
)
def test_a_misshapen_spec_is_left_for_the_api_server(template: dict[str, Any]) -> None:
    found = pod(template, update_uid="u")
    assert found["metadata"] == pod(spec(), update_uid="u")["metadata"]
    assert found.get("spec") == template.get("spec")


def test_misshapen_parts_are_left_for_the_api_server() -> None:
    metadata = {"labels": ["x"], "annotations": "x"}
    found = pod({"metadata": metadata, **spec(containers=[{"env": {"X": "1"}}])}, update_uid="u")
    assert found["metadata"].items() >= metadata.items()
    assert found["spec"]["containers"] == [{"env": {"X": "1"}}]


def test_a_foreign_revision_is_refused() -> None:
    with pytest.raises(ValueError, match="not the name of a revision"):
        Prepared.of(**{**OWNED, "revision": "other-bcd"}, template=TEMPLATE)


def test_pods_share_no_values() -> None:
    before = copy.deepcopy(TEMPLATE)
    prepared = Prepared.of(**OWNED, template=TEMPLATE)
    first = prepared.pod(instance=0, instances=2)
    first["spec"]["containers"].clear()
    first["metadata"]["labels"].clear()
    second = prepared.pod(instance=1, instances=2)
    assert second == pod(TEMPLATE, instance=1, instances=2)
    assert before == TEMPLATE


def test_the_pod_of_a_dry_run_differs_only_in_its_name() -> None:
    found = Prepared.of(**OWNED, template=TEMPLATE).dry_run(instances=5)
    name = found["metadata"].pop("name")
    assert slot_of("web", name) is None
    real = pod(TEMPLATE, instance=0)
    del real["metadata"]["name"]
    assert found == real
    longest = {**OWNED, "job_name": "w" * 50, "revision": f"{'w' * 50}-bcd456"}
    assert len(Prepared.of(**longest, template=TEMPLATE).dry_run()["metadata"]["name"]) <= 63


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5) | st.just("{{echelon.job}}"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1, max_size=3), JSON, max_size=5))
def test_every_field_of_a_spec_is_kept(fields: dict[str, Any]) -> None:
    template = spec(**fields)
    before = json.dumps(template)
    found = pod(template)["spec"]
    for name, value in fields.items():
        filled = json.loads(json.dumps(value).replace("{{echelon.job}}", "web"))
        assert found[name] == filled
    assert json.dumps(template) == before
