"""Which trouble of a pod is reported to users first."""

from __future__ import annotations

import pytest

from controller.api.labels import RESIZED, RESTART_BASE
from controller.api.pods.pod import Trouble
from tests.unit.api.pods.raw_pods import (
    Object,
    condition,
    container,
    ended,
    raw,
    running,
    slim,
    waiting,
)

UNREADY = condition("Ready", False, "ContainersNotReady", "containers with unready status: [web]")
PROBE: Object = {"httpGet": {"path": "/healthz", "port": 80}}
ENDED_AT = 1_767_225_620.0


def trouble(*statuses: Object, **rest: object) -> Trouble | None:
    return slim(raw(*statuses, **{"conditions": (UNREADY,), **rest})).trouble  # type: ignore[arg-type]


def test_a_healthy_pod_has_no_trouble() -> None:
    assert slim(raw(running())).trouble is None


def test_a_crash_loop_has_the_exit_code_and_the_termination_message() -> None:
    last = ended(3, message="cannot open\n  the database")
    found = trouble(waiting("CrashLoopBackOff", "back-off 40s", restartCount=4, lastState=last))
    said = "container web: last exit code 3, cannot open the database"
    assert found == Trouble("CrashLoopBackOff", said, 3)


def test_head_and_tail_of_a_long_termination_message_are_kept() -> None:
    last = ended(1, message="Traceback (most recent call last): " + "x" * 900 + " KeyError: 'a'")
    found = trouble(waiting("CrashLoopBackOff", lastState=last))
    assert found is not None
    assert found.message.startswith("container web: last exit code 1, Traceback (most recent")
    assert found.message.endswith("KeyError: 'a'")


def test_a_long_message_is_cut_between_words() -> None:
    image = "registry.example/mail:1.5.0"
    words = (
        f'Back-off pulling image "{image}": ErrImagePull: rpc error: code = NotFound desc = failed '
        f'to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: '
        "not found"
    )
    found = trouble(waiting("ImagePullBackOff", words))
    assert found is not None
    assert found.message == (
        f'container web: Back-off pulling image "{image}": ErrImagePull: … failed to resolve '
        f'reference "{image}": {image}: not found'
    )
    assert len(found.message) < 240


def test_a_crash_loop_because_of_out_of_memory() -> None:
    found = trouble(waiting("CrashLoopBackOff", lastState=ended(137, "OOMKilled")))
    said = "container web: last exit code 137, out of memory"
    assert found == Trouble("OOMKilled", said, 137)


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (
            waiting("ImagePullBackOff", 'Back-off pulling image "web:2": not found'),
            "ImagePullBackOff",
            'container web: Back-off pulling image "web:2": not found',
        ),
        (
            # It ran before it was changed in place: that end is the change's own.
            waiting("ErrImagePull", "unauthorized", restartCount=1, lastState=ended(0)),
            "ErrImagePull",
            "container web: unauthorized",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "db" not found'),
            "CreateContainerConfigError",
            'container web: secret "db" not found',
        ),
        (waiting("InvalidImageName"), "InvalidImageName", "container web"),
    ],
)
def test_the_kubelet_says_why_it_cannot_start_a_container(
    status: Object, reason: str, message: str
) -> None:
    assert trouble(status) == Trouble(reason, message)


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_container_that_is_being_started_is_no_trouble_of_its_own(reason: str) -> None:
    found = trouble(waiting(reason))
    assert found is not None
    assert found.reason == "ContainersNotReady"


def test_how_a_container_that_has_restarted_ended() -> None:
    status = running(restartCount=1, lastState=ended(137, "OOMKilled"))
    said = "container web exited with code 137: out of memory"
    expected = Trouble("OOMKilled", said, 137, ENDED_AT)
    assert trouble(status) == expected
    assert slim(raw(status)).trouble == expected, "although it is Ready again: that was a failure"


def test_who_is_out_of_memory_reads_the_limit() -> None:
    last, limits = ended(137, "OOMKilled"), {"limits": {"memory": "64Mi", "cpu": "1"}}
    spec = (container(resources=limits),)
    looping = waiting("CrashLoopBackOff", restartCount=4, lastState=last)
    found = trouble(looping, containers=spec)
    assert found is not None
    assert found.message == "container web: last exit code 137, out of memory (its limit is 64Mi)"
    raised = running(restartCount=1, lastState=last, resources={"limits": {"memory": "1Gi"}})
    found = trouble(raised, containers=spec)
    assert found is not None
    assert found.message.endswith("out of memory (its limit is 1Gi)"), "that in force"
    found = trouble(raised | {"resources": {"requests": {"memory": "1Gi"}}})
    assert found is not None
    assert found.message.endswith("out of memory"), "the node had none left"


def test_how_a_container_that_has_not_restarted_ended() -> None:
    status = {"name": "web", "restartCount": 0, "state": ended(2, message="usage: web PORT")}
    said = "container web exited with code 2: usage: web PORT"
    assert trouble(status, phase="Failed") == Trouble("Error", said, 2, ENDED_AT)


