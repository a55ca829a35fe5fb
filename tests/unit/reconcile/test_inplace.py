"""A change in place: its requests, their order, and what follows from each answer."""

from __future__ import annotations

import json

import pytest

from controller.api import labels
from controller.api.pods.resizing import Resizing
from controller.api.pods.restart_base import RestartBase
from controller.core.model import plan
from controller.kube.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    Unreachable,
)
from tests.unit.reconcile.fake_pods import Object
from tests.unit.reconcile.one_pod import LARGE, NOW, SMALL, World, template


@pytest.fixture
def images() -> World:
    return World(template("web:1"), template("web:2"))


@pytest.fixture
def resources() -> World:
    return World(template(resources=SMALL), template(resources=LARGE))


async def test_images_take_one_patch(images: World) -> None:
    await images.act()
    assert images.api.kinds == ["patch strategic"]
    assert images.pod["spec"]["containers"][0]["image"] == "web:2"
    assert images.pod["metadata"]["labels"][labels.REVISION] == images.new.removeprefix("web-")
    assert images.notes == {
        labels.REVISION: images.new,
        labels.UPDATE: "u1",
        labels.FAILURES: "2",
        labels.RESTART_BASE: str(RestartBase(NOW, {"web": 3})),
        labels.CHANGED_FROM: '{"web":"web:1"}',
    }
    seen = images.seen
    assert (seen.revision, seen.update, seen.failures) == (images.new, "u1", 2)
    assert (seen.changed, seen.in_effect, seen.restarts) == (NOW, False, 0)
    assert 3 in images.entry.instances.view().change_pending
    assert images.settled == [True]


async def test_placeholders_are_filled_for_the_instance() -> None:
    world = World(template("web:1"), template("web:{{echelon.instance}}"))
    await world.act()
    assert world.pod["spec"]["containers"][0]["image"] == "web:3"


async def test_resources_take_the_marks_and_the_resize(resources: World) -> None:
    resources.notes[labels.UPDATE] = "u0"
    await resources.act()
    assert resources.api.kinds == ["get", "try resize", "patch merge", "patch resize"]
    amounts = {"requests": {"cpu": "2"}, "limits": {}}
    before = {
        labels.UPDATE: "u0",
        labels.FAILURES: None,
        labels.RESIZED: None,
        labels.REVISION: resources.old,
    }
    assert resources.notes == {
        labels.REVISION: resources.new,
        labels.UPDATE: "u1",
        labels.FAILURES: "2",
        labels.RESTART_BASE: str(RestartBase(NOW, {"web": 2})),
        labels.RESIZING: str(Resizing({"web": amounts}, before)),
        labels.RESIZED: "2",
    }
    marks, resize = resources.api.asked[2:]
    assert marks.body is not None
    assert "resourceVersion" in marks.body["metadata"]
    assert resize.body is not None
    assert "resourceVersion" in resize.body["metadata"], "nobody has changed it in between"
    assert resources.pod["spec"]["containers"][0]["resources"] == amounts
    assert (resources.seen.revision, resources.seen.changing_to) == (resources.new, "")
    assert not resources.seen.in_effect
    assert resources.settled == [True]
    assert resources.entry.resized == resources.templates


async def test_what_was_accepted_for_one_pod_is_not_tried_with_the_next(resources: World) -> None:
    resources.entry.resized = resources.templates
    await resources.act()
    assert resources.api.kinds == ["get", "patch merge", "patch resize"]
    assert resources.notes[labels.REVISION] == resources.new


async def test_after_a_refusal_the_next_resize_is_tried_first(resources: World) -> None:
    resources.entry.resized = resources.templates
    resources.api.fail("patch resize", Invalid(422, "Invalid", "Pod QOS Class may not change"))
    await resources.act()
    assert resources.entry.resized is None
    assert resources.entry.in_place_refused == {"p1"}
    assert labels.RESIZING not in resources.notes


async def test_resources_that_the_pod_has_already_take_the_marks_alone(resources: World) -> None:
    resources.pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "2000m"}}
    await resources.act()
    assert resources.api.kinds == ["get", "patch merge"]
    assert resources.notes[labels.REVISION] == resources.new
    assert (resources.seen.revision, resources.seen.changing_to) == (resources.new, "")


async def test_a_resize_that_a_crash_left_out_is_made_later(resources: World) -> None:
    resources.notes[labels.UPDATE] = "u0"
    resources.api.fail("patch resize", ServerError(500, "InternalError", "killed here"))
    await resources.act()
    resources.show()
    seen = resources.seen
    assert (seen.revision, seen.changing_to, seen.update) == (resources.old, resources.new, "u0")
    assert 3 in resources.entry.instances.view().at_revision(resources.old)
    assert 3 in resources.entry.instances.view().unlabelled
    resources.settled.clear()
    resources.api.asked.clear()
    await resources.act()
    assert resources.api.kinds == ["get", "try resize", "patch merge", "patch resize"]
    seen = resources.seen
    assert (seen.revision, seen.changing_to, seen.update) == (resources.new, "", "u1")
    announced = Resizing.announced(resources.notes)
    assert announced is not None
    assert announced.before[labels.REVISION] == resources.old
    assert announced.before[labels.UPDATE] == "u0"


async def test_after_a_conflict_the_pod_is_read_again(images: World) -> None:
    images.api.fail("patch strategic", *[Conflict(409, "Conflict", "modified")] * 2)
    images.pod["metadata"]["resourceVersion"] = "51"
    images.pod["status"]["conditions"] = []
    await images.act()
    assert images.api.kinds == ["patch strategic", "get", "patch strategic", "get"]
    assert not images.seen.ready, "what was read is in the store"
    assert images.entry.in_place_refused == set()
    assert images.settled == [True]


