"""Replacement InPlace on a real API server: the pod stays, and its containers change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hack.harness.audit import Audit
from hack.harness.manifests import Object, ids, is_true, job, queue, template
from hack.harness.operator import USER, Operator
from hack.harness.pods import PodSeen
from hack.harness.space import Space

BASE = "echelon.dev/restart-base"
SMALL = {"cpu": "10m", "memory": "16Mi"}
LARGE = {"cpu": "20m", "memory": "16Mi"}


def in_place(instances: int = 3, **rest: Any) -> Object:
    """A Job with replacement InPlace. ``update``: additional fields of the policy."""
    policy = {"replacement": "InPlace", "maxFailuresPerInstance": 0, **rest.pop("update", {})}
    return job(instances=instances, update=policy, **rest)


def sized(image: str = "web:1", **fields: Any) -> Object:
    """A template whose container has these fields. ``steering``: annotations of the simulator."""
    made = template(image, **fields.pop("steering", {}))
    made["spec"]["containers"][0].update(fields)
    return made


def lives(space: Space) -> dict[int, int]:
    """Number of pods that each instance has had."""
    return {instance: len(uids) for instance, uids in space.observer.uids().items()}


def restarts(space: Space) -> dict[int, int]:
    return {instance: pod.restarts for instance, pod in space.pods().items()}


def settled(space: Space, *phases: str) -> Object:
    """Wait until the newest Update has ended in this phase and the Job has no active Update."""
    ended = space.wait_update(*phases, timeout=40)
    space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])
    return ended


def test_another_image_is_one_patch_of_each_pod(space: Space, audit: Audit) -> None:
    space.made(in_place())
    audit.mark()
    ended = space.roll("web:2", "RolledForward")
    new = ended["status"]["to"]["revision"]
    assert lives(space) == {0: 1, 1: 1, 2: 1}
    assert restarts(space) == {0: 1, 1: 1, 2: 1}
    assert ended["status"]["counts"]["updated"] == 3
    assert "failures" not in ended["status"]
    for pod in space.pods().values():
        assert (pod.image, pod.revision) == ("web:2", new)
        assert pod.labels["echelon.dev/revision"] == new.removeprefix("web-")
        assert pod.annotations["echelon.dev/update"] == ended["metadata"]["uid"]
        assert json.loads(pod.annotations[BASE]).keys() == {"at", "web"}
        assert json.loads(pod.annotations[BASE])["web"] == 1
    space.wait_ready()
    asked = [r for r in audit.requests(user=USER, namespace=space.name) if r.resource == "pods"]
    writes = [(r.verb, r.name) for r in asked if r.writes and not r.dry_run]
    assert sorted(writes) == [("patch", f"web-{i}") for i in range(3)]


def test_the_next_instance_waits_for_the_one_before(space: Space) -> None:
    steering = {"behaviour": "ready-after", "ready_after": "400ms"}
    space.made(in_place(4, steering=steering, strategy=queue(2)))
    space.set_image("web:2", **steering)
    settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 1, 2: 1, 3: 1}
    assert most_changing(space, "web:2") == 2


def most_changing(space: Space, image: str) -> int:
    """The largest number of instances at any moment that had the image and were not Ready."""
    state: dict[int, bool] = {}
    most = 0
    for seen in space.observer.events():
        if seen.kind == "Pod" and seen.type != "DELETED":
            pod: PodSeen = seen.object
            done = pod.ready and pod.restarts > 0
            state[pod.instance] = pod.image == image and not done
            most = max(most, sum(state.values()))
    return most


def test_three_updates_in_a_row_and_back(space: Space) -> None:
    space.made(in_place(2))
    first = space.job()["status"]["currentRevision"]
    for image in ("web:2", "web:3", "web:1"):
        space.roll(image, "RolledForward")
        space.wait_ready()
    assert lives(space) == {0: 1, 1: 1}
    assert restarts(space) == {0: 3, 1: 3}
    assert {pod.revision for pod in space.pods().values()} == {first}


def test_other_resources_are_resized(space: Space) -> None:
    space.made(in_place(template=sized(resources={"requests": SMALL})))
    space.set_template(sized(resources={"requests": LARGE}))
    ended = settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 1, 2: 1}
    assert restarts(space) == {0: 0, 1: 0, 2: 0}
    for instance, pod in space.pods().items():
        raw = space.pod(instance)
        assert raw["spec"]["containers"][0]["resources"]["requests"] == LARGE
        assert raw["status"]["containerStatuses"][0]["resources"]["requests"] == LARGE
        assert pod.revision == ended["status"]["to"]["revision"]
    assert is_true(space.wait_ready(), "Ready")


def test_a_resize_that_restarts_is_no_failure(space: Space) -> None:
    policy = [
        {"resourceName": "cpu", "restartPolicy": "RestartContainer"},
        {"resourceName": "memory", "restartPolicy": "NotRequired"},
    ]
    old, new = (
        sized(resources={"limits": limits}, resizePolicy=policy) for limits in (SMALL, LARGE)
    )
    space.made(in_place(template=old))
    space.set_template(new)
    ended = settled(space, "RolledForward")
    assert "failures" not in ended["status"]
    assert lives(space) == {0: 1, 1: 1, 2: 1}
    assert restarts(space) == {0: 1, 1: 1, 2: 1}


def test_images_and_resources_together_are_replaced(space: Space) -> None:
    space.made(in_place(template=sized(resources={"requests": SMALL})))
    space.set_template(sized("web:2", resources={"requests": LARGE}))
    settled(space, "RolledForward")
    assert lives(space) == {0: 2, 1: 2, 2: 2}


def test_what_the_node_cannot_do_is_replaced(space: Space) -> None:
    steering = {"resize": "infeasible", "instances": "1"}
    space.made(in_place(template=sized(steering=steering, resources={"requests": SMALL})))
    space.set_template(sized(steering=steering, resources={"requests": LARGE}))
    ended = settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 2, 2: 1}
    assert "failures" not in ended["status"]


def test_what_the_api_server_refuses_is_replaced(space: Space, audit: Audit) -> None:
    """Because of the LimitRange the pod differs from its template: its QoS class would change."""
    default = {"cpu": "10m", "memory": "16Mi"}
    limit = {"type": "Container", "default": default, "defaultRequest": default}
    space.create({"kind": "LimitRange", "metadata": {"name": "x"}, "spec": {"limits": [limit]}})
    space.made(in_place(template=sized(resources={"requests": {"cpu": "10m"}})))
    space.set_template(sized(resources={"requests": {"cpu": "5m"}}))
    ended = settled(space, "RolledForward")
    assert lives(space) == {0: 2, 1: 2, 2: 2}
    assert "failures" not in ended["status"]
    asked = audit.requests(user=USER, namespace=space.name)
    assert [r.code for r in asked if r.subresource == "resize"] == [422] * 3


def test_a_pod_that_never_ran_is_replaced(space: Space) -> None:
    space.create(in_place(2, image="web:1-pull-error"))
    space.until("the pods to be held up", lambda: len(space.pods()) == 2)
    space.set_image("web:2")
    space.wait_ready()
    assert {pod.image for pod in space.pods().values()} == {"web:2"}


@pytest.mark.parametrize(
    ("bad", "reason"), [("crash-loop", "CrashLoopBackOff"), ("pull-error", "ImagePullBackOff")]
)
def test_a_bad_image_is_taken_back_in_place(space: Space, bad: str, reason: str) -> None:
    steering = {"instances": "1", "backoff": "200ms"}
    policy = {"readyTimeoutSeconds": 3}
    space.made(in_place(steering=steering, update=policy))
    old = space.job()["status"]["currentRevision"]
    space.set_image(f"web:2-{bad}", **steering)
    ended = settled(space, "RolledBack")
    assert ended["status"]["failures"][0]["reason"] == reason
    assert ids(ended["status"]["instances"]["rolledBack"]) == {0, 1}
    assert {pod.revision for pod in space.pods().values()} == {old}
    assert {pod.image for pod in space.pods().values()} == {"web:1"}
    had = lives(space)
    assert (had[0], had[2]) == (1, 1), "0 was updated and rolled back, 2 was never touched"
    assert restarts(space)[2] == 0


def _patched(instance: int) -> Callable[[Space], bool]:
    def probe(space: Space) -> bool:
        pod = space.pods().get(instance)
        return pod is not None and BASE in pod.annotations

    return probe


@pytest.mark.parametrize("instance", [0, 2])
def test_it_goes_on_after_the_operator_was_killed(
    space: Space, operator: Operator, instance: int
) -> None:
    old = sized(resources={"requests": SMALL})
    space.made(in_place(4, template=old))
    space.set_template(sized(resources={"requests": LARGE}))
    space.until("the pod to be changed", lambda: _patched(instance)(space))
    operator.kill9()
    operator.start()
    settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 1, 2: 1, 3: 1}
    requests = [space.pod(i)["spec"]["containers"][0]["resources"]["requests"] for i in range(4)]
    assert requests == [LARGE] * 4


def test_another_template_in_the_midst_of_it(space: Space) -> None:
    steering = {"behaviour": "ready-after", "ready_after": "300ms"}
    space.made(in_place(4, steering=steering, strategy=queue(2)))
    space.set_image("web:2", **steering)
    space.until("the first to be changed", lambda: _patched(0)(space))
    space.set_image("web:3", **steering)
    ended = space.wait_update("RolledForward", name="web-g3", timeout=40)
    space.wait_ready()
    assert "failures" not in ended["status"]
    assert lives(space) == {0: 1, 1: 1, 2: 1, 3: 1}
    assert {pod.image for pod in space.pods().values()} == {"web:3"}


def test_a_restart_makes_new_pods(space: Space) -> None:
    space.made(in_place(2))
    made = {"apiVersion": "echelon.dev/v1alpha1", "kind": "Update", "metadata": {"name": "again"}}
    space.create({**made, "spec": {"job": "web", "restart": True}})
    space.wait_update("RolledForward", name="again")
    assert lives(space) == {0: 2, 1: 2}
