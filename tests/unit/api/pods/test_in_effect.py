"""When a change in place has taken effect according to the pod's status (contract rule 16)."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.labels import CHANGED_FROM, RESIZED, RESTART_BASE
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

AT = 1_767_225_605.0
OLD = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
NEW = {"requests": {"cpu": "2", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
READY = condition("Ready", True)


def changed(
    base: str, *statuses: Object, generation: int = 2, resized: str = "2", **rest: Any
) -> Object:
    """A pod with a restart base made at ``AT``; ``generation`` is that of its spec, ``resized``
    that of our last resize."""
    note = f'{{"at":"2026-01-01T00:00:05Z",{base}}}'
    notes = {RESTART_BASE: note, RESIZED: resized, **rest.pop("notes", {})}
    meta = {"generation": generation, "annotations": notes}
    return raw(*statuses, metadata=meta, **{"observedGeneration": 2, **rest})


def test_a_pod_that_was_never_changed_is_in_effect_as_it_is() -> None:
    pod = slim(raw(running(restartCount=2), observedGeneration=0))
    assert (pod.changed, pod.in_effect, pod.restarts, pod.since) == (0.0, True, 2, pod.created)


@pytest.mark.parametrize(
    ("generation", "observed", "count", "in_effect"),
    [
        (2, 2, 4, True),
        (2, 1, 4, False),  # the kubelet has not observed the patch
        (2, 2, 3, False),  # the kubelet has not restarted the container yet
        (2, 3, 5, True),  # a crash later does not undo it
        (2, 0, 4, True),  # a kubelet that does not report observedGeneration
    ],
)
def test_an_image_is_in_effect_once_its_restart_has_happened(
    generation: int, observed: int, count: int, in_effect: bool
) -> None:
    status = running(restartCount=count)
    pod = slim(changed('"web":4', status, generation=generation, observedGeneration=observed))
    assert pod.in_effect == in_effect
    assert pod.changed == pod.since == AT


def test_every_container_and_sidecar_must_have_reached_its_base() -> None:
    def pod(web: int, side: int) -> Object:
        sidecar = container("side", restartPolicy="Always")
        statuses = (running(restartCount=side, name="side"),)
        init: Object = {"init_containers": (sidecar,), "initContainerStatuses": statuses}
        return changed('"web":1,"side":2', running(restartCount=web), **init)

    assert slim(pod(1, 2)).in_effect
    assert not slim(pod(0, 2)).in_effect
    assert not slim(pod(1, 1)).in_effect
    assert slim(pod(2, 4)).restarts == 3
    assert slim(pod(0, 4)).restarts == 2, "what one has not used up another may not have"


@pytest.mark.parametrize(
    ("reported", "image_id", "in_effect"),
    [
        ("web:1.4.0-rc1", "web@sha256:0a", True),  # another tag of the same image
        ("web:1.4.0-rc1", "", False),
        ("web:1.4.0", "", True),
        ("docker.io/library/web:1.4.0", "", True),
        ("", "", True),  # the status has neither name nor id
    ],
)
def test_the_name_of_an_image_counts_only_without_an_image_id(
    reported: str, image_id: str, in_effect: bool
) -> None:
    status = running(restartCount=1, image=reported, imageID=image_id)
    pod = changed('"web":1', status, containers=(container(image="web:1.4.0"),))
    assert slim(pod).in_effect == in_effect


def test_an_image_that_cannot_be_pulled_never_is_in_effect() -> None:
    status = waiting("ImagePullBackOff", restartCount=0, lastState=ended(0, "Completed"))
    assert not slim(changed('"web":1', status)).in_effect


@pytest.mark.parametrize(
    ("reported", "in_effect"),
    [
        (NEW, True),
        (OLD, False),
        ({"requests": {"cpu": "2000m", "memory": "1024Mi"}, "limits": {"memory": 2**30}}, True),
        ({"requests": {"cpu": "2"}}, True),
        ({"requests": {"cpu": "2"}, "limits": {"memory": "2Gi"}}, False),
        ({"requests": None}, True),
        (None, True),
        ({"requests": {"cpu": "2", "nvidia.com/gpu": "1"}}, True),
    ],
)
def test_resources_are_in_effect_once_the_status_reports_them(
    reported: Object | None, in_effect: bool
) -> None:
    status = running(resources=reported)
    pod = changed('"web":0', status, containers=(container(resources=NEW),))
    assert slim(pod).in_effect == in_effect


@pytest.mark.parametrize(
    ("resize", "in_effect", "infeasible"),
    [
        (condition("PodResizePending", True, "Deferred", "no cpu left"), False, False),
        (condition("PodResizePending", True, "Infeasible", "too much"), False, True),
        (condition("PodResizePending", False, "Infeasible"), True, False),
        (condition("PodResizeInProgress", True), False, False),
        (condition("PodResizeInProgress", False), True, False),
    ],
)
def test_a_resize_that_waits_or_is_under_way_is_not_in_effect(
    resize: Object, in_effect: bool, infeasible: bool
) -> None:
    status = running(resources=NEW)
    containers = (container(resources=NEW),)
    pod = changed('"web":0', status, containers=containers, conditions=(READY, resize))
    assert slim(pod).in_effect == in_effect
    assert slim(pod).infeasible == infeasible


@pytest.mark.parametrize("resized", ["", "1", "x"])
@pytest.mark.parametrize("reason", ["Infeasible", "Deferred"])
def test_a_resize_by_others_does_not_count(resized: str, reason: str) -> None:
    """Someone else resized the pod after the operator did, or the operator made no resize."""
    conditions = (READY, condition("PodResizePending", True, reason, "no cpu left"))
    spec = (container(resources=NEW),)
    there = changed(
        '"web":1',
        running(restartCount=1, resources=OLD),
        resized=resized,
        containers=spec,
        conditions=conditions,
    )
    pod = slim(there)
    assert (pod.in_effect, pod.infeasible, pod.trouble) == (True, False, None)


def test_a_resize_by_others_of_a_pod_that_was_never_changed_in_place() -> None:
    pending = condition("PodResizePending", True, "Infeasible", "too much")
    pod = slim(raw(running(), conditions=(READY, pending)))
    assert (pod.in_effect, pod.infeasible, pod.trouble) == (True, False, None)


@pytest.mark.parametrize(
    ("found", "image", "in_effect"),
    [
        ('{"web":"web@sha256:1"}', "web@sha256:1", True),  # an admission plugin restored it
        ('{"web":"web:1"}', "web:2", False),
        ('{"side":"web:2"}', "web:2", False),
        ("nonsense", "web:2", False),
        ("[]", "web:2", False),
    ],
)
def test_no_restart_is_due_if_the_image_is_the_one_before_the_change(
    found: str, image: str, in_effect: bool
) -> None:
    notes = {CHANGED_FROM: found}
    spec = (container(image=image),)
    pod = slim(changed('"web":4', running(restartCount=3), notes=notes, containers=spec))
    assert pod.in_effect == in_effect
    later = slim(changed('"web":4', running(restartCount=5), notes=notes, containers=spec))
    assert later.restarts == (2 if in_effect else 1)


def test_a_broken_annotation_counts_as_absent() -> None:
    meta = {"generation": 9, "annotations": {RESTART_BASE: '{"web": 9}'}}
    pod = slim(raw(running(restartCount=1), metadata=meta))
    assert (pod.changed, pod.in_effect, pod.restarts) == (0.0, True, 1)


def _run(second: int) -> Object:
    """The ``lastState`` of a container whose last run began at this second and crashed."""
    died = ended(1)
    died["terminated"]["startedAt"] = f"2026-01-01T00:00:{second:02}Z"
    return {"lastState": died}


BEFORE, AFTER = _run(4), _run(10)
BACK_OFF = "CrashLoopBackOff"


@pytest.mark.parametrize(
    ("status", "down", "in_effect", "restarts"),
    [
        (running(restartCount=4, **BEFORE), True, True, 0),
        # The container had started once more when it was changed, and nobody knew.
        (running(restartCount=5, **BEFORE), True, True, 0),
        (running(restartCount=5, **_run(6)), True, True, 0),  # as the kubelet's clock has it
        (waiting(BACK_OFF, restartCount=4, **BEFORE), True, False, 0),
        # It crashed after the change.
        (running(restartCount=5, **AFTER), True, True, 1),
        (waiting(BACK_OFF, restartCount=4, **AFTER), True, True, 0),
        (running(restartCount=6, **AFTER), True, True, 2),
        # It was not down when it was changed, so its restarts were known.
        (running(restartCount=5, **BEFORE), False, True, 1),
        (waiting(BACK_OFF, restartCount=4, **BEFORE), False, True, 0),
    ],
)
def test_a_run_that_began_before_the_change_says_nothing_of_it(
    status: Object, down: bool, in_effect: bool, restarts: int
) -> None:
    notes = {CHANGED_FROM: '{"web":null}'} if down else {}
    pod = slim(changed('"web":4', status, notes=notes))
    assert (pod.in_effect, pod.restarts) == (in_effect, restarts)
    blamed = pod.trouble is not None and pod.trouble.exit_code is not None
    assert blamed == bool(restarts)
