"""Labels and annotations are changed in place: alone, with images, after a resize."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from controller.api import labels
from controller.api.pods.resizing import Resizing
from controller.api.pods.restart_base import RestartBase
from controller.core.model import plan
from controller.core.revisions.changeable_in_place import Change
from controller.kube.errors import Conflict, Invalid, ServerError
from tests.unit.reconcile.fake_pods import Object
from tests.unit.reconcile.one_pod import LARGE, NOW, SMALL, World, template


def noted(made: Object, annotations: Object, **label: str) -> Object:
    return {**made, "metadata": {"annotations": annotations, "labels": label}}


def world(old: Object, new: Object, change: Change) -> World:
    """The pod has the labels and annotations of the old template, and one that somebody added."""
    made = World(old, new)
    made.change = change
    for kind in ("labels", "annotations"):
        made.pod["metadata"][kind] |= old["metadata"].get(kind, {})
    made.notes["theirs"] = "kept"
    ours = {labels.JOB: "web", labels.INSTANCE: "3", labels.MANAGED_BY: labels.MANAGER}
    made.pod["metadata"]["labels"] |= ours
    made.show()
    return made


def configured(**fields: Any) -> World:
    old = noted(template(**fields), {"config": "a=1", "gone": "x"}, track="one")
    new = noted(template(**fields), {"config": "a={{echelon.instance}}"}, track="two")
    return world(old, new, Change.METADATA)


async def test_metadata_takes_one_patch_and_nothing_restarts() -> None:
    made = configured()
    await made.act()
    assert made.api.kinds == ["patch strategic"]
    body = made.api.asked[0].body
    assert body is not None
    assert "spec" not in body
    assert body["metadata"]["resourceVersion"] == "51"
    assert made.pod["metadata"]["labels"]["track"] == "two"
    assert made.notes == {
        "config": "a=3",
        "theirs": "kept",
        labels.REVISION: made.new,
        labels.UPDATE: "u1",
        labels.FAILURES: "2",
        labels.RESTART_BASE: str(RestartBase(NOW, {"web": 2})),
    }
    seen = made.seen
    assert (seen.revision, seen.in_effect, seen.ready, seen.restarts) == (made.new, True, True, 0)
    assert seen.changed == NOW, "the deadline and minReadySeconds run from the patch"


async def test_a_pod_that_changed_meanwhile_is_read() -> None:
    made = configured()
    made.api.fail("patch strategic", Conflict(409, "Conflict", "modified"))
    await made.act()
    assert made.api.kinds == ["patch strategic", "get", "patch strategic"]
    assert made.notes["config"] == "a=3"


async def test_images_and_metadata_take_one_patch() -> None:
    old = noted(template("web:1"), {"config": "1"})
    new = noted(template("web:2"), {"config": "2"})
    made = world(old, new, Change.IMAGES)
    await made.act()
    assert made.api.kinds == ["patch strategic"]
    assert made.pod["spec"]["containers"][0]["image"] == "web:2"
    assert made.notes["config"] == "2"
    assert made.notes[labels.RESTART_BASE] == str(RestartBase(NOW, {"web": 3}))


def resized() -> World:
    old = noted(template(resources=SMALL), {"config": "1", "gone": "x"})
    new = noted(template(resources=LARGE), {"config": "2"})
    return world(old, new, Change.RESOURCES)


async def test_metadata_is_changed_after_the_resize() -> None:
    made = resized()
    await made.act()
    assert made.api.kinds == [
        *("get", "try resize", "try merge"),
        *("patch merge", "patch resize", "patch merge"),
    ]
    first, last = (made.api.asked[n].body for n in (3, 5))
    assert first is not None
    assert last is not None
    assert "config" not in first["metadata"]["annotations"]
    assert last["metadata"]["annotations"]["config"] == "2"
    assert {"config": "2", "theirs": "kept"}.items() <= made.notes.items()
    assert "gone" not in made.notes
    assert labels.RESIZING not in made.notes
    assert (made.seen.revision, made.seen.unfinished, made.seen.labelled) == (made.new, False, True)


async def test_metadata_that_is_refused_is_so_before_the_resize() -> None:
    """Such as annotations that are too large together with those of others."""
    made = resized()
    made.api.fail("try merge", Invalid(422, "Invalid", "metadata.annotations: Too long"))
    await made.act()
    assert "p1" in made.entry.in_place_refused, "the pod is replaced"
    assert not [kind for kind in made.api.kinds if kind.startswith("patch")]
    assert labels.RESIZING not in made.notes


async def killed(made: World, *, before: str) -> None:
    """The operator is killed before the last write of that kind."""
    errors: list[Any] = [ServerError(500, "InternalError", "killed here")]
    if before == "patch merge":
        made.api.fail("patch resize", *errors)
        await made.act()
        made.api.faults.clear()
        # The resize was carried out all the same.
        made.pod["metadata"]["generation"] += 1
        made.pod["spec"]["containers"][0]["resources"] = LARGE
    else:
        made.api.fail(before, *errors)
        await made.act()
    made.show()
    made.settled.clear()
    made.api.asked.clear()


async def repair(made: World, **what: bool) -> None:
    action = plan.RepairPod(3, False, "web-3", "p1", made.new, **what)
    made.pods.act(made.entry, [action])
    await asyncio.sleep(0)
    await made.pods.drain(5.0)
    assert made.settled == [True]


async def test_a_pod_that_was_only_resized_says_so_and_is_finished() -> None:
    made = resized()
    await killed(made, before="patch merge")
    assert made.notes["config"] == "1"
    assert json.loads(made.notes[labels.RESIZING])["metadata"] is True
    seen = made.seen
    assert (seen.revision, seen.unfinished, seen.in_effect) == (made.new, True, False)
    assert 3 in made.entry.instances.view().unlabelled
    await repair(made, finish=True)
    assert made.api.kinds == ["get", "patch merge"]
    assert {"config": "2", "theirs": "kept"}.items() <= made.notes.items()
    assert "gone" not in made.notes
    assert (made.seen.unfinished, made.seen.labelled) == (False, True)


async def test_a_pod_that_was_not_resized_is_taken_back() -> None:
    made = resized()
    await killed(made, before="patch resize")
    assert (made.seen.revision, made.seen.changing_to) == (made.old, made.new)
    assert not made.seen.unfinished
    await repair(made, undo=True)
    assert made.notes["config"] == "1"
    assert (made.seen.revision, made.seen.changing_to) == (made.old, "")


async def test_of_a_revision_that_is_gone_nothing_is_taken_away() -> None:
    made = resized()
    await killed(made, before="patch merge")
    made.entry.templates.clear()
    made.entry.prepared.clear()
    resizing = Resizing.announced(made.notes)
    assert resizing is not None
    made.notes[labels.RESIZING] = str(Resizing(resizing.to, {}, metadata=True))
    made.show()
    await repair(made, finish=True)
    assert made.notes["config"] == "2"
    assert made.notes["gone"] == "x"


async def test_what_is_finished_already_is_left_alone() -> None:
    made = resized()
    await made.act()
    made.settled.clear()
    made.api.asked.clear()
    await repair(made, finish=True)
    assert made.api.kinds == ["get"]
