"""Running simulated pods: each behaviour, by annotation and by image tag."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.devcluster.pods import Pod, Pods, app, condition, is_ready, restarts


def time_of(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def test_a_pod_is_ready_in_one_write(pods: Pods) -> None:
    pods.create()
    pod = pods.wait("readiness", is_ready)
    status = pod["status"]
    assert status["phase"] == "Running"
    assert status["observedGeneration"] == pod["metadata"]["generation"]
    assert status["qosClass"] == "BestEffort"
    assert all(status[field] for field in ("podIP", "hostIP", "startTime"))
    assert {c["type"] for c in status["conditions"] if c["status"] == "True"} >= {
        "PodScheduled",
        "Initialized",
        "ContainersReady",
        "Ready",
    }
    assert app(pod)["image"] == "app:1"
    assert app(pod)["imageID"].startswith("app@sha256:")
    assert app(pod)["restartCount"] == 0
    assert app(pod)["state"]["running"]["startedAt"]
    assert pods.audit() == [("patch", "status", "p")]


def test_pod_addresses_are_unique(pods: Pods) -> None:
    for number in range(5):
        pods.create(f"p-{number}")
    seen = {
        pods.wait("readiness", is_ready, f"p-{number}")["status"]["podIP"] for number in range(5)
    }
    assert len(seen) == 5


def test_a_pod_address_can_be_chosen(pods: Pods) -> None:
    pods.create(pod_ip="127.0.1.7")
    assert pods.wait("readiness", is_ready)["status"]["podIP"] == "127.0.1.7"


def test_init_containers_and_sidecars(pods: Pods) -> None:
    init = [
        {"name": "first", "image": "init:1"},
        {"name": "side", "image": "side:1", "restartPolicy": "Always"},
    ]
    pods.create(spec={"initContainers": init}, behaviour="crash")
    pod = pods.wait("a restart", lambda pod: restarts(pod) == 1 and is_ready(pod))
    first, side = pod["status"]["initContainerStatuses"]
    assert first["state"]["terminated"]["reason"] == "Completed"
    assert side["state"]["running"]
    assert side["restartCount"] == 0


def test_a_sidecar_crashes(pods: Pods) -> None:
    side = {"name": "side", "image": "side:1", "restartPolicy": "Always"}
    pods.create(spec={"initContainers": [side]}, behaviour="crash", container="side")
    pod = pods.wait(
        "a restart",
        lambda pod: (
            is_ready(pod) and pod["status"]["initContainerStatuses"][0]["restartCount"] == 1
        ),
    )
    assert restarts(pod) == 0


def test_ready_after(pods: Pods) -> None:
    pods.create(behaviour="ready-after", ready_after="1s")
    early = pods.wait("a start", lambda pod: pod["status"]["phase"] == "Running")
    assert condition(early, "Ready")["reason"] == "ContainersNotReady"
    late = pods.wait("readiness", is_ready)
    since = time_of(condition(late, "Ready")["lastTransitionTime"])
    assert (since - time_of(late["status"]["startTime"])).total_seconds() >= 1


@pytest.mark.parametrize("by_tag", [False, True])
def test_never_ready(pods: Pods, by_tag: bool) -> None:
    make(pods, "never-ready", by_tag)
    pod = pods.wait("a start", lambda pod: pod["status"]["phase"] == "Running")
    ready = condition(pod, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ContainersNotReady")
    assert app(pod)["state"]["running"]


@pytest.mark.parametrize("by_tag", [False, True])
def test_crash(pods: Pods, by_tag: bool) -> None:
    make(pods, "crash", by_tag, reason="OOMKilled", exit_code="137")
    pods.wait("readiness", lambda pod: is_ready(pod) and restarts(pod) == 0)
    pod = pods.wait("a restart", lambda pod: restarts(pod) == 1 and is_ready(pod))
    ended = app(pod)["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    assert app(pod)["state"]["running"]


@pytest.mark.parametrize("by_tag", [False, True])
def test_crash_loop(pods: Pods, by_tag: bool) -> None:
    make(pods, "crash-loop", by_tag, backoff="100ms")
    pod = pods.wait("three restarts", lambda pod: restarts(pod) >= 3)
    assert pod["status"]["phase"] == "Running"
    assert app(pod)["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert app(pod)["lastState"]["terminated"]["exitCode"] == 1
    assert not is_ready(pod)


@pytest.mark.parametrize("by_tag", [False, True])
def test_pull_error(pods: Pods, by_tag: bool) -> None:
    make(pods, "pull-error", by_tag)
    pod = pods.wait("the error", lambda pod: "waiting" in app(pod).get("state", {}))
    assert pod["status"]["phase"] == "Pending"
    waiting = app(pod)["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert app(pod)["image"] in waiting["message"]


@pytest.mark.parametrize(("code", "phase"), [("3", "Failed"), ("0", "Succeeded")])
def test_exit(pods: Pods, code: str, phase: str) -> None:
    pods.create(behaviour="exit", exit_code=code)
    pods.wait("readiness", is_ready)
    pod = pods.wait("the end", lambda pod: pod["status"]["phase"] == phase)
    assert app(pod)["state"]["terminated"]["exitCode"] == int(code)
    assert not is_ready(pod)


def test_evict(pods: Pods) -> None:
    pods.create(behaviour="evict", exit_after="0s")
    pod = pods.wait("the end", lambda pod: pod["status"]["phase"] == "Failed")
    assert pod["status"]["reason"] == "Evicted"
    assert condition(pod, "DisruptionTarget")["reason"] == "TerminationByKubelet"


def test_refuse(pods: Pods) -> None:
    pods.create(behaviour="refuse")
    pod = pods.wait("the refusal", lambda pod: pod["status"]["phase"] == "Failed")
    assert pod["status"]["reason"] == "OutOfcpu"
    assert not pod["status"].get("containerStatuses")


def test_only_listed_instances_are_steered(pods: Pods) -> None:
    for instance in range(8):
        label = {"echelon.dev/instance": str(instance)}
        pods.create(f"p-{instance}", labels=label, image="app:1-never-ready", instances="2,5-6")

    def started(pod: Pod) -> bool:
        return bool(pod["status"]["phase"] == "Running")

    running = [pods.wait("a start", started, f"p-{instance}") for instance in range(8)]
    assert [i for i, pod in enumerate(running) if not is_ready(pod)] == [2, 5, 6]


def test_a_readiness_gate_is_waited_for(pods: Pods) -> None:
    pods.create(spec={"readinessGates": [{"conditionType": "example.com/up"}]})
    pod = pods.wait("a start", lambda pod: pod["status"]["phase"] == "Running")
    assert condition(pod, "Ready")["reason"] == "ReadinessGatesNotReady"
    up = {"status": {"conditions": [{"type": "example.com/up", "status": "True"}]}}
    pods.cluster.api.patch(f"{pods.path}/p/status", up, "strategic-merge-patch")
    pods.wait("readiness", is_ready)


def make(pods: Pods, behaviour: str, by_tag: bool, **steering: Any) -> None:
    """Create a pod with a behaviour, set by annotation or by the tag of its image."""
    if by_tag:
        pods.create(image=f"example.com:5000/app:2.0-{behaviour}", **steering)
    else:
        pods.create(behaviour=behaviour, **steering)