@pytest.mark.parametrize(
    "error",
    [
        Invalid(422, "Invalid", "Pod QOS Class may not change as a result of resizing"),
        BadRequest(400, "BadRequest", "the request makes no sense"),
    ],
)
async def test_a_pod_whose_change_is_invalid_is_recorded_as_refused(
    resources: World, error: ApiError
) -> None:
    resources.api.fail("try resize", error)
    await resources.act()
    assert resources.entry.in_place_refused == {"p1"}
    assert resources.notes[labels.REVISION] == resources.old, "it still says what it is"
    assert resources.settled == [True]


@pytest.mark.parametrize(
    "error",
    [
        ServerError(500, "InternalError", "webhook failed"),
        Unreachable("timed out"),
        Forbidden(403, "Forbidden", "not yet ready to handle request"),
        Forbidden(403, "Forbidden", "unable, because it is being terminated"),
    ],
)
async def test_an_error_that_is_not_about_the_pod_is_tried_again(
    images: World, error: ApiError
) -> None:
    images.api.fail("patch strategic", error)
    await images.act()
    assert images.entry.in_place_refused == set()
    assert ("change", "p1") in images.entry.refused_actions


async def test_a_pod_that_cannot_be_read_is_tried_again(images: World) -> None:
    images.pod["metadata"]["resourceVersion"] = "51"
    images.api.fail("get", Forbidden(403, "Forbidden", "not allowed yet"))
    await images.act()
    assert images.api.kinds == ["patch strategic", "get"]
    assert images.entry.in_place_refused == set()
    assert ("change", "p1") in images.entry.refused_actions


async def test_a_pod_that_is_gone_leaves_the_store(images: World) -> None:
    images.api.pod = None
    await images.act()
    assert images.entry.instances.pods == {}
    assert images.settled == [True]


async def test_a_pod_that_goes_meanwhile_leaves_the_store(images: World) -> None:
    images.api.fail("patch strategic", *[NotFound(404, "NotFound", "gone")] * 2)
    await images.act()
    assert images.api.kinds == ["patch strategic", "get", "patch strategic", "get"]
    assert images.settled == [True]


async def test_a_successor_is_left_alone(images: World) -> None:
    images.pod["metadata"] |= {"uid": "p2", "resourceVersion": "60"}
    await images.act()
    assert images.api.kinds == ["patch strategic", "get"]
    assert images.seen.uid == "p2"


async def test_another_pod_of_the_name_that_comes_meanwhile_is_not_recorded_as_refused(
    resources: World,
) -> None:
    resources.api.fail("patch resize", Invalid(422, "Invalid", "metadata.uid: immutable"))
    swap = resources.api._change

    def come(pod: Object, spec: Object) -> None:
        swap(pod, spec)
        pod["metadata"]["uid"] = "p2"

    resources.api._change = come  # type: ignore[method-assign]
    await resources.act()
    assert resources.entry.in_place_refused == set()
    assert resources.seen.uid == "p2"


@pytest.mark.parametrize(
    "change",
    [
        {"deletionTimestamp": "2026-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30},
        {"labels": {labels.REVISION: "other"}},
    ],
)
async def test_a_pod_that_is_another_than_it_was_taken_for_is_left_alone(
    images: World, change: Object
) -> None:
    images.pod["metadata"] |= {**change, "resourceVersion": "51"}
    await images.act()
    assert images.api.kinds == ["patch strategic", "get"]
    assert images.settled == [True]


async def test_a_pod_that_has_ended_is_left_alone(images: World) -> None:
    images.pod["metadata"]["resourceVersion"] = "51"
    images.pod["status"]["phase"] = "Failed"
    await images.act()
    assert images.api.kinds == ["patch strategic", "get"]


async def test_the_restart_of_a_former_change_is_waited_for(images: World) -> None:
    images.notes[labels.RESTART_BASE] = str(RestartBase(NOW - 1, {"web": 3}))
    images.pod["metadata"]["resourceVersion"] = "51"
    await images.act()
    assert images.api.kinds == ["patch strategic", "get"]
    assert images.settled == [False]


async def test_a_pod_that_never_ran_is_replaced(images: World) -> None:
    images.pod["status"]["containerStatuses"] = [
        {"name": "web", "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}
    ]
    images.show()
    await images.act()
    assert images.api.kinds == ["get"], "it may run by now"
    assert images.entry.in_place_refused == {"p1"}


async def test_a_pod_whose_earlier_change_is_not_in_effect_is_read_first(images: World) -> None:
    images.notes[labels.RESTART_BASE] = str(RestartBase(NOW - 1, {"web": 3}))
    images.show()
    await images.act()
    assert images.api.kinds == ["get"]
    assert images.settled == [False]


async def test_a_recorded_refusal_is_dropped_with_the_pod(images: World) -> None:
    images.entry.in_place_refused.add("p1")
    assert images.entry.observed(NOW, frozenset()).in_place_refused == {"p1"}
    images.store.drop_pod("ns/web-3", "p1")
    assert images.entry.observed(NOW, frozenset()).in_place_refused == frozenset()


@pytest.mark.parametrize("force", [False, True])
async def test_a_forced_delete_has_no_grace_period(images: World, force: bool) -> None:
    images.pods.act(images.entry, [plan.DeletePod(3, False, "web-3", "p1", force)])
    view = images.entry.instances.view()
    assert (3 in view.terminating, 3 in view.forced) == (True, force)
    await images.pods.drain(5.0)
    body = {"uid": "p1", "grace_period_seconds": 0 if force else None}
    assert json.dumps(images.api.asked[-1].body) == json.dumps(body)
