"""Lost pods are created again with the same name, and changes by other clients are repaired."""

from __future__ import annotations

from hack.harness.audit import Audit
from hack.harness.manifests import Object, condition, is_true, job, sim
from hack.harness.operator import USER
from hack.harness.space import Space


def foreign(name: str, **metadata: object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"name": "other", "image": "other:1"}]},
    }


def test_a_deleted_pod_comes_back_as_the_same_instance(space: Space) -> None:
    made = space.made(job(instances=3))
    space.delete_pod("web-1")
    space.until("the second life of 1", lambda: len(space.observer.uids()[1]) == 2)
    space.until("it to be Ready", lambda: 1 in space.pods() and space.pods()[1].ready)
    assert space.pods()[1].revision == made["status"]["currentRevision"]
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 1, 1: 2, 2: 1}
    assert space.updates() == []
    space.wait_ready()


def test_all_pods_deleted_at_once_come_back(space: Space) -> None:
    space.made(job(instances=5))
    space.observer.not_the_operator(*[pod.uid for pod in space.pods().values()])
    space.kubectl("delete", "pods", "--all", "--wait=false")
    space.until("new pods", lambda: all(len(u) == 2 for u in space.observer.uids().values()))
    space.until("5 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 5)
    assert is_true(space.wait_ready(), "Available")


def test_a_slowly_stopping_pod_is_followed_only_when_it_is_gone(space: Space) -> None:
    space.made(job(instances=2, steering={"behaviour": "slow-stop", "stop_after": "1500ms"}))
    space.delete_pod("web-0")
    gone = space.wait_job("seen", lambda j: j["status"].get("readyInstances") == 1)
    assert not is_true(gone, "Ready")
    space.until("the second life of 0", lambda: len(space.observer.uids()[0]) == 2)
    space.wait_ready()


def test_pods_deleted_during_an_update_come_back_at_their_assigned_version(space: Space) -> None:
    space.made(job(instances=4))
    space.set_image("web:2", behaviour="ready-after", ready_after="1s")
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 1)
    space.delete_pod("web-0")
    space.delete_pod("web-3")
    space.wait_update("RolledForward", timeout=30)
    pods = [seen.object for seen in space.observer.events() if seen.kind == "Pod"]
    lives = {i: [] for i in range(4)}
    for pod in pods:
        if pod.uid not in [uid for uid, _ in lives[pod.instance]]:
            lives[pod.instance].append((pod.uid, pod.image))
    assert [image for _, image in lives[0]] == ["web:1", "web:2", "web:2"]
    assert [image for _, image in lives[3]] == ["web:1", "web:1", "web:2"]


def test_a_pod_that_ended_is_made_again_with_a_growing_pause(space: Space) -> None:
    space.made(job(instances=2))
    # The second pod ends, too; the third is created only after ten seconds.
    for life in (1, 2):
        space.until(
            f"life {life} to be Ready",
            lambda n=life: (
                len(space.observer.uids()[0]) == n and 0 in space.pods() and space.pods()[0].ready
            ),
        )
        crash = sim(behaviour="exit", exit_after="0s", exit_code=1)
        space.patch_pod("web-0", annotations=crash)
        space.until(
            "it to end",
            lambda n=life: any(
                s.object.phase == "Failed" and s.object.uid == space.observer.uids()[0][n - 1]
                for s in space.observer.events()
                if s.kind == "Pod"
            ),
        )
    space.until("the third life", lambda: len(space.observer.uids()[0]) == 3, timeout=20)
    begun = [
        next(s for s in space.observer.events() if s.kind == "Pod" and s.object.uid == uid)
        for uid in space.observer.uids()[0]
    ]
    failed = [
        next(
            s
            for s in space.observer.events()
            if s.kind == "Pod" and s.object.uid == uid and s.object.phase == "Failed"
        )
        for uid in space.observer.uids()[0][:2]
    ]
    assert begun[1].at - failed[0].at < 3
    assert begun[2].at - failed[1].at > 7
    assert begun[2].object.annotations["echelon.dev/remade"] == "2"
    assert {len(uids) for i, uids in space.observer.uids().items() if i} == {1}


def test_our_labels_are_restored_when_somebody_removes_them(space: Space) -> None:
    made = space.made(job(instances=2))
    digest = made["status"]["currentRevision"].removeprefix("web-")
    ours = {
        "echelon.dev/job": "web",
        "echelon.dev/instance": "1",
        "echelon.dev/revision": digest,
        "app.kubernetes.io/managed-by": "echelon",
    }
    space.patch_pod("web-1", labels=dict.fromkeys(ours, None) | {"mine": "stays"})

    def restored() -> bool:
        labels = space.pods()[1].labels
        return "mine" in labels and all(labels.get(k) == value for k, value in ours.items())

    space.until("the labels", restored)
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 1, 1: 1}


def test_a_pod_robbed_of_its_revision_too_is_replaced(space: Space, audit: Audit) -> None:
    made = space.made(job(instances=3))
    space.patch_pod(
        "web-1",
        labels={"echelon.dev/revision": None},
        annotations={"echelon.dev/revision": None},
    )
    space.until("the second life of 1", lambda: len(space.observer.uids()[1]) == 2)
    space.wait_ready()
    assert space.pods()[1].revision == made["status"]["currentRevision"]
    mends = [
        r
        for r in audit.requests(user=USER, namespace=space.name)
        if (r.verb, r.resource) == ("patch", "pods")
    ]
    assert len(mends) < 5


