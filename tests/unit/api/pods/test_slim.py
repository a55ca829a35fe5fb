"""The facts of the slim Pod, read from raw pods."""

from __future__ import annotations

from controller.api.labels import FAILURES, INSTANCE, JOB, MANAGED_BY, REMADE, REVISION, UPDATE
from controller.api.pods.pod import slot_of
from controller.api.pods.slim import slim as slim_pod
from controller.api.pods.wire import PodWire
from tests.unit.api.pods.raw_pods import condition, container, ended, raw, running, slim, waiting


def test_an_ordinary_pod() -> None:
    labels = {JOB: "web", INSTANCE: "3", REVISION: "abc", MANAGED_BY: "echelon"}
    notes = {UPDATE: "u1", FAILURES: "2", REMADE: "1"}
    pod = slim(raw(running(), metadata={"labels": labels, "annotations": notes}))
    assert (pod.namespace, pod.name, pod.uid, pod.job, pod.owner) == (
        "ns",
        "web-3",
        "p1",
        "web",
        "j1",
    )
    assert (pod.slot, pod.revision, pod.labelled) == ((3, False), "web-abc", True)
    assert (pod.update, pod.failures, pod.remade) == ("u1", 2, 1)
    assert (pod.ready, pod.ready_since, pod.ran) == (True, pod.created + 10, True)
    assert (pod.node, pod.phase, pod.resource_version) == ("n1", "Running", 7)
    assert (pod.grace, pod.changed, pod.in_effect, pod.infeasible) == (None, 0.0, True, False)


def test_a_surge_twin_is_recognized_by_its_name() -> None:
    assert slim(raw(metadata={"name": "web-3-s"})).slot == (3, True)
    assert slot_of("web", "web-03") is None
    assert slot_of("web", "web-x") is None
    assert slot_of("web", "shop-1") is None
    assert slim_pod(PodWire.of(raw(metadata={"name": "web-x"}))) is None


def test_ready_since_the_newest_start_of_a_container() -> None:
    late = {"running": {"startedAt": "2026-01-01T00:00:40Z"}}
    pod = slim(raw(running(), running("late", state=late)))
    assert pod.ready_since == pod.created + 40


def test_restarts_of_init_containers_count_only_of_sidecars() -> None:
    init = (container("migrate"), container("side", restartPolicy="Always"))
    statuses = (running("migrate", restartCount=5), running("side", restartCount=2))
    pod = raw(running(restartCount=1), init_containers=init, initContainerStatuses=statuses)
    assert slim(pod).restarts == 3


def test_when_the_last_restart_was() -> None:
    before = {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:00:30Z"}}
    pod = slim(raw(running(restartCount=1, lastState=before), running("side")))
    assert pod.restarted == pod.created + 30
    assert slim(raw(running())).restarted == 0.0


def test_a_pod_whose_containers_only_wait_never_ran() -> None:
    assert not slim(raw(waiting("ContainerCreating"))).ran
    assert slim(raw(waiting("CrashLoopBackOff", restartCount=1))).ran


def test_the_grace_period_of_a_pod_that_is_being_deleted() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30}
    pod = slim(raw(running(), metadata=going))
    assert (pod.deleted, pod.grace) == (pod.created + 60, 30)
    assert slim(raw(metadata={**going, "finalizers": ["a/b"]})).finalizers == ("a/b",)
    assert slim(raw(metadata={"finalizers": ["a/b"]})).finalizers == ()
    forced = slim(raw(running(), metadata={**going, "deletionGracePeriodSeconds": 0}))
    assert forced.grace == 0


def test_a_pod_without_any_status_is_pending() -> None:
    pod = raw(conditions=(condition("PodScheduled", True),))
    pod["status"] = {}
    found = slim(pod)
    assert (found.phase, found.ready, found.ready_since, found.trouble) == (
        "Pending",
        False,
        0.0,
        None,
    )


def test_the_exit_code_is_of_the_first_container_that_ended_badly() -> None:
    well = {"name": "side", "restartCount": 0, "state": ended(0, "Completed")}
    bad = {"name": "web", "restartCount": 0, "state": ended(7)}
    assert slim(raw(well, bad)).exit_code == 7
    assert slim(raw(well, running())).exit_code == 0


def test_a_container_that_waits_for_its_next_start_has_ended() -> None:
    crashed = {"restartCount": 2, "lastState": ended(3)}
    assert slim(raw(waiting("CrashLoopBackOff", **crashed))).exit_code == 3
    assert slim(raw(running(**crashed))).exit_code == 0, "it runs again"
    assert slim(raw(waiting("ContainerCreating"))).exit_code == 0


def test_an_init_container_that_crashes_has_an_exit_code() -> None:
    init = waiting("CrashLoopBackOff", name="migrate", restartCount=1, lastState=ended(9))
    pod = slim(raw(waiting("PodInitializing"), initContainerStatuses=[init]))
    assert pod.exit_code == 9
