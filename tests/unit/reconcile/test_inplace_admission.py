"""A change in place that an admission plugin refuses or alters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.api import labels
from controller.api.pods.resizing import Resizing
from controller.api.pods.restart_base import RestartBase
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.kube.errors import ApiError, BadRequest, Forbidden, Invalid
from tests.unit.reconcile.fake_pods import Object
from tests.unit.reconcile.one_pod import LARGE, NOW, SMALL, World, template


@pytest.fixture
def images() -> World:
    return World(template("web:1"), template("web:2"))


@pytest.fixture
def resources() -> World:
    return World(template(resources=SMALL), template(resources=LARGE))


SAID_NO = [
    Forbidden(403, "Forbidden", "exceeded quota: few, requested: cpu=1"),
    Forbidden(403, "Forbidden", "maximum cpu usage per Container is 1"),
    Forbidden(403, "Forbidden", "not yet ready to handle request"),
    Invalid(422, "Invalid", "ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no"),
    BadRequest(400, "BadRequest", 'admission webhook "w" denied the request: no'),
]


@pytest.mark.parametrize("error", SAID_NO)
async def test_after_a_denial_the_pod_goes_on_serving(resources: World, error: ApiError) -> None:
    before = dict(resources.notes)
    resources.api.fail("try resize", error)
    await resources.act()
    assert resources.api.kinds == ["get", "try resize", "get"]
    assert (resources.notes, resources.entry.in_place_refused) == (before, set())
    view = resources.entry.instances.view()
    assert 3 in view.ready & view.at_revision(resources.old)
    assert resources.entry.refused_actions[("change", "p1")].refusal.message == error.message


@pytest.mark.parametrize("error", SAID_NO)
async def test_images_that_are_refused_leave_the_pod_as_it_is(
    images: World, error: ApiError
) -> None:
    images.api.fail("patch strategic", error)
    await images.act()
    assert images.api.kinds == ["patch strategic"]
    assert images.entry.in_place_refused == set()
    assert ("change", "p1") in images.entry.refused_actions


async def test_a_resize_that_is_refused_after_all_leaves_no_marks(resources: World) -> None:
    resources.notes[labels.UPDATE] = "u0"
    resources.api.fail("patch resize", SAID_NO[0])
    await resources.act()
    assert resources.api.kinds[-2:] == ["get", "patch merge"]
    assert resources.notes == {
        labels.REVISION: resources.old,
        labels.UPDATE: "u0",
        labels.RESTART_BASE: str(RestartBase(NOW, {"web": 2})),
    }
    assert resources.pod["metadata"]["labels"][labels.REVISION] == resources.old[4:]
    assert resources.seen.in_effect
    view = resources.entry.instances.view()
    assert 3 in view.ready & view.at_revision(resources.old)


async def test_the_marks_that_a_crash_left_are_taken_back_when_the_resize_is_refused(
    resources: World,
) -> None:
    to = {"web": {"requests": {"cpu": "2"}, "limits": {}}}
    resources.notes[labels.RESTART_BASE] = str(RestartBase(NOW - 1, {"web": 3}))
    resources.notes[labels.RESIZING] = str(Resizing(to, {labels.REVISION: resources.old}))
    resources.notes[labels.RESIZED] = "2"
    resources.notes[labels.REVISION] = resources.new
    resources.pod["metadata"]["labels"][labels.REVISION] = resources.new[4:]
    resources.pod["metadata"]["resourceVersion"] = "51"
    resources.api.fail("try resize", SAID_NO[0])
    await resources.act()
    assert resources.api.kinds == ["get", "try resize", "get", "patch merge"]
    assert resources.seen.in_effect
    assert 3 in resources.entry.instances.view().at_revision(resources.old)


def give_back(image: str) -> Callable[[Object], None]:
    """An admission plugin that sets the image of every container to ``image``."""

    def admit(pod: Object) -> None:
        for container in pod["spec"]["containers"]:
            container["image"] = image

    return admit


async def test_no_restart_is_due_if_admission_restores_the_old_image(images: World) -> None:
    images.pod["spec"]["containers"][0]["image"] = "web@sha256:1"
    images.show()
    images.api.admit = give_back("web@sha256:1")
    await images.act()
    assert images.api.kinds == ["patch strategic"]
    assert images.seen.revision == images.new
    assert images.seen.in_effect, "nothing restarts: what runs is what the revision is"
    assert 3 in images.entry.instances.view().ready
    count = images.pod["status"]["containerStatuses"][0]
    count["restartCount"] += 1
    seen = slim(PodWire.of(images.pod))
    assert seen is not None
    assert seen.restarts == 1, "a restart is a failure, not the change's own"


async def test_no_restart_is_due_if_admission_restores_the_old_resources() -> None:
    policy = {"resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}
    world = World(template(resources=SMALL, **policy), template(resources=LARGE, **policy))

    def admit(pod: Object) -> None:
        pod["spec"]["containers"][0]["resources"] = SMALL

    world.api.admit = admit
    await world.act()
    assert world.notes[labels.RESTART_BASE] == str(RestartBase(NOW, {"web": 2}))
    assert (world.seen.revision, world.seen.in_effect) == (world.new, True)
    assert labels.RESIZING not in world.notes
