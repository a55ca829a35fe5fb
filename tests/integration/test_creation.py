"""First creation: all instances at once, each with its own id, name and owner reference."""

from __future__ import annotations

from hack.harness.manifests import by_revision, condition, is_true, job, template
from hack.harness.space import Space


def test_all_instances_are_created_at_once_and_no_update_is_made(space: Space) -> None:
    made = space.made(job(instances=5))
    status = made["status"]
    revision = status["currentRevision"]
    assert by_revision(status["assigned"]) == {revision: {0, 1, 2, 3, 4}}
    assert by_revision(status["revisions"]) == {revision: {0, 1, 2, 3, 4}}
    assert status["updateRevision"] == revision
    assert status["lastAttempt"]["revision"] == revision
    assert "update" not in status["lastAttempt"]
    counts = ("instances", "readyInstances", "availableInstances", "updatedInstances")
    assert {name: status[name] for name in counts} == dict.fromkeys(counts, 5)
    assert status["instancesInForce"] == 5
    assert is_true(made, "Available")
    assert space.updates() == []
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(5), 1)


def test_a_pod_carries_its_identity(space: Space) -> None:
    made = space.made(job(instances=2))
    revision = made["status"]["currentRevision"]
    pod = space.pod(1)
    meta, spec = pod["metadata"], pod["spec"]
    ours = {key: value for key, value in meta["labels"].items() if "topology" not in key}
    assert ours == {
        "echelon.dev/job": "web",
        "echelon.dev/instance": "1",
        "echelon.dev/revision": revision.removeprefix("web-"),
        "app.kubernetes.io/managed-by": "echelon",
    }
    assert meta["annotations"]["echelon.dev/revision"] == revision
    assert meta["ownerReferences"] == [
        {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "EchelonJob",
            "name": "web",
            "uid": made["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    assert spec["hostname"] == "web-1"
    assert {"name": "ECHELON_INSTANCE", "value": "1"} in spec["containers"][0]["env"]


def test_placeholders_are_filled_in_and_other_braces_are_left_alone(space: Space) -> None:
    wish = job(instances=2)
    wish["spec"]["template"]["spec"]["containers"][0] |= {
        "args": [
            "--shard={{ echelon.instance }}/{{echelon.instances}}",
            "{{echelon.namespace}}.{{echelon.job}}",
            "{{ .Values.other }} {{unknown}}",
        ]
    }
    space.made(wish)
    assert space.pod(1)["spec"]["containers"][0]["args"] == [
        "--shard=1/2",
        f"{space.name}.web",
        "{{ .Values.other }} {{unknown}}",
    ]


def test_a_placeholder_that_does_not_exist_is_refused(space: Space) -> None:
    wish = job(instances=1)
    wish["spec"]["template"]["spec"]["containers"][0]["args"] = ["{{ echelon.shard }}"]
    space.create(wish)
    space.until("the refusal", lambda: is_true(space.job(), "Stalled"))
    said = condition(space.job(), "Stalled")
    assert said["reason"] == "InvalidTemplate"
    where = "spec.template.spec.containers[0].args[0]: there is no placeholder {{echelon.shard}}"
    assert where in said["message"]
    assert "use one of {{echelon.instance}}, " in said["message"]
    assert space.pods() == {}


def test_ours_win_over_the_template_for_labels_and_the_instance_but_not_for_the_hostname(
    space: Space,
) -> None:
    wish = job(instances=1)
    wish["spec"]["template"] = {
        "metadata": {
            "labels": {"echelon.dev/instance": "99", "app": "shop"},
            "annotations": {"owner": "team-a"},
        },
        "spec": {
            "hostname": "fixed",
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "env": [{"name": "ECHELON_INSTANCE", "value": "99"}],
                }
            ],
        },
    }
    space.made(wish)
    pod = space.pod(0)
    assert pod["metadata"]["labels"]["echelon.dev/instance"] == "0"
    assert pod["metadata"]["labels"]["app"] == "shop"
    assert pod["metadata"]["annotations"]["owner"] == "team-a"
    assert pod["spec"]["hostname"] == "fixed"
    assert pod["spec"]["containers"][0]["env"] == [{"name": "ECHELON_INSTANCE", "value": "0"}]


def test_a_revision_holds_the_template_and_belongs_to_the_job(space: Space) -> None:
    made = space.made(job(instances=1))
    (revision,) = space.revisions()
    assert revision["metadata"]["name"] == made["status"]["currentRevision"]
    assert revision["data"] == template("web:1")
    assert revision["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]


def test_a_job_of_no_instances_is_ready_and_takes_a_new_template_at_once(space: Space) -> None:
    made = space.made(job(instances=0))
    assert made["status"]["instancesInForce"] == 0
    assert is_true(made, "Available")
    ended = space.roll("web:2")
    assert ended["status"]["phase"] == "RolledForward"
    after = space.wait_ready()
    assert after["status"]["currentRevision"] == after["status"]["updateRevision"]
    space.scale(2)
    space.wait_job("two instances", lambda j: j["status"]["availableInstances"] == 2)
    assert {pod.image for pod in space.pods().values()} == {"web:2"}


def test_a_job_applied_together_with_its_namespace_comes_up(space: Space) -> None:
    """The namespace's ServiceAccount is created a moment after the Job."""
    account = space.path("serviceaccounts", "default")
    space.api.delete(account)
    space.create(job(instances=2))
    space.wait_ready(timeout=30)
    assert len(space.pods()) == 2


def test_a_job_is_not_ready_before_its_instances_were_ready_for_min_ready_seconds(
    space: Space,
) -> None:
    space.create(job(instances=2, min_ready=2))
    running = space.wait_job("all Ready", lambda j: j["status"].get("readyInstances") == 2)
    assert running["status"]["availableInstances"] == 0
    assert is_true(running, "Reconciling")
    assert not is_true(running, "Available")
    space.wait_ready()


def test_a_first_creation_that_never_becomes_ready_is_stalled_and_says_which_and_why(
    space: Space,
) -> None:
    space.create(job(instances=2, image="web:1-pull-error", update={"readyTimeoutSeconds": 2}))
    stalled = space.wait_job(
        "Stalled",
        lambda j: (
            is_true(j, "Stalled") and "ImagePullBackOff" in condition(j, "Stalled")["message"]
        ),
    )
    message = next(c for c in stalled["status"]["conditions"] if c["type"] == "Stalled")["message"]
    assert "instance 0" in message
    assert "ImagePullBackOff" in message
    assert space.updates() == []
    space.set_image("web:2")
    space.wait_ready()
