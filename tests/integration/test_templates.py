"""Templates of users: kept unchanged, refused with a clear message, or reported by a condition."""

from __future__ import annotations

import json

import pytest

from hack.devcluster.api import ApiError
from hack.harness.manifests import (
    Object,
    condition,
    is_true,
    job,
    phase,
    template,
    update,
)
from hack.harness.space import Space
from tests.integration.bad_objects import JOB, JOBS, changed

#: Edits of a running Job.
EDITS: dict[str, Object] = {
    "negative instances": {"instances": -1},
    "10001 instances": {"instances": 10001},
    "an unknown strategy": {"update": {"strategy": {"type": "Canary"}}},
    "a size of 0": {"update": {"strategy": {"size": 0}}},
    "restartPolicy Never": {"template": {"spec": {"restartPolicy": "Never"}}},
    "no containers": {"template": {"spec": {"containers": []}}},
    "no template": {"template": None},
    "another type": {"type": "Cron"},
}

#: Templates that only the API server's validation of a pod can refuse -> texts of its message.
INVALID: dict[str, tuple[Object, str]] = {
    "a port out of range": (
        {"containers": [{"name": "web", "image": "web:1", "ports": [{"containerPort": 99999}]}]},
        "containerPort",
    ),
    "a bad image pull policy": (
        {"containers": [{"name": "web", "image": "web:1", "imagePullPolicy": "Sometimes"}]},
        "imagePullPolicy",
    ),
    "a mount without its volume": (
        {
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                }
            ]
        },
        "volumeMounts[0].name",
    ),
    "a container's name in capitals": (
        {"containers": [{"name": "Web", "image": "web:1"}]},
        "spec.containers[0].name",
    ),
    "requests above limits": (
        {
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}},
                }
            ]
        },
        "must be less than or equal to cpu limit",
    ),
    "an unknown service account": (
        {"containers": [{"name": "web", "image": "web:1"}], "serviceAccountName": "nobody"},
        "serviceaccount",
    ),
    "a wrongly typed field": (
        {"containers": [{"name": "web", "image": "web:1", "args": "one"}]},
        "args",
    ),
}


@pytest.mark.parametrize("what", INVALID)
def test_an_invalid_pod_template_is_answered_with_the_api_servers_words(
    space: Space, what: str
) -> None:
    spec, words = INVALID[what]
    space.create(job(instances=2, template={"spec": spec}))
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    said = condition(stalled, "Stalled")
    assert words in said["message"]
    assert said["reason"] in ("InvalidTemplate", "Forbidden")
    assert space.observer.incarnations() == {}
    # With the corrected template it comes up.
    if said["reason"] == "InvalidTemplate":
        space.set_template(template("web:1"))
        space.wait_ready()


def test_bad_jobs_are_refused_and_no_pod_is_touched(space: Space) -> None:
    space.made(job("good", instances=2))
    first = space.observer.uids("good")
    bad = {name: change for name, (change, _) in JOBS.items()}
    assert len(bad) >= 20
    for what, change in bad.items():
        with pytest.raises(ApiError) as refused:
            space.create(changed(JOB, change))
        assert refused.value.code == 422, what
    for what, edit in EDITS.items():
        with pytest.raises(ApiError) as refused:
            space.patch_job("good", **edit)
        assert refused.value.code == 422, what
    space.scale(3, "good")
    space.wait_job("3", lambda j: j["status"].get("availableInstances") == 3, "good")
    assert {i: uids for i, uids in space.observer.uids("good").items() if i < 2} == first
    assert set(space.observer.incarnations()) == {"good-0", "good-1", "good-2"}


def test_an_invalid_new_template_stalls_and_touches_no_pod(space: Space) -> None:
    before = space.made(job(instances=3))
    first = space.observer.uids()
    bad = template("web:2")
    bad["spec"]["containers"][0]["ports"] = [{"containerPort": 99999}]
    space.patch_job(template=bad)
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert "containerPort" in condition(stalled, "Stalled")["message"]
    assert is_true(stalled, "UpdatePending")
    assert is_true(stalled, "Available")
    assert stalled["status"]["currentRevision"] == before["status"]["currentRevision"]
    assert space.updates() == []
    # Scaling and replacement continue at the old revision.
    space.scale(4)
    space.wait_job("4", lambda j: j["status"].get("availableInstances") == 4)
    space.delete_pod("web-0")
    space.until("0 again", lambda: len(space.observer.uids()[0]) == 2)
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    assert {i: uids for i, uids in space.observer.uids().items() if i in (1, 2)} == {
        i: uids for i, uids in first.items() if i in (1, 2)
    }
    # The corrected template rolls out.
    good = template("web:2")
    good["spec"]["containers"][0]["ports"] = [{"containerPort": 8080}]
    space.patch_job(template=good)
    space.wait_update("RolledForward")
    assert not is_true(space.wait_ready(), "UpdatePending")