def test_a_changed_instance_label_does_not_confuse_anybody(space: Space) -> None:
    space.made(job(instances=3))
    space.patch_pod("web-1", labels={"echelon.dev/instance": "2"})
    space.until(
        "the label", lambda: space.pods()[1].labels.get("echelon.dev/instance") == "1", timeout=10
    )
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 1, 1: 1, 2: 1}


def test_a_strangers_pod_with_our_name_is_left_alone_until_the_name_is_free(space: Space) -> None:
    stranger = space.create(foreign("web-1"))
    space.create(job(instances=3))
    held = space.wait_job("the conflict", lambda j: is_true(j, "PodNameConflict"))
    assert "web-1" in condition(held, "PodNameConflict")["message"]
    assert not is_true(held, "Ready")
    space.until("the others", lambda: {0, 2} <= set(space.pods()))
    assert (
        space.api.get(space.path("pods", "web-1"))["metadata"]["uid"]
        == (stranger["metadata"]["uid"])
    )
    assert "labels" not in space.api.get(space.path("pods", "web-1"))["metadata"] or (
        "echelon.dev/job" not in space.api.get(space.path("pods", "web-1"))["metadata"]["labels"]
    )
    space.api.delete(space.path("pods", "web-1"))
    space.wait_ready(timeout=30)
    assert not is_true(space.job(), "PodNameConflict")
    assert space.pods()[1].job == "web"


def test_a_strangers_pod_that_takes_a_name_in_an_update_holds_only_that_instance(
    space: Space,
) -> None:
    space.create(foreign("web-3"))
    space.create(job(instances=3))
    space.wait_ready()
    space.scale(4)
    space.wait_job("the conflict", lambda j: is_true(j, "PodNameConflict"))
    space.api.delete(space.path("pods", "web-3"))
    space.wait_job("4", lambda j: j["status"].get("availableInstances") == 4, timeout=30)


def test_a_pod_that_nobody_owns_and_that_has_our_labels_is_adopted(space: Space) -> None:
    labels = {
        "echelon.dev/job": "web",
        "echelon.dev/instance": "0",
        "app.kubernetes.io/managed-by": "echelon",
    }
    orphan = space.create(foreign("web-0", labels=labels))
    made = space.create(job(instances=2))

    def owned() -> bool:
        pod = space.pods().get(0)
        return pod is not None and pod.owner == made["metadata"]["uid"]

    space.until("an owner", owned)
    uid = orphan["metadata"]["uid"]
    assert space.observer.uids()[0][0] == uid
    # It has no known revision, so it is replaced.
    space.wait_ready(timeout=30)
    assert space.pods()[0].uid != uid
    assert len(space.observer.uids()[1]) == 1


def test_the_pods_of_a_stateful_set_are_taken_over_without_a_restart(space: Space) -> None:
    labels = {"app": "web"}
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
    }
    spec = {"replicas": 3, "selector": {"matchLabels": labels}, "serviceName": "web"}
    made = {"metadata": {"name": "web"}, "spec": {**spec, "template": template}}
    space.api.create(f"/apis/apps/v1/namespaces/{space.name}/statefulsets", made)
    space.kubectl("rollout", "status", "statefulset/web", "--timeout=180s")
    before = {i: space.pod(i)["metadata"]["uid"] for i in range(3)}
    space.kubectl("delete", "statefulset/web", "--cascade=orphan", "--timeout=180s")
    space.create(job(instances=3))
    held = space.wait_job("the name conflict", lambda j: is_true(j, "PodNameConflict"))
    for i in range(3):
        held = space.wait_job(
            f"what to do with {i}",
            lambda j, i=i: (
                f"kubectl label pod web-{i} " in condition(j, "PodNameConflict")["message"]
            ),
        )
        command = condition(held, "PodNameConflict")["message"].partition("hand it over: kubectl ")
        space.kubectl(*command[2].split())
    space.wait_ready()
    assert {i: pod.uid for i, pod in space.pods().items()} == before
    assert not is_true(space.job(), "PodNameConflict")
    ended = space.roll("web:2", "RolledForward")
    assert ended["status"]["counts"]["updated"] == 3
    assert {pod.image for pod in space.pods().values()} == {"web:2"}


def test_a_terminating_pod_that_lost_its_label_does_not_hold_its_instance_for_ever(
    space: Space,
) -> None:
    steering = {"behaviour": "slow-stop", "stop_after": "3s"}
    space.made(job(instances=2, steering=steering))
    space.delete_pod("web-0")
    space.patch_pod("web-0", labels={"echelon.dev/job": None})
    space.until("the second life of 0", lambda: len(space.observer.uids().get(0, ())) == 2, 20)
    space.wait_ready()


def test_an_adopted_pod_beyond_the_count_goes_with_an_event(space: Space) -> None:
    space.made(job(instances=1))
    space.create(foreign("web-7", labels={"echelon.dev/job": "web"}))
    space.until("its end", lambda: not space.exists("pods", "web-7"))
    said = [e["note"] for e in space.events("web") if e["reason"] == "SurplusPod"]
    assert "web-7" in said[0]
