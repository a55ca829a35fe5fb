"""The patches that change a pod in place, and the restarts that their base counts."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.labels import CHANGED_FROM, RESIZED, RESTART_BASE
from controller.api.pods.restart_base import RestartBase
from controller.core.model.plan import ChangePod
from controller.core.replacement import in_place_patch as patch
from controller.core.replacement import in_place_wish
from controller.core.revisions.changeable_in_place import Change

Object = dict[str, Any]
NOW = 1_767_225_600.0
RUNS: Object = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
CRASHED: Object = {"waiting": {"reason": "CrashLoopBackOff"}}
ENDED: Object = {"terminated": {"exitCode": 1}}
CPU1: Object = {"requests": {"cpu": "1"}, "limits": {}}
CPU2: Object = {"requests": {"cpu": "2"}, "limits": {}}


def container(name: str = "web", image: str = "web:1", **fields: Any) -> Object:
    return {"name": name, "image": image, **fields}


def pod(*containers: Object, **rest: Any) -> Object:
    """A manifest with these containers."""
    return {"spec": {"containers": list(containers), **rest}}


def live(*pairs: tuple[Object, Object], note: str = "", **rest: Any) -> Object:
    """A live pod; ``pairs``: each container with its status."""
    notes = {RESTART_BASE: note, RESIZED: "4"} if note else {}
    statuses = [{"name": c["name"], "restartCount": 0, "state": RUNS, **s} for c, s in pairs]
    return {
        "metadata": {
            "uid": "p1",
            "resourceVersion": "7",
            "generation": 4,
            "annotations": notes,
        },
        "spec": {"containers": [c for c, _ in pairs]},
        "status": {"containerStatuses": statuses, **rest},
    }


def base_of(
    pod: Object, want: in_place_wish.Containers, change: Change = Change.IMAGES
) -> dict[str, int]:
    return dict(patch.restart_base(pod, want, change, NOW).counts)


def test_only_differences_between_the_revisions_are_wanted() -> None:
    before = pod(container(), container("side", "side:1", resources={"requests": {"cpu": "1"}}))
    after = pod(container(image="web:2"), container("side", "side:1", resources=CPU2))
    assert in_place_wish.containers(before, after, Change.IMAGES) == {"web": "web:2"}
    assert in_place_wish.containers(before, after, Change.RESOURCES) == {"side": {**CPU2}}


def test_the_base_counts_the_restart_of_a_changed_image() -> None:
    side = container("side", "side:1")
    there = live((container(), {"restartCount": 3}), (side, {"restartCount": 1}))
    assert base_of(there, {"web": "web:2"}) == {"web": 4, "side": 1}


def test_an_image_that_the_pod_has_already_restarts_nothing() -> None:
    assert base_of(live((container(image="web:2"), {})), {"web": "web:2"}) == {"web": 0}


@pytest.mark.parametrize(
    ("status", "fields", "count"),
    [
        ({"restartCount": 2, "state": CRASHED, "lastState": ENDED}, {}, 3),
        ({"restartCount": 2, "state": ENDED}, {}, 3),
        ({"restartCount": 0, "state": ENDED}, {}, 1),
        # The kubelet may never start it again.
        ({"restartCount": 2, "state": ENDED}, {"restartPolicy": "OnFailure"}, 2),
        ({"restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}, {}, 0),
    ],
)
def test_the_next_start_of_a_container_that_is_down_is_no_failure(
    status: Object, fields: Object, count: int
) -> None:
    there = live((container(), {}), (container("side", **fields), status))
    assert base_of(there, {"web": "web:2"}) == {"web": 1, "side": count}


def test_sidecars_count_and_other_init_containers_do_not() -> None:
    there = live((container(), {}))
    there["spec"]["initContainers"] = [
        container("migrate"),
        container("proxy", restartPolicy="Always"),
    ]
    there["status"]["initContainerStatuses"] = [
        {"name": "migrate", "restartCount": 4, "state": ENDED},
        {"name": "proxy", "restartCount": 5, "state": RUNS},
    ]
    assert base_of(there, {"web": "web:2"}) == {"web": 1, "proxy": 5}


def restarting(*resources: str) -> Object:
    both = [{"resourceName": name, "restartPolicy": "NotRequired"} for name in ("cpu", "memory")]
    for policy in both:
        if policy["resourceName"] in resources:
            policy["restartPolicy"] = "RestartContainer"
    return {"resizePolicy": both}


@pytest.mark.parametrize(
    ("policy", "reported", "count"),
    [
        ({}, CPU1, 0),
        (restarting(), CPU1, 0),
        (restarting("memory"), CPU1, 0),
        (restarting("cpu"), CPU1, 1),
        (restarting("cpu", "memory"), CPU1, 1),
        (restarting("cpu"), None, 1),
        # The pod was resized before, and its restart has happened.
        (restarting("cpu"), {"requests": {"cpu": "2000m"}}, 0),
    ],
)
def test_the_base_counts_the_restart_of_a_resize_if_its_policy_restarts(
    policy: Object, reported: Object | None, count: int
) -> None:
    there = live((container(resources=CPU1, **policy), {"resources": reported}))
    assert base_of(there, {"web": CPU2}, Change.RESOURCES) == {"web": count}


def test_a_restart_that_was_counted_but_has_not_happened_is_counted_again() -> None:
    """The operator was killed between the resize and the labels."""
    status = {"restartCount": 3, "resources": CPU1}
    there = live((container(resources=CPU2, **restarting("cpu")), status))
    assert patch.resize(there, {"web": CPU2}) is None
    assert base_of(there, {"web": CPU2}, Change.RESOURCES) == {"web": 4}


def test_a_deferred_resize_that_is_reverted_restarts_nothing() -> None:
    there = live((container(resources=CPU2, **restarting("cpu")), {"resources": CPU1}))
    assert patch.resize(there, {"web": CPU1}) is not None
    assert base_of(there, {"web": CPU1}, Change.RESOURCES) == {"web": 0}


def test_a_container_that_is_down_is_not_restarted_for_its_resize() -> None:
    status = {"restartCount": 2, "state": CRASHED, "resources": CPU1}
    there = live((container(resources=CPU1, **restarting("cpu")), status))
    assert base_of(there, {"web": CPU2}, Change.RESOURCES) == {"web": 3}


def test_a_pod_that_has_not_run_cannot_be_changed() -> None:
    fresh = {"state": {"waiting": {"reason": "ContainerCreating"}}}
    want = {"web": "web:2"}
    assert patch.not_running(live((container(), {})), want) == ""
    assert patch.not_running(live((container(), {"state": CRASHED, "restartCount": 1})), want) == ""
    assert "web has not run" in patch.not_running(live((container(), fresh)), want)
    assert "web has not run" in patch.not_running(live(), want)
    other = live((container(), {}), (container("side"), fresh))
    assert patch.not_running(other, want) == "", "only changed containers must have run"


@pytest.mark.parametrize(
    ("count", "state", "age", "conditions", "expected"),
    [
        (0, RUNS, 1.0, [], True),
        (1, RUNS, 1.0, [], False),
        (2, RUNS, 1.0, [], False),
        (0, CRASHED, 1.0, [], False),
        (0, RUNS, patch.RESTART_TIMEOUT, [], False),
        (0, RUNS, 1.0, [{"type": "PodResizePending", "status": "True"}], False),
        (0, RUNS, 1.0, [{"type": "PodResizePending", "status": "False"}], True),
    ],
)
def test_a_change_waits_for_the_restart_of_an_earlier_change(
    count: int, state: Object, age: float, conditions: list[Object], expected: bool
) -> None:
    note = str(RestartBase(NOW, {"web": 1}))
    status = {"restartCount": count, "state": state}
    there = live((container(), status), note=note, conditions=conditions)
    assert patch.is_restarting(there, NOW + age) == expected


def test_a_pod_that_was_never_changed_is_not_restarting() -> None:
    assert not patch.is_restarting(live((container(), {})), NOW)


def test_the_patch_of_images_names_the_version_of_the_pod() -> None:
    action = ChangePod(3, False, "web-3", "p1", "web-new", "u1", 2, Change.IMAGES)
    there = live((container(), {}))
    annotations = patch.image_annotations(there, {"web": "web:2"}, RestartBase(NOW))
    marks = patch.marks_of("web", action, RestartBase(NOW, {"web": 1}), annotations)
    assert patch.with_images(live(), {"web": "web:2"}, marks) == {
        "metadata": {
            "uid": "p1",
            "resourceVersion": "7",
            "labels": {"echelon.dev/revision": "new"},
            "annotations": {
                "echelon.dev/revision": "web-new",
                "echelon.dev/update": "u1",
                "echelon.dev/failures": "2",
                "echelon.dev/restart-base": '{"at":"2026-01-01T00:00:00Z","web":1}',
                "echelon.dev/resizing": None,
                "echelon.dev/changed-from": '{"web":"web:1"}',
                "echelon.dev/resized": None,
            },
        },
        "spec": {"containers": [{"name": "web", "image": "web:2"}]},
    }
    assert patch.marked(live(), marks)["metadata"] == {"uid": "p1", **marks}


def test_the_patch_of_resources_states_the_requests_that_are_the_limits() -> None:
    before = pod(container(resources={"limits": {"cpu": "1", "memory": "1Gi"}}))
    after = pod(container(resources={"limits": {"cpu": "2", "memory": "1Gi"}}))
    want = in_place_wish.containers(before, after, Change.RESOURCES)
    there = live((container(resources={"limits": {"cpu": "1", "memory": "1Gi"}}), {}))
    both = {"cpu": "2", "memory": "1Gi"}
    resources = {"requests": both, "limits": both}
    assert patch.resize(there, want) == {
        "metadata": {"uid": "p1", "resourceVersion": "7"},
        "spec": {"containers": [{"name": "web", "resources": resources}]},
    }
    marks = {"annotations": {"a": "b"}}
    assert patch.with_metadata(there, marks) == {
        "metadata": {"uid": "p1", "resourceVersion": "7", **marks}
    }


def test_the_old_image_of_a_container_that_is_down_is_not_stored() -> None:
    """Such a container starts again with any image that admission gives it."""
    there, want = live((container(), {"restartCount": 1, "state": CRASHED})), {"web": "web:2"}
    base = patch.restart_base(there, want, Change.IMAGES, NOW)
    assert patch.image_annotations(there, want, base)[CHANGED_FROM] == '{"web":null}'


def test_a_resize_names_the_containers_that_are_down() -> None:
    there = live((container(), {"restartCount": 1, "state": CRASHED}))
    base = patch.restart_base(there, {"web": {}}, Change.RESOURCES, NOW)
    first = patch.resizing_annotations(there, {"web": {}}, base, "web-old", metadata_follows=False)
    last = patch.resize_annotations(there, base)
    assert first[CHANGED_FROM] == last[CHANGED_FROM] == '{"web":null}'


def test_an_incomplete_resize_by_the_operator_still_counts_after_a_change_of_images() -> None:
    waits = [{"type": "PodResizePending", "status": "True"}]
    note = str(RestartBase(NOW, {"web": 0}))
    there = live((container(), {}), note=note, conditions=waits)
    assert patch.image_annotations(there, {"web": "web:2"}, RestartBase(NOW))[RESIZED] == "5"
    there["metadata"]["generation"] = 5
    assert patch.image_annotations(there, {"web": "web:2"}, RestartBase(NOW))[RESIZED] is None, (
        "by somebody else"
    )
