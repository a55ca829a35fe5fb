"""The CRDs on a real API server: what it accepts, refuses, defaults and keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hack.crds import FOLDER
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from tests.integration.bad_claims import GOOD_CLAIMS
from tests.integration.bad_objects import (
    GATE,
    JOB,
    JOBS,
    LATER_JOB_STATUS,
    LATER_JOBS,
    LATER_UPDATE_STATUS,
    LATER_UPDATES,
    UPDATE,
    UPDATES,
    Object,
    changed,
)
from tests.integration.bad_runs import RUNS

GROUP = "/apis/echelon.dev/v1alpha1"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="module")
def crd_cluster() -> Iterator[Cluster]:
    with Cluster(nodes=0, controllers=False, scheduler=False) as cluster:
        cluster.kubectl("apply", "-f", str(FOLDER))
        cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=180s")
        # Unlike other commands, api-resources does not use kubectl's cache.
        cluster.wait(
            "discovery",
            lambda: "eup" in cluster.kubectl("api-resources", "--api-group=echelon.dev"),
        )
        cluster.wait(
            "documentation",
            lambda: all(
                "FIELDS" in cluster.kubectl("explain", kind, check=False)
                for kind in ("ejob", "eup")
            ),
        )
        yield cluster


@pytest.fixture
def cluster(crd_cluster: Cluster) -> Iterator[Cluster]:
    yield crd_cluster
    for plural in ("echelonjobs", "updates"):
        crd_cluster.api.delete(url(plural))


def url(plural: str, *rest: str) -> str:
    return "/".join((f"{GROUP}/namespaces/default/{plural}", *rest))


def create(cluster: Cluster, obj: Object) -> Any:
    return cluster.api.create(url(f"{obj['kind'].lower()}s"), obj)


def refusal(cluster: Cluster, obj: Object) -> str:
    with pytest.raises(ApiError) as refused:
        create(cluster, obj)
    assert refused.value.code == 422, refused.value
    return str(refused.value)


def test_no_rule_is_complained_about(crd_cluster: Cluster) -> None:
    for plural in ("echelonjobs", "updates", "maintenances"):
        crd = crd_cluster.api.get(f"{CRDS}/{plural}.echelon.dev")
        conditions = {c["type"]: c["status"] for c in crd["status"]["conditions"]}
        assert conditions["Established"] == "True"
        # For example NonStructuralSchema, which is a separate condition.
        assert set(conditions) == {"Established", "NamesAccepted"}


def test_explain_reads_like_documentation(crd_cluster: Cluster) -> None:
    text = crd_cluster.kubectl("explain", "ejob.spec.update.strategy")
    assert "How many instances are replaced at a time, and in which groups." in text
    for kind in ("Queue", "Batch", "VariableBatch"):
        assert f"`{kind}`" in text
    assert "Default: {type: Queue, size: 1}." in " ".join(text.split())
    for field in ("type", "size", "sizes", "autoPause"):
        about = crd_cluster.kubectl("explain", f"ejob.spec.update.strategy.{field}")
        assert "<empty>" not in about
    assert "sliding window" in text


@pytest.mark.parametrize("name", JOBS | RUNS)
def test_a_bad_job_is_refused(crd_cluster: Cluster, name: str) -> None:
    change, words = (JOBS | RUNS)[name]
    message = refusal(crd_cluster, changed(JOB, change))
    for word in words:
        assert word in message


@pytest.mark.parametrize("name", UPDATES)
def test_a_bad_update_is_refused(crd_cluster: Cluster, name: str) -> None:
    change, words = UPDATES[name]
    message = refusal(crd_cluster, changed(UPDATE, change))
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [
        *((JOB, change, field) for field, change in LATER_JOBS.items()),
        *((UPDATE, change, field) for field, change in LATER_UPDATES.items()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_of_a_later_version_is_refused_by_name(
    crd_cluster: Cluster, base: Object, change: Object, field: str
) -> None:
    message = refusal(crd_cluster, changed(base, change))
    assert field in message
    assert "not yet supported" in message


@pytest.mark.parametrize(
    ("base", "status"), [(JOB, LATER_JOB_STATUS), (UPDATE, LATER_UPDATE_STATUS)]
)
def test_what_a_newer_operator_wrote_is_kept(
    cluster: Cluster, base: Object, status: Object
) -> None:
    create(cluster, base)
    path = url(f"{base['kind'].lower()}s", base["metadata"]["name"], "status")
    answer = cluster.api.patch(path, {"status": status})
    assert changed(answer["status"], status) == answer["status"]


@pytest.mark.parametrize("change", [{"metadata": {"name": "a" * 50}}, *GOOD_CLAIMS.values()])
def test_the_longest_name_is_taken_and_so_are_claims(cluster: Cluster, change: Object) -> None:
    create(cluster, changed(JOB, change))


def test_a_job_of_a_template_alone_gets_the_defaults(cluster: Cluster) -> None:
    made = create(cluster, JOB)
    template = made["spec"].pop("template")
    assert template == JOB["spec"]["template"]
    assert made["spec"] == {
        "type": "Service",
        "instances": 1,
        "minReadySeconds": 10,
        "revisionHistoryLimit": 10,
        "updateHistoryLimit": 10,
        "update": {
            "mode": "Automatic",
            "strategy": {"type": "Queue", "size": 1},
            "replacement": "Recreate",
            "readyTimeoutSeconds": 600,
            "terminationTimeoutSeconds": 0,
            "maxFailuresPerInstance": 1,
            "maxFailedInstances": 0,
            "rollbackOnFailure": True,
            "gates": [],
            "watchAfterSeconds": 0,
        },
    }
    assert made["status"] == {"observedGeneration": -1}


def test_an_update_gets_none_that_could_overrule_its_job(cluster: Cluster) -> None:
    wanted = changed(UPDATE, {"spec": {"policy": {"strategy": {"type": "Queue"}, "gates": [GATE]}}})
    made = create(cluster, wanted)
    assert made["spec"] == {**wanted["spec"], "action": "Proceed"}
    assert made["status"] == {"observedGeneration": -1}


def test_an_update_may_ask_for_what_the_operator_will_reject(cluster: Cluster) -> None:
    policy = {
        "replacement": "Surge",
        "pulseIntervalSeconds": 5,
        "strategy": {"type": "VariableBatch", "sizes": [1, "25%"], "autoPause": True},
    }
    create(cluster, changed(UPDATE, {"spec": {"policy": policy, "dryRun": True, "instances": "x"}}))


def test_no_level_of_the_template_loses_a_field(cluster: Cluster) -> None:
    new = {"of": [{"a": {"newer": None}}, 1.5], "kubernetes": True}
    template = {
        "new": new,
        "metadata": {"labels": {"a": "b"}, "creationTimestamp": None, "new": new},
        "spec": {
            "new": new,
            "restartPolicy": "Always",
            "containers": [{"name": "a", "new": new, "resources": {"new": new}}],
            "initContainers": [{"name": "b", "restartPolicy": "Always", "new": new}],
        },
    }
    given = changed(JOB, {"spec": {"template": ...}})
    given["spec"]["template"] = template
    # Strict: the API server refuses unknown fields instead of dropping them.
    cluster.api.create(f"{url('echelonjobs')}?fieldValidation=Strict", given)
    assert cluster.api.get(url("echelonjobs", "web"))["spec"]["template"] == template


def test_a_null_in_the_template_is_as_good_as_absence(cluster: Cluster) -> None:
    template = {"metadata": None, "spec": {"restartPolicy": None}}
    create(cluster, changed(JOB, {"spec": {"template": template}}))


def test_the_scale_subresource(cluster: Cluster) -> None:
    create(cluster, JOB)
    cluster.kubectl("scale", "ejob/web", "--replicas=7")
    status = {"instances": 3, "selector": "echelon.dev/job=web"}
    cluster.api.patch(url("echelonjobs", "web", "status"), {"status": status})
    scale = cluster.api.get(url("echelonjobs", "web", "scale"))
    assert scale["spec"]["replicas"] == 7
    assert scale["status"] == {"replicas": 3, "selector": "echelon.dev/job=web"}
    assert cluster.api.get(url("echelonjobs", "web"))["spec"]["instances"] == 7
    with pytest.raises(ApiError, match="less than or equal to 10000"):
        cluster.api.patch(url("echelonjobs", "web", "scale"), {"spec": {"replicas": 10001}})


@pytest.mark.parametrize("apply", [["apply"], ["apply", "--server-side"]])
def test_a_strategy_is_changed_by_applying_another(cluster: Cluster, apply: list[str]) -> None:
    """The default size 1, which no client set, must not prevent a change to another type."""
    given: list[Object] = [
        {},
        {"strategy": {"type": "VariableBatch", "sizes": [1, "50%"]}},
        {"strategy": {"type": "Batch", "size": 3}},
        {"strategy": {"type": "VariableBatch", "sizes": [2]}},
        {},
    ]
    for update in given:
        manifest = json.dumps(changed(JOB, {"spec": {"update": update}}))
        cluster.kubectl(*apply, "-f", "-", input=manifest)
    strategy = cluster.api.get(url("echelonjobs", "web"))["spec"]["update"]["strategy"]
    assert strategy == {"type": "Queue", "size": 1}


@pytest.mark.parametrize(
    ("given", "change", "field"),
    [
        ({}, {"job": "shop"}, "spec.job"),
        ({}, {"revision": "web-a"}, "spec.revision"),
        ({"revision": "web-a"}, {"revision": "web-b"}, "spec.revision"),
        ({"revision": "web-a"}, {"revision": None}, "spec.revision"),
        ({}, {"instances": "0"}, "spec.instances"),
        ({"instances": "0"}, {"instances": "0-1"}, "spec.instances"),
        ({"instances": "0"}, {"instances": None}, "spec.instances"),
    ],
)
def test_what_an_update_is_about_cannot_be_changed(
    cluster: Cluster, given: Object, change: Object, field: str
) -> None:
    create(cluster, changed(UPDATE, {"spec": given}))
    with pytest.raises(ApiError, match="create another Update") as refused:
        cluster.api.patch(url("updates", "web-1"), {"spec": change})
    assert field in str(refused.value)
    cluster.api.patch(url("updates", "web-1"), {"spec": {"message": "still open"}})


def test_the_columns_tell_the_story(cluster: Cluster) -> None:
    create(cluster, JOB)
    create(cluster, UPDATE)
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "RollingForward",
        "message": "3 of 12 instances updated",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    }
    status: Object = {"readyInstances": 11, "updatedInstances": 3, "currentRevision": "web-a"}
    cluster.api.patch(
        url("echelonjobs", "web", "status"), {"status": {**status, "conditions": [ready]}}
    )
    status = {
        "phase": "RollingForward",
        "message": "waiting for instance 3",
        "counts": {"total": 12, "updated": 3, "failed": 0},
        "batch": {"index": 1, "instances": "3-5", "startedAt": "2026-01-02T03:04:05Z"},
    }
    cluster.api.patch(url("updates", "web-1", "status"), {"status": status})
    text = cluster.kubectl("get", "ejob,eup")
    for word in ("11", "web-a", "3 of 12 instances updated", "RollingForward", "3-5", "waiting"):
        assert word in text
    assert "echelonjob.echelon.dev/web" in cluster.kubectl("get", "echelon")


def test_an_action_moves_in_one_direction(cluster: Cluster) -> None:
    def act(action: str) -> Any:
        return cluster.api.patch(url("updates", "web-1"), {"spec": {"action": action}})

    create(cluster, UPDATE)
    for now, back in (("Rollback", ["Proceed"]), ("Abort", ["Proceed", "Rollback"])):
        act(now)
        for action in back:
            with pytest.raises(ApiError, match="moves only from Proceed to Rollback to Abort"):
                act(action)