def test_a_running_update_goes_on_when_the_next_template_is_invalid(space: Space) -> None:
    space.made(job(instances=4))
    space.set_image("web:2", behaviour="ready-after", ready_after="700ms")
    space.wait_update("RollingForward")
    bad = template("web:3")
    bad["spec"]["containers"][0]["ports"] = [{"containerPort": 99999}]
    space.patch_job(template=bad)
    pending = space.wait_job("UpdatePending", lambda j: is_true(j, "UpdatePending"))
    assert "containerPort" in condition(pending, "UpdatePending")["message"]
    assert phase(space.update("web-g2")) == "RollingForward"
    ended = space.wait_update("RolledForward", name="web-g2")
    assert ended["status"]["counts"]["updated"] == 4
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert "containerPort" in condition(stalled, "Stalled")["message"]
    assert [u["metadata"]["name"] for u in space.updates()] == ["web-g2"]


def test_a_field_that_kubernetes_does_not_know_is_refused_by_name(space: Space) -> None:
    space.made(job(instances=2))
    first = space.observer.uids()
    bad = template("web:2")
    bad["spec"]["containers"][0]["readinesProbe"] = {"httpGet": {"port": 80}}
    space.set_template(bad)
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert (
        'unknown field "spec.containers[0].readinesProbe"'
        in condition(stalled, "Stalled")["message"]
    )
    assert condition(stalled, "UpdatePending")["reason"] == "InvalidTemplate"
    # The CRD keeps the field, for an API server that knows it.
    assert stalled["spec"]["template"] == bad
    space.create(update("mine"))
    refused = space.wait_update("Rejected", name="mine")
    assert "readinesProbe" in refused["status"]["message"]
    assert space.observer.uids() == first
    space.set_template(template("web:2"))
    space.wait_ready()


def test_a_warning_of_the_api_server_is_one_event(space: Space) -> None:
    twice = template("web:1")
    twice["spec"]["containers"][0]["env"] = [
        {"name": "A", "value": "1"},
        {"name": "A", "value": "2"},
    ]
    space.made(job(instances=2, template=twice))
    space.scale(3)
    space.wait_job("3", lambda j: j["status"].get("availableInstances") == 3)

    def warned() -> list[str]:
        return [e["note"] for e in space.events("web") if e["reason"] == "TemplateWarning"]

    (note,) = space.until("an Event", warned)
    assert "hides previous definition" in note
    assert space.revisions()[0]["metadata"]["name"] in note


def test_a_template_taken_from_a_pod_is_no_trouble(space: Space) -> None:
    """Fields that only the API server sets would make creates fail, but not dry runs."""
    space.made(job("first", instances=1))
    taken = space.api.get(space.path("pods", "first-0"))
    wish = template("web:1")
    kept = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
    wish["metadata"] = {field: taken["metadata"][field] for field in kept}
    wish["metadata"] |= {"selfLink": "/x", "generateName": "a-", "deletionGracePeriodSeconds": 3}
    wish["metadata"] |= {"deletionTimestamp": taken["metadata"]["creationTimestamp"]}
    wish["status"] = taken["status"]
    space.made(job(instances=2, template=wish))
    wish["spec"]["containers"][0]["image"] = "web:2"
    space.set_template(wish)
    space.wait_update("RolledForward")


def test_a_rarely_used_pod_field_reaches_the_pod(space: Space) -> None:
    wish = job(instances=1)
    wish["spec"]["template"]["spec"] |= {
        "schedulingGates": [],
        "setHostnameAsFQDN": True,
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "matchLabelKeys": ["echelon.dev/revision"],
                "labelSelector": {"matchLabels": {"echelon.dev/job": "web"}},
            }
        ],
    }
    space.made(wish)
    spec = space.pod(0)["spec"]
    assert spec["setHostnameAsFQDN"] is True
    assert spec["topologySpreadConstraints"][0]["matchLabelKeys"] == ["echelon.dev/revision"]


def test_two_field_managers_share_a_job(space: Space) -> None:
    """A GitOps tool owns the template, a person `instances`."""
    wish = job(instances=2)
    space.apply(wish, manager="gitops")
    space.wait_ready()
    count: Object = {
        "apiVersion": wish["apiVersion"],
        "kind": "EchelonJob",
        "metadata": {"name": "web"},
        "spec": {"instances": 3},
    }
    space.apply(count, manager="person", force=True)
    space.wait_job("3", lambda j: j["status"].get("availableInstances") == 3)
    del wish["spec"]["instances"]
    wish["spec"]["template"] = template("web:2")
    space.apply(wish, manager="gitops")
    space.wait_update("RolledForward")
    after = space.wait_ready()
    assert after["spec"]["instances"] == 3
    assert {pod.image for pod in space.pods().values()} == {"web:2"}
    managers = {
        entry["manager"]
        for entry in after["metadata"]["managedFields"]
        if "f:spec" in entry["fieldsV1"]
    }
    assert managers == {"gitops", "person"}


def test_applying_the_same_again_after_a_rollback_changes_nothing(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    wish = job(instances=2, update=quick)
    space.apply(wish, manager="gitops")
    space.wait_ready()
    wish["spec"]["template"] = template("web:2-never-ready")
    applied = space.apply(wish, manager="gitops")
    space.wait_update("RolledBack")
    again = space.apply(wish, manager="gitops")
    assert again["metadata"]["generation"] == applied["metadata"]["generation"]
    same = ("diff", "--server-side", "--field-manager=gitops", "-f", "-")
    assert space.kubectl(*same, input=json.dumps(wish)) == ""
    space.scale(3)
    space.wait_job("3", lambda j: j["status"].get("availableInstances") == 3)
    assert len(space.updates()) == 1