def test_a_container_that_a_change_in_place_ended_is_no_trouble() -> None:
    meta = {"annotations": {RESTART_BASE: '{"at":"2026-01-01T00:00:05Z","web":1}'}}
    last = ended(143)
    assert slim(raw(running(restartCount=1, lastState=last), metadata=meta)).trouble is None
    stopped = {"name": "web", "restartCount": 0, "state": last}
    found = trouble(stopped, metadata=meta)
    assert found is not None
    assert found.reason == "ContainersNotReady"
    crashed = trouble(running(restartCount=2, lastState=ended(1)), metadata=meta)
    assert crashed is not None
    assert crashed.reason == "Error"


def test_a_back_off_after_a_change_in_place_has_no_exit_code() -> None:
    meta = {"annotations": {RESTART_BASE: '{"at":"2026-01-01T00:00:05Z","web":1}'}}
    found = trouble(waiting("CrashLoopBackOff", lastState=ended(0)), metadata=meta)
    said = "container web has not started since it was changed in place: can its image be pulled?"
    assert found == Trouble("CrashLoopBackOff", said)


def test_a_container_that_cannot_start_comes_before_one_that_has_restarted() -> None:
    past = running("aaa", restartCount=1, lastState=ended(1))
    found = trouble(past, waiting("ImagePullBackOff", "not found"))
    assert found is not None
    assert found.reason == "ImagePullBackOff"


def test_an_init_container_is_named_as_one() -> None:
    init: Object = {"init_containers": (container("migrate"),)}
    web = waiting("PodInitializing")
    status = waiting("CrashLoopBackOff", name="migrate", lastState=ended(4, message="no table"))
    found = trouble(web, initContainerStatuses=(status,), **init)
    said = "init container migrate: last exit code 4, no table"
    assert found == Trouble("CrashLoopBackOff", said, 4)
    status = {"name": "migrate", "state": ended(4, message="no table")}
    found = trouble(web, initContainerStatuses=(status,), **init)
    said = "init container migrate exited with code 4: no table"
    assert found == Trouble("Error", said, 4)


def test_a_sidecar_is_a_container() -> None:
    sidecar = container("proxy", restartPolicy="Always", startupProbe=PROBE)
    status = running("proxy", ready=False, started=False)
    found = trouble(
        waiting("PodInitializing"), init_containers=(sidecar,), initContainerStatuses=(status,)
    )
    said = "the startup probe of container proxy has not passed"
    assert found == Trouble("Unhealthy", said)


UNREADY_WORDS = "the readiness probe of container web does not pass"


@pytest.mark.parametrize(
    ("probes", "started", "reason", "why"),
    [
        ({}, True, "ContainersNotReady", "containers with unready status: [web]"),
        ({"readinessProbe": PROBE}, True, "Unhealthy", UNREADY_WORDS),
        (
            {"startupProbe": PROBE, "readinessProbe": PROBE},
            False,
            "Unhealthy",
            "the startup probe of container web has not passed",
        ),
        (
            {"startupProbe": PROBE, "readinessProbe": PROBE},
            True,
            "Unhealthy",
            UNREADY_WORDS,
        ),
    ],
)
def test_a_probe_is_blamed_only_if_there_is_one(
    probes: Object, started: bool, reason: str, why: str
) -> None:
    status = running(ready=False, started=started)
    found = trouble(status, containers=(container(**probes),))
    assert found is not None
    assert (found.reason, found.message) == (reason, why)


def test_the_scheduler_says_why_there_is_no_place() -> None:
    words = "0/3 nodes are available: 3 Insufficient cpu."
    found = trouble(
        phase="Pending", conditions=(condition("PodScheduled", False, "Unschedulable", words),)
    )
    assert found == Trouble("Unschedulable", words)


def test_why_and_when_a_pod_was_ended_as_a_whole() -> None:
    status = {"name": "web", "state": ended(137)}
    words = "The node was low on resource: memory."
    pod = raw(status, phase="Failed", reason="Evicted", message=words, conditions=(UNREADY,))
    assert slim(pod).trouble == Trouble("Evicted", words, at=ENDED_AT)
    refused = raw(phase="Failed", reason="OutOfcpu", message="no cpu", conditions=(UNREADY,))
    assert slim(refused).trouble == Trouble("OutOfcpu", "no cpu")


def test_a_disruption_has_its_own_reason() -> None:
    taint = condition("DisruptionTarget", True, "DeletionByTaintManager", "Taint manager: deleting")
    pod = slim(raw(running(), conditions=(condition("Ready", True), taint)))
    assert pod.disrupted
    assert pod.trouble == Trouble("DeletionByTaintManager", "Taint manager: deleting")


def test_a_lost_node_is_named() -> None:
    found = trouble(running(), conditions=(condition("Ready", False),))
    assert found == Trouble("NodeNotReady", "node n1 does not report")


def test_a_readiness_gate_has_the_kubelets_words() -> None:
    gate = condition("Ready", False, "ReadinessGatesNotReady", 'readiness gate "x" is not True')
    found = trouble(running(), conditions=(gate,))
    assert found == Trouble("ReadinessGatesNotReady", 'readiness gate "x" is not True')


def test_a_resize_that_waits_says_for_what() -> None:
    words = "Node didn't have enough resource: cpu"
    conditions = (
        condition("Ready", True),
        condition("PodResizePending", True, "Deferred", words),
    )
    meta = {"generation": 3, "annotations": {RESIZED: "3"}}
    found = slim(raw(running(), conditions=conditions, metadata=meta)).trouble
    assert found == Trouble("PodResizePending", f"Deferred: {words}")
